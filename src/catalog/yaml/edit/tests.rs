//! Texts before and after a change; `None` where it is not certain.

use super::*;

/// The ordinal of the value of a key, wherever it is first found; of the key itself with `:` behind its name.
fn ordinal(node: &Node, name: &str) -> Option<u32> {
    match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => {
            items
                .iter()
                .find_map(|item| match item.text() == Some(name) {
                    true => Some(item.ordinal),
                    false => ordinal(item, name),
                })
        }
        NodeKind::Mapping(entries) => entries.iter().find_map(|entry| match entry.key.text() {
            Some(key) if key == name => Some(entry.value.ordinal),
            Some(key) if name.strip_suffix(':') == Some(key) => Some(entry.key.ordinal),
            _ => ordinal(&entry.value, name),
        }),
    }
}

fn changed(text: &str, name: &str, action: Action) -> Option<String> {
    let root = read(text).unwrap();
    let ordinal = ordinal(&root, name).unwrap();
    let splices = splices(text, &root, &[Change { ordinal, action }])?;
    spliced(text, &splices)
}

#[track_caller]
fn becomes(text: &str, name: &str, action: Action, wanted: &str) {
    assert_eq!(changed(text, name, action).as_deref(), Some(wanted));
}

fn set(text: &str) -> Action {
    Action::Set(text.to_owned())
}

fn rename(text: &str) -> Action {
    Action::Rename(text.to_owned())
}

#[test]
fn a_value_keeps_its_style() {
    for (text, new, wanted) in [
        ("a: 2 # two\r\nb: 1", "4", "a: 4 # two\r\nb: 1"),
        ("\u{feff}a: \"2\"\n", "4", "\u{feff}a: \"4\"\n"),
        ("é: {a: '2', b: x}\n", "it's", "é: {a: 'it''s', b: x}\n"),
        ("a: two\n", "4", "a: \"4\"\n"),
        ("a: two\n", "yes", "a: \"yes\"\n"),
        ("a: two\n", "x: y", "a: \"x: y\"\n"),
        ("a: two\n", "Qwen/Qwen3-8B", "a: Qwen/Qwen3-8B\n"),
        ("a: 2\n", "auto", "a: auto\n"),
        ("a: 2\n", "0.9", "a: 0.9\n"),
        ("a: 2\n", "", "a: \"\"\n"),
        ("a:\nb: 1\n", "x", "a: x\nb: 1\n"),
        ("a: # why\nb: 1\n", "4", "a: 4 # why\nb: 1\n"),
        ("{a: , b: 1}\n", "4", "{a: 4 , b: 1}\n"),
        ("a: \"2\"\n", "a\"\\\n", "a: \"a\\\"\\\\\\n\"\n"),
        ("a: &x 2\n", "4", "a: &x 4\n"),
    ] {
        becomes(text, "a", set(new), wanted);
    }
    becomes(
        "a: \"yes\"\n",
        "a",
        Action::SetBare("true".into()),
        "a: true\n",
    );
    becomes("a: yes\n", "a", Action::SetBare("true".into()), "a: true\n");
}

#[test]
fn what_is_shared_or_goes_over_lines_is_not_set() {
    for text in [
        "a: &x 2\nb: *x\n",
        "b: &x {a: 2}\nc: *x\n",
        "b: &x {a: 2}\nc: {<<: *x}\n",
        "a: |\n  2\n",
        "a: one\n  two\n",
        "a: \"one\n  two\"\n",
        "a: [2]\n",
    ] {
        assert_eq!(changed(text, "a", set("4")), None, "{text:?}");
    }
    // What is set already is not changed.
    assert_eq!(changed("a: 2\n", "a", set("2")), None);
    // A value of its own over a merged one is its own.
    becomes(
        "b: &x {a: 2}\nc: {<<: *x, d: 1}\n",
        "d",
        set("4"),
        "b: &x {a: 2}\nc: {<<: *x, d: 4}\n",
    );
}

#[test]
fn a_key_is_renamed_and_no_other_takes_its_name() {
    becomes(
        "--tp: 2 # x\n",
        "--tp:",
        rename("--size"),
        "--size: 2 # x\n",
    );
    becomes(
        "{'--tp': 2}\n",
        "--tp:",
        rename("--size"),
        "{'--size': 2}\n",
    );
    becomes("a: {}\n", "a:", rename("1"), "1: {}\n");
    assert_eq!(changed("a: 1\nb: 2\n", "a:", rename("b")), None);
    assert_eq!(changed("x: &x {a: 1}\ny: *x\n", "a:", rename("b")), None);
}

#[test]
fn an_entry_goes_with_its_lines_and_its_own_comments() {
    for (text, wanted) in [
        ("b: 1\na: 2 # x\nc: 3\n", "b: 1\nc: 3\n"),
        ("b: 1\r\na: 2\r\n", "b: 1\r\n"),
        ("b: 1\r\na: 2", "b: 1"),
        (
            "b: 1\na:\n  - x\n  # inside\n  - y\n  # last\nc: 3\n",
            "b: 1\nc: 3\n",
        ),
        ("b: 1\n# own\na: 2\n\nc: 3\n", "b: 1\n\nc: 3\n"),
        ("b: 1\n# both\na: 2\nc: 3\n", "b: 1\n# both\nc: 3\n"),
        ("# file\na: 2\n\nc: 3\n", "# file\n\nc: 3\n"),
        ("\u{feff}a: 2\nc: 3\n", "\u{feff}c: 3\n"),
        ("{a: 2, b: 1}\n", "{b: 1}\n"),
        ("{b: 1, a: 2}\n", "{b: 1}\n"),
        ("{a: 2}\n", "{}\n"),
        ("{b: 1, a: }\n", "{b: 1 }\n"),
        ("x: {\n  a: 2,\n  b: 1\n}\n", "x: {\n  b: 1\n}\n"),
        ("b: 1\na: |\n  one\n  two\nc: 3\n", "b: 1\nc: 3\n"),
        ("b: 1\na:\nc: 3\n", "b: 1\nc: 3\n"),
    ] {
        becomes(text, "a", Action::Remove, wanted);
        becomes(text, "a:", Action::Remove, wanted);
    }
    becomes("x:\n  - a\n  - b\n", "a", Action::Remove, "x:\n  - b\n");
    becomes("x: [a, b]\n", "b", Action::Remove, "x: [a]\n");
    for text in [
        // The map would become nothing, which is no map.
        "x:\n  a: 1\n",
        "a: &x 1\nb: *x\n",
        "b: &x 1\na: *x\n",
        "x: {b: 1, # one\n  a: 2}\n",
        "- a: 1\n  b: 2\n",
    ] {
        let gone = changed(text, "a:", Action::Remove);
        assert_eq!(gone, None, "{text:?}");
    }
}

#[test]
fn an_entry_comes_behind_another_one() {
    for (text, wanted) in [
        ("a: 1\nb: 2\n", "a: 1\nc: 3\nb: 2\n"),
        ("a: 1 # one\nb: 2", "a: 1 # one\nc: 3\nb: 2"),
        ("b: 2\na: 1", "b: 2\na: 1\nc: 3"),
        ("a: 1\r\nb: 2\r\n", "a: 1\r\nc: 3\r\nb: 2\r\n"),
        ("b: 2\r\na: 1", "b: 2\r\na: 1\r\nc: 3"),
        ("{a: 1, b: 2}\n", "{a: 1, c: 3, b: 2}\n"),
        ("x:\n  a: 1\n  b: 2\n", "x:\n  a: 1\n  c: 3\n  b: 2\n"),
        (
            "a: {x: [1, 2]} # s\nb: 2\n",
            "a: {x: [1, 2]} # s\nc: 3\nb: 2\n",
        ),
        (
            "a:\n  x: 1 # one\n\n# next\nb: 2\n",
            "a:\n  x: 1 # one\nc: 3\n\n# next\nb: 2\n",
        ),
        ("a:\n- 1\n- 2\nb: 2\n", "a:\n- 1\n- 2\nc: 3\nb: 2\n"),
        ("a:\nb: 2\n", "a:\nc: 3\nb: 2\n"),
        ("\u{feff}a: 1\n", "\u{feff}a: 1\nc: 3\n"),
        ("a: \"x\"\nb: 2\n", "a: \"x\"\nc: 3\nb: 2\n"),
    ] {
        let action = Action::AddAfter {
            key: "c".to_owned(),
            value: "3".to_owned(),
        };
        becomes(text, "a:", action, wanted);
    }
    let there = Action::AddAfter {
        key: "b".to_owned(),
        value: "3".to_owned(),
    };
    assert_eq!(changed("a: 1\nb: 2\n", "a:", there), None);
}
