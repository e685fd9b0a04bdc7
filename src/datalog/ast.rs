//! The syntax tree of rule files, with a span on everything that a message may point at.

use serde::{Deserialize, Serialize};

/// Index of a file in [`Sources`](super::source::Sources).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A stretch of bytes in one file: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    /// The text.
    pub name: String,
    /// Where.
    pub span: Span,
}

/// Everything that the files of one program declare and say, in the order in which it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// `.type name <: base`.
    pub types: Vec<TypeDecl>,
    /// `.decl`.
    pub decls: Vec<Decl>,
    /// `.input` and `.output`.
    pub directives: Vec<Directive>,
    /// Facts (rules without a body) and rules.
    pub rules: Vec<Rule>,
    /// Names of relations and types with a syntax error in their declaration: whatever uses them is not an error of its own.
    pub unreadable: Vec<Ident>,
}

/// `.type node <: number`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeDecl {
    /// The new type.
    pub name: Ident,
    /// What it is a subtype of.
    pub base: Ident,
}

/// The three base types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BaseType {
    /// Text.
    Symbol,
    /// A whole number, `i64`.
    Number,
    /// A real number, `f64`, never NaN.
    Float,
}

/// `.decl name(column: type, ...)` with its doc comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decl {
    /// The relation.
    pub name: Ident,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The `///` lines before it.
    pub doc: Option<Doc>,
    /// From `.decl` to `)`.
    pub span: Span,
}

/// One column of a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type as written.
    pub ty: Ident,
}

/// A doc comment: what a tuple of the relation means, and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doc {
    /// The first line: a sentence with `{column}` placeholders.
    pub sentence: Template,
    /// `key: value` lines that follow it (`help`, `code`, `with`, ...), values are templates.
    pub fields: Vec<DocField>,
    /// The text after the first empty line (Markdown), lines joined by `\n`.
    pub long: String,
    /// Extension points are meant to be filled by others and may stay empty.
    pub extension_point: bool,
}

/// `/// help: ...`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocField {
    /// `help`, `code`, ...
    pub key: Ident,
    /// Its text.
    pub value: Template,
    /// Where its text stands, from the first line's to the last line's.
    pub value_span: Span,
}

/// Text with `{column}` placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Text and placeholders in turn.
    pub parts: Vec<TemplatePart>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// As it stands.
    Text(String),
    /// A column's value; the span covers the name without braces.
    Column(Ident),
}

/// `.input a` or `.output a`, one for each name in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directive {
    /// Which.
    pub kind: DirectiveKind,
    /// The relation.
    pub relation: Ident,
    /// `(key=value, ...)`, if any.
    pub parameters: Vec<(Ident, Ident)>,
}

/// Which directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectiveKind {
    /// Tuples come from outside.
    Input,
    /// Tuples are wanted outside.
    Output,
}

/// `head, head :- body.` A fact has no literals; a disjunction has several alternatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// One or more.
    pub heads: Vec<Atom>,
    /// The alternatives of the body in disjunctive normal form; a fact has one, and it is empty.
    pub bodies: Vec<Vec<Literal>>,
    /// From the first head to the full stop.
    pub span: Span,
}

/// `relation(term, ...)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atom {
    /// The relation.
    pub relation: Ident,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// From the name to `)`.
    pub span: Span,
}

/// One conjunct of a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `atom`.
    Positive(Atom),
    /// `!atom`.
    Negative(Atom),
    /// `left op right`.
    Compare {
        /// Left side.
        left: Expr,
        /// Operator.
        op: CompareOp,
        /// Right side.
        right: Expr,
        /// All of it.
        span: Span,
    },
    /// `contains(needle, text)` or `match(pattern, text)`, negated with `!`.
    Test {
        /// Which.
        test: TextTest,
        /// Its two arguments.
        args: Vec<Expr>,
        /// With `!` before it.
        negated: bool,
        /// All of it.
        span: Span,
    },
}

impl Literal {
    /// All of it; a negated atom's is the atom's.
    pub fn span(&self) -> Span {
        match self {
            Literal::Positive(atom) | Literal::Negative(atom) => atom.span,
            Literal::Compare { span, .. } | Literal::Test { span, .. } => *span,
        }
    }
}

/// A functor that holds or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextTest {
    /// The first text occurs in the second.
    Contains,
    /// The regular expression (first) matches the whole text (second).
    Match,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompareOp {
    /// `=`; binds a variable on one side when the other side is known.
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CompareOp {
    /// Whether it holds between two values that stand in this order.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Eq => order.is_eq(),
            CompareOp::Ne => order.is_ne(),
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Gt => order.is_gt(),
            CompareOp::Ge => order.is_ge(),
        }
    }
}

/// A term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A named variable.
    Variable(String),
    /// `_`
    Wildcard,
    /// `"text"`
    Symbol(String),
    /// `42`
    Number(i64),
    /// `0.5`
    Float(f64),
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `cat(a, b)`
    Call(Functor, Vec<Expr>),
    /// `min E : { body }`
    Aggregate(Box<Aggregate>),
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

/// Functors that give a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Functor {
    /// Texts one after the other.
    Cat,
    /// Length of a text in bytes, as Soufflé counts.
    Strlen,
    /// Smallest of two or more.
    Min,
    /// Largest of two or more.
    Max,
    /// Text of a value.
    ToString,
    /// Whole number read from a text or cut from a float.
    ToNumber,
    /// Float read from a text or made of a number.
    ToFloat,
}

/// `count : { body }`, `min E : { body }`, ...
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Which.
    pub op: AggregateOp,
    /// What is aggregated; none for `count`.
    pub value: Option<Expr>,
    /// The body; like [`Rule::bodies`], but always one, since Soufflé has no disjunction here.
    pub bodies: Vec<Vec<Literal>>,
}

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateOp {
    /// How many bindings; 0 over nothing.
    Count,
    /// Smallest; does not hold over nothing.
    Min,
    /// Largest; does not hold over nothing.
    Max,
    /// Total over all bindings; 0 over nothing.
    Sum,
}
