//! On random programs every tuple has a proof, and every other one a refutation, that an independent reading of the
//! rules confirms.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says by panicking that something is wrong"
)]

mod engine;
mod naive;

use std::cell::Cell;
use std::collections::BTreeMap;

use aim_engine::datalog::ast::{AggregateOp, ExprKind, Literal};
use aim_engine::datalog::database::{Facts, Model};
use aim_engine::datalog::eval::{Options, evaluate};
use aim_engine::datalog::plan::compile;
use aim_engine::datalog::proof::{Derivation, PremiseKind, Prover, Step};
use aim_engine::datalog::refute::{Attempt, Attempts, Failure, Refuter, Status};
use aim_engine::datalog::source::Sources;
use aim_engine::datalog::value::Value;
use aim_engine::datalog::{Checked, Datum, Fact, NoIncludes, Pattern, RelId, load};
use naive::functors::{Val, compare, test};
use naive::{Binding, Database, Instance};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

/// A program that runs, with what it derives.
struct Program {
    checked: Checked,
    model: Model,
    database: Database,
}

type Tested = Result<(), TestCaseError>;

/// Runs a test on random programs that run; says how many there were.
fn on_programs(default_cases: u32, check: impl Fn(&Program) -> Tested) -> u32 {
    let cases = std::env::var("ENGINE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(default_cases);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let ran = Cell::new(0);
    let bytes = proptest::collection::vec(any::<u8>(), 20..250);
    let result = TestRunner::new(config).run(&bytes, |bytes| {
        let Some(program) = program(&engine::generate::program(&bytes)) else {
            return Ok(());
        };
        ran.set(ran.get() + 1);
        check(&program)
    });
    match result {
        Err(TestError::Fail(reason, bytes)) => {
            panic!("{reason}\n{}", engine::generate::program(&bytes))
        }
        Err(other) => panic!("{other}"),
        Ok(()) => assert!(ran.get() > cases / 5, "too few programs run"),
    }
    ran.get()
}

fn program(text: &str) -> Option<Program> {
    let mut sources = Sources::new();
    let file = sources.add("random.dl", text);
    let checked = load(&mut sources, &[file], &mut NoIncludes).ok()?;
    let compiled = compile(&checked).ok()?;
    let options = Options {
        stamps: true,
        ..Options::default()
    };
    let model = evaluate(&compiled, Facts::new(&compiled), &[], &options).ok()?;
    let database = naive::evaluate(&checked).expect("both run");
    Some(Program {
        checked,
        model,
        database,
    })
}

impl Program {
    fn name(&self, relation: RelId) -> &str {
        &self.checked.info(relation).expect("it is known").name
    }

    fn fact(&self, relation: &str, tuple: &[Val]) -> Fact {
        Fact {
            relation: self.checked.relation(relation).expect("it is declared"),
            values: tuple.iter().map(datum).collect(),
        }
    }

    fn holds(&self, fact: &Fact) -> bool {
        self.database[self.name(fact.relation)].contains(&tuple(fact))
    }

    fn any(&self, pattern: &Pattern) -> bool {
        let name = self.name(pattern.relation);
        let mut tuples = self.database[name].iter();
        tuples.any(|tuple| pattern.fits(&self.fact(name, tuple)))
    }

    fn facts(&self) -> impl Iterator<Item = Fact> + '_ {
        self.database
            .iter()
            .flat_map(|(name, tuples)| tuples.iter().map(|tuple| self.fact(name, tuple)))
    }

    fn stamp(&self, fact: &Fact) -> Option<aim_engine::datalog::Stamp> {
        let values: Vec<Value<'_>> = fact.values.iter().map(Datum::value).collect();
        self.model.stamp(fact.relation, &values)
    }
}

fn datum(value: &Val) -> Datum {
    match value {
        Val::Symbol(text) => Datum::Symbol(text.clone()),
        Val::Number(number) => Datum::Number(*number),
        Val::Float(float) => Datum::Float(*float),
    }
}

fn val(datum: &Datum) -> Val {
    match datum {
        Datum::Symbol(text) => Val::Symbol(text.clone()),
        Datum::Number(number) => Val::Number(*number),
        Datum::Float(float) => Val::Float(*float),
    }
}

fn tuple(fact: &Fact) -> Vec<Val> {
    fact.values.iter().map(val).collect()
}

fn binding(bindings: &[(String, Datum)]) -> Binding {
    let pairs = bindings.iter();
    pairs
        .map(|(name, value)| (name.clone(), val(value)))
        .collect()
}

#[test]
fn every_tuple_has_a_proof() {
    let (steps, aggregates, absent) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let ran = on_programs(600, |program| {
        let prover = Prover::new(&program.checked, &program.model);
        let mut proved = BTreeMap::new();
        for fact in program.facts() {
            prove(program, &prover, &fact, &mut proved)?;
        }
        for derivation in proved.values().flatten() {
            steps.set(steps.get() + 1);
            for premise in &derivation.premises {
                match premise.kind {
                    PremiseKind::Aggregate { .. } => aggregates.set(aggregates.get() + 1),
                    PremiseKind::Absent(_) => absent.set(absent.get() + 1),
                    _ => {}
                }
            }
        }
        Ok(())
    });
    println!("{ran} programs, {steps:?} steps, {aggregates:?} aggregates, {absent:?} absences");
    assert!(absent.get() > 0);
}

/// Proves a fact down to facts that nothing is needed for. `None` stands for a proof that is still being made.
fn prove(
    program: &Program,
    prover: &Prover<'_>,
    fact: &Fact,
    proved: &mut BTreeMap<Fact, Option<Derivation>>,
) -> Tested {
    if let Some(known) = proved.get(fact) {
        prop_assert!(known.is_some(), "{fact:?} is proved by itself");
        return Ok(());
    }
    proved.insert(fact.clone(), None);
    let Some(Step::Derived(derivation)) = prover.step(fact) else {
        return Err(TestCaseError::fail(format!("{fact:?} has no step")));
    };
    confirm(program, fact, &derivation)?;
    for premise in &derivation.premises {
        match &premise.kind {
            PremiseKind::Fact(premise) => prove(program, prover, premise, proved)?,
            PremiseKind::Aggregate { witnesses, .. } => {
                for witness in witnesses {
                    prove(program, prover, witness, proved)?;
                }
            }
            _ => {}
        }
    }
    proved.insert(fact.clone(), Some(derivation));
    Ok(())
}

/// The rule, with the values of the derivation put in, makes the fact from the premises.
fn confirm(program: &Program, fact: &Fact, derivation: &Derivation) -> Tested {
    let rule = &program.checked.program.rules[derivation.rule];
    let head = rule
        .heads
        .iter()
        .position(|head| head.span == derivation.head);
    let head = head.expect("it is a head of the rule");
    let place = (derivation.rule, derivation.body, head);
    let binding = binding(&derivation.bindings);
    let ways = naive::substituted(&program.checked, &program.database, place, binding);
    let ways: Vec<Instance> = ways.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    let premises: Vec<(String, Vec<Val>)> = derivation
        .premises
        .iter()
        .filter_map(|premise| match &premise.kind {
            PremiseKind::Fact(fact) => Some((program.name(fact.relation).to_owned(), tuple(fact))),
            _ => None,
        })
        .collect();
    let made = (
        program.name(fact.relation).to_owned(),
        tuple(fact),
        premises,
    );
    prop_assert!(
        ways.contains(&made),
        "{made:?} is not among {ways:?}: {derivation:?}"
    );
    for premise in &derivation.premises {
        confirm_premise(
            program,
            &premise.kind,
            literal(rule, derivation.body, premise.span),
        )?;
        if let PremiseKind::Fact(premise) = &premise.kind {
            let (own, other) = (program.stamp(fact), program.stamp(premise));
            prop_assert!(other < own, "{premise:?} does not come before {fact:?}");
        }
    }
    prop_assert_eq!(derivation.sources.len(), fact.values.len());
    let columns = rule.heads[head].args.iter().zip(&derivation.sources);
    for ((arg, sources), value) in columns.zip(&fact.values) {
        for (premise, column) in sources {
            let PremiseKind::Fact(source) = &derivation.premises[*premise].kind else {
                return Err(TestCaseError::fail("a value is read from no fact"));
            };
            let is_argument = |literal: &Literal| match literal {
                Literal::Positive(atom) => atom.args.iter().any(|other| other.kind == arg.kind),
                _ => false,
            };
            if matches!(arg.kind, ExprKind::Variable(_))
                && rule.bodies[derivation.body].iter().any(is_argument)
            {
                prop_assert_eq!(&source.values[*column], value);
            }
        }
    }
    Ok(())
}

fn literal(
    rule: &aim_engine::datalog::ast::Rule,
    body: usize,
    span: aim_engine::datalog::ast::Span,
) -> &Literal {
    let mut literals = rule.bodies[body].iter();
    literals
        .find(|literal| literal.span() == span)
        .expect("it is a literal of the body")
}

fn confirm_premise(program: &Program, kind: &PremiseKind, literal: &Literal) -> Tested {
    match (kind, literal) {
        (PremiseKind::Fact(fact), Literal::Positive(atom)) => {
            prop_assert_eq!(program.name(fact.relation), &atom.relation.name);
            prop_assert!(program.holds(fact));
        }
        (PremiseKind::Absent(pattern), Literal::Negative(atom)) => {
            prop_assert_eq!(program.name(pattern.relation), &atom.relation.name);
            prop_assert!(!program.any(pattern), "{:?} is there", pattern);
        }
        (
            PremiseKind::Test {
                left: Some(left),
                right: Some(right),
            },
            Literal::Compare { op, .. },
        ) => prop_assert!(compare(*op, &val(left), &val(right))),
        (
            PremiseKind::Test {
                left: Some(left),
                right: Some(right),
            },
            Literal::Test {
                test: which,
                negated,
                ..
            },
        ) => {
            let holds = test(*which, &val(left), &val(right));
            prop_assert_eq!(holds.ok(), Some(!negated));
        }
        (
            PremiseKind::Aggregate {
                op,
                value,
                witnesses,
                total,
            },
            _,
        ) => {
            prop_assert!(witnesses.iter().all(|fact| program.holds(fact)));
            prop_assert!(witnesses.len() <= 20);
            if *op == AggregateOp::Count {
                prop_assert_eq!(value, &Datum::Number(*total as i64));
            }
        }
        other => {
            return Err(TestCaseError::fail(format!(
                "{other:?} do not belong together"
            )));
        }
    }
    Ok(())
}

#[test]
fn what_does_not_hold_is_refuted() {
    let (attempts, failures, reached) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let ran = on_programs(300, |program| {
        let refuter = Refuter::new(&program.checked, &program.model);
        for fact in program.facts() {
            prop_assert_eq!(refuter.attempts(&fact.pattern()).attempts, []);
        }
        for pattern in absent(program) {
            let found = refuter.attempts(&pattern);
            for attempt in &found.attempts {
                attempts.set(attempts.get() + 1);
                reached.set(reached.get() + u32::from(attempt.failed == 0));
                failures.set(failures.get() + attempt.failed);
                confirm_attempt(program, &pattern, attempt)?;
            }
            every_rule_is_tried(program, &pattern, &found)?;
        }
        Ok(())
    });
    println!(
        "{ran} programs, {attempts:?} attempts, {failures:?} failures, {reached:?} other heads"
    );
}

/// Patterns without a tuple, made from tuples by putting other values in some columns.
fn absent(program: &Program) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (name, tuples) in &program.database {
        let relation = program.checked.relation(name).expect("it is declared");
        let columns = program.checked.relations[relation.index()].columns.iter();
        let empty = Pattern {
            relation,
            values: columns.map(|_| None).collect(),
        };
        patterns.push(empty);
        let tuples: Vec<&Vec<Val>> = tuples.iter().take(6).collect();
        for (one, other) in tuples.iter().zip(tuples.iter().skip(1)) {
            for column in 0..one.len() {
                let mut mixed = program.fact(name, one);
                mixed.values[column] = datum(&other[column]);
                patterns.push(mixed.pattern());
                let mut new = program.fact(name, one).pattern();
                new.values[column] = Some(match &one[column] {
                    Val::Symbol(_) => Datum::Symbol("elsewhere".to_owned()),
                    Val::Number(_) => Datum::Number(77),
                    Val::Float(_) => Datum::Float(77.5),
                });
                if one.len() > 1 {
                    new.values[(column + 1) % one.len()] = None;
                }
                patterns.push(new);
            }
        }
    }
    patterns.retain(|pattern| !program.any(pattern));
    patterns.truncate(12);
    patterns
}

/// What is said of each literal is so.
fn confirm_attempt(program: &Program, pattern: &Pattern, attempt: &Attempt) -> Tested {
    let rule = &program.checked.program.rules[attempt.rule];
    let body = &rule.bodies[attempt.body];
    prop_assert_eq!(attempt.literals.len(), body.len());
    let head = rule.heads.iter().find(|head| head.span == attempt.head);
    let head = head.expect("it is a head of the rule");
    prop_assert_eq!(program.name(pattern.relation), &head.relation.name);
    prop_assert!(!attempt.head_fits || attempt.failed > 0, "{:?}", attempt);
    let value = |name: &String| {
        let mut known = attempt.bindings.iter();
        known
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    };
    if attempt.head_fits {
        for (arg, wanted) in head.args.iter().zip(&pattern.values) {
            if let (ExprKind::Variable(name), Some(wanted)) = (&arg.kind, wanted) {
                prop_assert_eq!(value(name), Some(wanted));
            }
        }
    }
    let mut failed = 0;
    for (literal, outcome) in body.iter().zip(&attempt.literals) {
        prop_assert_eq!(literal.span(), outcome.span);
        match &outcome.status {
            Status::Holds(kind) => {
                confirm_premise(program, kind, literal)?;
                if let (PremiseKind::Fact(fact), Literal::Positive(atom)) = (kind, literal) {
                    for (arg, own) in atom.args.iter().zip(&fact.values) {
                        if let ExprKind::Variable(name) = &arg.kind {
                            prop_assert_eq!(value(name), Some(own));
                        }
                    }
                }
            }
            Status::Fails(failure) => {
                failed += 1;
                confirm_failure(program, failure, literal)?;
            }
            Status::NotReached => {
                let earlier = attempt.literals.iter();
                let mut fails = earlier.map(|outcome| &outcome.status);
                prop_assert!(fails.any(|status| matches!(status, Status::Fails(_))));
            }
        }
    }
    prop_assert_eq!(attempt.failed, failed);
    Ok(())
}

fn confirm_failure(program: &Program, failure: &Failure, literal: &Literal) -> Tested {
    match (failure, literal) {
        (Failure::NoFact(pattern), Literal::Positive(atom)) => {
            prop_assert_eq!(program.name(pattern.relation), &atom.relation.name);
            let repeated = atom.args.iter().enumerate().any(|(at, arg)| {
                matches!(arg.kind, ExprKind::Variable(_))
                    && atom.args[..at].iter().any(|other| other.kind == arg.kind)
            });
            prop_assert!(repeated || !program.any(pattern), "{:?} is there", pattern);
        }
        (Failure::Present(fact), Literal::Negative(atom)) => {
            prop_assert_eq!(program.name(fact.relation), &atom.relation.name);
            prop_assert!(program.holds(fact));
        }
        (
            Failure::Test {
                left: Some(left),
                right: Some(right),
            },
            Literal::Compare { op, .. },
        ) => prop_assert!(!compare(*op, &val(left), &val(right))),
        (
            Failure::Test {
                left: Some(left),
                right: Some(right),
            },
            Literal::Test {
                test: which,
                negated,
                ..
            },
        ) => {
            let holds = test(*which, &val(left), &val(right));
            prop_assert_eq!(holds.ok(), Some(*negated));
        }
        (Failure::NoValue(why), _) => prop_assert!(!why.is_empty()),
        other => {
            return Err(TestCaseError::fail(format!(
                "{other:?} do not belong together"
            )));
        }
    }
    Ok(())
}

/// There is an attempt for each rule whose head could be the tuple, the nearest miss first.
fn every_rule_is_tried(program: &Program, pattern: &Pattern, found: &Attempts) -> Tested {
    for (number, rule) in program.checked.program.rules.iter().enumerate() {
        let heads = rule.heads.iter().filter(|head| {
            let plain = head
                .args
                .iter()
                .all(|arg| matches!(arg.kind, ExprKind::Variable(_)));
            plain && head.relation.name == program.name(pattern.relation)
        });
        let expected = heads.count() * rule.bodies.len();
        let attempts = found.attempts.iter().filter(|a| a.rule == number);
        prop_assert!(attempts.count() >= expected, "{number}: {found:?}");
    }
    let order = found
        .attempts
        .iter()
        .map(|attempt| (!attempt.head_fits, attempt.failed));
    prop_assert!(order.is_sorted());
    Ok(())
}
