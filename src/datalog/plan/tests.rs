//! What plans look like where their shape matters for speed or for errors.

use super::compile;
use super::expr::Check;
use super::program::{Chain, CompiledProgram, Operand, Source, Stage, Table, View};
use crate::datalog::source::Sources;
use crate::datalog::{NoIncludes, load};

const BASE: &str = ".decl a(x: number, y: number) .decl b(x: number, y: number)
.decl c(x: number, y: number) .decl n(x: number) .input a, b, c, n
.decl out(x: number, y: number)
";

fn plan(rules: &str) -> CompiledProgram {
    let mut sources = Sources::new();
    let file = sources.add("test.dl", format!("{BASE}{rules}"));
    let checked = load(&mut sources, &[file], &mut NoIncludes).expect("it is valid");
    compile(&checked).expect("it is narrow enough")
}

fn only_chain(program: &CompiledProgram) -> &Chain {
    let rules = program
        .strata
        .iter()
        .flat_map(|stratum| stratum.rules.iter().chain(&stratum.recursive));
    let chains: Vec<&Chain> = rules.flat_map(|rule| &rule.chains).collect();
    let [chain] = chains.as_slice() else {
        panic!("{chains:?}")
    };
    chain
}

fn stages(chain: &Chain) -> Vec<&Stage> {
    chain
        .stages
        .iter()
        .chain(chain.heads.iter().map(|head| &head.stage))
        .collect()
}

fn relation(program: &CompiledProgram, name: &str) -> u32 {
    program.relation(name).expect("it is declared").0
}

#[test]
fn only_variables_that_are_needed_later_are_carried() {
    let program = plan("out(X, W) :- a(X, Y), b(Y, Z), c(Z, W).");
    let widths: Vec<usize> = stages(only_chain(&program))
        .iter()
        .map(|stage| stage.out.len())
        .collect();
    assert_eq!(widths, [2, 2]);
}

#[test]
fn lookups_by_the_first_columns_need_no_copy_and_others_share_theirs() {
    let natural = plan("").orders.len();
    assert_eq!(plan("out(X, Z) :- a(X, Y), b(Y, Z).").orders.len(), natural);
    let turned = "out(X, Z) :- a(X, Y), b(Z, Y). out(X, X) :- c(X, Y), b(_, Y). out(X, X) :- n(X), !b(_, X).";
    assert_eq!(plan(turned).orders.len(), natural + 1);
}

#[test]
fn an_atom_that_binds_nothing_needed_is_a_test() {
    let program = plan("out(X, Y) :- a(X, Y), b(Y, _), c(_, X).");
    let chain = only_chain(&program);
    assert!(chain.stages.is_empty());
    let [stage] = stages(chain)[..] else {
        panic!("{chain:?}")
    };
    let tests = stage
        .before
        .iter()
        .filter(|check| matches!(check, Check::Exists { negated: false, .. }));
    assert_eq!((tests.count(), &stage.probe), (2, &None));
}

#[test]
fn recursive_rules_begin_with_what_is_new() {
    let program = plan("out(X, Y) :- a(X, Y). out(X, Z) :- a(X, Y), out(Y, Z).");
    let out = relation(&program, "out");
    let recursive: Vec<&Chain> = program
        .strata
        .iter()
        .flat_map(|stratum| &stratum.recursive)
        .flat_map(|rule| &rule.chains)
        .collect();
    let [chain] = recursive[..] else {
        panic!("{recursive:?}")
    };
    assert_eq!(
        chain.source,
        Source::Scan {
            relation: out,
            view: View::Recent
        }
    );
}

#[test]
fn two_recursive_atoms_take_turns_at_being_new() {
    let program = plan("out(X, Y) :- a(X, Y). out(X, Z) :- out(X, Y), out(Y, Z).");
    let recursive = program.strata.iter().flat_map(|stratum| &stratum.recursive);
    let views: Vec<(Source, View)> = recursive
        .flat_map(|rule| &rule.chains)
        .map(
            |chain| match &chain.heads[0].stage.probe.as_ref().expect("a join").table {
                Table::Order { view, .. } => (chain.source, *view),
                Table::Aggregate(_) => panic!("{chain:?}"),
            },
        )
        .collect();
    let new = Source::Scan {
        relation: relation(&program, "out"),
        view: View::Recent,
    };
    assert_eq!(views, [(new, View::Stable), (new, View::Known)]);
}

#[test]
fn constants_in_the_first_columns_are_looked_up() {
    let program = plan("out(Y, Z) :- a(7, Y), b(Y, Z).");
    let chain = only_chain(&program);
    assert_eq!(chain.source, Source::Unit);
    let first = stages(chain)[0].probe.as_ref().expect("a lookup");
    assert!(matches!(first.key[..], [Operand::Constant(_)]));
}

#[test]
fn an_aggregate_is_looked_up_by_its_group() {
    let program = plan("out(X, Y) :- a(X, Y), Y = min Z : { a(X, Z) }.");
    let chain = only_chain(&program);
    let [stage] = stages(chain)[..] else {
        panic!("{chain:?}")
    };
    let probe = stage.probe.as_ref().expect("a lookup");
    let Table::Aggregate(aggregate) = &probe.table else {
        panic!("{probe:?}")
    };
    assert_eq!(aggregate.group, [Operand::Source(0)]);
    assert_eq!(aggregate.body.source, Source::Groups);
    assert_eq!(program.orders.len(), program.relations.len());
}

#[test]
fn what_can_fail_is_computed_before_later_checks_drop_rows() {
    let program = plan("out(X, E) :- a(X, Y), E = X / Y, X * Y > 3.");
    let chain = only_chain(&program);
    let [first, second] = stages(chain)[..] else {
        panic!("{chain:?}")
    };
    assert_eq!((first.before.len(), second.before.len()), (0, 1));
}
