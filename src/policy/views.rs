//! Whether the `.input` relations of site files are views of the store, with these columns.

use miette::{LabeledSpan, MietteDiagnostic, Report};

use crate::catalog::typed::nearest;
use crate::datalog::Checked;
use crate::datalog::ast::Span;
use crate::datalog::diagnostic::NamedText;
use crate::datalog::source::Sources;
use crate::store::{Store, StoreError};

use super::sources::BUILTIN;

/// The `.input` relations that each run fills from its requests, and not from the store.
pub const OF_REQUESTS: &[&str] = &[
    "request",
    "asked_gpus",
    "asked_precision",
    "asked_backend",
    "asked_metric",
    "asked_recipe",
    "strict",
    "allow_unknown_flags",
];

/// The `.input` relations that each run fills from its machines.
pub const OF_MACHINES: &[&str] = &[
    "declared_hardware",
    "declared_gpus",
    "source_gpus",
    "source_device",
    "gpu_property",
    "gpu_figure",
    "limited",
    "listed",
    "counted",
];

/// The `.input` relations that are filled from a container that did not come up, and empty in any other run.
pub const OF_CONTAINERS: &[&str] = &["log_line", "container_end", "launched"];

/// The `.input` relations that are filled from what was seen of a machine beside its GPUs, for the programs that
/// have them.
pub const OF_SURROUNDINGS: &[&str] = &["host_property", "host_figure"];

/// Whether each run fills this `.input` relation from what it was given and has seen.
pub fn is_given(relation: &str) -> bool {
    [OF_REQUESTS, OF_MACHINES, OF_SURROUNDINGS, OF_CONTAINERS]
        .iter()
        .any(|given| given.contains(&relation))
}

/// An `.input` relation that the store cannot fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewMistake {
    code: &'static str,
    message: String,
    help: String,
    span: Span,
    label: String,
}

/// The mistakes of all site files, in their order. Built-in relations are those of the program itself.
pub(super) fn check(
    checked: &Checked,
    sources: &Sources,
    store: &Store,
) -> Result<Vec<ViewMistake>, StoreError> {
    let mut mistakes = Vec::new();
    for relation in checked
        .relations
        .iter()
        .filter(|relation| relation.is_input)
    {
        let Some(decl) = checked.program.decls.get(relation.decl) else {
            continue;
        };
        let builtin = sources.name(decl.span.file).starts_with(BUILTIN);
        if builtin || is_given(&relation.name) {
            continue;
        }
        let there = store.view_columns(&relation.name)?;
        if there.is_empty() {
            let views = store.view_names()?;
            let near = nearest(&relation.name, views.iter().map(String::as_str));
            mistakes.push(ViewMistake {
                code: "policy::unknown-view",
                message: format!(
                    "the store has no view `{}` to fill this relation from",
                    relation.name
                ),
                help: match near {
                    Some(near) => {
                        format!("did you mean `{near}`? Facts of your own stand in rule files")
                    }
                    None => "facts of your own stand in rule files, without `.input`".to_owned(),
                },
                span: decl.name.span,
                label: "an `.input` relation".to_owned(),
            });
            continue;
        }
        for column in &decl.columns {
            if !there.contains(&column.name.name) {
                mistakes.push(ViewMistake {
                    code: "policy::view-columns",
                    message: format!(
                        "the view `{}` has no column `{}`",
                        relation.name, column.name.name
                    ),
                    help: format!("it has {}", there.join(", ")),
                    span: column.name.span,
                    label: "not a column of the view".to_owned(),
                });
            }
        }
    }
    Ok(mistakes)
}

impl ViewMistake {
    pub(super) fn report(self, sources: &Sources) -> Report {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let label = LabeledSpan::new_with_span(Some(self.label), start..end);
        let diagnostic = MietteDiagnostic::new(self.message)
            .with_code(self.code)
            .with_help(self.help)
            .with_label(label);
        let file = self.span.file;
        Report::new(diagnostic).with_source_code(NamedText::new(
            sources.name(file),
            sources.shared_text(file),
        ))
    }
}
