//! Doc comments: placeholders name columns, and lints are complete.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::datalog::ast::{Decl, Doc, DocField, Program, Template};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::nearest::nearest;

/// The severities that a lint may have.
pub const SEVERITIES: &[&str] = &["error", "warning", "note"];

/// How many columns the help names.
const MOST_NAMED: usize = 16;

pub(super) fn check(program: &Program, found: &mut Found) {
    let mut codes: FxHashMap<&str, (&str, &DocField)> = FxHashMap::default();
    for decl in &program.decls {
        let Some(doc) = &decl.doc else {
            continue;
        };
        let names = decl.columns.iter();
        let names = names.map(|column| column.name.name.as_str()).collect();
        placeholders(decl, &names, &doc.sentence, found);
        for field in &doc.fields {
            placeholders(decl, &names, &field.value, found);
        }
        lint(doc, found);
        let Some(code) = doc.field("code") else {
            continue;
        };
        let Some(text) = code.value.literal().filter(|text| !text.is_empty()) else {
            continue;
        };
        let relation = decl.name.name.as_str();
        let (other, first) = *codes.entry(text).or_insert((relation, code));
        if other != relation {
            found.push(
                RuleError::new(
                    Code::DuplicateLintCode,
                    format!("two lints have the code `{text}`"),
                )
                .label(code.value_span, format!("the code of `{relation}`"))
                .label(first.value_span, format!("and of `{other}`"))
                .help("give one of them a code of its own"),
            );
        }
    }
}

fn placeholders(decl: &Decl, names: &FxHashSet<&str>, template: &Template, found: &mut Found) {
    for placeholder in template.columns() {
        if names.contains(placeholder.name.as_str()) {
            continue;
        }
        let (name, relation) = (&placeholder.name, &decl.name.name);
        let columns = || decl.columns.iter().map(|column| column.name.name.as_str());
        let near = nearest(name, columns().filter(|_| !found.is_full()));
        let help = match near {
            Some(near) => format!("did you mean `{{{near}}}`?"),
            None if decl.columns.is_empty() => format!("`{relation}` has no columns"),
            None => {
                let list = columns()
                    .take(MOST_NAMED)
                    .map(|column| format!("`{column}`"));
                format!("the columns are {}", list.collect::<Vec<_>>().join(", "))
            }
        };
        found.push(
            RuleError::new(
                Code::UnknownPlaceholder,
                format!("`{relation}` has no column `{name}`"),
            )
            .label(placeholder.span, "no such column")
            .label(decl.name.span, "declared here")
            .help(help),
        );
    }
}

/// A lint has a code, a severity and a sentence.
fn lint(doc: &Doc, found: &mut Found) {
    let (code, severity) = (doc.field("code"), doc.field("severity"));
    let (present, missing) = match (code, severity) {
        (Some(code), None) => (code, "severity"),
        (None, Some(severity)) => (severity, "code"),
        _ => {
            if let Some(code) = code.filter(|_| doc.sentence.is_empty()) {
                found.push(
                    RuleError::new(
                        Code::LintWithoutSentence,
                        "a lint does not say what is wrong",
                    )
                    .label(code.key.span, "the doc comment begins with its fields")
                    .help("begin it with a sentence about what a tuple means"),
                );
            }
            if let Some(code) = code.filter(|code| !is_code(&code.value)) {
                found.push(
                    RuleError::new(Code::IncompleteLint, "the code of a lint is not one word")
                        .label(code.value_span, "not a code")
                        .help("write a word without blanks and placeholders: `code: AB12`"),
                );
            }
            return severity
                .into_iter()
                .for_each(|field| known_severity(field, found));
        }
    };
    let help = match missing {
        "severity" => "add a line `severity: ` with `error`, `warning` or `note`",
        _ => "add a line `code: ` with a word that no other lint has",
    };
    let key = &present.key.name;
    found.push(
        RuleError::new(
            Code::IncompleteLint,
            format!("`{key}:` without `{missing}:`"),
        )
        .label(
            present.key.span,
            format!("a lint needs a `{missing}` as well"),
        )
        .help(help),
    );
}

fn is_code(value: &Template) -> bool {
    let text = value.literal().unwrap_or_default();
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn known_severity(field: &DocField, found: &mut Found) {
    let text = field.value.literal();
    if text.is_some_and(|text| SEVERITIES.contains(&text)) {
        return;
    }
    let message = match text {
        Some("") => "a severity is missing".to_owned(),
        Some(text) => format!("unknown severity `{text}`"),
        None => "the severity of a lint is fixed".to_owned(),
    };
    let near = text.and_then(|text| nearest(text, SEVERITIES.iter().copied()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the severities are `error`, `warning` and `note`".to_owned(),
    };
    let span = if text == Some("") {
        field.key.span
    } else {
        field.value_span
    };
    found.push(
        RuleError::new(Code::UnknownSeverity, message)
            .label(span, "not a severity")
            .help(help),
    );
}

/// A doc comment of a later declaration adds what the first one does not say.
pub(super) fn merge(first: Option<Doc>, later: Doc) -> Doc {
    let Some(mut doc) = first else {
        return later;
    };
    if doc.sentence.is_empty() {
        doc.sentence = later.sentence;
    }
    for field in later.fields {
        if doc.field(&field.key.name).is_none() {
            doc.fields.push(field);
        }
    }
    if doc.long.is_empty() {
        doc.long = later.long;
    }
    doc.extension_point |= later.extension_point;
    doc
}
