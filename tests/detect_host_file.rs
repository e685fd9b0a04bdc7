//! Facts saved on another machine: what reads, and what each wrong file is told.

#![expect(clippy::unwrap_used, reason = "a test's own assumptions")]

use std::fs;

use aim_engine::detect::{Level, parse_host_file, read_host_file};
use miette::Diagnostic;
use pretty_assertions::assert_eq;

/// The message and the text under the label.
fn refused(text: &str) -> (String, String) {
    let error = parse_host_file("host.json", text).unwrap_err();
    assert!(error.code().is_some(), "{error}");
    let underlined = error
        .labels()
        .and_then(|mut labels| labels.next())
        .map(|label| text[label.offset()..label.offset() + label.len()].to_owned());
    (error.to_string(), underlined.unwrap_or_default())
}

#[test]
fn a_short_file_by_hand_is_enough() {
    let text = r#"{"observations": [
        {"level": "host", "source": "by hand", "origin": "data sheet",
         "devices": [{"index": 0, "pci_id": "74a1", "vram_mib": 196592}, {"index": 1}]},
        {"level": "runtime", "source": "by hand", "origin": "-", "visible": 1}]}"#;
    let detected = parse_host_file("host.json", text).unwrap();
    assert_eq!(detected.count(Level::Host), Some(2));
    assert_eq!(detected.count(Level::Runtime), Some(1));
    assert_eq!(detected.usable_indices(), None);
    assert!(parse_host_file("host.json", &format!("\u{feff}{text}\n")).is_ok());
}

#[test]
fn broken_json_is_shown_where_it_breaks() {
    for (text, message, underlined) in [
        ("", "the text ends in the middle of a value", ""),
        ("{\"observations\": [}", "expected value", "}"),
        ("{\"observations\": []} x", "trailing characters", "x"),
        ("{\n  \"é\": ,\n}", "expected value", ","),
    ] {
        let (said, under) = refused(text);
        assert_eq!(said, format!("the host file is not JSON: {message}"));
        assert_eq!(under, underlined, "{text}");
    }
}

#[test]
fn wrong_values_are_named_by_their_key() {
    let device = |fields: &str| {
        format!(
            r#"{{"observations": [{{"level": "host", "source": "s", "origin": "o", "devices": [{{"index": 0, {fields}}}]}}]}}"#
        )
    };
    for (text, message) in [
        (
            device(r#""vram_mib": "192 GB""#),
            "at `observations[0].devices[0].vram_mib`: invalid type: the text \"192 GB\", expected a whole number",
        ),
        (
            device(r#""vram_mib": -1"#),
            "at `observations[0].devices[0].vram_mib`: invalid value: the number `-1`, expected a whole number",
        ),
        (
            device(r#""vram_mib": 1.5"#),
            "at `observations[0].devices[0].vram_mib`: invalid type: the number `1.5`, expected a whole number",
        ),
        (
            device(r#""pci_id": 29857"#),
            "at `observations[0].devices[0].pci_id`: invalid type: the number `29857`, expected a text",
        ),
        (
            r#"{"observations": [{"level": "hst", "source": "s", "origin": "o"}]}"#.into(),
            "at `observations[0].level`: unknown value `hst`, expected one of `host`, `container`, `runtime`",
        ),
        (
            r#"{"observations": [{"level": "host", "origin": "o", "visible": 1}]}"#.into(),
            "at `observations[0]`: missing key `source`",
        ),
        ("{}".into(), "missing key `observations`"),
        ("[]".into(), "invalid type: a list, expected an object"),
        (
            r#"{"observations": {}}"#.into(),
            "at `observations`: invalid type: an object, expected a list",
        ),
        (
            r#"{"observations": [], "hosts": 1}"#.into(),
            "at `hosts`: unknown key `hosts`, expected one of `host`, `observations`, `facts`, `problems`, `looked_at`",
        ),
    ] {
        let (said, _) = refused(&text);
        let form = "the host file does not have the form of saved facts: ";
        assert_eq!(said, format!("{form}{message}"));
        assert!(!said.contains("u32") && !said.contains("u64") && !said.contains("struct"));
    }
}

#[test]
fn contradictions() {
    let seen = |fields: &str| {
        format!(
            r#"{{"observations": [{{"level": "host", "source": "s", "origin": "o"{fields}}}]}}"#
        )
    };
    for (fields, message) in [
        ("", "has neither `devices` nor `visible`"),
        (
            r#", "visible": 2, "indices": [0]"#,
            "has 1 indices, and `visible` says 2",
        ),
        (
            r#", "visible": 2, "devices": []"#,
            "has 0 devices, and `visible` says 2",
        ),
        (
            r#", "devices": [{"index": 3}, {"index": 3}]"#,
            "has two devices with the index 3",
        ),
    ] {
        let (said, _) = refused(&seen(fields));
        let start = "the host file contradicts itself: `observations[0]` ";
        assert_eq!(said, format!("{start}{message}"));
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.json");
    let said = |path| read_host_file(path).unwrap_err().to_string();
    let shown = path.display();
    assert_eq!(
        said(&path),
        format!("the host file `{shown}` does not exist")
    );
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(
        said(&path),
        format!("the host file `{shown}` is not UTF-8 text")
    );
    let folder = folder.path();
    assert_eq!(
        said(folder),
        format!("the host file `{}` is not a regular file", folder.display())
    );
}

#[test]
fn deep_nesting_ends() {
    let (said, _) = refused(&"[".repeat(100_000));
    assert!(said.starts_with("the host file "), "{said}");
}
