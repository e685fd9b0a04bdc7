//! A compiled program: everything that evaluation needs, without the syntax tree and without anything borrowed, so that
//! it can be stored as bytes.

use serde::{Deserialize, Serialize};

use super::expr::{Check, Expr};
use crate::datalog::ast::{AggregateOp, BaseType, Span};
use crate::datalog::check::RelId;

/// A program that is ready to be evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompiledProgram {
    pub(crate) relations: Vec<RelationPlan>,
    /// Sorted copies of relations that joins look things up in; the first ones are the relations themselves.
    pub(crate) orders: Vec<Order>,
    /// What [`Operand::Constant`] refers to.
    pub(crate) constants: Vec<Constant>,
    pub(crate) strata: Vec<StratumPlan>,
}

impl CompiledProgram {
    /// The relation of that name.
    pub fn relation(&self, name: &str) -> Option<RelId> {
        let place = self
            .relations
            .iter()
            .position(|relation| relation.name == name)?;
        u32::try_from(place).ok().map(RelId)
    }

    /// The name of a relation, empty when the program has no such relation.
    pub fn name(&self, relation: RelId) -> &str {
        self.relations
            .get(relation.index())
            .map_or("", |relation| &relation.name)
    }

    /// The types of a relation's columns.
    pub fn columns(&self, relation: RelId) -> &[BaseType] {
        self.relations
            .get(relation.index())
            .map_or(&[], |relation| &relation.columns)
    }

    /// All relations with what is known of them.
    pub fn relations(&self) -> impl Iterator<Item = (RelId, &RelationPlan)> {
        self.relations
            .iter()
            .enumerate()
            .map(|(id, relation)| (RelId(id as u32), relation))
    }
}

/// A relation: its name, its columns and what files say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelationPlan {
    /// As declared.
    pub name: String,
    /// Base types of its columns.
    pub columns: Vec<BaseType>,
    /// Tuples come from outside.
    pub input: bool,
    /// Tuples are wanted outside.
    pub output: bool,
    /// The stratum that completes it.
    pub stratum: u32,
}

/// A relation with its columns in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) relation: u32,
    pub(crate) columns: Vec<u8>,
}

/// A constant of a rule, kept as a value because codes differ from one evaluation to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Constant {
    Symbol(String),
    Number(i64),
    Float(f64),
}

/// Relations that depend on each other, and the rules that derive them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StratumPlan {
    pub(crate) relations: Vec<u32>,
    /// Strata that its rules read, all of them earlier.
    pub(crate) reads: Vec<u32>,
    pub(crate) facts: Vec<Fact>,
    /// Rules that are run once, because everything that they read is complete.
    pub(crate) rules: Vec<RulePlan>,
    /// Rules that are run in rounds.
    pub(crate) recursive: Vec<RulePlan>,
    /// The orders of the stratum's own relations that recursive rules look things up in.
    pub(crate) orders: Vec<u32>,
}

/// A tuple of constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) relation: u32,
    pub(crate) constants: Vec<u32>,
}

/// One alternative of a rule's body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RulePlan {
    /// The first head, for messages.
    pub(crate) span: Span,
    /// A single one, or one for each recursive atom, whose new tuples it begins with or looks into.
    pub(crate) chains: Vec<Chain>,
}

/// A body as a chain of joins: each stage makes wider or other rows of the rows before it, the last ones make heads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) source: Source,
    pub(crate) stages: Vec<Stage>,
    pub(crate) heads: Vec<Head>,
}

/// Where the first rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// A single row without columns.
    Unit,
    /// All rows of a relation.
    Scan { relation: u32, view: View },
    /// The groups of an aggregate.
    Groups,
}

/// Which of a relation's rows are looked at, in a stratum that is still growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum View {
    /// All there are; the relation is complete.
    Complete,
    /// Those of the round before.
    Recent,
    /// Those of earlier rounds.
    Stable,
    /// Both.
    Known,
}

/// The last stage, into a relation (or, for an aggregate's body, into its rows).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) relation: u32,
    pub(crate) stage: Stage,
}

/// One join: rows that pass `before` are extended by the rows that `probe` finds (or by nothing), and what passes
/// `after` is projected to `out`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) before: Vec<Check>,
    pub(crate) probe: Option<Probe>,
    pub(crate) after: Vec<Check>,
    pub(crate) out: Vec<Out>,
}

/// A lookup of the rows that begin with a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) table: Table,
    pub(crate) key: Vec<Operand>,
}

/// What is looked into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Table {
    /// An order of a relation.
    Order { order: u32, view: View },
    /// The values of an aggregate for the groups that the stage's rows ask for: rows of a group and its value.
    Aggregate(Box<AggregatePlan>),
}

/// `min E : { body }` and the like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AggregatePlan {
    pub(crate) op: AggregateOp,
    /// Type of what is aggregated.
    pub(crate) ty: BaseType,
    /// The columns of the stage's rows that the body depends on.
    pub(crate) group: Vec<Operand>,
    /// The body; its rows begin with the group.
    pub(crate) body: Chain,
    /// Where the aggregated value stands in those rows; nowhere for `count`.
    pub(crate) value: Option<u8>,
    /// How many columns those rows have.
    pub(crate) columns: u8,
    pub(crate) span: Span,
}

/// One column of the rows that a stage makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Out {
    Copy(Operand),
    Compute(Expr<Operand>),
}

/// Where a value is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Operand {
    /// A column of the row that the stage began with.
    Source(u8),
    /// A column of the row that the probe found.
    Found(u8),
    /// A constant of the program.
    Constant(u32),
}
