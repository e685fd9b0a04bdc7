//! What a policy is compiled for: a decision is read from few relations, and must not wait for the others.

use crate::datalog::diagnostic::Diagnostics;
use crate::datalog::remark::{NEAREST, Nearest};
use crate::datalog::{Checked, RelationInfo, reduced};

use super::is_given;

/// What is to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Requests are decided, and the decision is told with its reasons.
    Decisions,
    /// The catalog is checked.
    Lints,
    /// The model cache is kept in order.
    Cache,
}

/// How the names of relations begin from which decisions are read.
const OF_DECISIONS: &[&str] = &[
    "requested_",
    "usable",
    "considered",
    "eligible",
    "chosen",
    "exact",
    "search_",
    "rejected_",
    "after_",
    "differs_in_",
    "warning_",
];

/// How the names of relations begin from which the order of the cache is read.
const OF_CACHE: &[&str] = &[
    "cache_removed_",
    "cache_kept_",
    "cache_goes",
    "cache_orphan_goes",
    "file_left_out",
];

/// Whether decisions are read from a relation of this name.
pub fn decides(relation: &str) -> bool {
    let mut families = OF_DECISIONS.iter();
    families.any(|family| relation.starts_with(family))
}

impl Purpose {
    /// Names the purpose in a store.
    pub(super) fn name(self) -> &'static str {
        match self {
            Purpose::Decisions => "decisions",
            Purpose::Lints => "lints",
            Purpose::Cache => "cache",
        }
    }

    /// The part of the rules that the purpose needs.
    pub(super) fn part(self, checked: &Checked) -> Result<Checked, Diagnostics> {
        let fields = |info: &RelationInfo| {
            let decl = checked.program.decls.get(info.decl);
            decl.and_then(|decl| Some((decl, decl.doc.as_ref()?)))
        };
        match self {
            Purpose::Decisions => {
                reduced(checked, |info| decides(&info.name) || is_given(&info.name))
            }
            Purpose::Cache => reduced(checked, |info| {
                OF_CACHE.iter().any(|family| info.name.starts_with(family))
            }),
            Purpose::Lints => {
                let docs = checked.relations.iter().filter_map(fields);
                let names: Vec<String> = docs
                    .flat_map(|(decl, doc)| doc.fields.iter().map(move |field| (decl, field)))
                    .filter(|(_, field)| field.key.name == NEAREST)
                    .filter_map(|(decl, field)| Some(Nearest::read(field, decl).ok()?.relation))
                    .collect();
                reduced(checked, |info| {
                    let is_lint = fields(info).is_some_and(|(_, doc)| doc.field("code").is_some());
                    is_lint || names.contains(&info.name)
                })
            }
        }
    }
}
