//! A decision of the reference beside an answer of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};

use super::documents::{Catalog, Request};
use super::eligibility::HardwareMatch;
use super::folder;
use super::order::{self, SearchPlace};
use super::program::{self, Answers};
use super::{Configuration, Decision, decide};

/// Recipe, backend, GPU count.
type Key = (String, String, u64);

/// Asks the program all requests over one catalog.
pub fn ask(catalog: &Catalog, requests: &[Request]) -> Answers {
    let written = Written::new(catalog);
    let lines: Vec<String> = requests
        .iter()
        .enumerate()
        .map(|(index, request)| request.line(index % 2 == 1) + "\n")
        .collect();
    let flags: Vec<&str> = written.flags.iter().map(String::as_str).collect();
    program::ask(&flags, &lines.concat())
}

/// Asks the program one request by flags; its exit code and its answer.
pub fn ask_by_flags(catalog: &Catalog, request: &Request) -> (Option<i32>, Value) {
    let written = Written::new(catalog);
    let output = Command::new(env!("CARGO_BIN_EXE_aim-engine"))
        .args(["generate", "--format", "json"])
        .args(request.words())
        .args(&written.flags)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (output.status.code(), answer)
}

/// A catalog in a temporary folder, with the flags that name it.
struct Written {
    flags: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Written {
    fn new(catalog: &Catalog) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let place = |name: &str| temporary.path().join(name).to_string_lossy().into_owned();
        folder::write(&temporary.path().join("catalog"), &catalog.files());
        let flags = vec![
            "--catalog".into(),
            place("catalog"),
            "--store".into(),
            place("store.db"),
        ];
        Written {
            flags,
            _folder: temporary,
        }
    }
}

/// Everything in which an answer differs from the policy.
pub fn differences(catalog: &Catalog, request: &Request, answer: &Value) -> Vec<String> {
    let decision = decide(catalog, request);
    let mut found = Vec::new();
    if !answer.is_object() {
        return vec![format!("no object but `{answer}`")];
    }
    let mut compare = |what: &str, wanted: Value, program: &Value| {
        if wanted != *program {
            found.push(format!(
                "{what}: {wanted} by the policy, {program} by the program"
            ));
        }
    };
    compare(
        "selected",
        selected(&decision),
        &narrowed(&answer["selected"]),
    );
    if let Some(exact) = decision.exact {
        compare("exact", exact.into(), &answer["exact"]);
    }
    for (key, asked) in [
        ("gpus", json!(request.gpus)),
        ("precision", json!(request.precision)),
        ("backend", json!(request.backend)),
        ("metric", json!(request.metric)),
        ("strict", json!(request.strict)),
    ] {
        compare(&format!("request.{key}"), asked, &answer["request"][key]);
    }
    let machine = catalog.hardware(&request.hardware).unwrap();
    for (key, wanted) in [
        ("hardware", json!(machine.hardware)),
        ("gfx", json!(machine.gfx)),
        ("vram_mib", json!(machine.vram_mib)),
        ("usable_gpus", json!(decision.targets.usable)),
    ] {
        compare(&format!("machine.{key}"), wanted, &answer["machine"][key]);
    }
    tried(&decision, request, answer, &mut found);
    found
}

fn tried(decision: &Decision, request: &Request, answer: &Value, found: &mut Vec<String>) {
    let Some(entries) = answer["tried"].as_array() else {
        found.push("`tried` is no list".into());
        return;
    };
    let by_key: BTreeMap<Key, &Configuration> = decision
        .considered
        .iter()
        .map(|configuration| (key(configuration), configuration))
        .collect();
    let chosen = decision.eligible().next().map(key);
    let mut seen = BTreeSet::new();
    let mut eligible = Vec::new();
    let mut last: Option<(SearchPlace, String)> = None;
    for entry in entries {
        let entry_key = entry_key(entry);
        let label = label(&entry_key);
        let outcome = entry["outcome"].as_str().unwrap_or_default();
        let Some(configuration) = by_key.get(&entry_key) else {
            // With one recipe asked for, whether the others are listed is not said.
            if request.recipe.is_none() || outcome != "rejected" {
                found.push(format!(
                    "tried: {label} is {outcome}, but not to be considered"
                ));
            }
            continue;
        };
        if !seen.insert(entry_key.clone()) {
            found.push(format!("tried: {label} twice"));
        }
        let wanted = match configuration.rejected_by {
            Some(_) => "rejected",
            None if chosen.as_ref() == Some(&entry_key) => "chosen",
            None => "after",
        };
        if outcome != wanted {
            let point = configuration
                .rejected_by
                .map_or(String::new(), |point| format!(" (point {point})"));
            found.push(format!(
                "tried: {label} is {wanted}{point} by the policy, {outcome} by the program"
            ));
        }
        let recipe = configuration.recipe;
        if entry["precision"] != recipe.precision || entry["hardware"] != recipe.hardware {
            found.push(format!(
                "tried: {label} has another recipe's precision or hardware"
            ));
        }
        if configuration.rejected_by.is_none() {
            eligible.push(entry_key);
        }
        let place = order::search_place(&decision.targets, configuration);
        if let Some((before, before_label)) = &last
            && before.cmp(&place).is_gt()
            && (request.recipe.is_none() || configuration.hardware != HardwareMatch::Other)
        {
            found.push(format!(
                "tried: {label} after {before_label}, the search has them the other way round"
            ));
        }
        last = Some((place, label));
    }
    for missing in by_key.keys().filter(|key| !seen.contains(*key)) {
        found.push(format!("tried: {} is missing", label(missing)));
    }
    let wanted: Vec<Key> = decision.eligible().map(key).collect();
    if wanted != eligible && wanted.len() == eligible.len() {
        let list = |keys: &[Key]| keys.iter().map(label).collect::<Vec<_>>().join(", ");
        found.push(format!(
            "order: {} by the policy, {} by the program",
            list(&wanted),
            list(&eligible)
        ));
    }
}

/// The reference's answer in words, for a person.
pub fn in_words(decision: &Decision) -> String {
    let targets = &decision.targets;
    let mut text = format!(
        "targets: {} of {} GPUs, {}, {}\n",
        targets.gpus, targets.usable, targets.precision, targets.backend
    );
    for configuration in &decision.considered {
        let says = match configuration.rejected_by {
            Some(point) => format!("rejected by point {point}"),
            None => "eligible".into(),
        };
        text += &format!("{}: {says}\n", label(&key(configuration)));
    }
    text + &format!("exact: {:?}\n", decision.exact)
}

/// The program's answer, without what selection does not decide.
pub fn answer_in_words(answer: &Value) -> String {
    let mut text = String::new();
    for entry in answer["tried"].as_array().into_iter().flatten() {
        text += &format!(
            "{}: {} ({})\n",
            label(&entry_key(entry)),
            entry["outcome"].as_str().unwrap_or("?"),
            entry["because"].as_str().unwrap_or("?"),
        );
    }
    let rest = json!({"selected": answer["selected"], "exact": answer["exact"],
        "machine": answer["machine"], "warnings": answer["warnings"]});
    text + &format!("{rest}\n")
}

fn selected(decision: &Decision) -> Value {
    match decision.eligible().next() {
        None => Value::Null,
        Some(chosen) => json!({
            "recipe_id": chosen.recipe.recipe_id,
            "backend": chosen.backend.backend,
            "gpus": chosen.gpus,
            "precision": chosen.recipe.precision,
            "hardware": chosen.recipe.hardware,
        }),
    }
}

/// The keys of `selected` that the policy decides.
fn narrowed(selected: &Value) -> Value {
    match selected.as_object() {
        None => selected.clone(),
        Some(_) => json!({
            "recipe_id": selected["recipe_id"],
            "backend": selected["backend"],
            "gpus": selected["gpus"],
            "precision": selected["precision"],
            "hardware": selected["hardware"],
        }),
    }
}

fn key(configuration: &Configuration) -> Key {
    (
        configuration.recipe.recipe_id.clone(),
        configuration.backend.backend.clone(),
        configuration.gpus.into(),
    )
}

fn entry_key(entry: &Value) -> Key {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let gpus = entry["gpus"].as_u64().unwrap_or_default();
    (text("recipe_id"), text("backend"), gpus)
}

fn label(key: &Key) -> String {
    let (recipe, backend, gpus) = key;
    format!("{recipe}:{backend}:{gpus}")
}
