//! Mistakes over several files, many mistakes, and how a terminal shows them.

#![expect(clippy::expect_used, reason = "a test may fail")]

use aim_engine::datalog::diagnostic::{Code, Diagnostics, MOST_ERRORS};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{FromDisk, NoIncludes, load, parse};
use pretty_assertions::assert_eq;

fn problems(text: &str) -> Diagnostics {
    let mut sources = Sources::new();
    let file = sources.add("main.dl", text);
    load(&mut sources, &[file], &mut NoIncludes).expect_err("mistakes")
}

#[test]
fn a_file_that_is_not_there_is_an_error_where_it_is_included() {
    let mut sources = Sources::new();
    let text = ".include \"no such file.dl\"\n.include \"\"";
    let file = sources.add("rules/main.dl", text);
    let (_, problems) = parse(&mut sources, file, &mut FromDisk);
    let said: Vec<(Code, &str, &str, Option<&str>, &str)> = problems
        .iter()
        .map(|p| {
            let label = p.labels.first().expect("a label");
            let help = p.help.as_deref();
            (
                p.code,
                p.message.as_str(),
                sources.slice(label.span),
                help,
                label.text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (
                Code::IncludeNotFound,
                "`no such file.dl` cannot be included",
                "\"no such file.dl\"",
                Some("looked for `rules/no such file.dl`"),
                "no such file",
            ),
            (
                Code::IncludeNotFound,
                "`` cannot be included",
                "\"\"",
                Some("looked for `rules`"),
                "is a folder",
            ),
        ]
    );
}

#[test]
fn only_so_many_errors_are_shown_and_the_others_are_counted() {
    let problems = problems(&"a(1).\n".repeat(MOST_ERRORS + 23));
    assert_eq!(problems.len(), MOST_ERRORS + 1);
    assert_eq!(problems.to_string(), "123 errors in rule files");
    let last = problems.iter().last().expect("errors");
    assert_eq!(last.code, Code::TooManyErrors);
    assert_eq!(last.message, "23 more errors not shown");
}

#[test]
fn errors_of_the_parser_and_of_the_checker_come_together_in_order() {
    let problems = problems(".decl a(x: number)\na(X) :- b(X).\na(1.\na(\"x\").\n.bogus\na(_).");
    let codes: Vec<Code> = problems.iter().map(|p| p.code).collect();
    assert_eq!(
        codes,
        [
            Code::UnknownRelation,
            Code::Syntax,
            Code::TypeClash,
            Code::UnknownDirective,
            Code::MisplacedWildcard,
        ]
    );
}

#[test]
fn every_file_with_a_part_in_the_mistake_is_shown() {
    let mut sources = Sources::new();
    let main = sources.add("main.dl", ".decl a(x: number)\n.input a");
    let site = sources.add("site.dl", "a(1, 2).");
    let problems = load(&mut sources, &[main, site], &mut NoIncludes).expect_err("mistakes");
    let mut text = String::new();
    for report in problems.reports(&sources) {
        let handler = miette::NarratableReportHandler::new();
        handler.render_report(&mut text, &report).expect("text");
    }
    let expected = "\
`a` has 1 column, not 2
    Diagnostic severity: error
Begin snippet for site.dl starting at line 1, column 1

snippet line 1: a(1, 2).
    label at line 1, columns 1 to 7: 2 given
diagnostic help: write `a(x)`
diagnostic code: rules::wrong-arity

Advice: in `main.dl`
    Diagnostic severity: advice

Begin snippet for main.dl starting at line 1, column 1

snippet line 1: .decl a(x: number)
    label at line 1, columns 1 to 18: declared here
snippet line 2: .input a
";
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(lines(&text), lines(expected));
}
