//! Rules on the pages are without mistakes.

use aim_engine::store::{Layer, Store, StoreSpec};
use std::path::PathBuf;

use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{self, NoIncludes};
use aim_engine::policy::{Policy, RuleSources, builtin_names, read_builtin};

use crate::{all_right, blocks};

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
    let spec = StoreSpec {
        layers: Layer::stack(None, &[]),
        file: Some(dir.path().join("store.db")),
        ..StoreSpec::default()
    };
    let store = Store::open(&spec).expect("a store");
    match Policy::check(sources, &store) {
        Ok((_, warnings)) => warnings
            .iter()
            .map(|warning| warning.message.clone())
            .collect(),
        Err(error) => error.reports().iter().map(ToString::to_string).collect(),
    }
}
