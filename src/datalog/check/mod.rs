//! Everything that must hold before a program runs, all of it at once, and what the checks learn
//! about the program on the way: relations, types, strata.

mod binding;
mod body_types;
mod convert;
mod cycles;
mod declare;
mod doc_facts;
mod docs;
mod fitting;
mod growth;
mod lattice;
mod mends;
mod pattern;
mod places;
mod remarks;
mod scope;
pub(super) mod signature;
mod strata;
mod typing;
mod unused;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::ast::{BaseType, FileId, Program};
use super::diagnostic::{Diagnostics, Found};
use super::parse::{Loader, parse_all};
use super::source::Sources;

pub use body_types::{AggregateTypes, BodyTypes};
pub use docs::SEVERITIES;
pub use pattern::parse_pattern;
pub(super) use scope::terms;
pub use strata::Stratum;

use binding::Binding;
use declare::Relations;
use lattice::Lattice;
use scope::Scopes;
use strata::Graph;
use typing::Typing;

/// Index of a relation in [`Checked::relations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RelId(pub u32);

impl RelId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A declared relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationInfo {
    /// Its name.
    pub name: String,
    /// Index of its (first) declaration in [`Program::decls`]; that one has the doc comment, what
    /// repeated declarations add to it included.
    pub decl: usize,
    /// Its columns.
    pub columns: Vec<ColumnInfo>,
    /// Tuples come from outside.
    pub is_input: bool,
    /// Tuples are wanted outside.
    pub is_output: bool,
    /// Others are meant to add rules.
    pub is_extension_point: bool,
    /// Index of its stratum in [`Checked::strata`].
    pub stratum: usize,
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub base: BaseType,
    /// The type as declared, perhaps a subtype of the base.
    pub type_name: String,
}

/// A program that can run.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was parsed.
    pub program: Program,
    /// The relations, in the order of their declarations.
    pub relations: Vec<RelationInfo>,
    /// Relations that are derived together, each stratum after those that it depends on.
    pub strata: Vec<Stratum>,
    /// For each rule and each alternative of its body the types of its variables.
    pub bodies: Vec<Vec<BodyTypes>>,
    /// What looks wrong and does not keep the program from running.
    pub warnings: Diagnostics,
    by_name: FxHashMap<String, RelId>,
}

impl Checked {
    /// The relation of that name.
    pub fn relation(&self, name: &str) -> Option<RelId> {
        self.by_name.get(name).copied()
    }

    /// What is known of a relation.
    pub fn info(&self, id: RelId) -> Option<&RelationInfo> {
        self.relations.get(id.index())
    }
}

/// Parses and checks files and all that they include: every error of every file, or the program.
pub fn load(
    sources: &mut Sources,
    files: &[FileId],
    loader: &mut dyn Loader,
) -> Result<Checked, Diagnostics> {
    let (program, syntax) = parse_all(sources, files, loader);
    let has_errors = syntax.has_errors();
    match check(program) {
        Ok(mut checked) if !has_errors => {
            checked.warnings = syntax.merge(checked.warnings);
            Ok(checked)
        }
        // what is missing may be in a clause that could not be read, so warnings wait
        Ok(_) => Err(syntax),
        Err(problems) if has_errors => Err(syntax.merge(problems.without_warnings())),
        Err(problems) => Err(syntax.merge(problems)),
    }
}

/// Checks a program that was parsed without errors, or as far as it could be.
pub fn check(mut program: Program) -> Result<Checked, Diagnostics> {
    let mut found = Found::default();
    let outcome = analyse(&program, &mut found);
    let problems = Diagnostics::from(found);
    if problems.has_errors() {
        return Err(problems);
    }
    for (first, later) in outcome.repeated {
        let doc = program
            .decls
            .get_mut(later)
            .and_then(|decl| decl.doc.clone());
        if let (Some(doc), Some(decl)) = (doc, program.decls.get_mut(first)) {
            decl.doc = Some(docs::merge(decl.doc.take(), doc));
        }
    }
    let by_name = outcome.relations.iter().zip(0..);
    let by_name = by_name.map(|(relation, id)| (relation.name.clone(), RelId(id)));
    Ok(Checked {
        program,
        by_name: by_name.collect(),
        relations: outcome.relations,
        strata: outcome.strata,
        bodies: outcome.bodies,
        warnings: problems,
    })
}

struct Outcome {
    relations: Vec<RelationInfo>,
    strata: Vec<Stratum>,
    bodies: Vec<Vec<BodyTypes>>,
    repeated: Vec<(usize, usize)>,
}

fn analyse(program: &Program, found: &mut Found) -> Outcome {
    let lattice = Lattice::new(program, found);
    let relations = Relations::new(program, &lattice, found);
    docs::check(program, found);
    doc_facts::check(&relations, &lattice, found);
    remarks::check(&relations, &lattice, found);
    mends::check(&relations, &lattice, found);
    let graph = Graph::new(program, &relations);
    cycles::check(program, &relations, &graph, found);
    let bodies = check_rules(program, &relations, &lattice, &graph, found);
    unused::never_derived(&relations, &graph, found);
    let infos = describe(&relations, &lattice, &graph);
    Outcome {
        relations: infos,
        strata: graph.strata,
        bodies,
        repeated: relations.repeated,
    }
}

fn check_rules<'p>(
    program: &'p Program,
    relations: &Relations<'p>,
    lattice: &Lattice<'p>,
    graph: &Graph,
    found: &mut Found,
) -> Vec<Vec<BodyTypes>> {
    let mut scopes = Scopes::default();
    let mut uses = unused::Uses::default();
    let mut all = Vec::with_capacity(program.rules.len());
    for (index, rule) in program.rules.iter().enumerate() {
        places::check(rule, relations, found);
        let is_fact = rule.bodies.iter().all(Vec::is_empty);
        let mut types = Vec::with_capacity(rule.bodies.len());
        for body in &rule.bodies {
            scopes.read(&rule.heads, body);
            let binding = Binding::new(&scopes);
            binding.check(&scopes, is_fact, found);
            let typing = Typing::new(relations, lattice, &scopes, &binding, found);
            typing.check(&rule.heads, found);
            growth::check(
                (index, rule),
                body,
                relations,
                graph,
                &scopes,
                &binding,
                found,
            );
            uses.add(&scopes, &binding);
            types.push(BodyTypes::new(&scopes, &typing));
        }
        uses.report(found);
        all.push(types);
    }
    all
}

fn describe(relations: &Relations<'_>, lattice: &Lattice<'_>, graph: &Graph) -> Vec<RelationInfo> {
    let mut stratum_of = vec![0; relations.list.len()];
    for (stratum, members) in graph.strata.iter().enumerate() {
        for member in &members.relations {
            if let Some(slot) = stratum_of.get_mut(member.index()) {
                *slot = stratum;
            }
        }
    }
    let infos = relations
        .list
        .iter()
        .zip(stratum_of)
        .map(|(relation, stratum)| {
            let columns = relation.decl.columns.iter().zip(&relation.types);
            let columns = columns.map(|(column, ty)| ColumnInfo {
                name: column.name.name.clone(),
                base: ty.map_or(BaseType::Symbol, |ty| lattice.base(ty)),
                type_name: column.ty.name.clone(),
            });
            RelationInfo {
                name: relation.decl.name.name.clone(),
                decl: relation.decl_index,
                columns: columns.collect(),
                is_input: relation.is_input,
                is_output: relation.is_output,
                is_extension_point: relation.extension_point,
                stratum,
            }
        });
    infos.collect()
}
