//! A query on its way into a program: what it derives is declared, and gets its types.

use super::columns::{self, Variable, named_variables};
use super::{mistakes, needed};
use crate::datalog::ast::{
    Atom, BaseType, Column, Decl, Expr, ExprKind, FileId, Ident, Program, Rule, Span,
};
use crate::datalog::check::{Checked, check};
use crate::datalog::diagnostic::{Code, Diagnostics, Found, RuleError};
use crate::datalog::parse::Asked;
use crate::datalog::source::Sources;

/// The relation of a query that is only a body. No file can declare it.
const ANSWER: &str = "the query";
/// The type of a column before it is found out. No file can declare it either.
const UNKNOWN: &str = "?";

/// A query on its way into a program.
pub(super) struct Draft<'a> {
    /// The declarations of the program that is asked, and all that the query says.
    pub(super) program: Program,
    /// Indices of declarations that were made up, because the query derives what nobody declares.
    made_up: Vec<usize>,
    /// The relation that is asked for.
    pub(super) answer: String,
    /// What its columns are called.
    pub(super) columns: Vec<String>,
    /// The index of the body's rule.
    body: Option<usize>,
    sources: &'a Sources,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
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
    pub(super) fn typed(&mut self) -> Result<Checked, Diagnostics> {
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
    pub(super) fn columns_of_body(&mut self, checked: &Checked) -> Result<(), Diagnostics> {
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
    pub(super) fn base_rules(&mut self, base: &Checked) {
        let own = std::mem::take(&mut self.program.rules);
        self.program.rules = needed::rules(&base.program.rules, &own);
        self.program.rules.extend(own);
    }
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
