//! A program without what some of its relations do not need.

use rustc_hash::FxHashSet;

use super::ast::Program;
use super::check::{Checked, RelationInfo, check};
use super::diagnostic::Diagnostics;
use super::query::needed;

/// The program with only the relations that are wanted, those that they depend on, and their rules.
///
/// # Errors
/// None that the whole program does not have.
pub fn reduced(
    checked: &Checked,
    is_wanted: impl Fn(&RelationInfo) -> bool,
) -> Result<Checked, Diagnostics> {
    let all = &checked.program;
    let wanted = checked.relations.iter().filter(|info| is_wanted(info));
    let wanted: Vec<&str> = wanted.map(|info| info.name.as_str()).collect();
    let (rules, relations) = needed::rules_of(&all.rules, &wanted);
    let relations: FxHashSet<&str> = relations.into_iter().chain(wanted).collect();
    let is_kept = |name: &str| relations.contains(name);
    let program = Program {
        types: all.types.clone(),
        decls: all
            .decls
            .iter()
            .filter(|decl| is_kept(&decl.name.name))
            .cloned()
            .collect(),
        directives: all
            .directives
            .iter()
            .filter(|directive| is_kept(&directive.relation.name))
            .cloned()
            .collect(),
        rules,
        unreadable: all.unreadable.clone(),
    };
    check(program)
}
