//! Programs of anyone: rule files with a folder of facts, as `rules run` takes them, read and written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::fact::Datum;
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{Facts, FromDisk, facts_file};

use super::{Failed, Program};

impl Program {
    /// A rule file, with what it includes, and `NAME.facts` for each `.input NAME`. Wanted is each `.output`.
    pub fn read(file: &Path, facts: &Path) -> Result<Program, Failed> {
        let text = fs::read_to_string(file).map_err(|error| unread(file, &error))?;
        let mut sources = Sources::new();
        let shown = file.display().to_string();
        let files = [sources.add(shown.as_str(), text)];
        let (none, goals) = (BTreeMap::new(), Vec::new());
        let mut program = Program::of(&shown, sources, &files, &mut FromDisk, none, goals)?;
        program.name = file.file_stem().unwrap_or_default().display().to_string();
        let named = |is_wanted: fn(&aim_engine::datalog::RelationInfo) -> bool| -> Vec<String> {
            let relations = program.checked.relations.iter();
            let relations = relations.filter(|relation| is_wanted(relation));
            relations.map(|relation| relation.name.clone()).collect()
        };
        let (inputs, outputs) = (named(|one| one.is_input), named(|one| one.is_output));
        if outputs.is_empty() {
            return Err(format!("{shown}: no relation is an `.output`").into());
        }
        let mut read = Facts::new(&program.compiled);
        for name in &inputs {
            let path = facts.join(format!("{name}.facts"));
            let text = fs::read_to_string(&path).map_err(|error| unread(&path, &error))?;
            let shown = path.display().to_string();
            let relation = program.relation(name)?;
            facts_file::read(&program.compiled, relation, &shown, &text, &mut read)?;
        }
        program.goals = outputs;
        let ids: Result<Vec<_>, Failed> =
            inputs.iter().map(|name| program.relation(name)).collect();
        let ids = ids?;
        // Evaluating nothing but what is given tells it as rows.
        let model = evaluate(&program.compiled, read, &ids, &Options::default());
        let model = model.map_err(|error| format!("{shown}: {error:?}"))?;
        for (name, id) in inputs.into_iter().zip(ids) {
            let rows = model.rows(id);
            let rows = rows.map(|row| row.values().map(Datum::from).collect());
            program.facts.insert(name, rows.collect());
        }
        Ok(program)
    }

    /// Writes it into a folder: `program.dl` and `facts/`.
    pub fn write(&self, dir: &Path) -> Result<(), Failed> {
        let facts = dir.join("facts");
        fs::create_dir_all(&facts)?;
        let file = self.sources.find(&self.name);
        let text = file.map_or("", |file| self.sources.text(file));
        fs::write(dir.join("program.dl"), text)?;
        for (name, rows) in &self.facts {
            let line = |row: &Vec<Datum>| {
                row.iter().map(Datum::text).collect::<Vec<_>>().join("\t") + "\n"
            };
            let lines: String = rows.iter().map(line).collect();
            fs::write(facts.join(format!("{name}.facts")), lines)?;
        }
        Ok(())
    }
}

fn unread(file: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", file.display())
}
