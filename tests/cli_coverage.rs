//! `coverage` on a catalog in which every answer is known, and against `generate` on the built-in one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fmt::Write as _;
use std::fs;

use pretty_assertions::assert_eq;
use program::{Place, card, recipe};
use serde_json::{Value, json};

/// A recipe id that does harm where it is taken for more than text.
const HOSTILE: &str = "</script><script>alert(1)</script>\u{2028}&";

/// A model with recipes of every fate, one without any, and one too large for an MI300X.
fn catalog(place: &Place) -> Vec<String> {
    let small = |id: &str, more: &str| {
        let recipe = recipe(id, "acme/Small", "MI300X", "bf16", 1);
        recipe.replace("vllm_serve:", &format!("{more}vllm_serve:"))
    };
    let block = |gpus: u32, enabled: bool, args: &str| {
        format!("  {gpus}_gpu: {{enabled: {enabled}, args: {{{args}}}}}\n")
    };
    let best = small("best", "readiness_level: production\n") + &block(2, true, "");
    let best = best + "sglang_serve:\n" + &block(1, true, "");
    let large = |id: &str, hardware: &str| recipe(id, "acme/Large", hardware, "bf16", 1);
    for (name, text) in [
        ("models/small.yaml", card("acme/Small")),
        ("models/orphan.yaml", card("acme/Orphan")),
        (
            "models/large.yaml",
            card("acme/Large").replace("8000000000", "100000000000"),
        ),
        ("recipes/best.yaml", best),
        ("recipes/late.yaml", small("late", "")),
        ("recipes/quick.yaml", small("quick", "metric: latency\n")),
        (
            "recipes/off.yaml",
            small(&serde_json::to_string(HOSTILE).unwrap(), "") + &block(4, false, ""),
        ),
        (
            "recipes/wrong.yaml",
            recipe("wrong", "acme/Small", "MI355X", "fp8", 1).replace("max-model-len", "no-flag"),
        ),
        ("recipes/l3.yaml", large("large-mi300x", "MI300X")),
    ] {
        place.write(&format!("catalog/{name}"), text);
    }
    words(&["--hardware=MI300X", "--hardware=mi355x"])
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn coverage(place: &Place, words: &[String]) -> program::Ran {
    let mut all = vec!["coverage", "--catalog=catalog"];
    all.extend(words.iter().map(String::as_str));
    place.run(&all).exits(0)
}

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().expect("a list")
}

#[test]
fn each_request_has_the_answer_that_is_known() {
    let place = Place::new();
    let mut words = catalog(&place);
    words.push("--format=json".to_owned());
    let answer = coverage(&place, &words).says_nothing().json();
    assert_eq!(
        keys(&answer),
        [
            "full",
            "requests",
            "axes",
            "configurations",
            "cells",
            "unserved",
            "when_asked",
            "never_win"
        ]
    );
    assert_eq!(
        answer["axes"],
        json!({"models": ["acme/Large", "acme/Orphan", "acme/Small"],
               "hardware": ["MI300X", "MI355X"], "gpus": [1, 2, 4, 8],
               "precisions": ["bf16", "fp8"], "backends": ["sglang", "vllm"]})
    );
    assert_eq!(
        answer["requests"],
        json!({"asked": 24, "exact": 2, "fallback": 2, "unserved": 20})
    );
    let served: Vec<Value> = list(&answer, "cells")
        .iter()
        .filter(|cell| !cell["selected"].is_null())
        .map(|cell| {
            assert_eq!(
                (&cell["model"], &cell["hardware"]),
                (&json!("acme/Small"), &json!("MI300X"))
            );
            assert_eq!(cell["selected"]["recipe_id"], "best");
            json!([
                cell["gpus"],
                cell["selected"]["gpus"],
                cell["exact"],
                cell["differs"]
            ])
        })
        .collect();
    assert_eq!(
        json!(served),
        json!([
            [1, 1, true, null],
            [2, 2, true, null],
            [4, 2, false, "a GPU count of 2 instead of 4"],
            [8, 2, false, "a GPU count of 2 instead of 8"]
        ])
    );
}

#[test]
fn what_is_not_served_is_told_by_what_comes_nearest() {
    let place = Place::new();
    let mut words = catalog(&place);
    words.push("--format=json".to_owned());
    let answer = coverage(&place, &words).json();
    let gaps: Vec<Value> = list(&answer, "unserved")
        .iter()
        .map(|gap| {
            json!([
                gap["model"],
                gap["hardware"],
                gap["gpus"],
                gap["nearest"]["recipe_id"],
                gap["nearest"]["says"]
            ])
        })
        .collect();
    let all = json!([1, 2, 4, 8]);
    assert_eq!(
        json!(gaps),
        json!([
            [
                "acme/Large",
                "MI300X",
                all,
                "large-mi300x",
                "Its weights take 190734 MiB of each GPU, and the engine may use 180879 MiB."
            ],
            [
                "acme/Large",
                "MI355X",
                all,
                "large-mi300x",
                "It is for MI300X, and this machine has MI355X."
            ],
            ["acme/Orphan", "MI300X", all, null, null],
            ["acme/Orphan", "MI355X", all, null, null],
            [
                "acme/Small",
                "MI355X",
                all,
                "wrong",
                "`vllm` does not know the flag `--no-flag` in the version it runs."
            ]
        ])
    );
}

#[test]
fn what_never_wins_is_told_from_what_wins_when_asked_for() {
    let place = Place::new();
    let mut words = catalog(&place);
    words.push("--format=json".to_owned());
    for full in [false, true] {
        let mut words = words.clone();
        words.extend(full.then(|| "--full".to_owned()));
        let answer = coverage(&place, &words).json();
        assert_eq!(answer["full"], full);
        assert_eq!(
            answer["configurations"],
            json!({"total": 9, "win": 2, "when_asked": 3, "never_win": 4})
        );
        let asked: Vec<Value> = list(&answer, "when_asked")
            .iter()
            .map(|block| json!([block["recipe_id"], block["backend"], block["gpus"]]))
            .collect();
        // The large one runs on an MI325X, which was not asked about.
        assert_eq!(
            json!(asked),
            json!([
                ["best", "sglang", 1],
                ["large-mi300x", "vllm", 1],
                ["quick", "vllm", 1]
            ])
        );
        let never: Vec<Value> = list(&answer, "never_win")
            .iter()
            .map(|lost| {
                json!([
                    lost["recipe_id"],
                    lost["gpus"],
                    lost["eligible_somewhere"],
                    lost["shadowed_by"]["recipe_id"],
                    lost["criterion"],
                    lost["rejected_by"],
                    lost["says"]
                ])
            })
            .collect();
        let readiness = "Its readiness is unknown, and that of `best` is production.";
        assert_eq!(
            json!(never),
            json!([
                [HOSTILE, 1, true, "best", "readiness", [], readiness],
                [
                    HOSTILE,
                    4,
                    false,
                    null,
                    null,
                    ["rejected_disabled"],
                    "Its block is not enabled."
                ],
                ["late", 1, true, "best", "readiness", [], readiness],
                [
                    "wrong",
                    1,
                    false,
                    null,
                    null,
                    ["rejected_flag"],
                    "`vllm` does not know the flag `--no-flag` in the version it runs."
                ]
            ])
        );
        let request = &list(&answer, "never_win")[2]["request"];
        assert_eq!(
            *request,
            json!({"model": "acme/Small", "hardware": "MI300X", "gpus": 1, "precision": "bf16",
                   "backend": "vllm", "metric": null})
        );
    }
}

#[test]
fn a_recipe_whose_own_hardware_is_too_small_is_beaten_elsewhere() {
    let place = Place::new();
    catalog(&place);
    let better = recipe("large-mi325x", "acme/Large", "MI325X", "bf16", 1);
    place.write("catalog/recipes/l325.yaml", better);
    let answer = coverage(&place, &words(&["acme/large", "--format=json"])).json();
    let never = list(&answer, "never_win");
    assert_eq!(never.len(), 1);
    assert_eq!(never[0]["recipe_id"], "large-mi300x");
    assert_eq!(never[0]["shadowed_by"]["recipe_id"], "large-mi325x");
    assert_eq!(never[0]["criterion"], "hardware");
    assert_eq!(never[0]["request"]["hardware"], "MI325X");
}

#[test]
fn people_read_totals_first_and_then_what_is_missing() {
    let place = Place::new();
    let words = catalog(&place);
    let text = coverage(&place, &words).says_nothing().out;
    for says in [
        "24 requests: 3 models on 2 kinds of GPU, GPU counts 1, 2, 4, 8\n",
        "       2     8 % served as asked for\n",
        "      20    83 % not served\n",
        "acme/Small   1 2\n",
        "Models without a recipe: acme/Orphan\n",
        "Hardware that serves no model: MI355X\n",
        "acme/Large: nothing on MI300X at any count\n",
        "late, vllm 1\n  comes after best: Its readiness is unknown, and that of `best` is production.\n",
        "wrong, vllm 1\n  never eligible: `vllm` does not know",
    ] {
        assert!(text.contains(says), "no `{says}` in:\n{text}");
    }
    let one = coverage(&place, &[words[0].clone(), "ACME/small".to_owned()]).out;
    assert!(
        one.contains("  8 GPUs  best, vllm: a GPU count of 2 instead of 8\n"),
        "{one}"
    );
}

#[test]
fn text_fits_a_terminal() {
    let place = Place::new();
    for words in [
        &["coverage"][..],
        &["coverage", "--hardware=MI300X"],
        &["coverage", "gpt-oss-120b", "--full", "--hardware=MI355X"],
    ] {
        let text = place.run(words).exits(0).says_nothing().out;
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(wide.is_empty(), "{words:?}:\n{}", wide.join("\n"));
    }
}

#[test]
fn a_page_holds_names_as_data_only_and_loads_nothing() {
    let place = Place::new();
    let mut words = catalog(&place);
    words.extend(["--format=html", "--full", "--output=page.html"].map(str::to_owned));
    let ran = coverage(&place, &words);
    assert_eq!(ran.out, "");
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>"));
    assert!(!page.contains("alert(1)</script>") && !page.contains('\u{2028}'));
    for loads in ["http:", "https:", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(loads), "{loads}");
    }
    let begins = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(begins).unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).expect("the data is JSON");
    let never = list(&data["answer"], "never_win");
    assert_eq!(never[0]["recipe_id"], HOSTILE);
    // Each kind of ask has a number for every model, hardware and count.
    for ask in list(&data, "asks") {
        assert_eq!(list(ask, "cells").len(), 3 * 2 * 4);
    }
    let plain = &list(&data, "asks")[0];
    let of_small = &list(plain, "cells")[16..20];
    let winner = |value: &Value| {
        let value = usize::try_from(value.as_u64().unwrap()).unwrap();
        (
            list(&data, "winners")[(value - 2) / 2][0].clone(),
            value % 2,
        )
    };
    assert_eq!(winner(&of_small[1]), (json!("best"), 1));
    assert_eq!(winner(&of_small[2]), (json!("best"), 0));
    assert_eq!(list(plain, "cells")[0], 1);
}

#[test]
fn names_that_nobody_knows_are_exit_code_1_with_the_nearest() {
    let place = Place::new();
    place
        .run(&["coverage", "Qwen/Qwen3-32"])
        .exits(1)
        .says("catalog::unknown_model")
        .says("did you mean `Qwen/Qwen3-32B`");
    place
        .run(&["coverage", "--hardware", "MI300"])
        .exits(1)
        .says("catalog::unknown_hardware");
    place
        .run(&["coverage", "--output", "no/such/folder/page"])
        .exits(3)
        .says("cannot write `no/such/folder/page`");
}

/// A cell says what `generate` says, on a machine that has as many GPUs and on a larger one.
#[test]
fn a_cell_is_what_generate_answers() {
    let place = Place::new();
    let mut checked = 0;
    for words in [
        &["coverage", "--format=json"][..],
        &["coverage", "--format=json", "--full", "--hardware=MI300X"],
    ] {
        let answer = place.run(words).exits(0).json();
        let cells: Vec<&Value> = list(&answer, "cells").iter().step_by(29).collect();
        let mut lines = String::new();
        for cell in &cells {
            for available in [&cell["gpus"], &json!(16)] {
                let request = json!({"model": cell["model"], "hardware": cell["hardware"],
                    "gpus": cell["gpus"], "available_gpus": available,
                    "precision": cell["precision"], "backend": cell["backend"],
                    "metric": cell["metric"]});
                writeln!(lines, "{request}").unwrap();
            }
        }
        place.write("requests", lines);
        let ran = place.run(&["generate", "--batch", "requests"]);
        let answers: Vec<Value> = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(answers.len(), 2 * cells.len());
        for (cell, answers) in cells.iter().zip(answers.chunks(2)) {
            for answer in answers {
                let mut selected = answer["selected"].clone();
                if let Some(selected) = selected.as_object_mut() {
                    selected.remove("file");
                }
                assert_eq!(cell["selected"], selected, "{cell}");
                let exact = answer["exact"] == true && !selected.is_null();
                assert_eq!(cell["exact"], exact, "{cell}");
                checked += 1;
            }
        }
    }
    assert!(checked > 400, "{checked}");
}

/// Asking for everything finds no winner that asking by name did not, and none less.
#[test]
fn what_never_wins_wins_nowhere_in_the_full_matrix() {
    let place = Place::new();
    let standings = |more: &[&str]| {
        let words = [&["coverage", "--format=json", "--hardware=MI355X"], more].concat();
        let answer = place.run(&words).exits(0).json();
        (
            answer["configurations"].clone(),
            answer["when_asked"].clone(),
            answer["never_win"].clone(),
        )
    };
    assert_eq!(standings(&[]), standings(&["--full"]));
}
