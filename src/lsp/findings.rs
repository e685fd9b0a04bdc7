//! Findings as an editor shows them, and what mends them.

use std::collections::HashMap;
use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    Location, NumberOrString, Range, TextEdit, Uri, WorkspaceEdit,
};

use crate::catalog::yaml;
use crate::lint::{Edit, Finding, Label};
use crate::policy::Severity;

use super::text::{self, Encoding};
use super::uri;

/// The texts that positions are counted in, by the files as findings name them.
pub(super) struct Files<'a> {
    /// Open documents: their URI and text.
    pub open: HashMap<&'a str, (&'a Uri, &'a str)>,
    /// What columns are counted in.
    pub encoding: Encoding,
}

impl Files<'_> {
    fn location(&self, label: &Label) -> Option<Location> {
        let place = &label.place;
        let bytes = place.offset..place.offset + place.length;
        let (uri, text) = match self.open.get(place.file.as_str()) {
            Some((uri, text)) => ((*uri).clone(), *text),
            // Nobody can open what is inside the program.
            None if place.embedded => return None,
            None => (uri::of(Path::new(&place.file))?, &*place.text),
        };
        Some(Location {
            uri,
            range: text::range(text, bytes, self.encoding),
        })
    }

    /// A finding in the document of this URI; none where nothing of it stands there.
    pub(super) fn diagnostic(&self, finding: &Finding, uri: &Uri) -> Option<Diagnostic> {
        let mut located: Vec<(Location, &Label)> = Vec::new();
        for label in &finding.labels {
            located.extend(self.location(label).map(|location| (location, label)));
        }
        let own = located
            .iter()
            .position(|(location, _)| location.uri == *uri)?;
        let (at, _) = located.remove(own);
        let related = located.into_iter().map(|(location, label)| {
            let message = match label.text.is_empty() {
                true => finding.message.clone(),
                false => label.text.clone(),
            };
            DiagnosticRelatedInformation { location, message }
        });
        let related: Vec<_> = related.collect();
        let message = match &finding.help {
            Some(help) => format!("{}\nhelp: {help}", finding.message),
            None => finding.message.clone(),
        };
        Some(Diagnostic {
            range: at.range,
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.code.clone())),
            source: Some("aim-engine".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            ..Diagnostic::default()
        })
    }

    /// What mends a finding, for sure or perhaps, where it touches a stretch of a document.
    pub(super) fn actions(&self, finding: &Finding, uri: &Uri, within: Range) -> Vec<CodeAction> {
        let Some(diagnostic) = self.diagnostic(finding, uri) else {
            return Vec::new();
        };
        let apart = diagnostic.range.end < within.start || within.end < diagnostic.range.start;
        if apart {
            return Vec::new();
        }
        let certain = finding
            .fix
            .as_ref()
            .map(|fix| (fix.says.clone(), fix.edits.clone(), true));
        let nearest = finding
            .fix
            .is_none()
            .then(|| self.nearest(finding))
            .flatten();
        let ignore = self.ignore(finding, uri);
        let actions = certain.into_iter().chain(nearest).chain(ignore);
        let actions = actions.filter_map(|(title, edits, certain)| {
            Some(CodeAction {
                title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![diagnostic.clone()]),
                edit: Some(self.edit(&edits)?),
                is_preferred: certain.then_some(true),
                ..CodeAction::default()
            })
        });
        actions.collect()
    }

    /// The nearest name in the place of the wrong one.
    fn nearest(&self, finding: &Finding) -> Option<(String, Vec<Edit>, bool)> {
        let name = finding.nearest.as_ref()?;
        let place = &finding.labels.first()?.place;
        let (_, text) = self.open.get(place.file.as_str())?;
        let old = text.get(place.offset..place.offset + place.length)?;
        let quote = ['"', '\'']
            .into_iter()
            .find(|quote| old.len() > 1 && old.starts_with(*quote) && old.ends_with(*quote));
        let inner = quote.map_or(old, |quote| old.trim_matches(quote));
        let name = in_path(inner, name);
        let new = quote.map_or_else(|| name.clone(), |quote| format!("{quote}{name}{quote}"));
        if old.contains('\n') {
            return None;
        }
        let edit = Edit {
            file: place.file.clone(),
            offset: place.offset,
            length: place.length,
            text: new,
        };
        Some((format!("change to `{name}`"), vec![edit], false))
    }

    /// A comment that suppresses the finding, above its line; why is for whoever takes the action to say.
    fn ignore(&self, finding: &Finding, uri: &Uri) -> Option<(String, Vec<Edit>, bool)> {
        let place = &finding.labels.first()?.place;
        let (own, text) = self.open.get(place.file.as_str())?;
        // Comments about comments end nowhere, and a file that is no YAML has none that count.
        let is_comment = text.get(place.offset..)?.starts_with('#');
        if *own != uri || is_comment {
            return None;
        }
        let before = text.get(..place.offset)?;
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let line = match line == 0 && text.starts_with('\u{feff}') {
            true => '\u{feff}'.len_utf8(),
            false => line,
        };
        let rest = text.get(line..)?;
        let indent = rest.get(..rest.len() - rest.trim_start_matches(' ').len())?;
        let end = match rest.split_inclusive('\n').next()?.ends_with("\r\n") {
            true => "\r\n",
            false => "\n",
        };
        let code = &finding.code;
        let comment = format!("{indent}# aim-engine: ignore[{code}] TODO: say why{end}");
        let with_comment = format!("{}{comment}{rest}", text.get(..line)?);
        yaml::read(&with_comment).ok()?;
        let edit = Edit {
            file: place.file.clone(),
            offset: line,
            length: 0,
            text: comment,
        };
        Some((format!("ignore {code} here"), vec![edit], false))
    }

    /// Edits of open documents; none where one is of another file, whose text may not be what was read.
    #[expect(
        clippy::mutable_key_type,
        reason = "the type that the protocol's crate has"
    )]
    fn edit(&self, edits: &[Edit]) -> Option<WorkspaceEdit> {
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for edit in edits {
            let (uri, text) = self.open.get(edit.file.as_str())?;
            let bytes = edit.offset..edit.offset + edit.length;
            changes.entry((*uri).clone()).or_default().push(TextEdit {
                range: text::range(text, bytes, self.encoding),
                new_text: edit.text.clone(),
            });
        }
        Some(WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        })
    }
}

/// The name in place of the wrong one: of a path the last part without its ending, where the name is none.
fn in_path(old: &str, name: &str) -> String {
    match old.rsplit_once('/') {
        Some((folder, file)) if !name.contains('/') => {
            let end = file.rfind('.').and_then(|at| file.get(at..));
            format!("{folder}/{name}{}", end.unwrap_or_default())
        }
        _ => name.to_owned(),
    }
}
