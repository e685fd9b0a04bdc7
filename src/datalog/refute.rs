//! stub
#![allow(missing_docs)]
use super::ast::Span;
use super::check::Checked;
use super::database::Model;
use super::proof::PremiseKind;
use super::{Datum, Fact, Pattern};
pub struct Refuter<'a>(&'a Checked, &'a Model);
impl<'a> Refuter<'a> {
    pub fn new(c: &'a Checked, m: &'a Model) -> Self {
        Refuter(c, m)
    }
    pub fn attempts(&self, _: &Pattern) -> Attempts {
        Attempts {
            attempts: vec![],
            bounded: false,
        }
    }
}
pub struct Attempts {
    pub attempts: Vec<Attempt>,
    pub bounded: bool,
}
pub struct Attempt {
    pub rule: usize,
    pub body: usize,
    pub span: Span,
    pub head: Span,
    pub head_fits: bool,
    pub literals: Vec<Outcome>,
    pub failed: usize,
    pub bindings: Vec<(String, Datum)>,
}
pub struct Outcome {
    pub span: Span,
    pub text: String,
    pub status: Status,
}
pub enum Status {
    Holds(PremiseKind),
    Fails(Failure),
    NotReached,
}
pub enum Failure {
    NoFact(Pattern),
    Present(Fact),
    Test {
        left: Option<Datum>,
        right: Option<Datum>,
    },
    NoValue(String),
}
