//! `rules list` and `rules show`: the checks and the relations that decide, with what they say.

use clap::Args;
use serde::Serialize;

use crate::cli::args::CatalogArgs;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::query::AnswerFormat;
use crate::cli::session::Session;
use crate::cli::shell;
use crate::datalog::nearest;
use crate::policy::{OpenRules, RelationDoc, decides, documented};

const COLUMNS: usize = 80;

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesListArgs {
    /// Only what begins so: codes (AIM3), relations (rejected_), or the word "checks"
    #[arg(value_name = "BEGINNING")]
    pub beginning: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = AnswerFormat::Human)]
    pub format: AnswerFormat,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesShowArgs {
    /// A check's code or name, or a relation
    #[arg(value_name = "CODE|RELATION")]
    pub what: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = AnswerFormat::Human)]
    pub format: AnswerFormat,
    #[command(flatten)]
    pub catalog: CatalogArgs,
}

/// A relation in the list.
#[derive(Serialize)]
struct Listed<'d> {
    code: Option<&'d str>,
    name: Option<&'d str>,
    severity: Option<&'d str>,
    relation: &'d str,
    says: &'d str,
    file: &'d str,
    line: usize,
}

pub(super) fn list(args: &RulesListArgs) -> Result<Exit, Failure> {
    let docs = documented(&Session::open_silently(&args.catalog, None)?.open_rules()?);
    let beginning = args.beginning.as_deref().unwrap_or_default();
    let wanted = |doc: &&RelationDoc| match &doc.code {
        Some(code) => {
            let head = code.get(..beginning.len());
            beginning == "checks"
                || head.is_some_and(|head| head.eq_ignore_ascii_case(beginning))
                || doc.relation.starts_with(beginning)
        }
        None => decides(&doc.relation) && doc.relation.starts_with(beginning),
    };
    let mut wanted: Vec<&RelationDoc> = docs.iter().filter(wanted).collect();
    wanted.sort_by_key(|doc| (doc.code.is_none(), &doc.code));
    if args.format == AnswerFormat::Json {
        let listed: Vec<Listed<'_>> = wanted.into_iter().map(listed).collect();
        output::json(&listed)?;
        return Ok(Exit::Done);
    }
    if wanted.is_empty() {
        return Err(Failure::say(
            Exit::Usage,
            "rules::unknown",
            format!("no check and no relation that decides begins with `{beginning}`"),
            "`aim-engine rules list` shows all",
        ));
    }
    let mut text = String::new();
    let mut of_decisions = false;
    for doc in wanted {
        let head = match (&doc.code, &doc.severity) {
            (Some(code), Some(severity)) => {
                let name = doc.name.as_deref().unwrap_or_default();
                format!("{code} {name} ({})", severity.name())
            }
            _ => {
                if !of_decisions && !text.is_empty() {
                    text.push('\n');
                }
                of_decisions = true;
                doc.relation.clone()
            }
        };
        text.push_str(&head);
        text.push('\n');
        push_wrapped(&mut text, 4, said(doc));
    }
    output::answer(&text)?;
    Ok(Exit::Done)
}

/// What a relation says; of one whose sentence is a value, the first one of its long text.
fn said(doc: &RelationDoc) -> &str {
    let is_value = doc.says.starts_with('{') && doc.says.ends_with('}') && !doc.says.contains(' ');
    let first = doc.long.lines().next().unwrap_or_default();
    match is_value && !first.is_empty() {
        true => first,
        false => &doc.says,
    }
}

fn listed(doc: &RelationDoc) -> Listed<'_> {
    Listed {
        code: doc.code.as_deref(),
        name: doc.name.as_deref(),
        severity: doc.severity.map(|severity| severity.name()),
        relation: &doc.relation,
        says: &doc.says,
        file: &doc.file,
        line: doc.line,
    }
}

/// A relation with its rules.
#[derive(Serialize)]
struct Shown<'d> {
    #[serde(flatten)]
    doc: &'d RelationDoc,
    rules: Vec<shell::RuleText<'d>>,
}

pub(super) fn show(args: &RulesShowArgs) -> Result<Exit, Failure> {
    let rules = Session::open_silently(&args.catalog, None)?.open_rules()?;
    let docs = documented(&rules);
    let what = args.what.as_str();
    let is_meant = |doc: &&RelationDoc| {
        let called = |name: &Option<String>| {
            name.as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(what))
        };
        called(&doc.code) || called(&doc.name) || doc.relation == what
    };
    let found: Vec<&RelationDoc> = docs.iter().filter(is_meant).collect();
    if found.is_empty() {
        return Err(unknown(what, &docs));
    }
    let shown = found.into_iter().map(|doc| Shown {
        doc,
        rules: shell::rules_of(&rules, &doc.relation),
    });
    let shown: Vec<Shown<'_>> = shown.collect();
    if args.format == AnswerFormat::Json {
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    let texts: Vec<String> = shown.iter().map(|one| text(one, &rules)).collect();
    output::answer(&texts.join("\n"))?;
    Ok(Exit::Done)
}

fn text(shown: &Shown<'_>, rules: &OpenRules) -> String {
    let Shown {
        doc,
        rules: derived,
    } = shown;
    let mut text = String::new();
    if let (Some(code), Some(name), Some(severity)) = (&doc.code, &doc.name, doc.severity) {
        text.push_str(&format!("{code} {name} ({})\n", severity.name()));
    }
    let signature = rules.checked.relation(&doc.relation);
    let signature = signature.and_then(|relation| rules.checked.info(relation));
    if let Some(relation) = signature {
        push_wrapped(&mut text, 0, &shell::signature(relation));
    }
    push_wrapped(&mut text, 2, &doc.says);
    for (title, value) in [
        ("help", &doc.help),
        ("fix", &doc.fix),
        ("mend", &doc.mend),
        ("verify", &doc.verify),
    ] {
        if let Some(value) = value {
            push_wrapped(&mut text, 2, &format!("{title}: {value}"));
        }
    }
    if !doc.long.is_empty() {
        text.push('\n');
        push_markdown(&mut text, &doc.long);
    }
    let how = match (doc.is_input, derived.is_empty()) {
        (true, _) => "read from the catalog, the request or the machine",
        (false, true) => "without rules",
        (false, false) => "derived by",
    };
    text.push_str(&format!("\ndeclared at {}:{}, {how}\n", doc.file, doc.line));
    for rule in derived {
        text.push_str(&format!("  {}:{}\n", rule.file, rule.line));
        for line in rule.text.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// Paragraphs in lines of a terminal, blocks as they are.
fn push_markdown(text: &mut String, markdown: &str) {
    let mut paragraph = String::new();
    let mut inside = false;
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        if inside || fence || line.is_empty() {
            if !paragraph.is_empty() {
                push_wrapped(text, 2, &std::mem::take(&mut paragraph));
            }
            match (fence, line.is_empty()) {
                (true, _) => {}
                (false, true) => text.push('\n'),
                (false, false) => text.push_str(&format!("      {line}\n")),
            }
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
        inside ^= fence;
    }
    push_wrapped(text, 2, &paragraph);
}

fn push_wrapped(text: &mut String, indent: usize, words: &str) {
    if words.is_empty() {
        return;
    }
    let mut lines = output::wrapped(words, COLUMNS - indent - 2).into_iter();
    for line in lines.by_ref() {
        text.push_str(&format!("{:indent$}{}\n", "", line.trim_start()));
    }
}

fn unknown(what: &str, docs: &[RelationDoc]) -> Failure {
    let names = docs.iter().flat_map(|doc| {
        [
            doc.code.as_deref(),
            doc.name.as_deref(),
            Some(&*doc.relation),
        ]
    });
    let all = "`aim-engine rules list` shows the checks";
    let help = match nearest(what, names.flatten()) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all.to_owned(),
    };
    let message = format!("no check and no relation is called `{what}`");
    Failure::say(Exit::Usage, "rules::unknown", message, help)
}
