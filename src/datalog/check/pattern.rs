//! Patterns of tuples that somebody writes by hand.

use super::binding::{Binding, as_variable};
use super::declare::Relations;
use super::lattice::Lattice;
use super::places;
use super::scope::Scopes;
use super::typing::Typing;
use super::{Checked, RelId};
use crate::datalog::ast::{Atom, Expr, ExprKind, Literal, Rule};
use crate::datalog::diagnostic::{Code, Diagnostics, Found, RuleError};
use crate::datalog::fact::{Datum, Pattern};
use crate::datalog::nearest::nearest;
use crate::datalog::parse;
use crate::datalog::source::Sources;

/// What the text of a pattern is called among the sources.
const NAME: &str = "<query>";

/// Reads a pattern of tuples as it stands in a body: `relation("a", 3, X, _)`. Variables and `_` stand for any value.
///
/// The text is added to `sources`, so that messages can show it.
///
/// # Errors
/// Everything that is wrong with it: syntax, an unknown relation, too few or too many values, values of other types.
pub fn parse_pattern(
    checked: &Checked,
    sources: &mut Sources,
    text: &str,
) -> Result<Pattern, Diagnostics> {
    let file = sources.add(NAME, text);
    let atom = parse::single::atom(sources, file)?;
    let mut found = Found::default();
    let relation = relation(checked, &atom, &mut found);
    let values = values(&atom, &mut found);
    if relation.is_some() {
        fits(checked, atom, &values, &mut found);
    }
    let problems = Diagnostics::from(found);
    match relation {
        Some(relation) if !problems.has_errors() => Ok(Pattern { relation, values }),
        _ => Err(problems),
    }
}

fn relation(checked: &Checked, atom: &Atom, found: &mut Found) -> Option<RelId> {
    let name = &atom.relation.name;
    let relation = checked.relation(name);
    if relation.is_none() {
        let names = checked.relations.iter().map(|other| other.name.as_str());
        let near = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
        found.push(
            RuleError::new(Code::UnknownRelation, format!("unknown relation `{name}`"))
                .label(atom.relation.span, "not declared")
                .help_if(near),
        );
    }
    relation
}

fn values(atom: &Atom, found: &mut Found) -> Vec<Option<Datum>> {
    let mut variables: Vec<&Expr> = Vec::new();
    let mut values = Vec::with_capacity(atom.args.len());
    for arg in &atom.args {
        values.push(match &arg.kind {
            ExprKind::Symbol(text) => Some(Datum::Symbol(text.clone())),
            ExprKind::Number(number) => Some(Datum::Number(*number)),
            ExprKind::Float(float) => Some(Datum::Float(*float)),
            ExprKind::Wildcard => None,
            ExprKind::Variable(_) => {
                match variables.iter().find(|first| first.kind == arg.kind) {
                    Some(first) => found.push(repeated(first, arg)),
                    None => variables.push(arg),
                }
                None
            }
            ExprKind::Negate(_)
            | ExprKind::Binary(..)
            | ExprKind::Call(..)
            | ExprKind::Aggregate(_) => {
                found.push(
                    RuleError::new(Code::Syntax, "a tuple has values, not expressions")
                        .label(arg.span, "to be computed")
                        .help("write the value itself, or `_` for any value"),
                );
                None
            }
        });
    }
    values
}

fn repeated(first: &Expr, again: &Expr) -> RuleError {
    let name = as_variable(again).unwrap_or_default();
    RuleError::new(Code::Syntax, format!("`{name}` stands twice"))
        .label(again.span, "again")
        .label(first.span, "first here")
        .help("a name stands for any value here; write `_`, or the value itself")
}

/// Number and types of the values, as for an atom of a body.
fn fits(checked: &Checked, mut atom: Atom, values: &[Option<Datum>], found: &mut Found) {
    for (arg, value) in atom.args.iter_mut().zip(values) {
        if value.is_none() {
            arg.kind = ExprKind::Wildcard;
        }
    }
    let mut known = Found::default();
    let lattice = Lattice::new(&checked.program, &mut known);
    let relations = Relations::new(&checked.program, &lattice, &mut known);
    let rule = Rule {
        heads: Vec::new(),
        span: atom.span,
        bodies: vec![vec![Literal::Positive(atom)]],
    };
    places::check(&rule, &relations, found);
    let mut scopes = Scopes::default();
    for body in &rule.bodies {
        scopes.read(&[], body);
        let binding = Binding::new(&scopes);
        Typing::new(&relations, &lattice, &scopes, &binding, found).check(&[], found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datalog::{NoIncludes, load};

    fn parsed(text: &str) -> Result<String, Vec<String>> {
        let program =
            ".type node <: number .decl place(recipe: symbol, at: node, share: float) .input place
            .decl flag() .input flag";
        let mut sources = Sources::new();
        let file = sources.add("test.dl", program);
        let checked = load(&mut sources, &[file], &mut NoIncludes).unwrap();
        match parse_pattern(&checked, &mut sources, text) {
            Ok(pattern) => Ok(pattern.text(&checked)),
            Err(problems) => {
                let shown = problems.iter().map(|problem| {
                    let place = problem.span().map_or("", |span| sources.slice(span));
                    let help = problem.help.as_deref().unwrap_or("-");
                    format!("{problem} | {place} | {help}")
                });
                Err(shown.collect())
            }
        }
    }

    fn refused(text: &str) -> String {
        parsed(text).unwrap_err().join("\n")
    }

    #[test]
    fn values_are_kept_and_names_stand_for_any() {
        assert_eq!(
            parsed(r#"place("a", -3, 0.5)"#).unwrap(),
            r#"place("a", -3, 0.5)"#
        );
        assert_eq!(parsed("place(R, _, share).").unwrap(), "place(_, _, _)");
        assert_eq!(parsed("flag()").unwrap(), "flag()");
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        assert_eq!(
            refused("plaec(1)"),
            "unknown relation `plaec` | plaec | did you mean `place`?"
        );
        assert_eq!(
            refused("elephant(1)"),
            "unknown relation `elephant` | elephant | -"
        );
        assert_eq!(
            refused("place(1)"),
            "`place` has 3 columns, not 1 | place(1) | write `place(recipe, at, share)`"
        );
        assert_eq!(
            refused("place(1, 2, 3)"),
            "column `recipe` of `place` is a `symbol`, not a `number` | 1 | write it as a text: \"1\"\n\
             column `share` of `place` is a `float`, not a `number` | 3 | write `3.0`"
        );
        assert_eq!(
            refused("place(X, 2, X)"),
            "`X` stands twice | X | a name stands for any value here; write `_`, or the value itself"
        );
        assert_eq!(
            refused("place(_, 1 + 2, _)"),
            "a tuple has values, not expressions | 1 + 2 | write the value itself, or `_` for any value"
        );
        assert!(refused("place(_, 1, _) or").starts_with("expected nothing more, found `or`"));
        assert!(refused("place").starts_with("expected `(` behind `place`"));
        assert!(refused("").starts_with("expected a relation, found the end of the file"));
        assert!(refused("place(\"a, 1, _)").contains("quote"));
    }
}
