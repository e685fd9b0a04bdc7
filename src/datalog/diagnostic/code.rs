//! The stable codes of everything that can be wrong with a rule file.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// The program does not run.
    Error,
    /// The program runs, and something in it looks wrong.
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $severity:ident;)+) => {
        /// What is wrong: one code a kind of mistake, never reused for another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The code as users see it: `rules::unknown-relation`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => concat!("rules::", $text),)+ }
            }

            /// Whether the program runs in spite of it.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    /// Something else was expected here.
    Syntax = "syntax", Error;
    /// Soufflé has it, this engine does not.
    NotInSubset = "not-in-subset", Error;
    /// A character that begins nothing.
    UnexpectedCharacter = "unexpected-character", Error;
    /// A text without its closing quote.
    UnterminatedString = "unterminated-string", Error;
    /// A `/*` without its `*/`.
    UnterminatedComment = "unterminated-comment", Error;
    /// A backslash before a character that has no meaning there.
    InvalidEscape = "invalid-escape", Error;
    /// Digits that make no number.
    InvalidNumber = "invalid-number", Error;
    /// A number that does not fit its type.
    NumberOutOfRange = "number-out-of-range", Error;
    /// Parentheses in parentheses, too many of them.
    NestingTooDeep = "nesting-too-deep", Error;
    /// A disjunction that multiplies out to too many bodies.
    TooManyAlternatives = "too-many-alternatives", Error;
    /// A word of the language used as a name.
    ReservedWord = "reserved-word", Error;
    /// `.something` that is no directive.
    UnknownDirective = "unknown-directive", Error;
    /// `name(...)` where a value is wanted, and no functor has the name.
    UnknownFunctor = "unknown-functor", Error;
    /// An included file that cannot be read.
    IncludeNotFound = "include-not-found", Error;
    /// A brace in a doc comment that is no placeholder.
    InvalidPlaceholder = "invalid-placeholder", Error;
    /// A file of more than 4 GiB.
    FileTooLarge = "file-too-large", Error;
    /// More errors than anybody reads.
    TooManyErrors = "too-many-errors", Error;
    /// A relation that nothing declares.
    UnknownRelation = "unknown-relation", Error;
    /// A type that nothing declares.
    UnknownType = "unknown-type", Error;
    /// A type that is, at last, a subtype of itself.
    CyclicType = "cyclic-type", Error;
    /// Too few or too many arguments.
    WrongArity = "wrong-arity", Error;
    /// One value, two types.
    TypeClash = "type-clash", Error;
    /// A variable that takes no value from anywhere.
    UnboundVariable = "unbound-variable", Error;
    /// A `_` where a value is needed.
    MisplacedWildcard = "misplaced-wildcard", Error;
    /// An aggregate in a head.
    AggregateInHead = "aggregate-in-head", Error;
    /// A variable that is aggregated and also used outside the aggregate.
    AggregatedOutside = "aggregated-outside", Error;
    /// A relation that depends on its own absence, or on an aggregate of itself.
    NegationInRecursion = "negation-in-recursion", Error;
    /// A recursion that makes values which were not there before, so that it might not end.
    NewValuesInRecursion = "new-values-in-recursion", Error;
    /// The same name declared twice.
    DuplicateDeclaration = "duplicate-declaration", Error;
    /// Two columns of one name.
    DuplicateColumn = "duplicate-column", Error;
    /// A doc comment that names a column which is not there.
    UnknownPlaceholder = "unknown-placeholder", Error;
    /// A `with:` or `without:` that is no base fact.
    InvalidDocFact = "invalid-doc-fact", Error;
    /// An `at:`, `nearest:` or `fix:` that cannot be read.
    InvalidDocField = "invalid-doc-field", Error;
    /// Two lints with one code.
    DuplicateLintCode = "duplicate-lint-code", Error;
    /// A severity that is none of the three.
    UnknownSeverity = "unknown-severity", Error;
    /// A `code:` without `severity:`, or the other way round.
    IncompleteLint = "incomplete-lint", Error;
    /// A lint whose doc comment does not say what is wrong.
    LintWithoutSentence = "lint-without-sentence", Error;
    /// A variable that stands in one place only.
    VariableUsedOnce = "variable-used-once", Warning;
    /// A relation without rules, facts or `.input`.
    NeverDerived = "never-derived", Warning;
    /// A line of a doc comment that looks like a misspelt field.
    UnknownDocField = "unknown-doc-field", Warning;
    /// A doc comment that stands before no declaration.
    StrayDocComment = "stray-doc-comment", Warning;
    /// More columns, or values to be kept at once, than rows have room for.
    TooWide = "too-wide", Error;
    /// A regular expression that is none.
    InvalidPattern = "invalid-pattern", Error;
    /// A number beyond 64 bits, met while rules were evaluated.
    Overflow = "overflow", Error;
    /// A division by zero, met while rules were evaluated.
    DivisionByZero = "division-by-zero", Error;
    /// A float that is infinite or no number, met while rules were evaluated.
    NotFinite = "not-finite", Error;
    /// A text that was to be read as a number and is none.
    NotANumber = "not-a-number", Error;
    /// Rules that make more rows than allowed.
    TooManyRows = "too-many-rows", Error;
    /// A recursion that takes more rounds than allowed.
    TooManyRounds = "too-many-rounds", Error;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} twice");
            let name = text.strip_prefix("rules::").expect("a prefix");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{text}"
            );
        }
    }
}
