//! The rules' documentation: what each relation says, as its declaration does.

use serde::Serialize;

use crate::datalog::ast::{Span, Template, TemplatePart};

use super::{OpenRules, Severity};

/// A relation with its doc comment. Sentences have the names of columns in braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelationDoc {
    /// A check's code.
    pub code: Option<String>,
    /// A check's name: the relation's, in words with dashes.
    pub name: Option<String>,
    /// How much a check's findings matter.
    pub severity: Option<Severity>,
    /// The relation.
    pub relation: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its sentence.
    pub says: String,
    /// What to do about it.
    pub help: Option<String>,
    /// How a finding is mended.
    pub fix: Option<String>,
    /// The command that mends what a check of machines finds.
    pub mend: Option<String>,
    /// The command that shows that it is mended; only checks of machines have one.
    pub verify: Option<String>,
    /// The long text, Markdown.
    pub long: String,
    /// Where it is declared.
    pub file: String,
    /// And in which line.
    pub line: usize,
    /// Whether it is read from the catalog, the request or the machine.
    #[serde(skip)]
    pub is_input: bool,
}

/// All relations, in the order of their declarations.
pub fn documented(rules: &OpenRules) -> Vec<RelationDoc> {
    let OpenRules { checked, sources } = rules;
    let place = |span: Span| (sources.name(span.file).to_owned(), sources.place(span).line);
    let relations = checked.relations.iter().filter_map(|info| {
        let decl = checked.program.decls.get(info.decl)?;
        let doc = decl.doc.as_ref();
        let field = |key| doc.and_then(|doc| doc.field(key));
        let literal = |key| field(key).and_then(|field| field.value.literal());
        let severity = literal("severity").and_then(|text| text.parse().ok());
        let code = literal("code").filter(|_| severity.is_some());
        let (file, line) = place(decl.span);
        Some(RelationDoc {
            code: code.map(str::to_owned),
            name: code.map(|_| info.name.replace('_', "-")),
            severity,
            relation: info.name.clone(),
            columns: info.columns.iter().map(|one| one.name.clone()).collect(),
            says: doc.map_or_else(String::new, |doc| written(&doc.sentence)),
            help: field("help").map(|field| written(&field.value)),
            fix: field("fix").map(|field| written(&field.value)),
            mend: field("mend").map(|field| written(&field.value)),
            verify: field("verify").map(|field| written(&field.value)),
            long: doc.map_or_else(String::new, |doc| doc.long.clone()),
            file,
            line,
            is_input: info.is_input,
        })
    });
    relations.collect()
}

/// A sentence with the names of columns in braces.
fn written(template: &Template) -> String {
    let parts = template.parts.iter().map(|part| match part {
        TemplatePart::Text(plain) => plain.clone(),
        TemplatePart::Column(column) => format!("{{{}}}", column.name),
    });
    parts.collect()
}
