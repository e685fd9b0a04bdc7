//! What depends on what, and in which order relations can be derived.
//!
//! The graph has a node for each relation and one for each rule: a relation depends on the rules
//! that derive it, a rule on the relations in its body. Its strongly connected components, each
//! after the ones that it depends on, are the strata.

use super::RelId;
use super::declare::Relations;
use super::places::each_aggregate;
use super::scope::terms;
use crate::datalog::ast::{Literal, Program, Span};

/// Relations that are derived together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// The relations.
    pub relations: Vec<RelId>,
    /// Whether one of them depends on itself, through the others or not.
    pub recursive: bool,
}

/// How a rule needs a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Its tuples.
    Tuples,
    /// All of them, to know which are absent.
    Absence,
    /// All of them, for an aggregate.
    Aggregate,
}

/// An edge of the graph from a rule to a relation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) to: RelId,
    pub(super) need: Need,
    pub(super) span: Span,
}

/// The graph, and the component of every node. Rules come behind relations.
#[derive(Debug)]
pub(super) struct Graph {
    relations: usize,
    /// For each relation the rules that derive it.
    pub(super) derived_by: Vec<Vec<usize>>,
    /// For each rule what its body needs.
    pub(super) needs: Vec<Vec<Edge>>,
    components: Vec<usize>,
    pub(super) strata: Vec<Stratum>,
}

impl Graph {
    pub(super) fn new(program: &Program, relations: &Relations<'_>) -> Self {
        let count = relations.list.len();
        let mut graph = Graph {
            relations: count,
            derived_by: vec![Vec::new(); count],
            needs: Vec::with_capacity(program.rules.len()),
            components: Vec::new(),
            strata: Vec::new(),
        };
        for (index, rule) in program.rules.iter().enumerate() {
            for head in &rule.heads {
                let id = relations.find(&head.relation.name);
                if let Some(rules) = id.and_then(|id| graph.derived_by.get_mut(id.index())) {
                    rules.push(index);
                }
            }
            let mut edges = Vec::new();
            for literal in rule.bodies.iter().flatten() {
                collect(literal, None, relations, &mut edges);
            }
            graph.needs.push(edges);
        }
        graph.find_components();
        graph
    }

    /// The component of a relation.
    pub(super) fn component(&self, relation: RelId) -> Option<usize> {
        self.components.get(relation.index()).copied()
    }

    /// The component of a rule: that of its head when the rule is recursive.
    pub(super) fn component_of_rule(&self, rule: usize) -> Option<usize> {
        self.components.get(self.relations + rule).copied()
    }

    fn successor(&self, node: usize, at: usize) -> Option<usize> {
        match node.checked_sub(self.relations) {
            None => {
                let rule = self.derived_by.get(node)?.get(at)?;
                Some(self.relations + rule)
            }
            Some(rule) => {
                let edge = self.needs.get(rule)?.get(at)?;
                Some(edge.to.index())
            }
        }
    }

    /// Tarjan's algorithm with a stack of its own; it finds a component after all that it needs.
    fn find_components(&mut self) {
        const UNSEEN: usize = usize::MAX;
        let nodes = self.relations + self.needs.len();
        let mut low = vec![UNSEEN; nodes];
        let mut order = vec![UNSEEN; nodes];
        let mut components = vec![UNSEEN; nodes];
        let mut seen = 0;
        let mut open: Vec<usize> = Vec::new();
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut count = 0;
        for root in 0..nodes {
            if order.get(root) != Some(&UNSEEN) {
                continue;
            }
            path.push((root, 0));
            while let Some((node, at)) = path.pop() {
                if at == 0 {
                    order[node] = seen;
                    low[node] = seen;
                    seen += 1;
                    open.push(node);
                }
                if let Some(next) = self.successor(node, at) {
                    path.push((node, at + 1));
                    if order[next] == UNSEEN {
                        path.push((next, 0));
                    } else if components[next] == UNSEEN {
                        low[node] = low[node].min(order[next]);
                    }
                    continue;
                }
                if low[node] == order[node] {
                    self.close(node, count, &mut open, &mut components);
                    count += 1;
                }
                if let Some((parent, _)) = path.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
            }
        }
        self.components = components;
    }

    /// Takes a component from the stack of open nodes.
    fn close(
        &mut self,
        root: usize,
        component: usize,
        open: &mut Vec<usize>,
        components: &mut [usize],
    ) {
        let mut relations = Vec::new();
        let mut size = 0;
        while let Some(node) = open.pop() {
            components[node] = component;
            size += 1;
            if node < self.relations {
                relations.push(RelId(u32::try_from(node).unwrap_or(u32::MAX)));
            }
            if node == root {
                break;
            }
        }
        if !relations.is_empty() {
            relations.sort_unstable();
            self.strata.push(Stratum {
                relations,
                recursive: size > 1,
            });
        }
    }
}

fn collect(
    literal: &Literal,
    within: Option<Need>,
    relations: &Relations<'_>,
    edges: &mut Vec<Edge>,
) {
    let atom = match literal {
        Literal::Positive(atom) => Some((atom, Need::Tuples)),
        Literal::Negative(atom) => Some((atom, Need::Absence)),
        Literal::Compare { .. } | Literal::Test { .. } => None,
    };
    if let Some((atom, need)) = atom
        && let Some(to) = relations.find(&atom.relation.name)
    {
        edges.push(Edge {
            to,
            need: within.unwrap_or(need),
            span: atom.span,
        });
    }
    if within.is_some() {
        return; // whoever began with the outermost aggregate comes to the ones in it as well
    }
    for term in terms(literal) {
        each_aggregate(term, &mut |aggregate| {
            for literal in aggregate.bodies.iter().flatten() {
                collect(literal, Some(Need::Aggregate), relations, edges);
            }
        });
    }
}
