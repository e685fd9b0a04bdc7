//! The facts that doc comments add or take away (`with:`, `without:`) are base facts that could be there.

use super::declare::{Relation, Relations};
use super::lattice::Lattice;
use crate::datalog::ast::{BaseType, DocField};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::difference::{Argument, DocFact, WITH, WITHOUT};
use crate::datalog::nearest::nearest;

pub(super) fn check(relations: &Relations<'_>, lattice: &Lattice<'_>, found: &mut Found) {
    for relation in &relations.list {
        let fields = relation.decl.doc.iter().flat_map(|doc| &doc.fields);
        for field in fields.filter(|field| [WITH, WITHOUT].contains(&field.key.name.as_str())) {
            // An unknown placeholder is reported as such.
            let known = field.value.columns().all(|name| {
                let mut columns = relation.decl.columns.iter();
                columns.any(|column| column.name.name == name.name)
            });
            if known && let Some(error) = wrong(field, relation, relations, lattice) {
                found.push(error);
            }
        }
    }
}

fn wrong(
    field: &DocField,
    relation: &Relation<'_>,
    relations: &Relations<'_>,
    lattice: &Lattice<'_>,
) -> Option<RuleError> {
    let error = |message: String, label: &str| {
        RuleError::new(Code::InvalidDocFact, message).label(field.value_span, label)
    };
    let key = &field.key.name;
    let fact = match DocFact::read(field, relation.decl) {
        Ok(fact) => fact,
        Err(help) => return Some(error(format!("`{key}:` is no fact"), "not a fact").help(help)),
    };
    let name = &fact.relation;
    let inputs = || relations.list.iter().filter(|other| other.is_input);
    let Some(target) = inputs().find(|other| other.decl.name.name == *name) else {
        let names = inputs().map(|other| other.decl.name.name.as_str());
        let help = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "only facts of `.input` relations can be different".to_owned(),
        };
        let message = format!("`{name}` is no base relation");
        return Some(error(message, "not an `.input` relation").help(help));
    };
    let (given, wanted) = (fact.arguments.len(), target.types.len());
    if given != wanted {
        let message = format!("`{name}` has {wanted} columns, and {given} are given");
        return Some(
            error(message, "another number of values")
                .label(target.decl.name.span, "declared here"),
        );
    }
    if key == WITH && fact.arguments.contains(&Argument::Any) {
        let message = "a fact that is added has all its values".to_owned();
        return Some(error(message, "`_` stands for no value").help("write a `{column}`"));
    }
    let base = |types: &[Option<_>]| -> Vec<Option<BaseType>> {
        types
            .iter()
            .map(|ty| ty.map(|ty| lattice.base(ty)))
            .collect()
    };
    let (own, others) = (base(&relation.types), base(&target.types));
    let clash = fact
        .arguments
        .iter()
        .zip(&others)
        .zip(&target.decl.columns)
        .find(|((argument, wanted), _)| {
            matches!((argument.base_type(&own), wanted), (Some(given), Some(wanted)) if given != *wanted)
        });
    clash.map(|(_, column)| {
        let message = format!("the value of `{}` has another type", column.name.name);
        error(message, "does not fit").label(column.name.span, "declared here")
    })
}
