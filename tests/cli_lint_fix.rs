//! `lint --fix` and `--diff` on files: which bytes change, which do not, and what is said of it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use pretty_assertions::assert_eq;
use program::{Place, Ran};

/// Checks of a house that say how each of their findings is mended.
const RULES: &str = r#"
/// `{flag}` is called `--seed` here
/// code: HOUSE1
/// severity: error
/// fix: rename {at} to "--seed"
.decl old_name(at: node, flag: symbol)
old_name(At, F) :- recipe_argument(_, _, _, F, _, _, At, _), F = "--sead".

/// `{flag}` is not wanted
/// code: HOUSE2
/// severity: warning
/// fix: remove {at}
.decl not_wanted(at: node, flag: symbol)
not_wanted(At, F) :- recipe_argument(_, _, _, F, _, _, At, _), F = "--enforce-eager".

/// a block says `{text}`
/// code: HOUSE3
/// severity: warning
/// fix: set {at} to true
.decl not_boolean(at: node, text: symbol)
not_boolean(At, T) :- recipe_value(_, "trusted", _, "text", T, _, At, _).

/// the house is `{text}`
/// code: HOUSE4
/// severity: warning
/// fix: set {at} to "{text}{text}"
.decl house(at: node, text: symbol)
house(At, T) :- recipe_value(_, "house", _, _, T, _, At, _), T != "done", T != "xx".
"#;

const BEFORE: &str = "\u{feff}# of the team\r\nrecipe_id: other   # its file says ön\r\nhuggingface_id: Qwen/Qwen3-32B\r\n\
hardware:  'MI300X'\r\nprecision: bf16\r\nvllm_serve:\r\n  4_gpu:\r\n    enabled: true\r\n    args:\r\n      \
--max-model-len: 8192\r\n      # only to debug\r\n      --enforce-eager:   # off in production\r\n\r\n      \
\"--sead\": 1\r\n      --tensor-parallel-size: '2'";

const AFTER: &str = "\u{feff}# of the team\r\nrecipe_id: one   # its file says ön\r\nhuggingface_id: Qwen/Qwen3-32B\r\n\
hardware:  'MI300X'\r\nprecision: bf16\r\nvllm_serve:\r\n  4_gpu:\r\n    enabled: true\r\n    args:\r\n      \
--max-model-len: 8192\r\n\r\n      \
\"--seed\": 1\r\n      --tensor-parallel-size: '4'";

fn site() -> Place {
    let place = Place::new();
    place.write("site/rules/house.dl", RULES);
    // Short names are for short tests.
    place.write("site/rules/lint/names.dl", "");
    place.write("site/rules/lint/compared.dl", "");
    place.write("site/recipes/one.yaml", BEFORE);
    place
}

fn text(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn nothing_but_what_is_mended_changes() {
    let place = site();
    let path = place.path("site/recipes/one.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let ran = place.run(&["lint", "site", "--fix"]).exits(0);
    assert_eq!(text(&place, "site/recipes/one.yaml"), AFTER);
    assert_eq!(
        ran.out,
        "1 file: nothing found\n4 fixed in 1 file, 0 remain\n"
    );
    assert_eq!(ran.err.matches("fixed: ").count(), 4, "{}", ran.err);
    let ran = ran.says("fixed: site/recipes/one.yaml:14: HOUSE1: rename `--sead` to `--seed`");
    ran.says("HOUSE2: remove `--enforce-eager`");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let left: Vec<_> = fs::read_dir(place.path("site/recipes")).unwrap().collect();
    assert_eq!(left.len(), 1);
    // And again, to no effect.
    let inode = |place: &Place| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(place.path("site/recipes/one.yaml"))
            .unwrap()
            .ino()
    };
    let before = inode(&place);
    let ran = place
        .run(&["lint", "site", "--fix"])
        .exits(0)
        .says_nothing();
    assert_eq!(ran.out, "1 file: nothing found\nnothing fixed, 0 remain\n");
    assert_eq!(inode(&place), before);
}

#[test]
fn a_diff_is_one_that_patch_takes() {
    let place = site();
    let ran = place.run(&["lint", "site", "--diff"]).exits(1);
    let ran = ran.says("note: 4 would be fixed in 1 file, 0 would remain");
    assert_eq!(text(&place, "site/recipes/one.yaml"), BEFORE);
    assert!(
        ran.out
            .starts_with("--- site/recipes/one.yaml\n+++ site/recipes/one.yaml\n@@ -1,5 +1,5 @@\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.ends_with("\\ No newline at end of file\n"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\u{1b}'));
    let coloured = place
        .run(&["lint", "site", "--diff", "--color=always"])
        .exits(1);
    assert!(coloured.out.contains("\u{1b}[32m+"), "{}", coloured.out);
    place.write("change.diff", &ran.out);
    let patch = std::process::Command::new("patch")
        .args(["--binary", "-p0", "-i", "change.diff"])
        .current_dir(place.path(""))
        .output();
    // Where there is such a program.
    if let Ok(patch) = patch {
        assert!(patch.status.success(), "{patch:?}");
        assert_eq!(text(&place, "site/recipes/one.yaml"), AFTER);
        let ran = place.run(&["lint", "site", "--diff"]).exits(0);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn stdin_is_given_back_mended() {
    let place = Place::new();
    let run = |words: &[&str], text: &str| {
        let mut child = place
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let wrong = "huggingface_id: Qwen/Qwen3-32B\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  4_gpu:\n    enabled: true\n    args: {-tp: 2}";
    let ran = run(&["lint", "-", "--fix", "--ignore=AIM603"], wrong).exits(0);
    assert_eq!(ran.out, wrong.replace("-tp: 2", "-tp: 4"));
    let ran = ran.says("AIM301: replace `2` with `4`");
    ran.says("1 fixed in 1 file, 0 remain");
    // As it came where there is nothing to mend, be it nonsense.
    for (text, code) in [(wrong.replace(": 2", ": 4").as_str(), 0), ("[", 1), ("", 1)] {
        let ran = run(&["lint", "-", "--fix"], text).exits(code);
        assert_eq!(ran.out, text);
    }
    let ran = run(&["lint", "-", "--fix", "--format=json"], wrong).exits(2);
    assert_eq!(ran.out, "");
}

#[test]
fn only_the_files_that_are_named_change() {
    let place = site();
    place.write("site/recipes/two.yaml", BEFORE);
    place.run(&["lint", "site/recipes/two.yaml", "--catalog=site", "--fix"]);
    assert_eq!(text(&place, "site/recipes/one.yaml"), BEFORE);
    assert!(text(&place, "site/recipes/two.yaml").contains("--seed"));
    let ran = place.run(&["lint", "--fix"]).exits(0);
    assert!(
        ran.out.ends_with("nothing fixed, 0 remain\n"),
        "{}",
        ran.out
    );
}

#[test]
fn a_fix_that_would_make_a_finding_is_not_taken() {
    let place = Place::new();
    let recipe = |id: &str| program::recipe(id, "Qwen/Qwen3-32B", "MI300X", "bf16", 4);
    place.write("site/rules/lint/names.dl", "");
    place.write("site/rules/lint/compared.dl", "");
    // `one` is taken: what is in `one.yaml` cannot be called so as well.
    place.write("site/recipes/one.yaml", recipe("three"));
    place.write("site/recipes/zwei.yaml", recipe("one"));
    place.write(
        "site/rules/house.dl",
        "/// `{recipe}` is called as a number\n/// code: HOUSE1\n/// severity: note\n/// fix: set {at} to \"one\"\n\
         .decl numbered(at: node, recipe: symbol)\n\
         numbered(At, R) :- recipe_value(_, \"recipe_id\", _, _, R, _, At, _), R = \"three\".\n",
    );
    place.write(
        "site/recipes/four.yaml",
        recipe("three").replace("4_gpu", "2_gpu"),
    );
    let before = text(&place, "site/recipes/four.yaml");
    let ran = place.run(&["lint", "site", "--fix", "--format=json"]);
    let answer = ran.json();
    assert!(
        !answer["fixed"].as_array().unwrap().is_empty(),
        "{}",
        ran.out
    );
    assert_eq!(
        text(&place, "site/recipes/zwei.yaml").lines().next(),
        Some("recipe_id: zwei")
    );
    assert_eq!(
        text(&place, "site/recipes/one.yaml").lines().next(),
        Some("recipe_id: one")
    );
    let four = text(&place, "site/recipes/four.yaml");
    assert_eq!(four, before.replace("recipe_id: three", "recipe_id: four"));
    // A fix that mends nothing, and one that would go on for ever.
    let place = Place::new();
    place.write("site/rules/house.dl", RULES);
    let text_before = recipe("one") + "house: x\n" + "trusted: yes\n";
    place.write("site/recipes/one.yaml", &text_before);
    let ran = place.run(&["lint", "site", "--fix"]).exits(0);
    let text_after = text(&place, "site/recipes/one.yaml");
    assert_eq!(
        text_after,
        text_before
            .replace("house: x", "house: xx")
            .replace("yes", "true")
    );
    ran.says("HOUSE3: replace `yes` with `true`");
    place.write(
        "site/recipes/one.yaml",
        text_before.replace("house: x", "house: y"),
    );
    let ran = place.run(&["lint", "site", "--fix"]).exits(0);
    ran.says("HOUSE4 is not fixed: the finding would stay");
    assert!(text(&place, "site/recipes/one.yaml").contains("house: y\n"));
}

#[test]
fn what_an_alias_shares_is_left_to_people() {
    let place = Place::new();
    let text_before = "huggingface_id: Qwen/Qwen3-32B\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  2_gpu:\n    \
        enabled: true\n    args: &args\n      --tensor-parallel-size: 2\n  4_gpu:\n    enabled: true\n    args: *args\n";
    place.write("site/recipes/one.yaml", text_before);
    let ran = place.run(&["lint", "site", "--fix"]).exits(1);
    assert!(ran.out.contains("AIM301"), "{}", ran.out);
    assert_eq!(text(&place, "site/recipes/one.yaml"), text_before);
}

#[test]
fn a_file_that_should_not_be_replaced_is_not() {
    let place = site();
    place.write("elsewhere/real.yaml", BEFORE);
    let link = place.path("site/recipes/linked.yaml");
    symlink(place.path("elsewhere/real.yaml"), &link).unwrap();
    fs::hard_link(
        place.path("site/recipes/one.yaml"),
        place.path("other-name"),
    )
    .unwrap();
    place.write(
        "site/recipes/fixed.yaml",
        BEFORE.replace("Qwen3-32B", "Qwen3-8B"),
    );
    let fixed = place.path("site/recipes/fixed.yaml");
    fs::set_permissions(&fixed, fs::Permissions::from_mode(0o444)).unwrap();
    let ran = place.run(&["lint", "site", "--fix"]).exits(3);
    let ran = ran.says("`site/recipes/one.yaml` is not changed: it has several names");
    let ran = ran.says("`site/recipes/fixed.yaml` is not changed: it is read-only");
    // What is not written is not told to be fixed, and is found still.
    assert!(
        !ran.err.contains("fixed: site/recipes/one.yaml"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains(" fixed in 1 file, "), "{}", ran.out);
    assert!(ran.out.contains("[site/recipes/fixed.yaml:"), "{}", ran.out);
    assert_eq!(text(&place, "site/recipes/one.yaml"), BEFORE);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let real = text(&place, "elsewhere/real.yaml");
    assert!(real.contains("recipe_id: linked"), "{real}");
}

#[test]
fn secrets_are_in_no_diff_and_no_finding() {
    let place = Place::new();
    let text_before = "recipe_id: other\nhuggingface_id: Qwen/Qwen3-32B\nenv: {HF_TOKEN: hunter2}\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  4_gpu:\n    enabled: true\n";
    place.write("site/recipes/one.yaml", text_before);
    for words in [["lint", "site", "--diff"], ["lint", "site", "--fix"]] {
        let ran = place.run(&words);
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"));
    }
    let mended = text_before.replace("recipe_id: other", "recipe_id: one");
    assert_eq!(text(&place, "site/recipes/one.yaml"), mended);
}
