//! How a finding is mended (`fix:`) can be done: the form is known, and what is changed is a place.

use super::declare::Relations;
use super::lattice::Lattice;
use crate::datalog::ast::BaseType;
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::mend::{FIX, Mend};

pub(super) fn check(relations: &Relations<'_>, lattice: &Lattice<'_>, found: &mut Found) {
    for relation in &relations.list {
        let Some(doc) = &relation.decl.doc else {
            continue;
        };
        let fixes = doc.fields.iter().filter(|field| field.key.name == FIX);
        for field in fixes {
            if doc.field("code").is_none() {
                found.push(
                    RuleError::new(Code::InvalidDocField, "`fix:` of what is no lint")
                        .label(field.key.span, "nothing is mended by it")
                        .help("add `code: ` and `severity: `, or take the line out"),
                );
                continue;
            }
            // An unknown placeholder is reported as such.
            let mut names = field.value.columns();
            let known = names.all(|name| {
                let mut columns = relation.decl.columns.iter();
                columns.any(|column| column.name.name == name.name)
            });
            let unreadable = |message: &str| {
                RuleError::new(Code::InvalidDocField, message)
                    .label(field.value_span, "cannot be read")
            };
            match Mend::read(field, relation.decl) {
                _ if !known => {}
                Err(help) => {
                    found.push(unreadable("`fix:` does not say what to do").help(help));
                }
                Ok(mend) => {
                    let ty = relation.types.get(mend.column).copied().flatten();
                    if ty.is_some_and(|ty| lattice.base(ty) != BaseType::Number) {
                        found.push(
                            unreadable("`fix:` changes what is no place")
                                .help("name a column of the type `node`"),
                        );
                    }
                }
            }
        }
    }
}
