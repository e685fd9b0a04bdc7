//! Findings as the store keeps them between runs: without the paths of files and without names that depend on the
//! whole catalog, which are looked up when they are told.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::store::{CatalogFile, FileText, Place};

use super::finding::{Edit, Finding, Fix, Label};
use super::nearest::{Asked, Nearest};

/// A finding of a check that speaks of one group of files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The check, by its place among the policy's.
    pub lint: u32,
    pub message: String,
    pub help: Option<String>,
    pub labels: Vec<KeptLabel>,
    /// The name that is looked for in the whole catalog.
    pub asked: Option<Asked>,
    pub fix: Option<KeptFix>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptLabel {
    /// The file's number.
    pub file: i64,
    pub line: usize,
    pub column: usize,
    pub offset: usize,
    pub length: usize,
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptFix {
    pub says: String,
    pub edits: Vec<KeptEdit>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptEdit {
    pub file: i64,
    pub offset: usize,
    pub length: usize,
    pub text: String,
}

/// The files of a catalog as findings show them.
pub(super) struct ShownFiles(HashMap<i64, (String, bool, FileText)>);

impl ShownFiles {
    pub(super) fn new(files: Vec<CatalogFile>) -> Self {
        let files = files.into_iter();
        let files = files.map(|file| (file.number, (file.path, file.embedded, file.text)));
        ShownFiles(files.collect())
    }

    fn path(&self, file: i64) -> String {
        let known = self.0.get(&file);
        known.map_or_else(String::new, |(path, _, _)| path.clone())
    }

    fn place(&self, label: &KeptLabel) -> Option<Place> {
        let (path, embedded, text) = self.0.get(&label.file)?;
        Some(Place {
            file: path.clone(),
            embedded: *embedded,
            line: label.line,
            column: label.column,
            offset: label.offset,
            length: label.length,
            text: text.clone(),
        })
    }
}

impl KeptLabel {
    pub(super) fn of(file: i64, place: &Place, text: String) -> Self {
        KeptLabel {
            file,
            line: place.line,
            column: place.column,
            offset: place.offset,
            length: place.length,
            text,
        }
    }
}

impl Kept {
    /// As it is told; nothing where the rules have no such check.
    pub(super) fn told(
        self,
        policy: &Policy,
        files: &ShownFiles,
        names: &mut Nearest<'_>,
    ) -> Option<Finding> {
        let lint = policy.lints().get(self.lint as usize)?;
        let nearest = self.asked.and_then(|asked| names.of(lint, &asked));
        let meant = nearest
            .as_ref()
            .map(|name| format!("did you mean `{name}`?"));
        let labels = self.labels.into_iter().filter_map(|label| {
            let place = files.place(&label)?;
            let text = label.text;
            Some(Label { place, text })
        });
        Some(Finding {
            code: lint.code.clone(),
            name: lint.name.clone(),
            severity: lint.severity,
            message: self.message,
            help: match (self.help, meant) {
                (Some(advice), Some(meant)) => Some(format!("{advice}; {meant}")),
                (advice, meant) => advice.or(meant),
            },
            labels: labels.collect(),
            nearest,
            fix: self.fix.map(|fix| Fix {
                says: fix.says,
                edits: fix
                    .edits
                    .into_iter()
                    .map(|edit| Edit {
                        file: files.path(edit.file),
                        offset: edit.offset,
                        length: edit.length,
                        text: edit.text,
                    })
                    .collect(),
            }),
        })
    }
}
