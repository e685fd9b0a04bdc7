//! The words that Soufflé keeps to itself, and what stands in for the constructs that are left out.

/// Whether a word cannot be a name.
pub(super) fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "as" | "autoinc"
            | "band"
            | "bnot"
            | "bor"
            | "brie"
            | "bshl"
            | "bshr"
            | "bshru"
            | "btree"
            | "btree_delete"
            | "bxor"
            | "cat"
            | "contains"
            | "count"
            | "eqrel"
            | "false"
            | "fold"
            | "inline"
            | "input"
            | "land"
            | "lnot"
            | "lor"
            | "lxor"
            | "magic"
            | "match"
            | "max"
            | "mean"
            | "min"
            | "nil"
            | "no_inline"
            | "no_magic"
            | "ord"
            | "output"
            | "overridable"
            | "printsize"
            | "range"
            | "stateful"
            | "strlen"
            | "substr"
            | "sum"
            | "to_float"
            | "to_number"
            | "to_string"
            | "to_unsigned"
            | "true"
            | "__FILE__"
            | "__INCL__"
            | "__ITERATION__"
            | "__LINE__"
    )
}

/// Words that may follow the columns of a declaration in Soufflé.
pub(super) fn is_qualifier(word: &str) -> bool {
    matches!(
        word,
        "overridable"
            | "inline"
            | "no_inline"
            | "magic"
            | "no_magic"
            | "brie"
            | "btree"
            | "btree_delete"
            | "eqrel"
            | "output"
            | "input"
            | "printsize"
    )
}

/// Help for a directive of Soufflé that is left out, by its name without the dot.
pub(super) fn instead_of_directive(word: &str) -> Option<&'static str> {
    Some(match word {
        "comp" | "init" | "override" => {
            "write the relations out, and share them between files with `.include`"
        }
        "functor" => "derive the value in a view or column of an `.input` relation",
        "pragma" => "options belong on the command line",
        "plan" => "joins are ordered by the engine; delete it",
        "once" => "every file is read once anyway; delete it",
        "printsize" => "count the tuples: `n(N) :- N = count : { a(_) }.`",
        "limitsize" => "limits belong on the command line",
        "lattice" => "keep the best value by an aggregate in another rule",
        "number_type" => "write `.type name <: number`",
        "symbol_type" => "write `.type name <: symbol`",
        "debug_delta" => "delete it",
        _ => return None,
    })
}

/// Help for a word that stands for a value or an operator in Soufflé and is left out.
pub(super) fn instead_of_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "autoinc" => "give the tuples a number in the `.input` relation",
        "band" | "bnot" | "bor" | "bshl" | "bshr" | "bshru" | "bxor" => {
            "keep the bits in columns of their own"
        }
        "land" | "lnot" | "lor" | "lxor" => "join conditions by `,` and `;`, negate them by `!`",
        "substr" | "ord" | "fold" => "derive the value in a column of an `.input` relation",
        "range" => "list the numbers as facts",
        "mean" => "divide a `sum` by a `count`",
        "nil" => "give the value columns of its own",
        "as" => "convert with `to_number`, `to_float` or `to_string`",
        "to_unsigned" => "use `to_number`",
        "__FILE__" | "__INCL__" | "__ITERATION__" | "__LINE__" => "write the value out",
        _ => return None,
    })
}

/// Whether a word is an operator between two values in Soufflé (none of them is in the subset).
pub(super) fn is_infix(word: &str) -> bool {
    matches!(
        word,
        "band" | "bor" | "bshl" | "bshr" | "bshru" | "bxor" | "land" | "lor" | "lxor"
    )
}
