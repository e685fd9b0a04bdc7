//! What doc comments say of places and of nearest names (`at:`, `nearest:`) can be said.

use super::declare::{Relation, Relations};
use super::lattice::Lattice;
use crate::datalog::ast::{BaseType, DocField};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::nearest::nearest;
use crate::datalog::remark::{AT, NEAREST, Nearest, PlaceText};

pub(super) fn check(relations: &Relations<'_>, lattice: &Lattice<'_>, found: &mut Found) {
    for relation in &relations.list {
        for field in relation.decl.doc.iter().flat_map(|doc| &doc.fields) {
            // An unknown placeholder is reported as such.
            let known = field.value.columns().all(|name| {
                let mut columns = relation.decl.columns.iter();
                columns.any(|column| column.name.name == name.name)
            });
            let wrong = match field.key.name.as_str() {
                AT if known => PlaceText::read(field, relation.decl)
                    .err()
                    .map(|help| error(field, "`at:` says nothing of a place").help(help)),
                NEAREST if known => wrong_names(field, relation, relations, lattice),
                _ => None,
            };
            if let Some(error) = wrong {
                found.push(error);
            }
        }
    }
}

fn error(field: &DocField, message: impl Into<String>) -> RuleError {
    RuleError::new(Code::InvalidDocField, message).label(field.value_span, "cannot be read")
}

fn wrong_names(
    field: &DocField,
    relation: &Relation<'_>,
    relations: &Relations<'_>,
    lattice: &Lattice<'_>,
) -> Option<RuleError> {
    let names = match Nearest::read(field, relation.decl) {
        Ok(names) => names,
        Err(help) => return Some(error(field, "`nearest:` names no names").help(help)),
    };
    let all = || relations.list.iter();
    let Some(target) = all().find(|other| other.decl.name.name == names.relation) else {
        let near = nearest(&names.relation, all().map(|r| r.decl.name.name.as_str()));
        let error = error(field, format!("unknown relation `{}`", names.relation));
        return Some(match near {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        });
    };
    let mut columns = target.decl.columns.iter();
    let Some(place) = columns.position(|column| column.name.name == names.names) else {
        let message = format!("`{}` has no column `{}`", names.relation, names.names);
        return Some(error(field, message).label(target.decl.name.span, "declared here"));
    };
    let is_text = |relation: &Relation<'_>, column: usize| {
        let ty = relation.types.get(column).copied().flatten();
        ty.is_none_or(|ty| lattice.base(ty) == BaseType::Symbol)
    };
    let texts = is_text(relation, names.column) && is_text(target, place);
    (!texts).then(|| error(field, "only texts are near to one another"))
}
