//! What a policy is compiled for: a decision is read from few relations, and must not wait for the others.

use crate::datalog::ast::Doc;
use crate::datalog::diagnostic::Diagnostics;
use crate::datalog::remark::{NEAREST, Nearest};
use crate::datalog::{Checked, RelationInfo, reduced};

use super::{OF_CONTAINERS, OF_SURROUNDINGS, is_given};

/// What is to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Requests are decided, and the decision is told with its reasons.
    Decisions,
    /// The catalog is checked.
    Lints,
    /// It is found out why a container did not come up.
    Failures,
    /// A machine is looked at: which sources agree, what is in use, and what is wrong.
    Machine,
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
    "obstacle_",
    "busy_",
    "idle_gpu",
];

/// How the names of relations begin that say why a container did not come up.
pub const OF_FAILURES: &str = "failed_";
/// How the names of relations begin that tell of a machine beside the checks of it.
const OF_MACHINE: &[&str] = &[
    "sources_",
    "seen_device",
    "device_hardware",
    "usable_device",
    "busy_",
    "idle_gpu",
];
/// The field that says how it is seen that a finding about a machine is mended. What has it is no check of a catalog.
pub const VERIFY: &str = "verify";
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
            Purpose::Failures => "failures",
            Purpose::Machine => "machine",
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
            Purpose::Failures => reduced(checked, |info| info.name.starts_with(OF_FAILURES)),
            Purpose::Decisions => reduced(checked, |info| {
                let aside = [OF_SURROUNDINGS, OF_CONTAINERS];
                let is_aside = aside.iter().any(|given| given.contains(&&*info.name));
                decides(&info.name) || is_given(&info.name) && !is_aside
            }),
            Purpose::Machine => reduced(checked, |info| {
                let is_check = fields(info).is_some_and(|(_, doc)| is_of_machine(doc));
                let told = OF_MACHINE.iter().any(|begin| info.name.starts_with(begin));
                let of_containers = OF_CONTAINERS.contains(&&*info.name);
                is_check || told || is_given(&info.name) && !of_containers
            }),
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
                    let is_lint = fields(info)
                        .is_some_and(|(_, doc)| doc.field("code").is_some() && !is_of_machine(doc));
                    is_lint || names.contains(&info.name)
                })
            }
        }
    }
}

/// Whether a doc comment is that of a check of machines.
pub fn is_of_machine(doc: &Doc) -> bool {
    doc.field("code").is_some() && doc.field(VERIFY).is_some()
}
