//! `query` and `shell`: answers, their formats and exit codes, and mistakes in the text of a query.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::io::Write;
use std::process::Stdio;

use pretty_assertions::assert_eq;
use program::{Place, Ran, card, ran, recipe};
use serde_json::json;

const MI300X: [&str; 2] = ["--hardware=MI300X", "--available-gpus=8"];

/// A place with a small catalog in `site`.
fn site() -> Place {
    let place = Place::new();
    for (id, hardware, precision, gpus) in [
        ("one", "MI300X", "bf16", 1),
        ("two", "MI300X", "fp8", 4),
        ("three", "MI355X", "bf16", 1),
    ] {
        let text = recipe(id, "acme/rocket", hardware, precision, gpus);
        place.write(&format!("site/recipes/{id}.yaml"), text);
    }
    let text = recipe("other", "acme/wagon, \"big\"", "MI300X", "bf16", 2);
    let text = text.replace("acme/wagon, \"big\"", "'acme/wagon, \"big\"'");
    place.write("site/recipes/other.yaml", text);
    place.write("site/models/rocket.yaml", card("acme/rocket"));
    place
}

fn query(place: &Place, words: &[&str]) -> Ran {
    place.run(&[&["query", "--catalog=site"], words].concat())
}

/// The shell with these lines on its standard input.
fn shell(place: &Place, words: &[&str], lines: &str) -> Ran {
    let mut command = place.command(&[&["shell", "--catalog=site"], words].concat());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_question_about_the_catalog_needs_no_machine() {
    let place = site();
    let ran = query(&place, &["recipe(R, _, \"MI300X\", P)"]).exits(0);
    assert_eq!(
        ran.says_nothing().out,
        "R      P\none    bf16\nother  bf16\ntwo    fp8\n"
    );
    let none = query(&place, &["recipe(R, _, \"MI250\", _)"]).exits(0);
    assert_eq!(none.says_nothing().out, "no rows\n");
    query(&place, &["requested_model(Q, M)"])
        .exits(0)
        .says_nothing();
}

#[test]
fn derived_relations_are_for_a_request_of_each_model_or_those_named() {
    let place = site();
    let all = [&["request(Q, Name, _), eligible(Q, R, B, N)"], &MI300X[..]].concat();
    assert_eq!(
        query(&place, &all).exits(0).out,
        "Q  Name               R      B     N\n\
         1  acme/rocket        one    vllm  1\n\
         1  acme/rocket        two    vllm  4\n\
         2  acme/wagon, \"big\"  other  vllm  2\n"
    );
    let rocket = ["--model", "Acme/Rocket", "--gpus=2"];
    let named = [&["eligible(Q, R, _, N)"], &rocket[..], &MI300X].concat();
    assert_eq!(query(&place, &named).exits(0).out, "Q  R    N\n1  one  1\n");
    let named = [&["recipe(R, _, _, _)"], &rocket[..2]].concat();
    assert_eq!(query(&place, &named).exits(0).out, "R\none\nthree\ntwo\n");
}

#[test]
fn what_depends_on_the_machine_wants_one() {
    let place = site();
    let empty = place.text("nothing");
    let root = ["--root", &empty];
    let ran = query(&place, &[&["eligible(Q, R, _, _)"], &root[..]].concat());
    assert_eq!(ran.exits(3).says("detect::nothing_found").out, "");
    query(&place, &[&["recipe(R, _, _, _)"], &root[..]].concat()).exits(0);
}

#[test]
fn yes_and_no_are_exit_codes_too() {
    let place = site();
    let yes = query(&place, &["recipe(\"one\", _, _, _)"]).exits(0);
    assert_eq!(yes.says_nothing().out, "yes\n");
    let no = query(&place, &["recipe(\"four\", _model, _, _)"]).exits(1);
    assert_eq!(no.says_nothing().out, "no\n");
    let no = query(&place, &["recipe(\"four\", _, _, _)", "--format=json"]).exits(1);
    assert_eq!(
        no.json(),
        json!({"columns": [], "types": [], "rows": [], "count": 0})
    );
    let yes = query(&place, &["1 < 2", "--format=json"]).exits(0);
    assert_eq!(
        yes.json(),
        json!({"columns": [], "types": [], "rows": [[]], "count": 1})
    );
}

#[test]
fn json_has_values_of_their_types() {
    let place = site();
    let body = "configuration(R, _, N), R = \"two\", Half = to_float(N) / 8.0";
    assert_eq!(
        query(&place, &[body, "--format=json"]).exits(0).json(),
        json!({"columns": ["R", "N", "Half"], "types": ["symbol", "number", "float"],
               "rows": [["two", 4, 0.5]], "count": 1})
    );
    let first = query(
        &place,
        &["recipe(R, _, _, _)", "--format=json", "--limit=1"],
    );
    assert_eq!(
        first.exits(0).says_nothing().json(),
        json!({"columns": ["R"], "types": ["symbol"], "rows": [["one"]], "count": 4})
    );
}

#[test]
fn csv_quotes_what_needs_it() {
    let place = site();
    let ran = query(&place, &["recipe(R, M, _, \"bf16\")", "--format=csv"]).exits(0);
    assert_eq!(
        ran.out,
        "R,M\none,acme/rocket\nother,\"acme/wagon, \"\"big\"\"\"\nthree,acme/rocket\n"
    );
}

#[test]
fn a_long_table_is_cut_and_says_so() {
    let place = site();
    let all = place.run(&["query", "recipe(R, _, _, _)"]).exits(0);
    assert_eq!(all.out.lines().count(), 101);
    all.says("note: the first 100 of ");
    let body = "recipe(R, _, _, _)";
    let some = query(&place, &[body, "--limit", "2"]).exits(0);
    assert_eq!(some.out, "R\none\nother\n");
    some.says("note: the first 2 of 4 rows; `--limit N` shows more");
}

#[test]
fn a_rule_and_rules_of_its_own_are_queries_too() {
    let place = site();
    let rule =
        "answer(P, count_of) :- recipe(_, _, _, P), count_of = count : { recipe(_, _, _, P) }.";
    assert_eq!(
        query(&place, &[rule]).exits(0).out,
        "P     count_of\nbf16  3\nfp8   1\n"
    );
    let rules = "big(R) :- configuration(R, _, N), N > 1. recipe(R, _, H, _), big(R)";
    assert_eq!(
        query(&place, &[rules]).exits(0).out,
        "R      H\nother  MI300X\ntwo    MI300X\n"
    );
}

/// The line of the report that underlines, and where its first mark stands.
#[track_caller]
fn underlined(ran: &Ran) -> (String, usize) {
    let lines: Vec<&str> = ran.err.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains(" · "))
        .expect(&ran.err);
    let text = lines[at - 1].split_once(" │ ").unwrap().1;
    let marks: String = lines[at]
        .chars()
        .skip_while(|c| *c != '·')
        .skip(2)
        .collect();
    let marks: Vec<char> = marks.chars().collect();
    let start = marks.iter().position(|c| *c != ' ').unwrap();
    let marked = marks.iter().skip(start).take_while(|c| **c != ' ').count();
    (text.chars().skip(start).take(marked).collect(), start + 1)
}

#[test]
fn mistakes_are_shown_in_the_text_of_the_query() {
    let place = site();
    for (body, says, marked, column) in [
        ("recpe(R, _, _, _)", "unknown relation `recpe`", "recpe", 1),
        (
            "recipe(R, _, _, _), recipe(R, _)",
            "`recipe` has 4 columns, not 2",
            "recipe(R, _)",
            21,
        ),
        (
            "recipe(R, _, _, _), !backend(X)",
            "nothing binds the variable `X`",
            "X",
            30,
        ),
        (
            "recipe(R, _, _, P), P < 4",
            "`<` takes values of one type",
            "P",
            17,
        ),
        (
            "recipe(R, _, _, _) backend(B)",
            "expected `,`, `;` or the end of the query",
            "backend",
            20,
        ),
        (
            "recipe(R, _, _, _) ; backend(B)",
            "`B` has no value in one of the alternatives",
            "recipe(R, _, _, _)",
            1,
        ),
    ] {
        let ran = query(&place, &[body]).exits(2);
        assert_eq!(ran.out, "", "{body}");
        assert!(ran.err.contains(says), "{body}:\n{}", ran.err);
        assert!(ran.err.contains("[query:1:"), "{body}:\n{}", ran.err);
        assert!(
            !ran.err.contains("in one place only"),
            "{body}:\n{}",
            ran.err
        );
        assert_eq!(underlined(&ran), (marked.to_owned(), column), "{body}");
    }
    let near = query(&place, &["recpe(R, _, _, _)"]);
    near.exits(2).says("help: did you mean `recipe`?");
    let zero = query(&place, &["hardware(H, _, V), X = V / 0"]);
    zero.exits(2).says("divides by zero").says("[query:1:24]");
}

#[test]
fn unknown_models_and_recipes_are_told() {
    let place = site();
    let ran = query(&place, &["recipe(R, _, _, _)", "--model=acme/rockets"]);
    ran.exits(1)
        .says("unknown model `acme/rockets`")
        .says("`acme/rocket`");
    let body = "requested_model(Q, M)";
    let ran = query(&place, &[body, "--recipe=won"]).exits(1);
    ran.says("unknown recipe `won`");
}

#[test]
fn a_catalog_that_changed_meanwhile_is_asked_anew() {
    let place = site();
    let body = "recipe(R, _, \"MI355X\", _)";
    for _ in 0..2 {
        assert_eq!(query(&place, &[body]).exits(0).out, "R\nthree\n");
    }
    let text = recipe("four", "acme/rocket", "MI355X", "fp8", 1);
    place.write("site/recipes/four.yaml", text);
    assert_eq!(query(&place, &[body]).exits(0).out, "R\nfour\nthree\n");
}

#[test]
fn rules_of_a_site_are_in_force() {
    let place = site();
    place.write(
        "site.dl",
        "/// {recipe} is small.\n.decl small(recipe: symbol)\nsmall(R) :- configuration(R, _, 1).\n",
    );
    let ran = query(&place, &["small(R)", "--rules=site.dl"]).exits(0);
    assert_eq!(ran.out, "R\none\nthree\n");
    place.write("site.dl", "small(R) :- nothing(R).\n");
    query(&place, &["1 < 2", "--rules=site.dl"])
        .exits(2)
        .says("site.dl:1");
}

#[test]
fn the_plan_names_joins_indexes_and_rows() {
    let place = site();
    let body = "recipe(R, M, _, \"fp8\"), configuration(R, B, N), !enabled(R, B, N)";
    let ran = query(&place, &[body, "--explain-plan"]).exits(0);
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ran.out
    );
    for part in [
        "recipe 4",
        "1. the query: 0 rows",
        "read recipe",
        "join configuration by recipe",
        "drop what is in enabled by recipe, backend, gpus",
    ] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
    let plan = query(&place, &[body, "--explain-plan", "--format=json"])
        .exits(0)
        .json();
    assert_eq!(
        plan["strata"][0]["relations"],
        json!([{"relation": "the query", "rows": 0}])
    );
    let steps = plan["strata"][0]["rules"][0]["ways"][0].as_array().unwrap();
    let join = steps
        .iter()
        .find(|step| step["relation"] == "configuration");
    assert_eq!(join.unwrap()["bound"], json!(["recipe"]));
}

#[test]
fn the_shell_runs_one_line_and_ends() {
    let place = site();
    let run = |words: &[&str]| place.run(&[&["shell", "--catalog=site"], words].concat());
    assert_eq!(
        run(&["recipe(R, _, \"MI355X\", _)"]).exits(0).out,
        "R\nthree\n"
    );
    assert_eq!(run(&["recipe(\"x\", _, _, _)"]).exits(1).out, "no\n");
    run(&["recipe(X)"]).exits(2);
    run(&[".nothing"])
        .exits(2)
        .says("unknown command `.nothing`");
    run(&[".quit"]).exits(0);
    let described = run(&[".describe", "eligible"]).exits(0).out;
    for part in [
        ".decl eligible(request: number, recipe: symbol, backend: symbol, gpus: number)",
        "can serve request {request}",
        "builtin/eligibility.dl:",
        "eligible(Q, R, B, N) :- considered(Q, R, B, N), !rejected(Q, R, B, N).",
    ] {
        assert!(described.contains(part), "no `{part}` in\n{described}");
    }
    let relations = run(&[".relations", "recipe_r"]).exits(0).out;
    assert_eq!(
        relations,
        "from the catalog:\n  recipe_readiness(recipe, readiness)\n"
    );
    run(&[".describe", "elegible"])
        .exits(2)
        .says("did you mean `eligible`?");
}

#[test]
fn the_shell_reads_lines_that_are_no_terminals() {
    let place = site();
    let lines = "// recipes\nrecipe(R, _,\n  \"MI355X\", _)\n\n.format csv\n.limit 1\n\
                 N = count : {\n recipe(_, _, _, _) }\nrecipe(R, _, _, _)\nrecipe(\"x\", _, _, _)";
    let ran = shell(&place, &[], lines).exits(0).says_nothing();
    assert_eq!(ran.out, "R\nthree\nN\n4\nR\none\nno\n");
    let ran = shell(&place, &[], "recipe(X)\n1 < 2\n.quit\nnever(\n");
    assert_eq!(
        ran.exits(2).says("`recipe` has 4 columns, not 1").out,
        "yes\n"
    );
}

#[test]
fn called_aim_shell_it_is_the_shell() {
    let place = Place::new();
    let link = place.path("aim-shell");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aim-engine"), &link).unwrap();
    let shell = ran(&mut place.command_as(&link, &["hardware(\"MI300X\", G, _)"])).exits(0);
    assert_eq!(shell.out, "G\ngfx942\n");
}

#[test]
fn the_shell_says_why_and_why_not() {
    let place = site();
    let machine = ["--hardware=MI300X", "--available-gpus=4"];
    let lines = ".why acme/rocket\n.why-not three\n.why recipe(\"one\", _, _, _)\n";
    let ran = shell(&place, &machine, lines).exits(0);
    for part in [
        "`one`, vllm on 1 GPU, is chosen",
        "It is for MI355X, and this machine has MI300X.",
        "`one` serves `acme/rocket` on MI300X at bf16.",
    ] {
        assert!(ran.out.contains(part), "no `{part}` in\n{}", ran.out);
    }
    shell(&place, &[], ".why-not\n")
        .exits(2)
        .says("`.why-not` takes RECIPE|TUPLE");
}
