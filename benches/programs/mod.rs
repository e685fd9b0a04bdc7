//! What is measured: programs with their facts, and the relations whose tuples are wanted.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub mod cut;
pub mod decide;
pub mod given;
pub mod real;
pub mod small;

use std::collections::BTreeMap;
use std::error::Error;

use aim_engine::datalog::ast::FileId;
use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::fact::Datum;
use aim_engine::datalog::plan::{CompiledProgram, compile};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{Checked, Facts, Model, NoIncludes, RelId, load};

pub type Rows = Vec<Vec<Datum>>;
pub type Failed = Box<dyn Error>;

/// A program and what it is given.
pub struct Program {
    pub name: String,
    pub sources: Sources,
    pub checked: Checked,
    pub compiled: CompiledProgram,
    /// By relation.
    pub facts: BTreeMap<String, Rows>,
    /// The relations that are wanted.
    pub goals: Vec<String>,
}

impl Program {
    /// A program of one text.
    pub fn new(
        name: &str,
        text: &str,
        facts: BTreeMap<String, Rows>,
        goals: Vec<String>,
    ) -> Result<Program, Failed> {
        let mut sources = Sources::new();
        let file = sources.add(name, text);
        Program::of(name, sources, &[file], &mut NoIncludes, facts, goals)
    }

    pub fn of(
        name: &str,
        mut sources: Sources,
        files: &[FileId],
        loader: &mut dyn aim_engine::datalog::Loader,
        facts: BTreeMap<String, Rows>,
        goals: Vec<String>,
    ) -> Result<Program, Failed> {
        let checked = load(&mut sources, files, loader).map_err(|problems| told(&problems))?;
        let compiled = compile(&checked).map_err(|problems| told(&problems))?;
        Ok(Program {
            name: name.to_owned(),
            sources,
            checked,
            compiled,
            facts,
            goals,
        })
    }

    pub fn relation(&self, name: &str) -> Result<RelId, Failed> {
        let relation = self.compiled.relation(name);
        relation.ok_or_else(|| format!("no relation `{name}` in {}", self.name).into())
    }

    /// The facts as the engine takes them.
    pub fn given(&self) -> Result<Facts, Failed> {
        let mut facts = Facts::new(&self.compiled);
        for (name, rows) in &self.facts {
            let relation = self.relation(name)?;
            for row in rows {
                let values: Vec<Value<'_>> = row.iter().map(Datum::value).collect();
                facts.push(relation, &values)?;
            }
        }
        Ok(facts)
    }

    pub fn goals(&self) -> Result<Vec<RelId>, Failed> {
        self.goals.iter().map(|name| self.relation(name)).collect()
    }

    pub fn run(&self) -> Result<Model, Failed> {
        let model = evaluate(
            &self.compiled,
            self.given()?,
            &self.goals()?,
            &Options::default(),
        );
        model.map_err(|error| format!("{}: {error:?}", self.name).into())
    }
}

fn told(problems: &aim_engine::datalog::diagnostic::Diagnostics) -> String {
    problems
        .iter()
        .map(|problem| problem.message.clone())
        .collect::<Vec<_>>()
        .join("; ")
}

/// The programs of the textbook and the choice, small enough for the naive evaluator.
pub fn small_ones(seed: u64) -> Result<Vec<Program>, Failed> {
    let pairs = small::pairs(90, 40, 40, seed);
    let [a, b, c, d] = small::four(300, seed);
    let [a, b, c, d] = [&a[..], &b, &c, &d];
    let four = [("a", a), ("b", b), ("c", c), ("d", d)];
    let candidates = small::candidates(30, seed);
    Ok(vec![
        small::program("closure", small::CLOSURE, &[("edge", &pairs)], "path")?,
        small::program("join", small::JOIN, &four, "found")?,
        small::program("least", small::LEAST, &[("candidate", &candidates)], "best")?,
        decide::decide(5, 20, seed)?,
    ])
}

/// Numbers that look random and are the same every time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}
