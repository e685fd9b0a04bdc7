//! A program and its facts as clingo reads them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aim_engine::datalog::Model;
use aim_engine::datalog::ast::{
    Aggregate, AggregateOp, Atom, BinaryOp, CompareOp, Expr, ExprKind, Literal,
};
use aim_engine::datalog::fact::Datum;

use crate::programs::{Failed, Program};

/// Numbers from here on are written by their place among all of them: clingo's have 32 bits.
const LARGE: i64 = 1 << 30;

/// How values are written.
pub struct Writer {
    /// Reals and large numbers in their order; both are compared and nothing else.
    reals: Vec<f64>,
    large: Vec<i64>,
}

impl Writer {
    pub fn new(program: &Program) -> Writer {
        let mut reals = Vec::new();
        let mut large = BTreeSet::new();
        for datum in program.facts.values().flatten().flatten() {
            match datum {
                Datum::Float(real) => reals.push(*real),
                Datum::Number(number) if *number >= LARGE => {
                    large.insert(*number);
                }
                _ => {}
            }
        }
        for rule in &program.checked.program.rules {
            for arg in rule.heads.iter().flat_map(|head| &head.args) {
                if let ExprKind::Float(real) = &arg.kind {
                    reals.push(*real);
                }
            }
        }
        reals.sort_by(f64::total_cmp);
        reals.dedup();
        Writer {
            reals,
            large: large.into_iter().collect(),
        }
    }

    /// Rules, facts and what is shown.
    pub fn program(&self, program: &Program) -> Result<String, Failed> {
        let mut text = String::new();
        for goal in &program.goals {
            let id = program.relation(goal)?;
            let _ = writeln!(text, "#show {goal}/{}.", program.compiled.columns(id).len());
        }
        for rule in &program.checked.program.rules {
            for head in &rule.heads {
                for body in &rule.bodies {
                    let mut names = Names::default();
                    let head = self.atom(head, &mut names)?;
                    let body = self.literals(body, &mut names)?;
                    let body = body.join(", ");
                    let arrow = if body.is_empty() { "" } else { " :- " };
                    let _ = writeln!(text, "{head}{arrow}{body}.");
                }
            }
        }
        for (name, rows) in &program.facts {
            for row in rows {
                let values: Vec<String> = row.iter().map(|datum| self.datum(datum)).collect();
                let _ = writeln!(text, "{name}({}).", values.join(","));
            }
        }
        Ok(text)
    }

    /// The tuples of the goals, one atom a line, sorted.
    pub fn answers(&self, program: &Program, model: &Model) -> Result<String, Failed> {
        let mut lines = Vec::new();
        for goal in &program.goals {
            for tuple in model.rows(program.relation(goal)?) {
                let values: Vec<String> = tuple
                    .values()
                    .map(|value| self.datum(&value.into()))
                    .collect();
                lines.push(format!("{goal}({})\n", values.join(",")));
            }
        }
        lines.sort();
        Ok(lines.concat())
    }

    fn datum(&self, datum: &Datum) -> String {
        match datum {
            Datum::Symbol(text) => quoted(text),
            Datum::Number(number) if *number >= LARGE => {
                let place = self.large.partition_point(|other| other < number);
                (LARGE + place as i64).to_string()
            }
            Datum::Number(number) => number.to_string(),
            Datum::Float(real) => self.reals.partition_point(|other| other < real).to_string(),
        }
    }

    fn atom(&self, atom: &Atom, names: &mut Names) -> Result<String, Failed> {
        let args: Result<Vec<_>, _> = atom.args.iter().map(|arg| self.expr(arg, names)).collect();
        Ok(format!("{}({})", atom.relation.name, args?.join(",")))
    }

    fn literals(&self, body: &[Literal], names: &mut Names) -> Result<Vec<String>, Failed> {
        let mut written = Vec::new();
        for literal in body {
            match literal {
                Literal::Positive(atom) => written.push(self.atom(atom, names)?),
                Literal::Negative(atom) => {
                    // A wildcard here asks for no value at all, so it is no variable of the body.
                    let mut own = Names::default();
                    written.push(format!("not {}", self.atom(atom, &mut own)?));
                }
                Literal::Compare {
                    left, op, right, ..
                } => {
                    let op = match op {
                        CompareOp::Eq => "=",
                        CompareOp::Ne => "!=",
                        CompareOp::Lt => "<",
                        CompareOp::Le => "<=",
                        CompareOp::Gt => ">",
                        CompareOp::Ge => ">=",
                    };
                    let (left, right) = match (&left.kind, &right.kind) {
                        (ExprKind::Aggregate(_), _) => (right, left),
                        _ => (left, right),
                    };
                    if let ExprKind::Aggregate(aggregate) = &right.kind {
                        let value = self.expr(left, names)?;
                        written.push(format!("{value} {op} {}", self.aggregate(aggregate)?));
                        // Over nothing they have no value here, and an infinite one there.
                        match aggregate.op {
                            AggregateOp::Min => written.push(format!("{value} != #sup")),
                            AggregateOp::Max => written.push(format!("{value} != #inf")),
                            AggregateOp::Count | AggregateOp::Sum => {}
                        }
                    } else {
                        let left = self.expr(left, names)?;
                        written.push(format!("{left} {op} {}", self.expr(right, names)?));
                    }
                }
                Literal::Test { .. } => return Err("a test of a text".into()),
            }
        }
        Ok(written)
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<String, Failed> {
        let Aggregate { op, value, bodies } = aggregate;
        let [body] = bodies.as_slice() else {
            return Err("a disjunction in an aggregate".into());
        };
        // Each way in which the body holds counts, so each of its variables has a name.
        let mut names = Names {
            numbered: true,
            ..Names::default()
        };
        let body = self.literals(body, &mut names)?.join(", ");
        let value = match value {
            Some(value) => Some(self.expr(value, &mut names)?),
            None => None,
        };
        let all: Vec<String> = names.seen.iter().cloned().collect();
        let (name, tuple) = match (op, value) {
            (AggregateOp::Min, Some(value)) => ("#min", value),
            (AggregateOp::Max, Some(value)) => ("#max", value),
            (AggregateOp::Sum, Some(value)) => ("#sum", [&[value][..], &all].concat().join(",")),
            (AggregateOp::Count, _) => ("#count", all.join(",")),
            _ => return Err("an aggregate of nothing".into()),
        };
        Ok(format!("{name} {{ {tuple} : {body} }}"))
    }

    fn expr(&self, expr: &Expr, names: &mut Names) -> Result<String, Failed> {
        Ok(match &expr.kind {
            ExprKind::Variable(name) => {
                names.seen.insert(name.clone());
                name.clone()
            }
            ExprKind::Wildcard if names.numbered => {
                names.wildcards += 1;
                let name = format!("W_{}", names.wildcards);
                names.seen.insert(name.clone());
                name
            }
            ExprKind::Wildcard => "_".to_owned(),
            ExprKind::Symbol(text) => quoted(text),
            ExprKind::Number(number) => self.datum(&Datum::Number(*number)),
            ExprKind::Float(real) => self.datum(&Datum::Float(*real)),
            ExprKind::Negate(inner) => format!("-({})", self.expr(inner, names)?),
            ExprKind::Binary(op, left, right) => {
                let op = match op {
                    BinaryOp::Add => "+",
                    BinaryOp::Sub => "-",
                    BinaryOp::Mul => "*",
                    BinaryOp::Div => "/",
                    BinaryOp::Rem => "\\",
                };
                let left = self.expr(left, names)?;
                format!("({left}{op}{})", self.expr(right, names)?)
            }
            ExprKind::Call(..) | ExprKind::Aggregate(_) => return Err("a functor".into()),
        })
    }
}

/// The variables of a body.
#[derive(Default)]
struct Names {
    seen: BTreeSet<String>,
    /// Wildcards get names too.
    numbered: bool,
    wildcards: usize,
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
