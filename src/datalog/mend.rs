//! The field of a doc comment that says how what a tuple tells of is mended: `fix: set {column} to "text"`,
//! `fix: rename {column} to "text"`, `fix: remove {column}`.

use super::ast::{Decl, DocField, Template, TemplatePart};

/// The field for how something is mended.
pub const FIX: &str = "fix";

/// A change of what stands at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Mend {
    /// What is done to it.
    pub action: Action,
    /// The column that has the place, by its position.
    pub column: usize,
}

/// What is done to what stands at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A value takes its place: `set {column} to "text"`.
    Set(Template),
    /// A value takes its place as it is written here, whatever its type: `set {column} to true`.
    SetBare(Template),
    /// A key gets another name: `rename {column} to "text"`.
    Rename(Template),
    /// It goes: `remove {column}`.
    Remove,
}

const FORMS: &str =
    "write `set {column} to \"text\"`, `rename {column} to \"text\"` or `remove {column}`";

impl Mend {
    /// Reads the field of a declaration; what is wrong with it, where it cannot be read.
    pub fn read(field: &DocField, decl: &Decl) -> Result<Mend, String> {
        let wanted = || FORMS.to_owned();
        let mut parts = field.value.parts.iter();
        let (Some(TemplatePart::Text(verb)), Some(TemplatePart::Column(name))) =
            (parts.next(), parts.next())
        else {
            return Err(wanted());
        };
        let mut columns = decl.columns.iter();
        let column = columns.position(|column| column.name.name == name.name);
        let column = column.ok_or_else(|| format!("no column `{}`", name.name))?;
        let rest: Vec<TemplatePart> = parts.cloned().collect();
        let action = match verb.as_str() {
            "set " => match text(rest).ok_or_else(wanted)? {
                (text, true) => Action::Set(text),
                (text, false) => Action::SetBare(text),
            },
            "rename " => Action::Rename(text(rest).ok_or_else(wanted)?.0),
            "remove " if rest.is_empty() => Action::Remove,
            "remove " => return Err("nothing follows the place: `remove {column}`".to_owned()),
            _ => return Err(wanted()),
        };
        Ok(Mend { action, column })
    }
}

/// What follows ` to `, and whether it stands in quotes, which are left out.
fn text(mut parts: Vec<TemplatePart>) -> Option<(Template, bool)> {
    let Some(TemplatePart::Text(first)) = parts.first_mut() else {
        return None;
    };
    *first = first.strip_prefix(" to ")?.to_owned();
    let quoted = match first.strip_prefix('"') {
        Some(open) => {
            *first = open.to_owned();
            let Some(TemplatePart::Text(last)) = parts.last_mut() else {
                return None;
            };
            *last = last.strip_suffix('"')?.to_owned();
            true
        }
        None => false,
    };
    parts.retain(|part| !matches!(part, TemplatePart::Text(text) if text.is_empty()));
    let is_text = quoted || !parts.is_empty();
    is_text.then_some((Template { parts }, quoted))
}
