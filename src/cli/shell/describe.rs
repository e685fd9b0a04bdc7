//! What relations there are, and what one of them says.

use serde::Serialize;

use crate::catalog::typed::nearest;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::query::AnswerFormat;
use crate::datalog::ast::{Span, Template, TemplatePart};
use crate::datalog::{Checked, RelId, RelationInfo};
use crate::policy::{OpenRules, is_given};

const COLUMNS: usize = 80;

/// Where the rows of a relation come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum From {
    Catalog,
    Request,
    Rules,
}

impl From {
    const ALL: [From; 3] = [From::Catalog, From::Request, From::Rules];

    fn of(relation: &RelationInfo) -> From {
        match relation.is_input {
            true if is_given(&relation.name) => From::Request,
            true => From::Catalog,
            false => From::Rules,
        }
    }

    fn title(self) -> &'static str {
        match self {
            From::Catalog => "from the catalog:",
            From::Request => "from requests and machines:",
            From::Rules => "derived by rules:",
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    relation: &'a str,
    columns: Vec<Column<'a>>,
    from: From,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
}

/// A relation with its rules.
#[derive(Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    /// Where it is declared.
    file: &'a str,
    line: usize,
    says: String,
    help: Option<String>,
    rules: Vec<RuleText<'a>>,
    #[serde(skip)]
    declaration: &'a str,
}

#[derive(Serialize)]
pub(in crate::cli) struct RuleText<'a> {
    pub(in crate::cli) file: &'a str,
    pub(in crate::cli) line: usize,
    pub(in crate::cli) text: &'a str,
}

fn listed(relation: &RelationInfo) -> Listed<'_> {
    let columns = relation.columns.iter().map(|column| Column {
        name: &column.name,
        ty: &column.type_name,
    });
    Listed {
        relation: &relation.name,
        columns: columns.collect(),
        from: From::of(relation),
    }
}

/// `eligible(request, recipe, backend, gpus)`
pub(in crate::cli) fn signature(relation: &RelationInfo) -> String {
    let columns = relation.columns.iter().map(|column| column.name.as_str());
    let columns: Vec<&str> = columns.collect();
    format!("{}({})", relation.name, columns.join(", "))
}

/// Prints the relations whose names begin so.
pub(super) fn relations(
    rules: &OpenRules,
    prefix: &str,
    format: AnswerFormat,
) -> Result<Exit, Failure> {
    let all = rules.checked.relations.iter();
    let mut wanted: Vec<&RelationInfo> = all.filter(|r| r.name.starts_with(prefix)).collect();
    wanted.sort_by_key(|relation| relation.name.as_str());
    if format == AnswerFormat::Json {
        let listed: Vec<Listed<'_>> = wanted.into_iter().map(listed).collect();
        output::json(&listed)?;
        return Ok(Exit::Done);
    }
    if wanted.is_empty() {
        return Err(unknown(&rules.checked, prefix));
    }
    let mut text = String::new();
    for from in From::ALL {
        let mut group = wanted.iter().filter(|r| From::of(r) == from).peekable();
        if group.peek().is_some() {
            text.push_str(from.title());
            text.push('\n');
        }
        for relation in group {
            push_wrapped(&mut text, 2, &signature(relation));
        }
    }
    output::answer(&text)?;
    Ok(Exit::Done)
}

/// Prints what a relation says.
pub(super) fn relation(
    rules: &OpenRules,
    name: &str,
    format: AnswerFormat,
) -> Result<Exit, Failure> {
    let found = rules.checked.relation(name);
    let Some(described) = found.and_then(|id| described(rules, id)) else {
        return Err(unknown(&rules.checked, name));
    };
    if format == AnswerFormat::Json {
        output::json(&described)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    push_wrapped(&mut text, 0, described.declaration);
    if !described.says.is_empty() {
        push_wrapped(&mut text, 2, &described.says);
    }
    if let Some(help) = &described.help {
        push_wrapped(&mut text, 2, &format!("help: {help}"));
    }
    let Described { file, line, .. } = described;
    text.push_str(&format!("declared at {file}:{line}, "));
    text.push_str(match described.listed.from {
        From::Catalog => "read from the catalog\n",
        From::Request => "filled from requests and machines\n",
        From::Rules if described.rules.is_empty() => "without rules\n",
        From::Rules => "derived by\n",
    });
    for RuleText {
        file,
        line,
        text: rule,
    } in &described.rules
    {
        text.push_str(&format!("  {file}:{line}\n"));
        for line in rule.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    output::answer(&text)?;
    Ok(Exit::Done)
}

fn described(rules: &OpenRules, id: RelId) -> Option<Described<'_>> {
    let OpenRules { checked, sources } = rules;
    let relation = checked.info(id)?;
    let decl = checked.program.decls.get(relation.decl)?;
    let place = |span: Span| (sources.name(span.file), sources.place(span).line);
    let (file, line) = place(decl.span);
    let doc = decl.doc.as_ref();
    let help = doc.and_then(|doc| doc.field("help"));
    Some(Described {
        listed: listed(relation),
        file,
        line,
        says: doc.map_or_else(String::new, |doc| written(&doc.sentence)),
        help: help.map(|help| written(&help.value)),
        rules: rules_of(rules, &relation.name),
        declaration: sources.slice(decl.span),
    })
}

/// The rules that derive a relation.
pub(in crate::cli) fn rules_of<'a>(rules: &'a OpenRules, relation: &str) -> Vec<RuleText<'a>> {
    let OpenRules { checked, sources } = rules;
    let derives = |rule: &&crate::datalog::ast::Rule| {
        let mut heads = rule.heads.iter();
        heads.any(|head| head.relation.name == relation)
    };
    let rule = |rule: &'a crate::datalog::ast::Rule| RuleText {
        file: sources.name(rule.span.file),
        line: sources.place(rule.span).line,
        text: sources.slice(rule.span),
    };
    let all = checked.program.rules.iter();
    all.filter(derives).map(rule).collect()
}

/// A sentence with the names of columns in braces.
fn written(template: &Template) -> String {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            TemplatePart::Text(plain) => text.push_str(plain),
            TemplatePart::Column(column) => text.push_str(&format!("{{{}}}", column.name)),
        }
    }
    text
}

fn push_wrapped(text: &mut String, indent: usize, words: &str) {
    for line in output::wrapped(words, COLUMNS - indent) {
        text.push_str(&format!("{:indent$}{line}\n", ""));
    }
}

fn unknown(checked: &Checked, name: &str) -> Failure {
    let names = checked
        .relations
        .iter()
        .map(|relation| relation.name.as_str());
    let help = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`? `.relations` shows all"),
        None => "`.relations` shows all".to_owned(),
    };
    let message = format!("unknown relation `{name}`");
    Failure::say(Exit::Usage, "shell::unknown_relation", message, help)
}
