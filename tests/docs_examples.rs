//! The documentation says what is so: its rules and files are read, its sessions run, its links lead
//! somewhere, and it names whatever there is to name.
//!
//! What a fenced block's info string promises (`docs/architecture.md` explains it) is checked here.
//! With `UPDATE_EXPECTED=1` the output in sessions is written anew, where nothing of it is left out.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod docs_pages;

use std::path::PathBuf;

use aim_engine::catalog::{backend, hardware, model, problem::Problem, recipe, yaml};
use aim_engine::cli::Cli;
use aim_engine::datalog::diagnostic::Code;
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{self, NoIncludes};
use aim_engine::policy::{Policy, RuleSources, builtin_names, read_builtin};
use clap::{Command, CommandFactory};
use docs_pages::session::{Sandbox, is_as_shown, is_shortened, steps};
use docs_pages::{Block, Page, pages, root, text};

/// Everything at once, so that one run shows all that is wrong.
fn all_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn blocks(language: &str) -> Vec<Block> {
    let all = pages();
    let blocks = all.iter().flat_map(Page::blocks);
    blocks.filter(|block| block.language == language).collect()
}

#[test]
fn rules_are_without_mistakes() {
    let mut wrong = Vec::new();
    for block in blocks("prolog") {
        let said = if block.is("builtin") {
            let verbatim = builtin_names()
                .into_iter()
                .filter_map(read_builtin)
                .any(|rules| rules.contains(block.text.trim()));
            if verbatim {
                Vec::new()
            } else {
                vec!["is not in the built-in rules".to_owned()]
            }
        } else if block.is("alone") {
            alone(&block.text)
        } else {
            with_builtin(block.file().unwrap_or("site.dl"), &block.text)
        };
        if block.is("broken") {
            if said.is_empty() {
                wrong.push(format!("{}: nothing is wrong with it", block.place));
            }
        } else {
            wrong.extend(said.iter().map(|says| format!("{}: {says}", block.place)));
        }
    }
    all_right(&wrong);
}

#[test]
fn rules_answer_as_they_are_said_to() {
    let mut wrong = Vec::new();
    for page in pages() {
        let blocks = page.blocks();
        let rules = blocks
            .iter()
            .filter(|b| b.language == "prolog" && b.is("answers"));
        let answers = blocks
            .iter()
            .filter(|b| b.language == "text" && b.is("answers"));
        for (rules, said) in rules.zip(answers) {
            let found = answers_of(&rules.text);
            if found != said.text {
                wrong.push(format!("{}: the answer is\n{found}", said.place));
            }
        }
    }
    all_right(&wrong);
}

/// The tuples of all `.output` relations, as facts.
fn answers_of(rules: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add("rules.dl", rules);
    let checked = datalog::load(&mut sources, &[file], &mut NoIncludes).expect("no mistakes");
    let program = datalog::compile(&checked).expect("not too wide");
    let facts = datalog::Facts::new(&program);
    let model = datalog::evaluate(&program, facts, &[], &datalog::Options::default())
        .expect("every value is there");
    let mut text = String::new();
    for name in rules
        .lines()
        .filter_map(|line| line.strip_prefix(".output "))
    {
        let relation = program.relation(name).expect("it is declared");
        for tuple in model.sorted(relation) {
            let values: Vec<String> = tuple
                .values()
                .map(|value| match value {
                    datalog::Value::Symbol(text) => format!("{text:?}"),
                    datalog::Value::Number(number) => number.to_string(),
                    datalog::Value::Float(float) => float.to_string(),
                })
                .collect();
            text.push_str(&format!("{name}({})\n", values.join(", ")));
        }
    }
    text
}

fn alone(rules: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let file = sources.add("rules.dl", rules);
    match datalog::load(&mut sources, &[file], &mut NoIncludes) {
        Err(mistakes) => mistakes
            .iter()
            .map(|mistake| mistake.message.clone())
            .collect(),
        Ok(checked) => {
            let warnings = checked.warnings.iter();
            let mut said: Vec<String> = warnings.map(|warning| warning.message.clone()).collect();
            if let Err(errors) = datalog::compile(&checked) {
                said.extend(errors.iter().map(ToString::to_string));
            }
            said
        }
    }
}

fn with_builtin(name: &str, rules: &str) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path: PathBuf = dir
        .path()
        .join(PathBuf::from(name).file_name().expect("a name"));
    std::fs::write(&path, rules).expect("the file is written");
    let sources = RuleSources::read(&[], &[path]).expect("the file");
    match Policy::check(sources) {
        Ok((_, warnings)) => warnings
            .iter()
            .map(|warning| warning.message.clone())
            .collect(),
        Err(error) => error.reports().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn catalog_files_are_without_problems() {
    let mut wrong = Vec::new();
    for block in blocks("yaml") {
        let found = problems(&block);
        if block.is("broken") {
            if found.is_empty() {
                wrong.push(format!("{}: nothing is wrong with it", block.place));
            }
        } else {
            wrong.extend(
                found
                    .iter()
                    .map(|problem| format!("{}: {}", block.place, problem.message)),
            );
        }
    }
    all_right(&wrong);
}

fn problems(block: &Block) -> Vec<Problem> {
    let text = if block.is("args") {
        in_a_recipe(&block.text)
    } else {
        block.text.clone()
    };
    let root = match yaml::read(&text) {
        Ok(root) => root,
        Err(problems) => return problems,
    };
    let warnings_or_errors = if block.is("recipe") || block.is("args") {
        recipe::read(&root, "example").map(|(_, warnings)| warnings)
    } else if block.is("model") {
        model::read(&root).map(|(_, warnings)| warnings)
    } else if block.is("hardware") {
        hardware::read(&root).map(|_| Vec::new())
    } else if block.is("backend") {
        backend::read(&root).map(|_| Vec::new())
    } else {
        panic!(
            "{}: say what it is: recipe, args, model, hardware or backend",
            block.place
        )
    };
    warnings_or_errors.unwrap_or_else(|errors| errors)
}

/// Arguments alone, in the smallest recipe that can hold them.
fn in_a_recipe(args: &str) -> String {
    let mut text = String::from(
        "model_id: a/b\nhardware: MI300X\nprecision: bf16\nvllm_serve:\n  1_gpu:\n    enabled: true\n    args:\n",
    );
    for line in args.lines() {
        text.push_str(&format!("      {line}\n"));
    }
    text
}

#[test]
fn command_lines_are_taken() {
    let mut wrong = Vec::new();
    for block in blocks("console") {
        for step in steps(&block) {
            let joined = step.command.replace("\\\n", " ");
            for part in joined.split(['|', ';', '\n']) {
                let words = shlex::split(part).unwrap_or_default();
                let words = words.into_iter().skip_while(|word| word.contains('='));
                let words: Vec<String> = words
                    .take_while(|word| !word.contains(['<', '>']) && word != "&&")
                    .collect();
                let is_ours = words.first().is_some_and(|word| word == "aim-engine");
                let refused = is_ours.then(|| Cli::command().try_get_matches_from(&words).err());
                // Asking for help is an error to clap, and none to us.
                if let Some(error) = refused.flatten().filter(clap::Error::use_stderr) {
                    wrong.push(format!("{}: {}\n{error}", block.place, step.command.trim()));
                }
            }
        }
    }
    all_right(&wrong);
}

#[test]
fn sessions_print_what_they_are_said_to() {
    let home = tempfile::tempdir().expect("a folder");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let home = home.path();
        let runs: Vec<_> = pages()
            .into_iter()
            .map(|page| scope.spawn(move || sessions(&page, home)))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().expect("a page"))
            .collect()
    });
    all_right(&wrong);
}

fn sessions(page: &Page, home: &std::path::Path) -> Vec<String> {
    let sandbox = Sandbox::new();
    let mut wrong = Vec::new();
    let mut updated = page.text.clone();
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    // From behind, so that what is replaced moves nothing that is yet to be.
    let mut edits = Vec::new();
    for block in page.blocks() {
        if let Some(name) = block.file() {
            sandbox.write(name, &block.text);
        }
        if block.language != "console" || !block.is("run") {
            continue;
        }
        let steps = steps(&block);
        let outputs = sandbox.run(&steps, home);
        let mut written = String::new();
        for (step, output) in steps.iter().zip(&outputs) {
            let same = is_as_shown(&step.expected, output);
            let renew = update && !is_shortened(&step.expected);
            if !same && !renew {
                wrong.push(format!("{}: {}prints\n{output}", block.place, step.shown));
            }
            written.push_str(&step.shown);
            written.push_str(if renew { output } else { &step.expected });
        }
        edits.push((block.start, block.text.len(), written));
    }
    for (start, length, written) in edits.into_iter().rev() {
        updated.replace_range(start..start + length, &written);
    }
    if update && updated != page.text {
        std::fs::write(&page.path, updated).expect("the page is written");
    }
    wrong
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let all = pages();
    for page in &all {
        for link in page.links() {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.path.parent().expect("a folder");
            let target = match file {
                "" => page.path.clone(),
                file => folder.join(file),
            };
            let Ok(target) = target.canonicalize() else {
                wrong.push(format!("{}: no file `{link}`", page.name));
                continue;
            };
            let known = all
                .iter()
                .find(|other| other.path.canonicalize().ok() == Some(target.clone()));
            let anchors = known.map(Page::anchors).unwrap_or_default();
            if !anchor.is_empty() && !anchors.iter().any(|known| known == anchor) {
                wrong.push(format!("{}: no heading `{link}`", page.name));
            }
        }
    }
    all_right(&wrong);
}

#[test]
fn every_page_is_in_the_index() {
    let index = text("docs/README.md");
    let missing: Vec<String> = pages()
        .iter()
        .filter_map(|page| page.name.strip_prefix("docs/"))
        .filter(|name| *name != "README.md" && !index.contains(&format!("]({name})")))
        .map(|name| format!("docs/README.md does not name {name}"))
        .collect();
    all_right(&missing);
}

#[test]
fn every_command_and_flag_is_explained() {
    let page = text("docs/cli.md");
    let mut wrong = Vec::new();
    explained(&Cli::command(), &[], &page, &mut wrong);
    all_right(&wrong);
}

fn explained(command: &Command, path: &[&str], page: &str, wrong: &mut Vec<String>) {
    for flag in command.get_arguments().filter_map(|arg| arg.get_long()) {
        if !page.contains(&format!("`--{flag}")) {
            wrong.push(format!("docs/cli.md does not name `--{flag}`"));
        }
    }
    for below in command.get_subcommands() {
        let path: Vec<&str> = path.iter().copied().chain([below.get_name()]).collect();
        let name = path.join(" ");
        if !page.contains(&format!("`{name}")) {
            wrong.push(format!("docs/cli.md does not name `{name}`"));
        }
        explained(below, &path, page, wrong);
    }
}

#[test]
fn every_relation_that_decides_is_explained() {
    let reference = text("docs/rules-reference.md");
    let selection = text("docs/selection.md");
    let mut wrong = Vec::new();
    for (name, rules) in builtin_names()
        .into_iter()
        .filter_map(|name| Some((name, read_builtin(name)?)))
    {
        if !selection.contains(&format!("../rules/{name})")) {
            wrong.push(format!("docs/selection.md does not link to {name}"));
        }
        for line in rules.lines() {
            if let Some(input) = line.strip_prefix(".input ")
                && !reference.contains(&format!("`{input}("))
            {
                wrong.push(format!("docs/rules-reference.md does not name `{input}`"));
            }
            let declared = line.strip_prefix(".decl ").and_then(|l| l.split_once('('));
            let read_by_name = ["rejected_", "warning_", "after_", "differs_in_"];
            if let Some((relation, _)) = declared
                && read_by_name
                    .iter()
                    .any(|family| relation.starts_with(family))
                && !selection.contains(&format!("`{relation}`"))
            {
                wrong.push(format!("docs/selection.md does not name `{relation}`"));
            }
        }
    }
    all_right(&wrong);
}

#[test]
fn every_mistake_in_rules_is_explained() {
    let reference = text("docs/rules-reference.md");
    let missing: Vec<String> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !reference.contains(&format!("`{}`", code.trim_start_matches("rules::"))))
        .map(|code| format!("docs/rules-reference.md does not name `{code}`"))
        .collect();
    all_right(&missing);
}

#[test]
fn pages_are_narrow_and_speak_of_the_project_alone() {
    let mut wrong = Vec::new();
    for page in pages() {
        for line in page.prose() {
            let is_wide = line.chars().count() > 80;
            if is_wide && !line.starts_with('|') && !line.contains("](") {
                wrong.push(format!("{}: more than 80 columns: {line}", page.name));
            }
        }
        for (number, line) in (1..).zip(page.text.lines()) {
            let private = [root().to_str().unwrap_or("/root"), "/tmp/"];
            if private.iter().any(|path| line.contains(path)) {
                wrong.push(format!("{}:{number}: a path of one machine", page.name));
            }
        }
    }
    all_right(&wrong);
}
