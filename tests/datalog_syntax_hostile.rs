//! Nothing that anybody writes makes the parser or the checker panic, overflow the stack, or think
//! for long.

use aim_engine::datalog::ast::Program;
use aim_engine::datalog::diagnostic::Code;
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::{NoIncludes, load};
use proptest::prelude::*;

/// Loads a text and looks at all that is said about it; gives the codes.
fn read(text: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let file = sources.add("a.dl", text);
    match load(&mut sources, &[file], &mut NoIncludes) {
        Ok(checked) => checked.warnings.iter().map(|w| w.code).collect(),
        Err(problems) => {
            for problem in &problems {
                for label in &problem.labels {
                    let (start, end) = (label.span.start as usize, label.span.end as usize);
                    assert!(text.get(start..end).is_some(), "{problem:?} in {text:?}");
                    sources.place(label.span);
                }
            }
            problems.iter().map(|problem| problem.code).collect()
        }
    }
}

/// Pieces that make texts which get far into the parser and the checker.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "X",
        "Y",
        "_",
        "(",
        ")",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        ",",
        ";",
        ".",
        ".\n",
        ".\n",
        ":-",
        ":",
        "!",
        "=",
        "<",
        "<=",
        "!=",
        "<:",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "1",
        "2.5",
        "0x1f",
        "9999999999999999999",
        "\"s\"",
        "\"",
        "\\",
        " ",
        "\n",
        "\n\n",
        "count",
        "sum",
        "min",
        "max",
        "cat",
        "strlen",
        "contains",
        "match",
        "true",
        ".decl ",
        ".decl a(x: number)\n",
        ".decl b(x: symbol, y: a)\n",
        ".type a <: number\n",
        ".input ",
        ".output b\n",
        ".include ",
        ".comp ",
        "///",
        "/// {x} is\n",
        "/// code: A\n",
        "//",
        "/*",
        "*/",
        "symbol",
        "number",
        "é",
        "\u{feff}",
        "'",
        "#",
        "a(X) :- ",
        "b(X, Y)",
        "!a(X)",
        "X = Y + 1",
        "N = count : { a(X) }",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,200}") {
        read(&text);
    }

    #[test]
    fn any_bytes_are_read_to_their_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens_are_read_to_their_end(pieces in prop::collection::vec(piece(), 0..80)) {
        read(&pieces.concat());
    }
}

const LARGE: usize = 100_000;

#[test]
fn nesting_is_bounded() {
    for open in [
        "(",
        "-",
        "min(",
        "1 = count : { ",
        "cat(",
        "1 + (",
        "(a(1) ; ",
        "-(",
    ] {
        let codes = read(&format!(
            ".decl a(x: number)\na(1) :- {}",
            open.repeat(LARGE)
        ));
        assert!(codes.contains(&Code::NestingTooDeep), "{open}: {codes:?}");
    }
}

#[test]
fn the_depth_of_terms_is_bounded_as_well() {
    for text in [
        format!("a({}1)", "1 + ".repeat(LARGE)),
        format!("a({}1)", "(1 + 1) * ".repeat(LARGE)),
        format!("a(1) :- 1 = {}1", "1 - ".repeat(LARGE)),
        // chains in parentheses in chains
        format!("a({}1{})", "(".repeat(60), " + 1 + 1 + 1)".repeat(60)),
        // chains in aggregates in chains
        format!(
            "a(1) :- {}a(1){}",
            "1 = count : { ".repeat(30),
            " } + 1 + 1 + 1".repeat(30)
        ),
    ] {
        let codes = read(&format!(".decl a(x: number)\n{text}."));
        assert!(codes.contains(&Code::NestingTooDeep), "{codes:?}");
    }
}

#[test]
fn large_files_end_fast() {
    let many = |piece: &str| piece.repeat(10 * LARGE / piece.len());
    let numbered = |from: u32, to: u32, piece: &dyn Fn(u32) -> String| -> String {
        (from..to).map(piece).collect()
    };
    for text in [
        many("\u{1}é~ "),
        many("\"\n"),
        many("'"),
        many("."),
        many("{"),
        many(".comp {"),
        many("a(1).\n"),
        many("/// a\n\na(1).\n"),
        many(".include \"a\"\n"),
        format!(".decl a(x: number)\n{}", many("a(1, 2).\n")),
        format!(".decl a(x: number)\na(1) :- {}", many("(a(1) ; a(2)), ")),
        format!(
            ".decl a(x: number)\na(1) :- (a(1) ; a(2)), {} a(1).",
            many("a(3), ")
        ),
        format!(".decl a(x: symbol)\na(cat(\"\"{})).", many(", \"\"")),
        numbered(0, 20_000, &|i| format!(".type a{i} <: a{}\n", i + 1)),
        numbered(0, 20_000, &|i| {
            format!(".decl a{i}()\na{i}() :- !a{}().\n", (i + 1) % 20_000)
        }),
        format!(
            ".decl a(x: number)\na(X0) :- a(X20000){}.",
            numbered(0, 20_000, &|i| format!(", X{i} = X{} + 1", i + 1)),
        ),
        format!(
            ".decl a(x: number)\na(X0) :- a(X20000){}.",
            numbered(0, 20_000, &|i| format!(", X{i} = X{}", i + 1)),
        ),
    ] {
        let start = std::time::Instant::now();
        read(&text);
        // generous, since it is there to notice what is quadratic
        assert!(start.elapsed().as_secs() < 20, "{:.60}", text);
    }
}

#[test]
fn an_empty_file_is_a_program() {
    for text in ["", "\u{feff}", " \n\t", "// only a comment", "/* x */"] {
        assert_eq!(read(text), [], "{text:?}");
    }
    let mut sources = Sources::new();
    let file = sources.add("a.dl", "");
    let (program, _) = aim_engine::datalog::parse(&mut sources, file, &mut NoIncludes);
    assert_eq!(program, Program::default());
}
