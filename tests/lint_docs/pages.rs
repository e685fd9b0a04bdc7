//! The pages of the checks.

use std::collections::BTreeMap;

use aim_engine::policy::RelationDoc;

const WRITTEN: &str = "<!-- Written by `UPDATE_EXPECTED=1 cargo test --test lint_docs` from the doc comments of \
     rules/lint: change those. -->";

/// Names of files and their texts: a page for each code, and one that lists them.
pub fn pages(checks: &[RelationDoc]) -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    let mut index = format!(
        "# Checks by their codes\n\n{WRITTEN}\n\nWhat `aim-engine lint` checks; \
         [checks.md](../checks.md) tells how checks are written, and \
         [cli.md](../cli.md#lint) how they are selected.\n\n\
         | code | severity | check |\n|---|---|---|\n"
    );
    for check in checks {
        let (Some(code), Some(name), Some(severity)) = (&check.code, &check.name, check.severity)
        else {
            continue;
        };
        let severity = severity.name();
        index.push_str(&format!("| [{code}]({code}.md) | {severity} | {name} |\n"));
        let page = pages
            .entry(format!("{code}.md"))
            .or_insert_with(|| format!("# {code}\n\n{WRITTEN}\n"));
        page.push_str(&format!("\n## {name}\n\n{}", section(check, severity)));
    }
    pages.insert("README.md".to_owned(), index);
    pages
}

fn section(check: &RelationDoc, severity: &str) -> String {
    let file = check.file.strip_prefix("builtin/").unwrap_or(&check.file);
    let mut text = format!(
        "| | |\n|---|---|\n| severity | {severity} |\n| message | {} |\n",
        cell(&check.says)
    );
    for (title, value) in [("help", &check.help), ("fix", &check.fix)] {
        if let Some(value) = value {
            text.push_str(&format!("| {title} | {} |\n", cell(value)));
        }
    }
    text.push_str(&format!(
        "| rule | `{}` in [{file}](../../rules/{file}) |\n\n{}\n",
        check.relation, check.long
    ));
    text
}

/// A text in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
