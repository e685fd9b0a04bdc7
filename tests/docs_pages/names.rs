//! What there is has to be on its page.

use aim_engine::cli::Cli;
use aim_engine::datalog::diagnostic::Code;
use aim_engine::policy::{builtin_names, read_builtin};
use clap::{Command, CommandFactory};

use crate::all_right;
use crate::page::text;

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
    let why = text("docs/why.md");
    let checks = text("docs/checks.md");
    let doctor = text("docs/doctor.md");
    let mut wrong = Vec::new();
    for (name, rules) in builtin_names()
        .into_iter()
        .filter_map(|name| Some((name, read_builtin(name)?)))
    {
        let (page, links) = match name {
            "doctor.dl" => ("doctor", &doctor),
            name if name.starts_with("lint/") => ("checks", &checks),
            _ => ("selection", &selection),
        };
        if !links.contains(&format!("../rules/{name})")) {
            wrong.push(format!("docs/{page}.md does not link to {name}"));
        }
        for line in rules.lines() {
            if let Some(input) = line.strip_prefix(".input ")
                && !reference.contains(&format!("`{input}("))
            {
                wrong.push(format!("docs/rules-reference.md does not name `{input}`"));
            }
            let declared = line.strip_prefix(".decl ").and_then(|l| l.split_once('('));
            let read_by_name = [
                "rejected_",
                "warning_",
                "after_",
                "differs_in_",
                "not_considered_",
            ];
            if let Some((relation, _)) = declared
                && read_by_name
                    .iter()
                    .any(|family| relation.starts_with(family))
                && !selection.contains(&format!("`{relation}`"))
            {
                wrong.push(format!("docs/selection.md does not name `{relation}`"));
            }
            if let Some((relation, _)) = declared
                && relation.starts_with("change_")
                && !why.contains(&format!("`{relation}`"))
            {
                wrong.push(format!("docs/why.md does not name `{relation}`"));
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
