//! The examples of doc comments, each made whole and checked in a small catalog.
//!
//! An example is the ```` ```yaml ```` blocks behind a line that says `Fails` or `Passes`. A block is a recipe,
//! or a model card where the check is about those; `file=models/NAME.yaml` says where it stands. What it leaves
//! out is taken from a recipe and a card that are right, but for a block of ```` ```yaml whole ````.

use std::path::Path;

use aim_engine::catalog::kind::Kind;
use aim_engine::lint::{Files, Finding, Subject, lint};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{LooseFile, Store};

const RECIPE: &str = "recipes/qwen3-8b-mi300x-bf16.yaml";
const CARD: &str = "models/Qwen/Qwen3-8B.yaml";

/// An example of what fails, or of what passes.
pub struct Example {
    pub fails: bool,
    /// Names of files and their texts.
    pub files: Vec<(String, String)>,
}

impl Example {
    pub fn shown(&self) -> String {
        let files = self.files.iter();
        let files = files.map(|(name, text)| format!("--- {name}\n{text}"));
        files.collect()
    }
}

/// The examples of a check's long text.
pub fn examples(code: &str, long: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = long.lines();
    let mut about = None;
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let text: String = block.map(|line| format!("{line}\n")).collect();
            let mut words = info.split_whitespace();
            if let (Some("yaml"), Some((fails, is_new))) = (words.next(), &mut about) {
                if std::mem::take(is_new) {
                    let files = Vec::new();
                    let fails = *fails;
                    examples.push(Example { fails, files });
                }
                if let Some(example) = examples.last_mut() {
                    let words: Vec<&str> = words.collect();
                    example.files.push(file(code, &words, &text));
                }
            }
        } else if line.starts_with("Fails") {
            about = Some((true, true));
        } else if line.starts_with("Passes") {
            about = Some((false, true));
        }
    }
    examples
}

fn file(code: &str, words: &[&str], text: &str) -> (String, String) {
    let named = words.iter().find_map(|word| word.strip_prefix("file="));
    let is_card = match named {
        Some(name) => name.starts_with("models/"),
        None => code.starts_with("AIM7"),
    };
    let called = || {
        let id = keys(text).find_map(|(key, line)| (key == "recipe_id").then_some(line));
        let id = id?.split_once(':')?.1.trim();
        Some(format!("recipes/{id}.yaml"))
    };
    let name = match (named, is_card) {
        (Some(name), _) => name.to_owned(),
        (None, true) => CARD.to_owned(),
        (None, false) => called().unwrap_or_else(|| RECIPE.to_owned()),
    };
    let whole = if words.contains(&"whole") {
        text.to_owned()
    } else if is_card {
        completed(text, &card())
    } else {
        completed(text, &recipe(&name))
    };
    (name, whole)
}

/// The keys at the left edge, each with its line.
fn keys(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (key, _) = line.split_once(':')?;
        let is_key = !key.is_empty() && !key.starts_with([' ', '#', '-', '"']);
        is_key.then_some((key, line))
    })
}

/// A text with what it leaves out of another one; sections of blocks take the place of each other.
fn completed(text: &str, base: &str) -> String {
    let has_section = keys(text).any(|(key, _)| key.ends_with("_serve"));
    let mut whole = text.to_owned();
    let mut taken = false;
    for line in base.lines() {
        if let Some((key, _)) = keys(line).next() {
            let given = keys(text).any(|(given, _)| given == key);
            let replaced = has_section && key.ends_with("_serve");
            taken = !given && !replaced;
        }
        if taken {
            whole.push_str(line);
            whole.push('\n');
        }
    }
    whole
}

/// A recipe that is right.
fn recipe(name: &str) -> String {
    let stem = Path::new(name).file_stem().unwrap().to_string_lossy();
    format!(
        "recipe_id: {stem}\nhuggingface_id: Qwen/Qwen3-8B\nhardware: MI300X\nprecision: bf16\n\
         vllm_serve:\n  1_gpu:\n    enabled: true\n"
    )
}

/// A card that is right: the built-in one, with the one recipe that there is.
fn card() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let card = std::fs::read_to_string(root.join("catalog").join(CARD)).expect("the card");
    let lines = card.split_inclusive('\n');
    lines
        .filter(|line| !line.contains("recipe_file:") || line.contains(RECIPE))
        .collect()
}

/// A catalog with built-in hardware and backends, one recipe and its model.
pub struct Bench<'s> {
    store: &'s Store,
    policy: Policy,
}

impl<'s> Bench<'s> {
    pub fn new(store: &'s Store) -> Self {
        let policy = Policy::load_lints(RuleSources::default(), store).expect("the rules");
        Bench { store, policy }
    }

    /// What is found in the files of an example, and about the catalog as a whole.
    pub fn findings(&self, example: &Example) -> Vec<Finding> {
        let mut files = example.files.clone();
        for (name, text) in [(RECIPE, recipe(RECIPE)), (CARD, card())] {
            if !files.iter().any(|(known, _)| known == name) {
                files.push((name.to_owned(), text));
            }
        }
        let loose = files.into_iter().map(|(name, text)| LooseFile {
            kind: Kind::ALL
                .into_iter()
                .find(|kind| name.starts_with(&format!("{}/", kind.folder()))),
            name,
            text: Some(text.into_bytes().into()),
        });
        let store = self.store.with_files(loose.collect()).expect("the files");
        let found = lint(&store, &self.policy, &Subject::all(Files::Folders));
        let mut found = found.expect("the checks run").findings;
        found.retain(|finding| {
            let about = |file: &str| example.files.iter().any(|(name, _)| name == file);
            finding.file().is_none_or(about)
        });
        found
    }
}
