//! The rules themselves, over a catalog: the choice for many requests, and every check.

use std::collections::BTreeMap;

use aim_engine::datalog::Checked;
use aim_engine::datalog::fact::Datum;
use aim_engine::datalog::source::Sources;
use aim_engine::policy::{RuleSources, is_given};
use aim_engine::store::{Cell, Scope, Store, read_relation};

use super::{Failed, Numbers, Program, Rows};

const GPU_COUNTS: [i64; 4] = [1, 2, 4, 8];

/// What is chosen for so many requests, drawn from the catalog's models, hardware, precisions and backends.
pub fn selection(store: &Store, requests: usize, seed: u64) -> Result<Program, Failed> {
    let mut program = rules("selection", vec!["chosen".to_owned()])?;
    read(store, &mut program)?;
    ask(&mut program, requests, &mut Numbers(seed))?;
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

/// Requests on one machine of eight GPUs for each hardware.
fn ask(program: &mut Program, requests: usize, numbers: &mut Numbers) -> Result<(), Failed> {
    let column = |relation: &str, column: usize| -> Vec<Datum> {
        let rows = program.facts.get(relation).into_iter().flatten();
        let mut values: Vec<Datum> = rows.filter_map(|row| row.get(column).cloned()).collect();
        values.sort();
        values.dedup();
        values
    };
    let (names, hardware) = (column("model_name", 0), column("hardware", 0));
    let (precisions, backends) = (column("recipe", 3), column("backend", 0));
    let mut push = |relation: &str, row: Vec<Datum>| {
        program
            .facts
            .entry(relation.to_owned())
            .or_default()
            .push(row);
    };
    let machines = 1..=hardware.len() as i64;
    for (machine, name) in machines.clone().zip(&hardware) {
        push(
            "declared_hardware",
            vec![Datum::Number(machine), name.clone()],
        );
        push(
            "declared_gpus",
            vec![Datum::Number(machine), Datum::Number(8)],
        );
    }
    let mut one_of = |values: &[Datum]| -> Result<Datum, Failed> {
        let count = u32::try_from(values.len())?;
        let value = (count > 0).then(|| numbers.below(count) as usize);
        let value = value.and_then(|at| values.get(at));
        value.cloned().ok_or_else(|| "the catalog is empty".into())
    };
    let machines: Vec<Datum> = machines.map(Datum::Number).collect();
    let counts = GPU_COUNTS.map(Datum::Number);
    let halves = [Datum::Number(0), Datum::Number(1)];
    for number in 1..=requests as i64 {
        let q = Datum::Number(number);
        let (name, machine) = (one_of(&names)?, one_of(&machines)?);
        push("request", vec![q.clone(), name, machine]);
        push("asked_gpus", vec![q.clone(), one_of(&counts)?]);
        for (relation, values) in [
            ("asked_precision", &precisions),
            ("asked_backend", &backends),
        ] {
            if one_of(&halves)? == halves[0] {
                push(relation, vec![q.clone(), one_of(values)?]);
            }
        }
    }
    Ok(())
}
