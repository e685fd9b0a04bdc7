//! What a site's rules change, and how their mistakes are told.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use program::{Place, Ran};

/// Decides for Qwen3 32B with these rule files, each a name and a text.
fn generate(rules: &[(&str, &str)], words: &[&str]) -> Ran {
    let place = Place::new();
    for (name, text) in rules {
        place.write(&format!("site/{name}"), text);
    }
    let mut all = vec![
        "generate",
        "Qwen/Qwen3-32B",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--format=json",
        "--rules=site",
    ];
    all.extend(words);
    place.run(&all)
}

#[test]
fn a_site_rule_vetoes_with_its_reason() {
    let veto =
        "veto(Q, R, \"vllm\", N, \"vllm is not cleared yet\") :- considered(Q, R, \"vllm\", N).\n";
    let ran = generate(&[("site.dl", veto)], &["4"]).exits(0);
    let answer = ran.json();
    assert_eq!(answer["selected"]["backend"], "sglang");
    let tried = answer["tried"].as_array().unwrap();
    let vetoed = tried
        .iter()
        .find(|tried| tried["backend"] == "vllm")
        .unwrap();
    assert_eq!(
        vetoed["because"],
        "A rule of this site vetoes it: vllm is not cleared yet."
    );
}

#[test]
fn a_site_rule_prefers_among_what_is_otherwise_equal() {
    let one = |id: &str| {
        (
            format!("catalog/recipes/{id}.yaml"),
            program::recipe(id, "org/m", "MI300X", "bf16", 4),
        )
    };
    let place = Place::new();
    for (file, text) in [one("a"), one("b")] {
        place.write(&file, text);
    }
    let words = [
        "generate",
        "org/m",
        "4",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--format=json",
        "--catalog=catalog",
    ];
    let chosen = || place.run(&words).exits(0).json()["selected"]["recipe_id"].clone();
    assert_eq!(chosen(), "a");
    // A catalog brings its own rules.
    place.write(
        "catalog/rules/site.dl",
        "prefer(Q, \"b\", B, N, 10, \"measured here\") :- considered(Q, \"b\", B, N).\n",
    );
    assert_eq!(chosen(), "b");
    place.write(
        "catalog/rules/site.dl",
        "prefer(Q, \"b\", B, N, 0 - 1, \"slow here\") :- considered(Q, \"b\", B, N).\n",
    );
    assert_eq!(chosen(), "a");
}

#[test]
fn a_file_with_a_built_in_ones_name_replaces_it() {
    let order = aim_engine::policy::read_builtin("preference.dl").unwrap();
    assert!(order.contains("backend_order(\"vllm\", 1)."));
    let order = order
        .replace("backend_order(\"vllm\", 1).", "backend_order(\"vllm\", 2).")
        .replace(
            "backend_order(\"sglang\", 2).",
            "backend_order(\"sglang\", 1).",
        );
    // What was not asked for is vllm; it is asked for something that neither vllm nor sglang is.
    let words = ["4", "--backend=other"];
    let before = generate(&[("none.dl", "")], &words).exits(0);
    assert_eq!(before.json()["selected"]["backend"], "vllm");
    let after = generate(&[("preference.dl", &order)], &words).exits(0);
    assert_eq!(after.json()["selected"]["backend"], "sglang");
}

#[test]
fn a_mistake_in_a_site_rule_names_the_sites_file() {
    let ran = generate(
        &[("site.dl", "veto(Q, R, B, N, 5) :- considerd(Q, R, B, N).\n")],
        &[],
    )
    .exits(2)
    .says("site/site.dl:1:")
    .says("did you mean `considered`?");
    assert_eq!(ran.out, "");
}

#[test]
fn a_replaced_file_that_lacks_what_others_read_is_told() {
    generate(&[("preference.dl", "// nothing\n")], &[])
        .exits(2)
        .says("builtin/");
}

#[test]
fn a_value_out_of_bounds_at_run_time_points_at_the_expression() {
    let rule = "veto(Q, R, B, N, \"never\") :-\n    considered(Q, R, B, N),\n    N * 9223372036854775807 > 3.\n";
    generate(&[("site.dl", rule)], &["4"])
        .exits(2)
        .says("site/site.dl:3:")
        .says("N * 9223372036854775807");
    let rule = "veto(Q, R, B, N, \"never\") :- considered(Q, R, B, N), 8 / (N - N) > 3.\n";
    generate(&[("site.dl", rule)], &["4"])
        .exits(2)
        .says("site/site.dl:1:");
    // Also when the rules come compiled out of the store.
    let place = Place::new();
    place.write("site.dl", rule);
    for _ in 0..2 {
        place
            .run(&[
                "generate",
                "Qwen/Qwen3-32B",
                "--hardware=MI300X",
                "--available-gpus=8",
                "--rules=site.dl",
            ])
            .exits(2)
            .says("site.dl:1:");
    }
}

#[test]
fn a_veto_cannot_look_at_what_depends_on_it() {
    let rule = "veto(Q, R, B, N, \"circular\") :- eligible(Q, R, B, N).\n";
    generate(&[("site.dl", rule)], &[])
        .exits(2)
        .says("site/site.dl:1:");
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let place = Place::new();
    place.write(
        "five.dl",
        ".decl p(x: number)\n\
         p(X) :- recipe(X, _, _).\n\
         p(Y) :- hardware(_, _, X).\n\
         p(\"text\").\n\
         p(1) :- nobody(1).\n\
         p(1 :- p(2).\n",
    );
    let ran = place.run(&["rules", "check", "five.dl"]).exits(2);
    for line in [2, 3, 4, 5, 6] {
        assert!(
            ran.err.contains(&format!("five.dl:{line}:")),
            "line {line}:\n{}",
            ran.err
        );
    }
    assert_eq!(ran.out, "");
    // Each has a code and underlines something.
    let reports = ran.err.matches("five.dl:").count();
    assert!(reports >= 5, "{}", ran.err);
    assert!(
        ran.err.matches("rules::").count() >= 5 || ran.err.matches("R0").count() >= 5,
        "{}",
        ran.err
    );
}

#[test]
fn rules_without_mistakes_are_said_to_be_so() {
    let place = Place::new();
    place.write(
        "ok.dl",
        "veto(Q, R, B, N, \"no\") :- considered(Q, R, B, N), N > 4.\n",
    );
    let ran = place.run(&["rules", "check", "ok.dl"]).exits(0);
    assert_eq!(ran.err, "ok: 1 file without errors\n");
    assert_eq!(ran.out, "");
}

/// A rule that changes is read again, whatever the store keeps of it.
#[test]
fn a_changed_rule_counts_at_once() {
    let place = Place::new();
    let decide = |text: &str| {
        place.write("site.dl", text);
        let ran = place.run(&[
            "generate",
            "Qwen/Qwen3-32B",
            "4",
            "--hardware=MI300X",
            "--available-gpus=8",
            "--format=json",
            "--rules=site.dl",
        ]);
        ran.exits(0).json()["selected"]["backend"].clone()
    };
    let veto = |backend: &str| {
        format!("veto(Q, R, \"{backend}\", N, \"no\") :- considered(Q, R, \"{backend}\", N).\n")
    };
    assert_eq!(decide(&veto("sglang")), "vllm");
    assert_eq!(decide(&veto("vllm")), "sglang");
    // The same through a file that it includes.
    place.write("part.dl", veto("vllm"));
    let include = ".include \"part.dl\"\n";
    assert_eq!(decide(include), "sglang");
    place.write("part.dl", "\n");
    assert_eq!(decide(include), "vllm");
}

#[test]
fn each_built_in_file_can_be_replaced_by_a_copy_of_it() {
    let place = Place::new();
    for name in aim_engine::policy::builtin_names() {
        let text = aim_engine::policy::read_builtin(name).unwrap();
        place.write(&format!("rules/{name}"), text);
    }
    let ran = place.run(&[
        "generate",
        "Qwen/Qwen3-32B",
        "4",
        "--hardware=MI300X",
        "--available-gpus=8",
        "--rules=rules",
    ]);
    assert!(ran.exits(0).out.contains("--tensor-parallel-size 4"));
}
