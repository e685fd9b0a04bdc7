//! Facts, rules and directives.

use crate::datalog::ast::{
    Atom, Column, Decl, Directive, DirectiveKind, Ident, Program, Rule, Span, TypeDecl,
};
use crate::datalog::diagnostic::{Code, RuleError};
use crate::datalog::doc;
use crate::datalog::lex::{DIRECTIVES, DocLine, Kind};
use crate::datalog::nearest::nearest;

use super::body::MOST_BYTES;
use super::cursor::{Cursor, GivenUp, Parsed, Text};
use super::reserved;

/// `.include "name"`.
pub(super) struct Include {
    pub(super) name: String,
    pub(super) span: Span,
}

const SUBSET: &[&str] = &["decl", "input", "output", "type", "include"];

impl Cursor<'_> {
    /// Everything in the file.
    pub(super) fn file(&mut self, program: &mut Program) -> Vec<Include> {
        let mut includes = Vec::new();
        while self.kind() != Kind::End {
            let start = self.position();
            let docs = self.take_docs();
            let parsed = match self.kind() {
                Kind::Directive => self.directive(program, &mut includes, docs),
                Kind::Word | Kind::Underscore => {
                    self.stray_docs(docs);
                    self.rule(program)
                }
                _ => {
                    self.stray_docs(docs);
                    Err(self.unexpected("a fact, a rule or a directive"))
                }
            };
            if parsed.is_err() {
                self.recover(start);
            }
        }
        includes
    }

    pub(super) fn rule(&mut self, program: &mut Program) -> Parsed<()> {
        let start = self.span();
        let mut heads = vec![self.atom()?];
        while self.take(Kind::Comma) {
            heads.push(self.atom()?);
        }
        let bodies = match self.kind() {
            Kind::If => {
                self.next();
                self.disjunction()?
            }
            Kind::Dot if heads.len() > 1 => return Err(self.several_facts(&heads)),
            Kind::Dot => vec![Vec::new()],
            Kind::Le => {
                let span = self.span();
                let help = "keep the best tuples by an aggregate in another rule";
                return Err(self.not_in_subset(span, "subsumption is", help));
            }
            _ => return Err(self.unexpected("`:-` or `.`")),
        };
        let is_end = self.what == Text::Query && self.kind() == Kind::End;
        if self.kind() != Kind::Dot && !is_end {
            return Err(self.unexpected("`,`, `;` or `.`"));
        }
        self.next();
        let span = self.since(start);
        let head_bytes: usize = heads.iter().map(|head| head.span.length()).sum();
        if bodies.len() > 1 && head_bytes * bodies.len() > MOST_BYTES {
            return Err(self.too_many_alternatives(start));
        }
        program.rules.push(Rule {
            heads,
            bodies,
            span,
        });
        Ok(())
    }

    fn several_facts(&mut self, heads: &[Atom]) -> GivenUp {
        let second = heads.get(1).map_or_else(|| self.span(), |head| head.span);
        self.report(
            RuleError::new(Code::Syntax, "several facts in one clause")
                .label(second, "a fact of its own")
                .help("end each fact with a full stop"),
        );
        GivenUp
    }

    pub(super) fn directive(
        &mut self,
        program: &mut Program,
        includes: &mut Vec<Include>,
        docs: &[DocLine],
    ) -> Parsed<()> {
        let token = self.next();
        let start = self.span_of(token);
        let word = self.text_of(token).strip_prefix('.').unwrap_or_default();
        if word != "decl" {
            self.stray_docs(docs);
        }
        if word != "include" && SUBSET.contains(&word) {
            self.space_behind(word, start);
        }
        match word {
            "decl" => self.declaration(program, start, docs),
            "type" => self.type_declaration(program),
            "input" => self.relation_list(program, DirectiveKind::Input),
            "output" => self.relation_list(program, DirectiveKind::Output),
            "include" => self.include(includes),
            _ if DIRECTIVES.contains(&word) => {
                let help = reserved::instead_of_directive(word).unwrap_or_default();
                let given_up = self.not_in_subset(start, &format!("`.{word}` is"), help);
                if word == "comp" {
                    self.skip_braces();
                    return Ok(());
                }
                Err(given_up)
            }
            _ => Err(self.unknown_directive(word, start)),
        }
    }

    /// Soufflé reads `.decl` only when a blank follows on the same line.
    fn space_behind(&mut self, word: &str, span: Span) {
        let (text, _) = self.source();
        let behind = text.as_bytes().get(span.end as usize);
        if !matches!(behind, Some(b' ' | b'\t')) {
            self.report(
                RuleError::new(Code::Syntax, format!("expected a space behind `.{word}`"))
                    .label(span, "the line goes on here")
                    .help("write the name on the same line"),
            );
        }
    }

    fn unknown_directive(&mut self, word: &str, span: Span) -> GivenUp {
        let help = match nearest(word, SUBSET.iter().copied()) {
            Some(near) => format!("did you mean `.{near}`?"),
            None => {
                "the directives are `.decl`, `.input`, `.output`, `.type` and `.include`".into()
            }
        };
        self.report(
            RuleError::new(
                Code::UnknownDirective,
                format!("unknown directive `.{word}`"),
            )
            .label(span, "no such directive")
            .help(help),
        );
        GivenUp
    }

    fn declaration(&mut self, program: &mut Program, start: Span, docs: &[DocLine]) -> Parsed<()> {
        let mut names = vec![self.name("the name of a relation")?];
        let columns = self.names_and_columns(&mut names);
        let (text, file) = self.source();
        let doc = (!docs.is_empty()).then(|| doc::parse(docs, text, file, self.found()));
        let columns = match columns {
            Ok(columns) => columns,
            Err(given_up) => {
                program.unreadable.extend(names);
                return Err(given_up);
            }
        };
        let span = self.since(start);
        for name in names {
            program.decls.push(Decl {
                name,
                columns: columns.clone(),
                doc: doc.clone(),
                span,
            });
        }
        let tail = self.word();
        if self.kind() == Kind::Word {
            let span = self.span();
            if reserved::is_qualifier(tail) {
                let help = match tail {
                    "input" | "output" => format!("write `.{tail} name` on a line of its own"),
                    _ => "relations are stored as the engine sees fit; delete it".to_owned(),
                };
                return Err(self.not_in_subset(span, &format!("the qualifier `{tail}` is"), &help));
            }
            if tail == "choice" && self.ahead(1).kind == Kind::Minus {
                let help = "choose by an aggregate in another rule";
                return Err(self.not_in_subset(span, "`choice-domain` is", help));
            }
        }
        Ok(())
    }

    fn names_and_columns(&mut self, names: &mut Vec<Ident>) -> Parsed<Vec<Column>> {
        while self.take(Kind::Comma) {
            names.push(self.name("the name of a relation")?);
        }
        self.expect(Kind::LeftParen, "`(` and the columns")?;
        let mut columns = Vec::new();
        if self.take(Kind::RightParen) {
            return Ok(columns);
        }
        loop {
            let name = self.name("the name of a column")?;
            self.expect(Kind::Colon, "`:` and the type of the column")?;
            let ty = self.type_name()?;
            columns.push(Column { name, ty });
            if !self.take(Kind::Comma) {
                break;
            }
        }
        self.expect(Kind::RightParen, "`,` or `)`")?;
        Ok(columns)
    }

    fn type_name(&mut self) -> Parsed<Ident> {
        let name = self.name("a type")?;
        if name.name == "unsigned" {
            self.not_in_subset(name.span, "the type `unsigned` is", "use `number`");
            return Ok(Ident {
                name: "number".to_owned(),
                ..name
            });
        }
        Ok(name)
    }

    fn type_declaration(&mut self, program: &mut Program) -> Parsed<()> {
        let name = self.name("the name of a type")?;
        if self.kind() == Kind::Eq {
            let span = self.span();
            let help = format!(
                "write `.type {} <: ` and one of `symbol`, `number`, `float`",
                name.name
            );
            let what = match self.ahead(1).kind {
                Kind::LeftBracket => "a record type is",
                Kind::Word if self.ahead(2).kind == Kind::LeftBrace => "an algebraic type is",
                Kind::Word if self.ahead(2).kind == Kind::Pipe => "a union type is",
                _ => "an equivalence type is",
            };
            program.unreadable.push(name);
            return Err(self.not_in_subset(span, what, &help));
        }
        match self.base_type() {
            Ok(base) => program.types.push(TypeDecl { name, base }),
            Err(given_up) => {
                program.unreadable.push(name);
                return Err(given_up);
            }
        }
        Ok(())
    }

    fn base_type(&mut self) -> Parsed<Ident> {
        self.expect(Kind::Subtype, "`<:` and a type")?;
        self.type_name()
    }

    fn relation_list(&mut self, program: &mut Program, kind: DirectiveKind) -> Parsed<()> {
        let mut relations = vec![self.name("the name of a relation")?];
        while self.take(Kind::Comma) {
            relations.push(self.name("the name of a relation")?);
        }
        let mut parameters = Vec::new();
        if self.take(Kind::LeftParen) && !self.take(Kind::RightParen) {
            loop {
                let key = self.name("the name of a parameter")?;
                self.expect(Kind::Eq, "`=` and a value")?;
                parameters.push((key, self.parameter_value()?));
                if !self.take(Kind::Comma) {
                    break;
                }
            }
            self.expect(Kind::RightParen, "`,` or `)`")?;
        }
        for relation in relations {
            program.directives.push(Directive {
                kind,
                relation,
                parameters: parameters.clone(),
            });
        }
        Ok(())
    }

    /// A text, a number, a name, or a truth value, all kept as text.
    fn parameter_value(&mut self) -> Parsed<Ident> {
        let token = self.token();
        let span = self.span();
        let name = match token.kind {
            Kind::Text => self.symbol(token),
            Kind::Number => self.word().to_owned(),
            Kind::Word if matches!(self.word(), "true" | "false") => self.word().to_owned(),
            Kind::Word => return self.name("a value"),
            _ => return Err(self.unexpected("a value")),
        };
        self.next();
        Ok(Ident { name, span })
    }

    fn include(&mut self, includes: &mut Vec<Include>) -> Parsed<()> {
        let token = self.token();
        let span = self.expect(Kind::Text, "the name of a file in quotes")?;
        let name = self.symbol(token);
        includes.push(Include { name, span });
        Ok(())
    }

    pub(super) fn stray_docs(&mut self, docs: &[DocLine]) {
        let (Some(first), Some(last)) = (docs.first(), docs.last()) else {
            return;
        };
        let (_, file) = self.source();
        let span = Span {
            file,
            start: first.start.saturating_sub(3),
            end: last.end,
        };
        self.report(
            RuleError::new(
                Code::StrayDocComment,
                "a doc comment stands before no declaration",
            )
            .label(span, "nobody will read this")
            .help("move it before a `.decl`, or begin the lines with `//`"),
        );
    }
}
