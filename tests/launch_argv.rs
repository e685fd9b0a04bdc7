//! What becomes of a block's arguments on the engine's command line.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;

use aim_engine::catalog::{backend, embedded, yaml};
use aim_engine::launch::{Defaults, EngineCommand, FlagReading, engine_command};
use aim_engine::store::StoredArgument;
use pretty_assertions::assert_eq;

fn backend(name: &str) -> backend::Backend {
    let bytes = embedded::read(&format!("backends/{name}.yaml")).unwrap();
    backend::read(&yaml::read_bytes(bytes).unwrap()).unwrap()
}

fn argument(flag: &str, shape: &str, value: &str) -> StoredArgument {
    let (name, shape, value) = (flag.to_owned(), shape.to_owned(), value.to_owned());
    StoredArgument {
        flag: flag.to_owned(),
        name,
        shape,
        value,
    }
}

fn word(flag: &str, value: &str) -> StoredArgument {
    argument(flag, "word", value)
}

/// Readings of flags that are called as they are written.
fn known(kinds: &[(&str, &str)]) -> BTreeMap<String, FlagReading> {
    let reading = |name: &str, kind: &str| FlagReading {
        flag: name.to_owned(),
        primary: name.to_owned(),
        kind: kind.to_owned(),
        negation: (kind == "bool").then(|| name.replacen("--", "--no-", 1)),
        repeats: name.ends_with("-each"),
    };
    kinds
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), reading(name, kind)))
        .collect()
}

fn command(name: &str, arguments: &[StoredArgument], kinds: &[(&str, &str)]) -> EngineCommand {
    let defaults = Defaults {
        model: "org/model",
        gpus: 2,
        port: None,
    };
    engine_command(&backend(name), arguments, &known(kinds), defaults)
}

/// The words between the model and the flags that are always there.
fn words(arguments: &[StoredArgument], kinds: &[(&str, &str)]) -> Vec<String> {
    let argv = command("vllm", arguments, kinds).argv;
    let end = argv
        .iter()
        .position(|word| word == "--tensor-parallel-size")
        .unwrap();
    argv[3..end].to_vec()
}

#[test]
fn the_engines_own_words_stand_around_an_empty_block() {
    assert_eq!(
        command("vllm", &[], &[]).argv,
        [
            "vllm",
            "serve",
            "org/model",
            "--tensor-parallel-size",
            "2",
            "--port",
            "8000"
        ]
    );
    assert_eq!(
        command("sglang", &[], &[]).argv,
        [
            "python3",
            "-m",
            "sglang.launch_server",
            "--model-path",
            "org/model",
            "--tensor-parallel-size",
            "2",
            "--host",
            "0.0.0.0",
            "--port",
            "30000"
        ]
    );
}

#[test]
fn a_switch_takes_no_value() {
    let kinds = [("--a", "flag"), ("--b", "bool"), ("--no-c", "negation")];
    for (flag, value, wanted) in [
        ("--a", "true", vec!["--a"]),
        ("--a", "True", vec!["--a"]),
        ("--a", "false", vec![]),
        ("--b", "true", vec!["--b"]),
        ("--b", "false", vec!["--no-b"]),
        ("--no-c", "true", vec!["--no-c"]),
    ] {
        assert_eq!(
            words(&[word(flag, value)], &kinds),
            wanted,
            "{flag}: {value}"
        );
    }
    assert_eq!(words(&[argument("--a", "none", "")], &kinds), ["--a"]);
}

#[test]
fn values_are_one_word_lists_repeat_and_maps_are_json() {
    let kinds = [("--x", "string"), ("--l", "string"), ("--j", "json")];
    let arguments = [
        word("--x", "a b; $(c) 'd'"),
        argument("--l", "words", r#"["one","two words"]"#),
        argument("--j", "json", r#"{"level":3}"#),
    ];
    assert_eq!(
        words(&arguments, &kinds),
        [
            "--x",
            "a b; $(c) 'd'",
            "--l",
            "one",
            "two words",
            "--j",
            r#"{"level":3}"#
        ]
    );
}

#[test]
fn a_list_repeats_the_flag_where_the_engine_wants_that() {
    let arguments = [argument("--x-each", "words", r#"["one","two"]"#)];
    assert_eq!(
        words(&arguments, &[("--x-each", "string")]),
        ["--x-each", "one", "--x-each", "two"]
    );
}

#[test]
fn a_value_that_looks_like_a_flag_is_joined_to_its_flag() {
    let kinds = [("--x", "string"), ("--n", "int")];
    assert_eq!(words(&[word("--x", "--rm")], &kinds), ["--x=--rm"]);
    assert_eq!(words(&[word("--n", "-1")], &kinds), ["--n", "-1"]);
}

#[test]
fn a_misnamed_flag_is_passed_under_its_right_name_unless_that_is_there() {
    let mut readings = known(&[("--max-num-seqs", "int")]);
    let renamed = FlagReading {
        flag: "--max-num-seqs".into(),
        primary: "--max-num-seqs".into(),
        kind: "int".into(),
        negation: None,
        repeats: false,
    };
    readings.insert("--max-batch-size".into(), renamed);
    let defaults = Defaults {
        model: "m",
        gpus: 1,
        port: None,
    };
    let argv = |arguments: &[StoredArgument]| {
        let made = engine_command(&backend("vllm"), arguments, &readings, defaults);
        (made.argv[3..5].join(" "), made.warnings)
    };
    let (alone, warnings) = argv(&[word("--max-batch-size", "16")]);
    assert_eq!((alone.as_str(), warnings.len()), ("--max-num-seqs 16", 0));
    let (both, warnings) = argv(&[word("--max-batch-size", "16"), word("--max-num-seqs", "8")]);
    assert_eq!(both, "--max-num-seqs 8");
    assert_eq!(
        warnings,
        ["`--max-batch-size` is left out: the flag it means is given too"]
    );
}

#[test]
fn model_and_port_of_a_block_go_where_the_engine_takes_them() {
    let kinds = [
        ("--model", "string"),
        ("--port", "int"),
        ("--tensor-parallel-size", "int"),
    ];
    let arguments = [
        word("--port", "9000"),
        word("--model", "other/model"),
        word("--tensor-parallel-size", "1"),
    ];
    let made = command("vllm", &arguments, &kinds);
    assert_eq!(made.port, 9000);
    assert_eq!(
        made.argv,
        [
            "vllm",
            "serve",
            "other/model",
            "--tensor-parallel-size",
            "1",
            "--port",
            "9000"
        ]
    );
    let asked = Defaults {
        model: "m",
        gpus: 1,
        port: Some(1234),
    };
    let made = engine_command(&backend("vllm"), &arguments, &known(&kinds), asked);
    assert_eq!(
        (made.port, made.argv.last().map(String::as_str)),
        (1234, Some("1234"))
    );
}

#[test]
fn a_dotted_flag_keeps_its_key() {
    let mut dotted = word("--compilation_config.level", "3");
    dotted.name = "--compilation-config".into();
    assert_eq!(
        words(&[dotted], &[("--compilation-config", "json")]),
        ["--compilation-config.level", "3"]
    );
}

#[test]
fn a_list_below_a_dotted_flag_is_json() {
    let mut dotted = argument("--compilation-config.ops", "words", r#"["+a","+b"]"#);
    dotted.name = "--compilation-config".into();
    assert_eq!(
        words(&[dotted], &[("--compilation-config", "json")]),
        ["--compilation-config.ops", r#"["+a","+b"]"#]
    );
}

#[test]
fn a_flag_that_was_let_through_is_passed_as_it_stands() {
    assert_eq!(
        words(&[word("--brand-new", "7")], &[]),
        ["--brand-new", "7"]
    );
    assert_eq!(words(&[word("--brand-new", "true")], &[]), ["--brand-new"]);
}

#[test]
fn a_secret_is_named_and_not_passed() {
    let made = command(
        "vllm",
        &[argument("--api-key", "secret", "")],
        &[("--api-key", "string")],
    );
    assert!(!made.argv.contains(&"--api-key".to_owned()));
    assert_eq!(made.secrets, ["VLLM_API_KEY"]);
    assert_eq!(
        made.warnings,
        [
            "`--api-key` is a secret and not put on a command line: set VLLM_API_KEY in the environment, it is passed on"
        ]
    );
}
