//! What is asked, and what that makes the target.

use datafrog::Relation;

use super::catalog::Catalog;
use super::{Facts, Number, Symbol, of};

/// The facts of requests and machines.
pub struct Asked {
    /// Name to request and machine.
    pub by_name: Relation<(Symbol, (Number, Number))>,
    pub machine: Relation<(Number, Number)>,
    pub gpus: Relation<(Number, Number)>,
    precision: Relation<(Number, Symbol)>,
    backend: Relation<(Number, Symbol)>,
    pub machine_hardware: Relation<(Number, Symbol)>,
    pub declared_gpus: Relation<(Number, Number)>,
    model: Relation<(Number, Symbol)>,
}

/// What a request comes down to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub backend: Symbol,
    pub precision: Symbol,
    pub gpus: Number,
}

impl Asked {
    pub fn read(facts: &Facts) -> Asked {
        let by_name = facts.relation("request", |row| (row.s(1), (row.n(0), row.n(2))));
        let names = facts.relation("model_name", |row| (row.s(0), row.s(1)));
        Asked {
            model: Relation::from_join(&by_name, &names, |_, &(q, _), &model| (q, model)),
            by_name,
            machine: facts.relation("request", |row| (row.n(0), row.n(2))),
            gpus: facts.relation("asked_gpus", |row| (row.n(0), row.n(1))),
            precision: facts.relation("asked_precision", |row| (row.n(0), row.s(1))),
            backend: facts.relation("asked_backend", |row| (row.n(0), row.s(1))),
            machine_hardware: facts.relation("declared_hardware", |row| (row.n(0), row.s(1))),
            declared_gpus: facts.relation("declared_gpus", |row| (row.n(0), row.n(1))),
        }
    }

    pub fn target(&self, q: Number, known: &Catalog, facts: &Facts) -> Target {
        let millions = of(&self.model, q).and_then(|model| of(&known.model_parameters, model));
        let millions = millions.map(f64::from_bits);
        let usable = of(&self.machine, q).and_then(|machine| of(&self.declared_gpus, machine));
        let usable = usable.unwrap_or(0);
        let by_size = millions.map(|millions| match millions {
            small if small <= 10_000.0 => 1,
            middle if middle <= 20_000.0 => 2,
            large if large <= 40_000.0 => 4,
            _ => 8,
        });
        let small = millions.is_some_and(|millions| millions <= 10_000.0);
        let usual = if small { "fp16" } else { "bf16" };
        Target {
            backend: of(&self.backend, q).unwrap_or_else(|| facts.symbol("vllm")),
            precision: of(&self.precision, q).unwrap_or_else(|| facts.symbol(usual)),
            gpus: of(&self.gpus, q).or(by_size).unwrap_or(usable).min(usable),
        }
    }
}
