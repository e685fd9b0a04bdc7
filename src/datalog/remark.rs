//! Fields of a doc comment that say more about a tuple's columns: what stands beside a place (`at: text for
//! {column}`), and which of other names a value was meant to be (`nearest: {column} in relation.column`).

use super::ast::{Decl, DocField, Ident, Template, TemplatePart};

/// The field for what stands beside a place.
pub const AT: &str = "at";
/// The field for the names that a value was probably meant to be.
pub const NEAREST: &str = "nearest";

/// What to say of a column's place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceText {
    /// The column, by its position.
    pub column: usize,
    /// What to say.
    pub text: Template,
}

/// Where the nearest name is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The column whose value is no name, by its position.
    pub column: usize,
    /// The relation that has the names.
    pub relation: String,
    /// Its column that has them.
    pub names: String,
}

impl PlaceText {
    /// Reads the field of a declaration; what is wrong with it, where it cannot be read.
    pub fn read(field: &DocField, decl: &Decl) -> Result<PlaceText, String> {
        let wanted =
            || "write what to say and of which place: `at: not known for {column}`".to_owned();
        let mut parts = field.value.parts.clone();
        let Some(TemplatePart::Column(name)) = parts.pop() else {
            return Err(wanted());
        };
        let Some(TemplatePart::Text(text)) = parts.last_mut() else {
            return Err(wanted());
        };
        let said = text.strip_suffix(" for ").map(str::to_owned);
        *text = said.ok_or_else(wanted)?;
        if text.is_empty() {
            parts.pop();
        }
        if parts.is_empty() {
            return Err(wanted());
        }
        Ok(PlaceText {
            column: column(decl, &name)?,
            text: Template { parts },
        })
    }
}

impl Nearest {
    /// Reads the field of a declaration; what is wrong with it, where it cannot be read.
    pub fn read(field: &DocField, decl: &Decl) -> Result<Nearest, String> {
        let wanted = || "write `nearest: {column} in relation.column`".to_owned();
        let [TemplatePart::Column(name), TemplatePart::Text(behind)] = field.value.parts.as_slice()
        else {
            return Err(wanted());
        };
        let names = behind
            .strip_prefix(" in ")
            .and_then(|names| names.split_once('.'));
        let (relation, names) = names.ok_or_else(wanted)?;
        Ok(Nearest {
            column: column(decl, name)?,
            relation: relation.trim().to_owned(),
            names: names.trim().to_owned(),
        })
    }
}

fn column(decl: &Decl, name: &Ident) -> Result<usize, String> {
    let mut columns = decl.columns.iter();
    let place = columns.position(|column| column.name.name == name.name);
    place.ok_or_else(|| format!("no column `{}`", name.name))
}
