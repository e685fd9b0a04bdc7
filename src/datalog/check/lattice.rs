//! Types: the three base types and the subtypes that files declare.

use rustc_hash::FxHashMap;

use crate::datalog::ast::{BaseType, Ident, Program, TypeDecl};
use crate::datalog::diagnostic::{Code, Found, RuleError};
use crate::datalog::nearest::nearest;

/// How many subtypes of subtypes there may be.
const DEEPEST: u32 = 64;

/// Index of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeId(u32);

#[derive(Debug)]
struct Entry<'p> {
    name: &'p str,
    base: BaseType,
    parent: Option<TypeId>,
}

/// All types, each with the one that it is a subtype of.
#[derive(Debug)]
pub(super) struct Lattice<'p> {
    entries: Vec<Entry<'p>>,
    /// A type whose declaration is wrong is known, but as nothing.
    names: FxHashMap<&'p str, Option<TypeId>>,
}

const BASES: [BaseType; 3] = [BaseType::Symbol, BaseType::Number, BaseType::Float];

impl BaseType {
    /// The type's name in rule files.
    pub const fn name(self) -> &'static str {
        match self {
            BaseType::Symbol => "symbol",
            BaseType::Number => "number",
            BaseType::Float => "float",
        }
    }

    pub(super) const fn id(self) -> TypeId {
        TypeId(self as u32)
    }

    /// Whether one can calculate with it.
    pub(super) fn is_numeric(self) -> bool {
        self != BaseType::Symbol
    }
}

impl<'p> Lattice<'p> {
    pub(super) fn new(program: &'p Program, found: &mut Found) -> Self {
        let types = &program.types;
        let mut lattice = Lattice {
            entries: Vec::new(),
            names: FxHashMap::default(),
        };
        for base in BASES {
            lattice.insert(base.name(), base, None);
        }
        for name in &program.unreadable {
            lattice.names.entry(&name.name).or_insert(None);
        }
        let declared = lattice.distinct(types, found);
        for ty in types {
            lattice.resolve(ty, &declared, found);
        }
        lattice
    }

    fn insert(&mut self, name: &'p str, base: BaseType, parent: Option<TypeId>) -> TypeId {
        let id = TypeId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(Entry { name, base, parent });
        self.names.insert(name, Some(id));
        id
    }

    /// The declarations by name; a repeated one is fine in another file when it says the same.
    fn distinct(
        &self,
        types: &'p [TypeDecl],
        found: &mut Found,
    ) -> FxHashMap<&'p str, &'p TypeDecl> {
        let mut declared: FxHashMap<&str, &TypeDecl> = FxHashMap::default();
        for ty in types {
            let name = ty.name.name.as_str();
            if BASES.iter().any(|base| base.name() == name) {
                found.push(
                    RuleError::new(
                        Code::DuplicateDeclaration,
                        format!("`{name}` is a type of the language"),
                    )
                    .label(ty.name.span, "declared again")
                    .help("give the type another name"),
                );
                continue;
            }
            let first = *declared.entry(name).or_insert(ty);
            let fine = std::ptr::eq(first, ty)
                || first.base.name == ty.base.name && first.name.span.file != ty.name.span.file;
            if !fine {
                found.push(
                    RuleError::new(
                        Code::DuplicateDeclaration,
                        format!("type `{name}` is declared twice"),
                    )
                    .label(ty.name.span, "declared again")
                    .label(first.name.span, "first declared here"),
                );
            }
        }
        declared
    }

    /// Follows a declaration up to a type that is known, and makes known what it passed.
    fn resolve(
        &mut self,
        ty: &'p TypeDecl,
        declared: &FxHashMap<&'p str, &'p TypeDecl>,
        found: &mut Found,
    ) {
        let mut path: Vec<&'p TypeDecl> = Vec::new();
        let mut next: &'p Ident = &ty.name;
        let top = loop {
            let name = next.name.as_str();
            if let Some(known) = self.names.get(name) {
                break *known;
            }
            let Some(decl) = declared.get(name) else {
                let more = declared.keys().copied();
                found.push(self.unknown(next, more, found.is_full()));
                break None;
            };
            if path.iter().any(|passed| std::ptr::eq(*passed, *decl)) {
                found.push(cycle(&path));
                break None;
            }
            if path.len() >= DEEPEST as usize {
                found.push(
                    RuleError::new(
                        Code::NestingTooDeep,
                        format!("more than {DEEPEST} subtypes of subtypes"),
                    )
                    .label(next.span, "one level too many"),
                );
                break None;
            }
            path.push(decl);
            next = &decl.base;
        };
        let mut parent = top;
        for decl in path.into_iter().rev() {
            let name = decl.name.name.as_str();
            parent = match parent {
                Some(up) => Some(self.insert(name, self.base(up), Some(up))),
                None => {
                    self.names.insert(name, None);
                    None
                }
            };
        }
    }

    /// The type that a name stands for, or nothing with an error.
    pub(super) fn lookup(&self, name: &Ident, found: &mut Found) -> Option<TypeId> {
        match self.names.get(name.name.as_str()) {
            Some(known) => *known,
            None => {
                found.push(self.unknown(name, std::iter::empty(), found.is_full()));
                None
            }
        }
    }

    fn unknown<'a>(
        &'a self,
        name: &Ident,
        more: impl Iterator<Item = &'a str>,
        is_only_counted: bool,
    ) -> RuleError {
        let known = self.names.keys().copied().chain(more);
        let known = known.filter(|_| !is_only_counted);
        let help = match nearest(&name.name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let name = &name.name;
                format!("declare it: `.type {name} <: ` and `symbol`, `number` or `float`")
            }
        };
        RuleError::new(Code::UnknownType, format!("unknown type `{}`", name.name))
            .label(name.span, "no such type")
            .help(help)
    }

    pub(super) fn name(&self, id: TypeId) -> &'p str {
        self.entries
            .get(id.0 as usize)
            .map_or("", |entry| entry.name)
    }

    pub(super) fn base(&self, id: TypeId) -> BaseType {
        let entry = self.entries.get(id.0 as usize);
        entry.map_or(BaseType::Symbol, |entry| entry.base)
    }

    pub(super) fn is_subtype(&self, below: TypeId, above: TypeId) -> bool {
        let parent = |id: &TypeId| self.entries.get(id.0 as usize)?.parent;
        std::iter::successors(Some(below), parent).any(|id| id == above)
    }

    /// The type of what is both.
    pub(super) fn meet(&self, a: TypeId, b: TypeId) -> Option<TypeId> {
        if self.is_subtype(a, b) {
            Some(a)
        } else {
            self.is_subtype(b, a).then_some(b)
        }
    }
}

fn cycle(path: &[&TypeDecl]) -> RuleError {
    let mut error = RuleError::new(Code::CyclicType, "a type is a subtype of itself");
    for decl in path {
        let (name, base) = (&decl.name.name, &decl.base.name);
        error = error.label(decl.base.span, format!("`{name}` is a `{base}`"));
    }
    error.help("the last one must be a `symbol`, a `number` or a `float`")
}
