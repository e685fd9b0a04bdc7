//! Relations: what is declared, once, with columns of known types.

use rustc_hash::FxHashMap;

use super::RelId;
use super::lattice::{Lattice, TypeId};
use crate::datalog::ast::{Column, Decl, DirectiveKind, Ident, Program};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::nearest::nearest;

/// A declared relation.
#[derive(Debug)]
pub(super) struct Relation<'p> {
    pub(super) decl: &'p Decl,
    /// Index of the first declaration.
    pub(super) decl_index: usize,
    /// The types of its columns; none where the type is unknown.
    pub(super) types: Vec<Option<TypeId>>,
    pub(super) is_input: bool,
    pub(super) is_output: bool,
    pub(super) extension_point: bool,
}

/// All relations, by name.
#[derive(Debug)]
pub(super) struct Relations<'p> {
    pub(super) list: Vec<Relation<'p>>,
    /// A relation whose declaration is wrong is known, but as nothing.
    names: FxHashMap<&'p str, Option<RelId>>,
    /// Later declarations of a relation: the first one's index and theirs.
    pub(super) repeated: Vec<(usize, usize)>,
}

impl<'p> Relations<'p> {
    pub(super) fn new(program: &'p Program, lattice: &Lattice<'p>, found: &mut Found) -> Self {
        let mut relations = Relations {
            list: Vec::with_capacity(program.decls.len()),
            names: FxHashMap::default(),
            repeated: Vec::new(),
        };
        for (index, decl) in program.decls.iter().enumerate() {
            relations.declare(index, decl, lattice, found);
        }
        for name in &program.unreadable {
            relations.names.insert(&name.name, None);
        }
        for directive in &program.directives {
            if let Some(id) = relations.lookup(&directive.relation, found)
                && let Some(relation) = relations.list.get_mut(id.index())
            {
                match directive.kind {
                    DirectiveKind::Input => relation.is_input = true,
                    DirectiveKind::Output => relation.is_output = true,
                }
            }
        }
        relations
    }

    fn declare(&mut self, index: usize, decl: &'p Decl, lattice: &Lattice<'p>, found: &mut Found) {
        let extension_point = decl.doc.as_ref().is_some_and(|doc| doc.extension_point);
        let name = decl.name.name.as_str();
        if let Some(known) = self.names.get(name).copied() {
            let first = known.and_then(|id| self.list.get_mut(id.index()));
            let Some(first) = first else {
                return;
            };
            first.extension_point |= extension_point;
            self.repeated.push((first.decl_index, index));
            let same = is_same(first.decl, decl);
            if !same || first.decl.name.span.file == decl.name.span.file {
                found.push(declared_twice(first.decl, decl, same));
            }
            if !same {
                self.names.insert(name, None);
            }
            return;
        }
        columns_differ(decl, found);
        let types = decl.columns.iter();
        let types = types
            .map(|column| lattice.lookup(&column.ty, found))
            .collect();
        let id = RelId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.names.insert(name, Some(id));
        self.list.push(Relation {
            decl,
            decl_index: index,
            types,
            is_input: false,
            is_output: false,
            extension_point,
        });
    }

    /// The relation of that name, without complaint.
    pub(super) fn find(&self, name: &str) -> Option<RelId> {
        self.names.get(name).copied().flatten()
    }

    pub(super) fn get(&self, id: RelId) -> Option<&Relation<'p>> {
        self.list.get(id.index())
    }

    pub(super) fn name(&self, id: RelId) -> &'p str {
        self.get(id)
            .map_or("", |relation| relation.decl.name.name.as_str())
    }

    /// The relation of that name, or nothing with an error.
    pub(super) fn lookup(&self, name: &Ident, found: &mut Found) -> Option<RelId> {
        if let Some(known) = self.names.get(name.name.as_str()) {
            return *known;
        }
        // the search is slow, and past the last error that is shown nobody reads its result
        let is_shown = !found.is_full();
        let known = self.names.keys().copied().filter(|_| is_shown);
        let near = nearest(&name.name, known);
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it: `.decl {}(column: type, ...)`", name.name),
        };
        found.push(
            RuleError::new(
                Code::UnknownRelation,
                format!("unknown relation `{}`", name.name),
            )
            .label(name.span, "not declared")
            .help(help),
        );
        None
    }
}

fn is_same(a: &Decl, b: &Decl) -> bool {
    let columns = |decl: &'_ Decl| -> Vec<(String, String)> {
        let pairs = decl.columns.iter();
        pairs
            .map(|c| (c.name.name.clone(), c.ty.name.clone()))
            .collect()
    };
    columns(a) == columns(b)
}

fn declared_twice(first: &Decl, again: &Decl, same: bool) -> RuleError {
    let name = &again.name.name;
    let other_file = first.name.span.file != again.name.span.file;
    let help = match (same, other_file) {
        (true, _) => "delete one of them".to_owned(),
        (false, true) => "give it another name, or the same columns and types".to_owned(),
        (false, false) => "give one of them another name".to_owned(),
    };
    RuleError::new(
        Code::DuplicateDeclaration,
        format!("`{name}` is declared twice"),
    )
    .label(
        again.name.span,
        if same {
            "declared again"
        } else {
            "declared again, differently"
        },
    )
    .label(first.name.span, "first declared here")
    .help(help)
}

fn columns_differ(decl: &Decl, found: &mut Found) {
    if decl.columns.len() < 2 {
        return;
    }
    let mut seen: FxHashMap<&str, &Column> = FxHashMap::default();
    for column in &decl.columns {
        let name = column.name.name.as_str();
        let first = *seen.entry(name).or_insert(column);
        if std::ptr::eq(first, column) {
            continue;
        }
        let relation = &decl.name.name;
        found.push(
            RuleError::new(
                Code::DuplicateColumn,
                format!("`{relation}` has two columns `{name}`"),
            )
            .label(column.name.span, "the same name again")
            .label(first.name.span, "first here")
            .help("give one of them another name"),
        );
    }
}
