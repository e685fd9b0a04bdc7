//! Findings as a SARIF 2.1.0 log, which code scanning services and editors read.

use serde_json::{Map, Value, json};

use crate::lint::{Edit, Finding, Findings, Fix, Label, numbered};
use crate::policy::{RelationDoc, Severity};
use crate::store::Place;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What the fingerprints are made of.
const FINGERPRINT: &str = "codeAndText/v1";

/// The log of a run with these checks.
pub(super) fn log(findings: &Findings, checks: &[RelationDoc]) -> Value {
    let mut rules: Vec<&RelationDoc> = checks
        .iter()
        .filter(|doc| doc.code.is_some() && doc.verify.is_none())
        .collect();
    rules.sort_by_key(|doc| (&doc.code, &doc.relation));
    let suppressed = findings.suppressed.iter();
    let suppressed = suppressed.map(|one| (&one.finding, Some(one.reason.as_str())));
    let all: Vec<(&Finding, Option<&str>)> = findings
        .findings
        .iter()
        .map(|finding| (finding, None))
        .chain(suppressed)
        .collect();
    let copies: Vec<Finding> = all.iter().map(|(finding, _)| (*finding).clone()).collect();
    let results = all
        .iter()
        .zip(numbered(&copies))
        .map(|((finding, reason), fingerprint)| result(finding, *reason, fingerprint, &rules));
    let results: Vec<Value> = results.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|doc| rule(doc)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(doc: &RelationDoc) -> Value {
    let mut rule = Map::new();
    let code = doc.code.as_deref().unwrap_or_default();
    rule.insert("id".into(), code.into());
    rule.insert(
        "name".into(),
        doc.name.as_deref().unwrap_or_default().into(),
    );
    // What only the finding says would be nothing but a name in braces.
    let says = match doc.says.starts_with('{') {
        true => doc.relation.replace('_', " "),
        false => doc.says.clone(),
    };
    rule.insert("shortDescription".into(), json!({"text": says}));
    if !doc.long.is_empty() {
        let paragraph = doc.long.split("\n\n").next().unwrap_or_default();
        let text = paragraph.replace('\n', " ");
        rule.insert("fullDescription".into(), json!({"text": text}));
        let help = json!({"text": doc.long, "markdown": doc.long});
        rule.insert("help".into(), help);
    }
    let level = level(doc.severity.unwrap_or(Severity::Warning));
    rule.insert("defaultConfiguration".into(), json!({"level": level}));
    if code.starts_with("AIM") {
        let page = json!({"documentation": format!("docs/lints/{code}.md")});
        rule.insert("properties".into(), page);
    }
    Value::Object(rule)
}

fn level(severity: Severity) -> &'static str {
    severity.name()
}

fn result(
    finding: &Finding,
    reason: Option<&str>,
    fingerprint: String,
    rules: &[&RelationDoc],
) -> Value {
    let mut result = Map::new();
    result.insert("ruleId".into(), finding.code.as_str().into());
    let of = |doc: &&&RelationDoc| doc.name.as_ref() == Some(&finding.name);
    if let Some(index) = rules.iter().position(|doc| of(&doc)) {
        result.insert("ruleIndex".into(), index.into());
    }
    result.insert("level".into(), level(finding.severity).into());
    let message = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    };
    result.insert("message".into(), json!({"text": message}));
    if let Some(label) = finding.labels.first() {
        result.insert("locations".into(), json!([location(label, None)]));
    }
    let related = finding.labels.iter().skip(1).zip(1..);
    let related: Vec<Value> = related
        .map(|(label, id)| location(label, Some(id)))
        .collect();
    if !related.is_empty() {
        result.insert("relatedLocations".into(), related.into());
    }
    let fingerprints = json!({FINGERPRINT: fingerprint});
    result.insert("partialFingerprints".into(), fingerprints);
    if let Some(fix) = &finding.fix {
        result.insert("fixes".into(), json!([fix_of(fix, &finding.labels)]));
    }
    if let Some(reason) = reason {
        let mut suppression = Map::new();
        suppression.insert("kind".into(), "inSource".into());
        if !reason.is_empty() {
            suppression.insert("justification".into(), reason.into());
        }
        result.insert("suppressions".into(), json!([suppression]));
    }
    Value::Object(result)
}

fn location(label: &Label, id: Option<usize>) -> Value {
    let mut location = Map::new();
    if let Some(id) = id {
        location.insert("id".into(), id.into());
    }
    let place = &label.place;
    let physical = json!({
        "artifactLocation": {"uri": uri(&place.file)},
        "region": region(place),
    });
    location.insert("physicalLocation".into(), physical);
    if !label.text.is_empty() {
        location.insert("message".into(), json!({"text": label.text}));
    }
    Value::Object(location)
}

fn region(place: &Place) -> Value {
    let (line, column) = place.end();
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": line,
        "endColumn": column,
        "byteOffset": place.offset,
        "byteLength": place.length,
    })
}

fn fix_of(fix: &Fix, labels: &[Label]) -> Value {
    let mut files: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let replacement = json!({
            "deletedRegion": deleted(edit, labels),
            "insertedContent": {"text": edit.text},
        });
        match files.iter_mut().find(|(file, _)| *file == edit.file) {
            Some((_, replacements)) => replacements.push(replacement),
            None => files.push((&edit.file, vec![replacement])),
        }
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| {
            json!({
                "artifactLocation": {"uri": uri(file)},
                "replacements": replacements,
            })
        })
        .collect();
    json!({"description": {"text": fix.says}, "artifactChanges": changes})
}

/// The bytes of an edit; with lines and columns where the finding has the text of the file.
fn deleted(edit: &Edit, labels: &[Label]) -> Value {
    let known = labels.iter().find(|label| label.place.file == edit.file);
    let place = known.and_then(|label| label.place.elsewhere(edit.offset, edit.length));
    match place {
        Some(place) => region(&place),
        None => json!({"byteOffset": edit.offset, "byteLength": edit.length}),
    }
}

/// A path as a URI, relative where it is.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("/srv/x.yaml"), "file:///srv/x.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
