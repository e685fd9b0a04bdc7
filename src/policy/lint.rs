//! Checks: relations whose doc comments make each of their tuples a finding.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::datalog::ast::Decl;
use crate::datalog::mend::{Action, FIX, Mend};
use crate::datalog::remark::{AT, NEAREST, Nearest, PlaceText};
use crate::datalog::{Checked, RelId};

use super::purpose::VERIFY;
use super::text::{filled, written};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// It may not be meant so.
    Warning,
    /// It cannot be meant so.
    Error,
}

impl Severity {
    /// As rule files and reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl FromStr for Severity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Severity::Note, Severity::Warning, Severity::Error];
        all.into_iter().find(|one| one.name() == text).ok_or(())
    }
}

/// The types that are no subtypes.
const BASES: [&str; 3] = ["symbol", "number", "float"];
/// The type of columns whose values are places in files.
const NODE: &str = "node";

/// A check. Templates have `{column}` for values and doubled braces for braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// Its relation in the program of checks.
    pub(super) relation: u32,
    /// Its code, such as `AIM301`.
    pub code: String,
    /// The relation's name in words with dashes.
    pub name: String,
    /// How much its findings matter.
    pub severity: Severity,
    /// The columns that are places, in their order, with what to say of each; the first is the finding's.
    pub places: Vec<(usize, String)>,
    /// Where the nearest name of a column's value is looked for.
    pub nearest: Option<Names>,
    /// How a finding is mended; empty where nobody knows.
    pub fixes: Vec<Change>,
    /// The command that mends what a check of machines finds, and the one that shows that it is mended.
    pub commands: Commands,
    /// The columns' names.
    columns: Vec<String>,
}

/// Commands of a check of machines; templates, empty where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commands {
    /// Mends it.
    pub mend: String,
    /// Shows that it is mended.
    pub verify: String,
}

/// Names that a value may have been meant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The column whose value is no name.
    pub column: usize,
    /// The relation that has the names.
    pub relation: String,
    /// The column that has them, by its position.
    pub names: usize,
    /// Columns of the check, and columns of the relation with the same names: of the relation only tuples
    /// that agree in them are looked at.
    pub agree: Vec<(usize, usize)>,
}

/// What is done to the value or key at a place. Texts are templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The column that has the place.
    pub column: usize,
    /// What is done.
    pub kind: ChangeKind,
}

/// What is done to a value or key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// The value becomes this text, written as the old one is.
    Set(String),
    /// The value becomes what this reads as.
    SetBare(String),
    /// The key becomes this.
    Rename(String),
    /// The entry goes.
    Remove,
}

impl Change {
    fn of(mend: Mend) -> Change {
        Change {
            column: mend.column,
            kind: match mend.action {
                Action::Set(text) => ChangeKind::Set(written(&text)),
                Action::SetBare(text) => ChangeKind::SetBare(written(&text)),
                Action::Rename(text) => ChangeKind::Rename(written(&text)),
                Action::Remove => ChangeKind::Remove,
            },
        }
    }
}

impl Lint {
    /// Its relation in the program of checks.
    pub fn relation(&self) -> RelId {
        RelId(self.relation)
    }

    /// A template with the values of a tuple.
    pub fn fill(&self, template: &str, values: &[String]) -> String {
        filled(template, self.columns.iter().map(String::as_str), values)
    }
}

/// The checks of a program, in the order of their declarations.
pub(super) fn lints(checked: &Checked) -> Vec<Lint> {
    let relations = (0..).zip(&checked.relations);
    let lints = relations.filter_map(|(relation, info)| {
        let decl = checked.program.decls.get(info.decl)?;
        let doc = decl.doc.as_ref()?;
        let code = doc.field("code")?.value.literal()?.to_owned();
        let severity = doc.field("severity")?.value.literal()?.parse().ok()?;
        let fields = |key: &'static str| doc.fields.iter().filter(move |f| f.key.name == key);
        let texts: Vec<PlaceText> = fields(AT)
            .filter_map(|field| PlaceText::read(field, decl).ok())
            .collect();
        let command = |key: &str| {
            doc.field(key)
                .map_or_else(String::new, |field| written(&field.value))
        };
        let nodes = info.columns.iter().enumerate();
        let nodes = nodes.filter(|(_, column)| column.type_name == NODE);
        let places = nodes.map(|(place, _)| {
            let text = texts.iter().find(|text| text.column == place);
            (
                place,
                text.map_or_else(String::new, |text| written(&text.text)),
            )
        });
        Some(Lint {
            relation,
            code,
            name: info.name.replace('_', "-"),
            severity,
            places: places.collect(),
            nearest: fields(NEAREST)
                .find_map(|field| names(&Nearest::read(field, decl).ok()?, decl, checked)),
            fixes: fields(FIX)
                .filter_map(|field| Some(Change::of(Mend::read(field, decl).ok()?)))
                .collect(),
            commands: Commands {
                mend: command("mend"),
                verify: command(VERIFY),
            },
            columns: info
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        })
    });
    lints.collect()
}

fn names(nearest: &Nearest, decl: &Decl, checked: &Checked) -> Option<Names> {
    let names = checked.info(checked.relation(&nearest.relation)?)?;
    let place = |wanted: &str| {
        names
            .columns
            .iter()
            .position(|column| column.name == wanted)
    };
    let column = place(&nearest.names)?;
    // Two things that stand in one place are not alike for that.
    let own = decl.columns.iter().enumerate();
    let own = own.filter(|(_, named)| BASES.contains(&named.ty.name.as_str()));
    let agree = own.filter_map(|(own, named)| Some((own, place(&named.name.name)?)));
    Some(Names {
        column: nearest.column,
        relation: nearest.relation.clone(),
        names: column,
        agree: agree
            .filter(|(own, other)| *own != nearest.column && *other != column)
            .collect(),
    })
}
