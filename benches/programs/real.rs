//! The rules themselves, over a catalog: the choice for many requests, and every check.

use std::collections::BTreeMap;

use aim_engine::datalog::Checked;
use aim_engine::datalog::fact::Datum;
use aim_engine::datalog::source::Sources;
use aim_engine::policy::{RuleSources, is_given};
use aim_engine::store::{Cell, Scope, Store, read_relation};

use super::{Failed, Numbers, Program, Rows};

const GPU_COUNTS: [i64; 4] = [1, 2, 4, 8];

/// A request for one machine of eight GPUs.
#[derive(Clone, Debug)]
pub struct Asked {
    pub model: String,
    pub hardware: String,
    pub gpus: i64,
    pub precision: Option<String>,
    pub backend: Option<String>,
}

/// What is chosen for so many requests, drawn from the catalog's models, hardware, precisions and backends.
pub fn selection(store: &Store, requests: usize, seed: u64) -> Result<Program, Failed> {
    let mut program = choice(store)?;
    let asked = draw(&program, requests, &mut Numbers(seed))?;
    ask(&mut program, &asked);
    Ok(program)
}

/// What is chosen for these requests, which are numbered from 1.
pub fn selection_for(store: &Store, asked: &[Asked]) -> Result<Program, Failed> {
    let mut program = choice(store)?;
    ask(&mut program, asked);
    Ok(program)
}

/// So many requests, drawn from the catalog's models, hardware, precisions and backends.
pub fn requests(store: &Store, requests: usize, seed: u64) -> Result<Vec<Asked>, Failed> {
    draw(&choice(store)?, requests, &mut Numbers(seed))
}

fn choice(store: &Store) -> Result<Program, Failed> {
    let mut program = rules("selection", vec!["chosen".to_owned()])?;
    read(store, &mut program)?;
    Ok(program)
}

/// All that is found wrong.
pub fn lint(store: &Store) -> Result<Program, Failed> {
    let mut program = rules("lint", Vec::new())?;
    let checked = &program.checked;
    program.goals = checked
        .relations
        .iter()
        .filter(|relation| is_check(checked, relation.decl))
        .map(|relation| relation.name.clone())
        .collect();
    read(store, &mut program)?;
    Ok(program)
}

fn is_check(checked: &Checked, decl: usize) -> bool {
    let doc = checked.program.decls.get(decl).map(|decl| &decl.doc);
    doc.is_some_and(|doc| {
        let mut fields = doc.iter().flat_map(|doc| &doc.fields);
        fields.any(|field| field.key.name == "code")
    })
}

fn rules(name: &str, goals: Vec<String>) -> Result<Program, Failed> {
    let mut sources = Sources::new();
    let (files, mut loader) = RuleSources::default().into_sources(&mut sources);
    Program::of(name, sources, &files, &mut loader, BTreeMap::new(), goals)
}

/// The rows of every base relation that the goals need.
fn read(store: &Store, program: &mut Program) -> Result<(), Failed> {
    let scoped = store.scoped_views()?;
    for id in program.compiled.inputs(&program.goals()?) {
        let Some(info) = program.checked.info(id) else {
            continue;
        };
        if is_given(&info.name) {
            program.facts.insert(info.name.clone(), Vec::new());
            continue;
        }
        let columns: Vec<&str> = info.columns.iter().map(|column| &*column.name).collect();
        let mut rows: Rows = Vec::new();
        read_relation(
            store,
            &scoped,
            &info.name,
            &columns,
            &Scope::Whole,
            |cells| {
                let types = info.columns.iter().map(|column| column.base);
                rows.extend(row(types.zip(cells)));
            },
        )?;
        program.facts.insert(info.name.clone(), rows);
    }
    Ok(())
}

fn row<'c>(
    cells: impl Iterator<Item = (aim_engine::datalog::ast::BaseType, &'c Cell<'c>)>,
) -> Option<Vec<Datum>> {
    use aim_engine::datalog::ast::BaseType;
    cells
        .map(|cell| match cell {
            (BaseType::Symbol, Cell::Text(text)) => Some(Datum::Symbol((*text).to_owned())),
            (BaseType::Number, Cell::Integer(number)) => Some(Datum::Number(*number)),
            (BaseType::Float, Cell::Real(number)) => Some(Datum::Float(*number)),
            (BaseType::Float, Cell::Integer(number)) => Some(Datum::Float(*number as f64)),
            _ => None,
        })
        .collect()
}

fn draw(program: &Program, requests: usize, numbers: &mut Numbers) -> Result<Vec<Asked>, Failed> {
    let (names, hardware) = (
        column(program, "model_name", 0),
        column(program, "hardware", 0),
    );
    let precisions = column(program, "recipe", 3);
    let backends = column(program, "backend", 0);
    let mut one_of = |values: &[String]| -> Result<String, Failed> {
        let count = u32::try_from(values.len())?;
        let at = (count > 0).then(|| numbers.below(count) as usize);
        let value = at.and_then(|at| values.get(at));
        value.cloned().ok_or_else(|| "the catalog is empty".into())
    };
    let counts = GPU_COUNTS.map(|gpus| gpus.to_string());
    let halves = ["asked", "free"].map(str::to_owned);
    let mut asked = Vec::new();
    for _ in 0..requests {
        let (model, hardware) = (one_of(&names)?, one_of(&hardware)?);
        let gpus = one_of(&counts)?.parse()?;
        let mut perhaps = |values: &[String]| -> Result<Option<String>, Failed> {
            let is_asked = one_of(&halves)? == halves[0];
            is_asked.then(|| one_of(values)).transpose()
        };
        asked.push(Asked {
            model,
            hardware,
            gpus,
            precision: perhaps(&precisions)?,
            backend: perhaps(&backends)?,
        });
    }
    Ok(asked)
}

/// The different values of a column, sorted.
fn column(program: &Program, relation: &str, column: usize) -> Vec<String> {
    let rows = program.facts.get(relation).into_iter().flatten();
    let mut values: Vec<Datum> = rows.filter_map(|row| row.get(column).cloned()).collect();
    values.sort();
    values.dedup();
    values.iter().map(Datum::text).collect()
}

/// Requests on one machine of eight GPUs for each hardware.
fn ask(program: &mut Program, asked: &[Asked]) {
    let symbol = |text: &String| Datum::Symbol(text.clone());
    let mut hardware: Vec<&String> = asked.iter().map(|asked| &asked.hardware).collect();
    hardware.sort();
    hardware.dedup();
    let mut push = |relation: &str, row: Vec<Datum>| {
        let rows = program.facts.entry(relation.to_owned()).or_default();
        rows.push(row);
    };
    for (machine, name) in (1..).map(Datum::Number).zip(&hardware) {
        push("declared_hardware", vec![machine.clone(), symbol(name)]);
        push("declared_gpus", vec![machine, Datum::Number(8)]);
    }
    for (q, asked) in (1..).map(Datum::Number).zip(asked) {
        let machine = hardware.partition_point(|name| **name < asked.hardware) as i64 + 1;
        push(
            "request",
            vec![q.clone(), symbol(&asked.model), Datum::Number(machine)],
        );
        push("asked_gpus", vec![q.clone(), Datum::Number(asked.gpus)]);
        for (relation, value) in [
            ("asked_precision", &asked.precision),
            ("asked_backend", &asked.backend),
        ] {
            if let Some(value) = value {
                push(relation, vec![q.clone(), symbol(value)]);
            }
        }
    }
}
