//! Random programs as text. The bytes decide; when they run out, everything is as simple as possible, so that
//! shortening the bytes simplifies the program.

use std::fmt::Write;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ty {
    Symbol,
    Number,
    Float,
}

const TYPES: [Ty; 3] = [Ty::Number, Ty::Symbol, Ty::Float];

#[derive(Clone)]
struct Relation {
    name: String,
    columns: Vec<Ty>,
    /// Relations of one layer may be mutually recursive.
    layer: usize,
}

struct Generator<'a> {
    bytes: std::slice::Iter<'a, u8>,
    relations: Vec<Relation>,
    text: String,
    fresh: usize,
}

/// Variables in scope with their types.
type Scope = Vec<(String, Ty)>;

pub fn program(bytes: &[u8]) -> String {
    let mut generator = Generator {
        bytes: bytes.iter(),
        relations: Vec::new(),
        text: String::new(),
        fresh: 0,
    };
    generator.declarations();
    generator.facts();
    generator.rules();
    generator.text
}

impl Generator<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % bound.max(1)
    }

    /// True once in so many times, never when the bytes have run out.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn declarations(&mut self) {
        let count = 2 + self.below(5);
        let mut layer = 0;
        for number in 0..count {
            layer += usize::from(number < 2 || !self.once_in(3));
            let arity = [2, 1, 3, 2, 2, 1, 2, 3, 0, 4, 5][self.below(11)];
            let columns: Vec<Ty> = (0..arity)
                .map(|_| TYPES[[0, 0, 0, 1, 0, 1, 0, 2][self.below(8)]])
                .collect();
            let name = format!("r{number}");
            let declared = columns
                .iter()
                .enumerate()
                .map(|(at, ty)| format!("c{at}: {}", name_of(*ty)));
            let declared: Vec<String> = declared.collect();
            let _ = writeln!(self.text, ".decl {name}({})", declared.join(", "));
            self.relations.push(Relation {
                name,
                columns,
                layer,
            });
        }
    }

    /// From one byte a relation, so that bytes are left for rules.
    fn facts(&mut self) {
        for relation in 0..self.relations.len() {
            let seed = self.below(256);
            let most = if relation < 2 { 12 } else { 4 };
            let mut state = seed as u64;
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u8
            })
            .take(if seed == 0 { 0 } else { 100 })
            .collect();
            let rest = std::mem::replace(&mut self.bytes, bytes.clone().leak().iter());
            for _ in 0..seed % most {
                let Relation { name, columns, .. } = self.relations[relation].clone();
                let values = columns.iter().map(|ty| self.constant(*ty)).collect();
                let _ = writeln!(self.text, "{}.", call(&name, values));
            }
            self.bytes = rest;
        }
    }

    fn constant(&mut self, ty: Ty) -> String {
        let constants: &[&str] = match ty {
            Ty::Number => &[
                "0",
                "1",
                "2",
                "3",
                "1",
                "2",
                "-1",
                "2147483648",
                "9223372036854775807",
            ],
            Ty::Symbol => &[
                "\"a\"", "\"b\"", "\"\"", "\"12\"", "\"ab\"", "\"a\"", "\"x\"",
            ],
            Ty::Float => &["0.0", "1.5", "-2.0", "1.5", "1000000.0"],
        };
        let at = self.below(constants.len() * 6);
        // The unusual ones, at the end, only once in a while.
        let at = if at >= constants.len() {
            at % 4 % constants.len()
        } else {
            at
        };
        constants[at].to_owned()
    }

    fn rules(&mut self) {
        for _ in 0..1 + self.below(8) {
            let head = self.below(self.relations.len());
            self.rule(head);
        }
    }

    fn rule(&mut self, head: usize) {
        let layer = self.relations[head].layer;
        let mut scope = Scope::new();
        let mut literals = Vec::new();
        for _ in 0..1 + self.below(3) {
            literals.extend(self.atom(layer, &mut scope, ""));
        }
        let prefix = literals.join(", ");
        let mut literals = Vec::new();
        for _ in 0..self.below(4) {
            literals.extend(self.literal(layer, &mut scope));
        }
        if literals.len() > 1 && self.once_in(4) {
            literals.rotate_left(1);
        }
        let mut body: Vec<String> = if prefix.is_empty() {
            Vec::new()
        } else {
            vec![prefix]
        };
        body.extend(literals);
        if self.once_in(4) {
            body.reverse();
        }
        if self.once_in(6) && !scope.is_empty() {
            let (one, other) = (self.condition(layer, &scope), self.condition(layer, &scope));
            body.push(format!("({one} ; {other})"));
        }
        let mut heads = vec![self.head(head, &scope)];
        if self.once_in(6) {
            let others: Vec<usize> = (0..self.relations.len())
                .filter(|&r| self.relations[r].layer >= layer)
                .collect();
            let other = others[self.below(others.len())];
            heads.push(self.head(other, &scope));
        }
        let heads = heads.join(", ");
        if body.is_empty() {
            let _ = writeln!(self.text, "{heads}.");
        } else {
            let _ = writeln!(self.text, "{heads} :- {}.", body.join(", "));
        }
    }

    fn head(&mut self, relation: usize, scope: &Scope) -> String {
        let Relation { name, columns, .. } = self.relations[relation].clone();
        let args = columns.iter().map(|ty| match self.below(12) {
            10 => self.expression(*ty, scope, 1),
            11 => self.constant(*ty),
            _ => self.operand(*ty, scope),
        });
        call(&name, args.collect())
    }

    /// An atom that may bind variables.
    fn atom(&mut self, layer: usize, scope: &mut Scope, prefix: &str) -> Option<String> {
        let usable: Vec<usize> = (0..self.relations.len())
            .filter(|&r| self.relations[r].layer <= layer)
            .collect();
        if usable.is_empty() {
            return None;
        }
        let relation = usable[self.below(usable.len())];
        let Relation { name, columns, .. } = self.relations[relation].clone();
        let args = columns.iter().map(|ty| match self.below(10) {
            9 => "_".to_owned(),
            8 => self.constant(*ty),
            7 if !scope.is_empty() => self.expression(*ty, &scope.clone(), 1),
            choice => {
                // From a small pool, so that atoms share variables.
                let pool: &[&str] = match ty {
                    Ty::Number => &["A", "B", "C", "D"],
                    Ty::Symbol => &["S", "T"],
                    Ty::Float => &["F", "G"],
                };
                let name = format!("{}{prefix}", pool[choice % pool.len()]);
                if !scope.iter().any(|(other, _)| *other == name) {
                    scope.push((name.clone(), *ty));
                }
                name
            }
        });
        Some(call(&name, args.collect()))
    }

    fn literal(&mut self, layer: usize, scope: &mut Scope) -> Option<String> {
        match self.below(4) {
            0 => self.atom(layer, scope, ""),
            1 => {
                let ty = TYPES[self.below(3)];
                let value = if self.once_in(3) {
                    self.aggregate(ty, layer, scope, 1)?
                } else {
                    self.expression(ty, scope, 2)
                };
                self.fresh += 1;
                let name = format!("V{}", self.fresh);
                let equation = if self.once_in(3) {
                    format!("{value} = {name}")
                } else {
                    format!("{name} = {value}")
                };
                scope.push((name, ty));
                Some(equation)
            }
            _ => Some(self.condition(layer, scope)),
        }
    }

    /// A literal that binds nothing.
    fn condition(&mut self, layer: usize, scope: &Scope) -> String {
        match self.below(5) {
            0 | 1 => {
                let usable: Vec<usize> = (0..self.relations.len())
                    .filter(|&r| self.relations[r].layer < layer)
                    .collect();
                if usable.is_empty() {
                    return "1 < 2".into();
                }
                let relation = usable[self.below(usable.len())];
                let Relation { name, columns, .. } = self.relations[relation].clone();
                let args = columns.iter().map(|ty| match self.below(6) {
                    5 => "_".to_owned(),
                    4 => self.expression(*ty, scope, 1),
                    _ => self.operand(*ty, scope),
                });
                format!("!{}", call(&name, args.collect()))
            }
            2 if self.once_in(2) => {
                let (first, second) = (
                    self.operand(Ty::Symbol, scope),
                    self.operand(Ty::Symbol, scope),
                );
                let not = if self.once_in(3) { "!" } else { "" };
                let test = if self.once_in(2) { "match" } else { "contains" };
                format!("{not}{test}({first}, {second})")
            }
            _ => {
                let ty = TYPES[self.below(3)];
                let op = ["!=", "<", "<=", ">", ">=", "="][self.below(6)];
                let left = self.expression(ty, scope, 2);
                let right = match self.below(6) {
                    5 => self
                        .aggregate(ty, layer, scope, 1)
                        .unwrap_or_else(|| self.constant(ty)),
                    _ => self.operand(ty, scope),
                };
                format!("{left} {op} {right}")
            }
        }
    }

    fn operand(&mut self, ty: Ty, scope: &Scope) -> String {
        let known: Vec<&String> = scope
            .iter()
            .filter(|(_, other)| *other == ty)
            .map(|(name, _)| name)
            .collect();
        if known.is_empty() || self.once_in(8) {
            return self.constant(ty);
        }
        known[self.below(known.len())].clone()
    }

    fn expression(&mut self, ty: Ty, scope: &Scope, depth: usize) -> String {
        if depth == 0 || !self.once_in(2) {
            return self.operand(ty, scope);
        }
        let arg = |generator: &mut Self, ty| generator.expression(ty, scope, depth - 1);
        match (ty, self.below(8)) {
            (Ty::Number, 5) => format!("strlen({})", arg(self, Ty::Symbol)),
            (Ty::Number, 6) => format!("to_number({})", arg(self, Ty::Symbol)),
            (Ty::Number, 7) => format!("to_number({})", arg(self, Ty::Float)),
            (Ty::Symbol, 0..=3) => {
                format!("cat({}, {})", arg(self, Ty::Symbol), arg(self, Ty::Symbol))
            }
            (Ty::Symbol, 4 | 5) => format!("to_string({})", arg(self, Ty::Number)),
            (Ty::Symbol, 6) => format!("to_string({})", arg(self, Ty::Float)),
            (Ty::Symbol, _) => format!("min({}, {})", arg(self, Ty::Symbol), arg(self, Ty::Symbol)),
            (Ty::Float, 6) => format!("to_float({})", arg(self, Ty::Number)),
            (Ty::Float, 7) => format!("to_float({})", arg(self, Ty::Symbol)),
            (_, 4) => format!("max({}, {})", arg(self, ty), arg(self, ty)),
            (_, 3) => format!("-({})", arg(self, ty)),
            _ => {
                let ops: &[&str] = if ty == Ty::Number {
                    &["+", "-", "*", "/", "%"]
                } else {
                    &["+", "-", "*", "/"]
                };
                let op = ops[self.below(ops.len())];
                format!("({} {op} {})", arg(self, ty), arg(self, ty))
            }
        }
    }

    fn aggregate(&mut self, ty: Ty, layer: usize, outer: &Scope, depth: usize) -> Option<String> {
        if layer == 0 || ty == Ty::Symbol {
            return None;
        }
        let inside = layer - 1;
        // Some of the variables outside are the group.
        let mut scope: Scope = outer.iter().filter(|_| self.once_in(2)).cloned().collect();
        let before = scope.len();
        self.fresh += 1;
        let own_names = self.fresh.to_string();
        let mut body = vec![self.atom(inside, &mut scope, &own_names)?];
        if self.once_in(3) {
            let prefix = if self.once_in(2) {
                ""
            } else {
                own_names.as_str()
            };
            body.extend(self.atom(inside, &mut scope, prefix));
        }
        if self.once_in(3) {
            body.push(self.condition(layer, &scope));
        }
        if depth > 0 && self.once_in(4) {
            let nested = self.aggregate(ty, inside, &scope.clone(), 0);
            if let Some(nested) = nested {
                self.fresh += 1;
                let name = format!("V{}", self.fresh);
                body.push(format!("{name} = {nested}"));
                scope.push((name, ty));
            }
        }
        let op = self.below(4);
        if op == 0 && ty == Ty::Number {
            return Some(format!("count : {{ {} }}", body.join(", ")));
        }
        let own: Scope = scope[before..].to_vec();
        let values: Vec<&String> = own
            .iter()
            .filter(|(_, other)| *other == ty)
            .map(|(name, _)| name)
            .collect();
        let value = (*values.first()?).clone();
        let value = if self.once_in(4) {
            format!("{value} * 2{}", if ty == Ty::Float { ".0" } else { "" })
        } else {
            value
        };
        let op = ["min", "min", "max", "sum"][op];
        Some(format!("{op} {value} : {{ {} }}", body.join(", ")))
    }
}

fn call(name: &str, args: Vec<String>) -> String {
    format!("{name}({})", args.join(", "))
}

fn name_of(ty: Ty) -> &'static str {
    match ty {
        Ty::Symbol => "symbol",
        Ty::Number => "number",
        Ty::Float => "float",
    }
}
