//! Questions to a program: a body (or rules of its own that end with one) is checked as if it stood in a file of the
//! program, and becomes a relation that can be evaluated.

mod columns;
mod needed;
#[cfg(test)]
mod tests;

use super::ast::{
    Atom, BaseType, Column, Decl, Expr, ExprKind, FileId, Ident, Program, Rule, Span,
};
use super::check::{BodyTypes, Checked, RelId, check};
use super::diagnostic::{Code, Diagnostics, Found, RuleError};
use super::parse::{Asked, parse_query};
use super::plan::{CompiledProgram, compile};
use super::source::Sources;

use columns::{Variable, named_variables};

pub use super::parse::goes_on;

/// The relation of a query that is only a body. No file can declare it.
const ANSWER: &str = "the query";
/// The type of a column before it is found out. No file can declare it either.
const UNKNOWN: &str = "?";

/// A query that can be evaluated.
#[derive(Clone, Debug)]
pub struct Query {
    /// The program, with no other rules than those the query needs.
    pub checked: Checked,
    /// The same, ready to be evaluated.
    pub program: CompiledProgram,
    /// The relation whose tuples are the answer.
    pub answer: RelId,
    /// What its columns are called: the variables of the body, or the arguments of the last rule's head.
    pub columns: Vec<String>,
}

impl Query {
    /// Reads a query, a file of `sources`, as one to `program`.
    ///
    /// A query is a body. Before it may stand rules and declarations of its own, of which relations without
    /// declaration get one by what they are derived from; the last of these rules is the query when there is no body.
    /// Variables of the body are the columns of the answer, in the order of their first places, but for those that
    /// begin with `_`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(program: &Checked, sources: &Sources, file: FileId) -> Result<Query, Diagnostics> {
        let (asked, syntax) = parse_query(sources, file);
        if syntax.has_errors() {
            return Err(syntax.without_warnings());
        }
        let mut draft = Draft::new(program, sources, asked, file)?;
        let checked = draft.typed()?;
        draft.columns_of_body(&checked)?;
        draft.base_rules(program);
        let checked = check(draft.program).map_err(mistakes)?;
        let compiled = compile(&checked)?;
        // Whatever is derived is declared.
        let answer = checked.relation(&draft.answer).unwrap_or(RelId(u32::MAX));
        Ok(Query {
            checked,
            program: compiled,
            answer,
            columns: draft.columns,
        })
    }
}

/// A query on its way into a program.
struct Draft<'a> {
    /// The declarations of the program that is asked, and all that the query says.
    program: Program,
    /// Indices of declarations that were made up, because the query derives what nobody declares.
    made_up: Vec<usize>,
    answer: String,
    columns: Vec<String>,
    /// The index of the body's rule.
    body: Option<usize>,
    sources: &'a Sources,
}

impl<'a> Draft<'a> {
    fn new(
        base: &Checked,
        sources: &'a Sources,
        asked: Asked,
        file: FileId,
    ) -> Result<Self, Diagnostics> {
        let mut program = Program {
            rules: Vec::new(),
            ..base.program.clone()
        };
        program.types.extend(asked.program.types);
        program.decls.extend(asked.program.decls);
        program.directives.extend(asked.program.directives);
        program.rules = asked.program.rules;
        let mut draft = Draft {
            program,
            made_up: Vec::new(),
            answer: ANSWER.to_owned(),
            columns: Vec::new(),
            body: None,
            sources,
        };
        draft.declare_heads();
        match asked.body {
            Some(body) => {
                let name = Ident {
                    name: ANSWER.to_owned(),
                    span: body.span,
                };
                draft.program.decls.push(Decl {
                    name: name.clone(),
                    columns: Vec::new(),
                    doc: None,
                    span: body.span,
                });
                draft.body = Some(draft.program.rules.len());
                draft.program.rules.push(Rule {
                    heads: vec![Atom {
                        relation: name,
                        args: Vec::new(),
                        span: body.span,
                    }],
                    bodies: body.alternatives,
                    span: body.span,
                });
            }
            None => draft.ask_for_last_rule(file)?,
        }
        Ok(draft)
    }

    /// Declares what rules derive and nobody declares, its types yet unknown.
    fn declare_heads(&mut self) {
        let heads = self.program.rules.iter().flat_map(|rule| &rule.heads);
        let heads: Vec<Atom> = heads.cloned().collect();
        for head in heads {
            let is_known = |decl: &Decl| decl.name.name == head.relation.name;
            if self.program.decls.iter().any(is_known) {
                continue;
            }
            let titles = columns::titles(&head.args, self.sources);
            let columns = titles.into_iter().zip(&head.args);
            let columns = columns.map(|(name, arg)| column(name, arg.span));
            self.made_up.push(self.program.decls.len());
            self.program.decls.push(Decl {
                columns: columns.collect(),
                name: head.relation,
                doc: None,
                span: head.span,
            });
        }
    }

    fn ask_for_last_rule(&mut self, file: FileId) -> Result<(), Diagnostics> {
        let last = self
            .program
            .rules
            .last()
            .and_then(|rule| rule.heads.first());
        let Some(head) = last else {
            let mut found = Found::default();
            let end = u32::try_from(self.sources.text(file).len()).unwrap_or(u32::MAX);
            let all = Span {
                file,
                start: 0,
                end,
            };
            let error = RuleError::new(Code::Syntax, "nothing is asked").label(all, "no body");
            found.push(error.help("end the query with a body: `relation(X, Y), X < 4`"));
            return Err(found.into());
        };
        self.answer.clone_from(&head.relation.name);
        self.columns = columns::titles(&head.args, self.sources);
        Ok(())
    }

    /// Finds out the types of what the query derives, from the query alone.
    fn typed(&mut self) -> Result<Checked, Diagnostics> {
        self.program.unreadable.push(Ident {
            name: UNKNOWN.to_owned(),
            span: self.program.rules.first().map_or(NOWHERE, |rule| rule.span),
        });
        loop {
            let checked = check(self.program.clone()).map_err(mistakes)?;
            if !self.learn(&checked) {
                self.program.unreadable.pop();
                // What is derived from nothing but itself is empty, whatever it is of.
                self.each_unknown(|_, column| column.ty.name = BaseType::Symbol.name().to_owned());
                return Ok(checked);
            }
        }
    }

    /// Gives columns the types of what stands there in some head; says whether any was new.
    fn learn(&mut self, checked: &Checked) -> bool {
        let mut known: Vec<(String, usize, BaseType, Span)> = Vec::new();
        for (rule, bodies) in self.program.rules.iter().zip(&checked.bodies) {
            for (head, types) in rule
                .heads
                .iter()
                .flat_map(|h| bodies.iter().map(move |b| (h, b)))
            {
                for (column, arg) in head.args.iter().enumerate() {
                    if let Some(ty) = types.expr_type(arg) {
                        known.push((head.relation.name.clone(), column, ty, arg.span));
                    }
                }
            }
        }
        let mut is_new = false;
        self.each_unknown(|place, column| {
            let here = known
                .iter()
                .find(|(relation, column, ..)| (relation.as_str(), *column) == place);
            if let Some((_, _, ty, span)) = here {
                column.ty = Ident {
                    name: ty.name().to_owned(),
                    span: *span,
                };
                is_new = true;
            }
        });
        is_new
    }

    fn each_unknown(&mut self, mut each: impl FnMut((&str, usize), &mut Column)) {
        for index in &self.made_up {
            let Some(decl) = self.program.decls.get_mut(*index) else {
                continue;
            };
            let Decl { name, columns, .. } = decl;
            for (place, column) in columns.iter_mut().enumerate() {
                if column.ty.name == UNKNOWN {
                    each((&name.name, place), column);
                }
            }
        }
    }

    /// Makes the variables of the body columns of the answer.
    fn columns_of_body(&mut self, checked: &Checked) -> Result<(), Diagnostics> {
        let Some(index) = self.body else {
            return Ok(());
        };
        let (Some(rule), Some(types)) = (self.program.rules.get(index), checked.bodies.get(index))
        else {
            return Ok(());
        };
        let variables = named_variables(&rule.bodies);
        let mut found = Found::default();
        let mut args = Vec::new();
        let mut declared = Vec::new();
        for Variable { name, span } in variables {
            let base = columns::common_type(&name, &rule.bodies, types, &mut found);
            let mut column = column(name.clone(), span);
            column.ty.name = base.name().to_owned();
            declared.push(column);
            let kind = ExprKind::Variable(name.clone());
            args.push(Expr { kind, span });
            self.columns.push(name);
        }
        let found = Diagnostics::from(found);
        if found.has_errors() {
            return Err(found);
        }
        if let Some(head) = self
            .program
            .rules
            .get_mut(index)
            .and_then(|r| r.heads.first_mut())
        {
            head.args = args;
        }
        let answer = self
            .program
            .decls
            .iter_mut()
            .find(|decl| decl.name.name == ANSWER);
        if let Some(answer) = answer {
            answer.columns = declared;
        }
        Ok(())
    }

    /// Adds the rules of the program that the query needs, before its own.
    fn base_rules(&mut self, base: &Checked) {
        let own = std::mem::take(&mut self.program.rules);
        self.program.rules = needed::rules(&base.program.rules, &own);
        self.program.rules.extend(own);
    }
}

/// The errors of a check, as somebody needs them who asks and declares nothing.
fn mistakes(found: Diagnostics) -> Diagnostics {
    found.without_warnings().retold(|error| {
        let help = error.help.as_deref().unwrap_or_default();
        if error.code == Code::UnknownRelation && help.starts_with("declare it") {
            error.help = Some("no relation has a name like it".to_owned());
        }
    })
}

const NOWHERE: Span = Span {
    file: FileId(0),
    start: 0,
    end: 0,
};

fn column(name: String, span: Span) -> Column {
    Column {
        name: Ident { name, span },
        ty: Ident {
            name: UNKNOWN.to_owned(),
            span,
        },
    }
}

/// The types of a body's alternatives, in their order.
type Types = [BodyTypes];
