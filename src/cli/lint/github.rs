//! Findings as commands of a GitHub workflow, which shows them at the lines of a change.

use crate::lint::{Finding, Findings};
use crate::policy::Severity;
use crate::store::Place;

/// A line for each finding.
pub(super) fn shown(findings: &Findings) -> String {
    findings.findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = finding.labels.first().map(|label| &label.place);
    let mut properties: Vec<String> = place.map(properties).unwrap_or_default();
    let title = format!("{} {}", finding.code, finding.name);
    properties.push(format!("title={}", property(&title)));
    let mut message = finding.message.clone();
    for label in finding.labels.iter().skip(1) {
        let (file, line, text) = (&label.place.file, label.place.line, &label.text);
        message.push_str(&format!("\n{file}:{line}: {text}"));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    format!("::{command} {}::{}\n", properties.join(","), data(&message))
}

fn properties(place: &Place) -> Vec<String> {
    let mut properties = vec![
        format!("file={}", property(&place.file)),
        format!("line={}", place.line),
    ];
    let (line, column) = place.end();
    // Of several lines it shows none of the columns.
    match line == place.line {
        true => properties.extend([
            format!("col={}", place.column),
            format!("endColumn={column}"),
        ]),
        false => properties.push(format!("endLine={line}")),
    }
    properties
}

/// A message in one line.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_ends_a_message_or_a_property_is_escaped() {
        assert_eq!(data("100%\r\na:b,c"), "100%25%0D%0Aa:b,c");
        assert_eq!(property("C:\\a,b%\n"), "C%3A\\a%2Cb%25%0A");
    }
}
