//! `diff`: each kind of change between small catalogs is found, with its cause and its reason.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;
use std::process::Command;

use pretty_assertions::assert_eq;
use program::{Place, Ran, card, ran, recipe};
use serde_json::{Value, json};

/// A place with the same catalog twice, as `old` and `new`: one model with two recipes.
fn twice() -> Place {
    let place = Place::new();
    for side in ["old", "new"] {
        place.write(&format!("{side}/models/m.yaml"), card("org/m"));
        let recipes = [("a", "fp16"), ("b", "bf16")];
        for (id, precision) in recipes {
            place.write(
                &format!("{side}/recipes/{id}.yaml"),
                recipe(id, "org/m", "MI300X", precision, 1),
            );
        }
    }
    place
}

fn diff(place: &Place, words: &[&str]) -> Ran {
    let fixed = ["diff", "old", "new", "--hardware=MI300X"];
    place.run(&[&fixed[..], words].concat())
}

fn answer(place: &Place) -> Value {
    diff(place, &["--format=json"])
        .exits(0)
        .says_nothing()
        .json()
}

/// The only group of an answer.
#[track_caller]
fn group(answer: &Value) -> &Value {
    let groups = answer["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{answer:#}");
    &groups[0]
}

fn edit(place: &Place, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(place.path(name)).unwrap();
    assert!(text.contains(from), "{text}");
    place.write(name, text.replace(from, to));
}

#[test]
fn the_same_twice_has_no_difference() {
    let place = twice();
    let answer = answer(&place);
    assert_eq!(answer["groups"], json!([]));
    assert_eq!(answer["files"], json!([]));
    assert_eq!(answer["requests"]["compared"], 4);
    let human = diff(&place, &["--fail-on-change"]).exits(0).out;
    assert!(human.contains("old and new hold the same"), "{human}");
    let markdown = diff(&place, &["--format=markdown"]).exits(0).out;
    assert!(
        markdown.starts_with("**No change** from `old` to `new`"),
        "{markdown}"
    );
}

#[test]
fn a_removed_recipe_hands_its_requests_to_the_next() {
    let place = twice();
    fs::remove_file(place.path("new/recipes/a.yaml")).unwrap();
    let answer = answer(&place);
    let group = group(&answer);
    assert_eq!(group["kind"], "other");
    assert_eq!(group["causes"], json!(["recipes/a.yaml"]));
    assert_eq!(group["requests"], 4);
    let rows = group["decisions"].as_array().unwrap();
    // One GPU is as asked for, more are not.
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0]["before"],
        json!({"recipe_id": "a", "backend": "vllm", "precision": "fp16", "hardware": "MI300X",
               "gpus": 1, "exact": false})
    );
    assert_eq!(rows[0]["after"]["recipe_id"], "b");
    assert_eq!(
        rows[0]["because"],
        json!(["There is no recipe `a` any more."])
    );
    assert_eq!(
        rows[0]["former"],
        json!({"fate": "no-recipe", "relations": []})
    );
    assert_eq!(rows[0]["requests"][0]["gpus"], json!([2, 4, 8]));
    assert_eq!(rows[1]["before"]["gpus"], Value::Null);
    assert_eq!(rows[1]["before"]["exact"], true);
    assert_eq!(answer["requests"]["changed"], 4);
    assert_eq!(answer["files"][0]["change"], "removed");
}

#[test]
fn the_last_recipe_removed_is_told_first_and_fails_when_asked_to() {
    let place = twice();
    for id in ["a", "b"] {
        fs::remove_file(place.path(&format!("new/recipes/{id}.yaml"))).unwrap();
    }
    place.write(
        "old/recipes/c.yaml",
        recipe("c", "org/n", "MI300X", "fp16", 1),
    );
    place.write(
        "new/recipes/c.yaml",
        recipe("c", "org/n", "MI300X", "fp16", 1),
    );
    for id in ["d", "e"] {
        place.write(
            &format!("new/recipes/{id}.yaml"),
            recipe(id, "org/o", "MI300X", "bf16", 1),
        );
    }
    let answer = answer(&place);
    let kinds: Vec<&str> = answer["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["lost", "gained"]);
    assert_eq!(
        answer["groups"][1]["decisions"][0]["because"],
        json!(["The recipe `d` is new."])
    );
    let human = diff(&place, &["--fail-on-change"]).exits(1).out;
    assert!(human.contains("Not served any more"), "{human}");
    assert!(human.contains("org/m on MI300X with 1 GPU"), "{human}");
    assert!(human.contains("now:    nobody"), "{human}");
    assert!(
        human.lines().all(|line| line.chars().count() <= 80),
        "{human}"
    );
}

#[test]
fn a_block_that_is_switched_off_is_rejected_by_its_key() {
    let place = twice();
    edit(
        &place,
        "new/recipes/a.yaml",
        "enabled: true",
        "enabled: false",
    );
    let answer = answer(&place);
    let row = &group(&answer)["decisions"][0];
    assert_eq!(
        row["because"],
        json!(["`a` is rejected now. Its block is not enabled."])
    );
    assert_eq!(
        row["former"],
        json!({"fate": "rejected", "relations": ["rejected_disabled"]})
    );
    assert_eq!(
        answer["files"][0]["keys"],
        json!([{"key": "vllm_serve.1_gpu.enabled", "change": "changed", "old": "true", "new": "false"}])
    );
}

#[test]
fn a_flag_that_is_broken_and_one_that_is_mended() {
    let place = twice();
    edit(
        &place,
        "new/recipes/a.yaml",
        "--max-model-len",
        "--no-such-flag",
    );
    let broken = answer(&place);
    let because = group(&broken)["decisions"][0]["because"][0]
        .as_str()
        .unwrap();
    assert!(because.starts_with("`a` is rejected now. "), "{because}");
    assert!(because.contains("--no-such-flag"), "{because}");
    let mended = place.run(&["diff", "new", "old", "--hardware=MI300X", "--format=json"]);
    let mended = mended.exits(0).json();
    let because = group(&mended)["decisions"][0]["because"][0]
        .as_str()
        .unwrap();
    assert!(
        because.starts_with("`a` was rejected before. "),
        "{because}"
    );
}

#[test]
fn a_recipe_for_other_hardware_no_longer_serves_this() {
    let place = twice();
    fs::remove_file(place.path("old/recipes/b.yaml")).unwrap();
    fs::remove_file(place.path("new/recipes/b.yaml")).unwrap();
    edit(&place, "new/recipes/a.yaml", "MI300X", "MI355X");
    let answer = answer(&place);
    let group = group(&answer);
    assert_eq!(group["kind"], "lost");
    let because = &group["decisions"][0]["because"][0];
    assert_eq!(
        because,
        "`a` is rejected now. It is for MI355X, and this machine has MI300X."
    );
}

#[test]
fn a_larger_model_no_longer_fits() {
    let place = twice();
    edit(
        &place,
        "new/models/m.yaml",
        "parameters: 8000000000",
        "parameters: 800000000000",
    );
    let answer = answer(&place);
    let group = group(&answer);
    assert_eq!(group["kind"], "lost");
    assert_eq!(group["causes"], json!(["models/m.yaml"]));
    let because = group["decisions"][0]["because"][0].as_str().unwrap();
    assert!(because.contains("`a` is rejected now."), "{because}");
}

#[test]
fn a_catalogs_own_rule_is_the_cause_where_it_decides() {
    let place = twice();
    place.write(
        "new/rules/site.dl",
        "veto(Q, \"a\", B, N, \"not here\") :- considered(Q, \"a\", B, N).\n",
    );
    // Changed too, to no effect.
    edit(&place, "new/recipes/a.yaml", "8192", "4096");
    let answer = answer(&place);
    let group = group(&answer);
    assert_eq!(group["causes"], json!(["rules/site.dl"]));
    let because = &group["decisions"][0]["because"][0];
    assert_eq!(
        because,
        "`a` is rejected now. A rule of this site vetoes it: not here."
    );
    assert_eq!(answer["files"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rule_without_effect_is_no_cause() {
    let place = twice();
    place.write(
        "new/rules/site.dl",
        "veto(Q, \"z\", B, N, \"not here\") :- considered(Q, \"z\", B, N).\n",
    );
    edit(
        &place,
        "new/recipes/a.yaml",
        "enabled: true",
        "enabled: false",
    );
    let answer = answer(&place);
    assert_eq!(group(&answer)["causes"], json!(["recipes/a.yaml"]));
    let human = diff(&place, &[]).exits(0).out;
    assert!(human.contains("1 file differs without changing"), "{human}");
    assert!(human.contains("rules/site.dl added"), "{human}");
}

#[test]
fn another_command_of_the_same_choice_is_no_change_of_a_decision() {
    let place = twice();
    edit(
        &place,
        "new/recipes/a.yaml",
        "--max-model-len: 8192",
        "--max-model-len: 4096\n      --max-num-seqs: 16\n    env: {X_MODE: fast, HF_TOKEN: hf_secret}",
    );
    let answer = diff(&place, &["--format=json"]).exits(0).json();
    let group = group(&answer);
    assert_eq!(group["kind"], "command");
    assert_eq!(
        group["command"],
        json!([
            {"part": "flag", "name": "--max-model-len", "old": "8192", "new": "4096"},
            {"part": "flag", "name": "--max-num-seqs", "old": null, "new": "16"},
            {"part": "variable", "name": "X_MODE", "old": null, "new": "fast"},
        ])
    );
    assert_eq!(group["requests"], 4);
    assert_eq!(answer["requests"]["changed"], 0);
    let human = diff(&place, &["--fail-on-change"]).exits(0).out;
    assert!(human.contains("`--max-model-len` 8192 → 4096"), "{human}");
    for format in ["human", "json", "markdown"] {
        let ran = diff(&place, &["--format", format]).exits(0);
        assert!(!ran.out.contains("hf_secret") && !ran.err.contains("hf_secret"));
    }
}

#[test]
fn what_only_describes_changes_nothing() {
    let place = twice();
    for (file, more) in [
        ("recipes/a.yaml", "# remark\n"),
        ("models/m.yaml", "description: fine\n"),
    ] {
        let text = fs::read_to_string(place.path(&format!("new/{file}"))).unwrap();
        place.write(&format!("new/{file}"), format!("{text}{more}"));
    }
    let answer = answer(&place);
    assert_eq!(answer["groups"], json!([]));
    let human = diff(&place, &[]).exits(0).out;
    assert!(human.contains("2 files differ without changing"), "{human}");
    assert!(
        human.contains("recipes/a.yaml changed in layout or comments only"),
        "{human}"
    );
    assert!(
        human.contains("models/m.yaml changed (description: fine is new)"),
        "{human}"
    );
}

#[test]
fn a_file_that_cannot_be_read_any_more_is_told_as_such() {
    let place = twice();
    place.write("new/recipes/a.yaml", "recipe_id: [a\n");
    let ran = diff(&place, &[]).exits(0).says("new/recipes/a.yaml");
    assert!(
        ran.out.contains("recipes/a.yaml cannot be read any more: "),
        "{}",
        ran.out
    );
    let back = place.run(&["diff", "new", "old", "--hardware=MI300X"]);
    let back = back.exits(0).says("note: 1 file of `new` with errors");
    assert!(
        back.out.contains("can be read now; it could not: "),
        "{}",
        back.out
    );
}

#[test]
fn a_file_under_another_name_is_known_by_its_content() {
    let place = twice();
    let text = fs::read_to_string(place.path("new/recipes/a.yaml")).unwrap();
    let text = text.replace("recipe_id: a\n", "");
    place.write("old/recipes/a.yaml", &text);
    fs::remove_file(place.path("new/recipes/a.yaml")).unwrap();
    place.write("new/recipes/a-2.yaml", &text);
    let ran = diff(&place, &[]).exits(0);
    assert!(
        ran.out
            .contains("removed (the same as the new recipes/a-2.yaml)"),
        "{}",
        ran.out
    );
}

#[test]
fn overlays_and_rules_of_the_command_line_are_of_both_sides() {
    let place = twice();
    edit(
        &place,
        "new/recipes/a.yaml",
        "enabled: true",
        "enabled: false",
    );
    place.write(
        "over/recipes/a.yaml",
        recipe("a", "org/m", "MI300X", "fp16", 1),
    );
    let ran = diff(&place, &["--overlay=over", "--format=json"]).exits(0);
    assert_eq!(ran.json()["groups"], json!([]));
    place.write(
        "site.dl",
        "veto(Q, \"a\", B, N, \"no\") :- considered(Q, \"a\", B, N).\n",
    );
    let ran = diff(&place, &["--rules=site.dl", "--format=json"]).exits(0);
    assert_eq!(ran.json()["groups"], json!([]));
}

#[test]
fn filters_take_what_either_side_knows() {
    let place = twice();
    place.write(
        "new/recipes/n.yaml",
        recipe("n", "org/n", "MI300X", "fp16", 1),
    );
    let ran = diff(&place, &["--model=ORG/N", "--format=json"])
        .exits(0)
        .json();
    assert_eq!(ran["requests"]["compared"], 4);
    assert_eq!(ran["requests"]["gained"], 4);
    diff(&place, &["--model=org/x"])
        .exits(1)
        .says("unknown model `org/x`");
    place
        .run(&["diff", "old", "new", "--hardware=H100"])
        .exits(1)
        .says("unknown hardware `H100`");
    let full = diff(&place, &["--model=org/n", "--full", "--format=json"])
        .exits(0)
        .json();
    assert_eq!(full["full"], true);
    assert!(full["requests"]["compared"].as_u64().unwrap() > 4);
}

#[test]
fn an_answer_may_go_to_a_file() {
    let place = twice();
    let ran = diff(&place, &["--format=json", "--output=diff.json"]).exits(0);
    assert_eq!(ran.out, "");
    let text = fs::read_to_string(place.path("diff.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&text).is_ok());
    diff(&place, &["--output=no/such/diff.json"])
        .exits(3)
        .says("cannot write `no/such/diff.json`");
}

#[test]
fn markdown_takes_what_a_catalog_says_for_text() {
    let place = twice();
    fs::remove_file(place.path("new/recipes/a.yaml")).unwrap();
    let evil = "x|y<img src=x>`z`@team";
    let text = recipe(&format!("'{evil}'"), "org/m", "MI300X", "fp16", 1);
    place.write("new/recipes/c.yaml", text);
    let out = diff(&place, &["--format=markdown"]).exits(0).out;
    assert!(
        out.starts_with("**4 of 4 requests are decided otherwise** from `old` to `new`"),
        "{out}"
    );
    assert!(out.contains("- `recipes/a.yaml` removed\n"), "{out}");
    assert!(
        out.contains("| requests | before | now |\n|---|---|---|\n"),
        "{out}"
    );
    assert!(out.contains("<details><summary>why</summary>\n\n"), "{out}");
    // In a code span it stands for itself, and no bar of it ends a cell.
    assert!(out.contains("``x\\|y<img src=x>`z`@team``"), "{out}");
    // Elsewhere each sign is escaped, and nobody is called.
    assert!(
        out.contains("x\\|y&lt;img src=x&gt;\\`z\\`@\u{200b}team"),
        "{out}"
    );
    let rest = out.replace("``x\\|y<img src=x>`z`@team``", "");
    assert!(!rest.contains("<img") && !rest.contains("@team"), "{rest}");
}

#[test]
fn markdown_stays_below_what_a_comment_may_hold() {
    let place = twice();
    for number in 0..300 {
        let id = format!(
            "recipe-with-a-rather-long-name-{number:04}-{}",
            "x".repeat(100)
        );
        let model = format!("org/model-with-a-rather-long-name-{number:04}");
        place.write(
            &format!("new/recipes/{id}.yaml"),
            recipe(&id, &model, "MI300X", "fp16", 1),
        );
    }
    let out = diff(&place, &["--format=markdown"]).exits(0).out;
    assert!(out.len() <= 60_000, "{}", out.len());
    assert!(out.contains("**Left out here: changes of "), "{out}");
}

/// Git in a place, without the tester's settings.
fn git(place: &Place, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(words)
        .current_dir(place.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Somebody")
            .env(format!("GIT_{role}_EMAIL"), "somebody@example.com");
    }
    let ran = ran(&mut command).exits(0);
    ran.out
}

/// The program in a place whose temporary folder is its own, which is left empty.
fn tidy(place: &Place, folder: &str, words: &[&str]) -> Ran {
    let temporary = place.path("temporary");
    fs::create_dir_all(&temporary).unwrap();
    let mut command = place.command(words);
    command
        .env("TMPDIR", &temporary)
        .current_dir(place.path(folder));
    let ran = ran(&mut command);
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    ran
}

/// A repository whose first commit has the catalog `site/catalog`, which then loses a recipe.
fn repository() -> Place {
    let place = Place::new();
    place.write("site/catalog/models/m.yaml", card("org/m"));
    for id in ["a", "b"] {
        let text = recipe(id, "org/m", "MI300X", "fp16", 1);
        place.write(&format!("site/catalog/recipes/{id}.yaml"), text);
    }
    place.write("site/catalog/recipes/picture.png", [0xff, 0, 1]);
    git(&place, &["init", "--quiet", "--initial-branch=main"]);
    git(&place, &["add", "site"]);
    git(&place, &["commit", "--quiet", "--message=first"]);
    fs::remove_file(place.path("site/catalog/recipes/a.yaml")).unwrap();
    place
}

#[test]
fn a_revision_is_compared_with_the_working_tree_in_every_form() {
    let place = repository();
    let forms: [(&str, &[&str], [&str; 2]); 8] = [
        (
            "",
            &["main:site/catalog"],
            ["main:site/catalog", "site/catalog"],
        ),
        (
            "site",
            &["main:site/catalog"],
            ["main:site/catalog", "catalog"],
        ),
        ("site", &["main:./catalog"], ["main:./catalog", "./catalog"]),
        ("site", &["main"], ["main:site/catalog", "catalog"]),
        (
            "",
            &["HEAD", "--catalog=site/catalog"],
            ["HEAD:site/catalog", "site/catalog"],
        ),
        (
            "",
            &["HEAD", "site/catalog"],
            ["HEAD:site/catalog", "site/catalog"],
        ),
        (
            "",
            &["main:site/catalog/", "./site/catalog"],
            ["main:site/catalog", "./site/catalog"],
        ),
        ("site/catalog", &["HEAD", "."], ["HEAD:site/catalog", "."]),
    ];
    for (folder, words, names) in forms {
        let words = [&["diff"], words, &["--format=json"]].concat();
        let answer = tidy(&place, folder, &words).exits(0).says_nothing().json();
        assert_eq!([&answer["old"], &answer["new"]], names, "{words:?}");
        assert_eq!(group(&answer)["causes"], json!(["recipes/a.yaml"]));
    }
}

#[test]
fn two_revisions_are_compared() {
    let place = repository();
    git(&place, &["commit", "--quiet", "--all", "--message=second"]);
    for words in [
        ["HEAD~1:site/catalog", "HEAD:site/catalog"],
        ["HEAD~1", "HEAD:site/catalog"],
        ["HEAD~1:site/catalog", "HEAD"],
    ] {
        let words = [&["diff"], &words[..], &["--format=json"]].concat();
        let answer = tidy(&place, "", &words).exits(0).json();
        assert_eq!(group(&answer)["kind"], "other");
        assert_eq!(answer["old"], "HEAD~1:site/catalog");
    }
    let words = ["diff", "HEAD", "HEAD", "--catalog=site/catalog"];
    let same = tidy(&place, "", &words).exits(0);
    assert!(same.out.contains("hold the same"), "{}", same.out);
}

#[test]
fn files_of_a_revision_are_named_as_git_names_them() {
    let place = repository();
    place.write("site/catalog/recipes/bad.yaml", "recipe_id: [\n");
    place.write("site/catalog/rules/bad.dl", "nonsense here\n");
    git(&place, &["add", "site"]);
    git(&place, &["commit", "--quiet", "--message=second"]);
    let words = ["diff", "HEAD~1:site/catalog", "HEAD:site/catalog"];
    let ran = tidy(&place, "", &words).exits(2);
    let ran = ran
        .says("HEAD:site/catalog/recipes/bad.yaml")
        .says("HEAD:site/catalog/rules/bad.dl");
    assert!(!ran.err.contains("aim-diff"), "{}", ran.err);
}

#[test]
fn links_and_submodules_of_a_revision_are_left_out() {
    let place = repository();
    std::os::unix::fs::symlink("/etc/passwd", place.path("site/catalog/recipes/link.yaml"))
        .unwrap();
    git(&place, &["add", "site"]);
    let commit = git(&place, &["rev-parse", "HEAD"]);
    let module = format!("160000,{},site/catalog/recipes/module", commit.trim());
    git(&place, &["update-index", "--add", "--cacheinfo", &module]);
    git(&place, &["commit", "--quiet", "--message=links"]);
    let words = [
        "diff",
        "HEAD~1:site/catalog",
        "HEAD:site/catalog",
        "--format=json",
    ];
    let ran = tidy(&place, "", &words).exits(0);
    let ran = ran.says("note: links and submodules of `HEAD:site/catalog` are left out: 2");
    assert_eq!(ran.json()["files"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_catalog_is_said_clearly() {
    let place = repository();
    for (words, says) in [
        (
            &["nope", "site/catalog"][..],
            "`nope` is neither a folder nor a revision that git knows",
        ),
        (
            &["nope:site/catalog"],
            "`nope` is neither a folder nor a revision that git knows",
        ),
        (
            &["--", "-x:site", "site/catalog"],
            "`-x` is neither a folder nor a revision that git knows",
        ),
        (
            &["main:nope", "site/catalog"],
            "the revision `main` has no folder `nope`",
        ),
        (
            &["main:site/catalog/models/m.yaml", "site/catalog"],
            "has no folder",
        ),
        (
            &["main"],
            "there is no folder `catalog` to compare `main` by",
        ),
        (&["builtin"], "there is no catalog folder `catalog`"),
    ] {
        let words = [&["diff"], words].concat();
        tidy(&place, "", &words).exits(2).says(says);
    }
    let outside = Place::new();
    outside.write(
        "c/recipes/a.yaml",
        recipe("a", "org/m", "MI300X", "fp16", 1),
    );
    outside
        .run(&["diff", "main", "c"])
        .exits(2)
        .says("is in no git repository, so `main` cannot be a revision");
    let mut command = outside.command(&["diff", "main:c", "c"]);
    ran(command.env("PATH", ""))
        .exits(3)
        .says("cannot run `git`");
}

#[test]
fn the_built_in_catalog_is_a_side() {
    let place = twice();
    let words = ["diff", "builtin", "builtin", "--model=Qwen/Qwen3-8B"];
    let ran = place.run(&words).exits(0).says_nothing();
    assert!(
        ran.out.contains("builtin and builtin hold the same"),
        "{}",
        ran.out
    );
    let words = [
        "diff",
        "builtin",
        "new",
        "--model=org/m",
        "--hardware=MI300X",
        "--format=json",
    ];
    let answer = place.run(&words).exits(0).json();
    assert_eq!(answer["requests"]["gained"], 4);
}
