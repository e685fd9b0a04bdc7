//! Recipes, model cards, hardware and backends on the pages.

use aim_engine::catalog::{backend, hardware, model, problem::Problem, recipe, yaml};

use crate::page::Block;
use crate::{all_right, blocks};

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
