//! From the parser's events to the tree.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, options};

use super::resolve;
use super::tree::{Entry, Node, NodeKind, Scalar};
use crate::catalog::problem::Problem;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// How deep maps and lists may nest.
pub const MAX_DEPTH: usize = 64;
/// The most nodes a file may hold once aliases are followed.
pub const MAX_NODES: usize = 200_000;

/// Reads the bytes of a file: UTF-8, with or without a byte order mark.
pub fn read_bytes(bytes: &[u8]) -> Result<Node, Vec<Problem>> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![
            Problem::error(
                "too-large",
                format!("the file holds more than the {MAX_BYTES} bytes that are read"),
            )
            .help("a recipe or a model card is a few kilobytes; split the file or take out what is not part of it"),
        ]);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(error) => {
            let at = error.valid_up_to();
            Err(vec![
                Problem::error("not-utf8", format!("byte {at} is not UTF-8"))
                    .at(at..at, "here")
                    .help("save the file as UTF-8"),
            ])
        }
    }
}

/// Reads a text that holds one YAML document.
pub fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - body.len();
    let options: Options = options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::new(offset, text.len());
    for next in Parser::new_from_str_with_options(body, options) {
        match next {
            Ok((event, span)) => {
                if let Err(problem) = builder.event(event, span) {
                    builder.problems.push(problem);
                    break;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0) + offset;
                builder.problems.push(syntax(text, at, &error.info()));
                break;
            }
        }
    }
    builder.finish()
}

fn syntax(text: &str, at: usize, message: &str) -> Problem {
    let at = at.min(text.len());
    let line_start = text
        .get(..at)
        .and_then(|t| t.rfind('\n'))
        .map_or(0, |i| i + 1);
    let line = text.get(line_start..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let tab = line.get(..indent).and_then(|indent| indent.find('\t'));
    let start = tab.map_or(at, |tab| line_start + tab);
    let end = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(start, |c| match c {
            '\n' => start,
            c => start + c.len_utf8(),
        });
    let problem = Problem::error("yaml-syntax", format!("not valid YAML: {message}"));
    let problem = problem.at(start..end, "here");
    match (tab, glued(line)) {
        (Some(_), _) => problem.help("indent with spaces: YAML does not take tabs"),
        (None, Some(key)) => problem.help(format!("is a space missing behind `{key}:`?")),
        (None, None) => problem,
    }
}

/// The key of a line like `key:value`, which is one word in YAML.
fn glued(line: &str) -> Option<&str> {
    let line = line.split(" #").next()?.trim();
    let (key, value) = line.split_once(':')?;
    let is_word = key
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    (is_word && !key.is_empty() && !value.is_empty() && !value.starts_with([' ', '/']))
        .then_some(key)
}

/// An open list or map.
struct Open {
    kind: OpenKind,
    start: usize,
    ordinal: u32,
    anchor: usize,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        key: Option<Node>,
        /// Where keys stand, once there are many.
        seen: HashMap<String, Range<usize>>,
    },
}

struct Builder {
    offset: usize,
    text_len: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    problems: Vec<Problem>,
}

impl Builder {
    fn new(offset: usize, text_len: usize) -> Self {
        Builder {
            offset,
            text_len,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            nodes: 0,
            problems: Vec::new(),
        }
    }

    fn span(&self, span: Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        range.start + self.offset..range.end + self.offset
    }

    fn count(&mut self, more: usize, span: &Range<usize>) -> Result<u32, Problem> {
        let ordinal = self.nodes;
        self.nodes += more;
        if self.nodes > MAX_NODES {
            return Err(Problem::error(
                "too-many-nodes",
                format!("the file holds more than {MAX_NODES} values once aliases are followed"),
            )
            .at(span.clone(), "the limit is reached here"));
        }
        Ok(u32::try_from(ordinal).unwrap_or(u32::MAX))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let span = self.span(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Problem::error(
                        "several-documents",
                        "the file holds more than one document",
                    )
                    .at(span, "the second begins here")
                    .help("put each document into a file of its own"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let ordinal = self.count(1, &span)?;
                let as_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let scalar = if style == ScalarStyle::Plain && !as_text {
                    resolve::plain(&text)
                } else {
                    Scalar::Text(text.into_owned())
                };
                let node = Node {
                    kind: NodeKind::Scalar(scalar),
                    span,
                    ordinal,
                };
                self.anchor(anchor, &node);
                self.push(node);
            }
            Event::SequenceStart(_, anchor, _) => {
                let kind = OpenKind::Sequence(Vec::new());
                self.start(kind, span, anchor)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let kind = OpenKind::Mapping {
                    entries: Vec::new(),
                    key: None,
                    seen: HashMap::new(),
                };
                self.start(kind, span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => {
                let Some(target) = self.anchors.get(&id).cloned() else {
                    return Err(Problem::error(
                        "recursive-alias",
                        "an alias stands inside the value it names",
                    )
                    .at(span, "this alias"));
                };
                self.count(size(&target), &span)?;
                self.push(target);
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, kind: OpenKind, span: Range<usize>, anchor: usize) -> Result<(), Problem> {
        let ordinal = self.count(1, &span)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::error(
                "too-deep",
                format!("maps and lists nest more than {MAX_DEPTH} deep"),
            )
            .at(span, "here"));
        }
        self.open.push(Open {
            kind,
            start: span.start,
            ordinal,
            anchor,
        });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let kind = match open.kind {
            OpenKind::Sequence(items) => NodeKind::Sequence(items),
            OpenKind::Mapping { entries, .. } => NodeKind::Mapping(merged(entries)),
        };
        // A block collection's end is where the next token stands; its own text ends with its last value.
        let last = match &kind {
            NodeKind::Sequence(items) => items.last().map(|item| item.span.end),
            NodeKind::Mapping(entries) => entries
                .iter()
                .map(|e| e.value.span.end.max(e.key.span.end))
                .max(),
            NodeKind::Scalar(_) => None,
        };
        let end = if span.end > span.start {
            span.end
        } else {
            last.unwrap_or(span.end)
        };
        let node = Node {
            kind,
            span: open.start..end.clamp(open.start, self.text_len),
            ordinal: open.ordinal,
        };
        self.anchor(open.anchor, &node);
        self.push(node);
    }

    fn anchor(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn push(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.kind {
            OpenKind::Sequence(items) => items.push(node),
            OpenKind::Mapping { entries, key, seen } => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => {
                    if !matches!(node.kind, NodeKind::Scalar(_)) {
                        self.problems.push(
                            Problem::error("key-not-scalar", "a key must be a single value")
                                .at(node.span.clone(), "this key is a list or a map"),
                        );
                    }
                    let text = key_text(&node);
                    if let Some(first) = first_of(text, entries, seen) {
                        self.problems.push(
                            Problem::error(
                                "duplicate-key",
                                format!("`{text}` stands twice in one map"),
                            )
                            .at(node.span.clone(), "again here")
                            .at(first, "first here")
                            .help("keep one of the two"),
                        );
                    }
                    *key = Some(node);
                }
            },
        }
    }

    fn finish(self) -> Result<Node, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        self.root.filter(|root| !root.is_null()).ok_or_else(|| {
            vec![Problem::error("empty-file", "the file holds no document").at(0..0, "")]
        })
    }
}

/// A key as it is compared with others.
fn key_text(key: &Node) -> &str {
    match &key.kind {
        NodeKind::Scalar(scalar) => scalar.text(),
        _ => "",
    }
}

/// From so many entries on, a key is looked up by its hash.
const MANY: usize = 24;

/// Where a key stands first in a map.
fn first_of(
    text: &str,
    entries: &[Entry],
    seen: &mut HashMap<String, Range<usize>>,
) -> Option<Range<usize>> {
    if entries.len() < MANY {
        let mut keys = entries.iter().map(|entry| &entry.key);
        return keys
            .find(|key| key_text(key) == text)
            .map(|key| key.span.clone());
    }
    // The last of them has come since this was asked before, or all have.
    let new = if seen.is_empty() {
        0
    } else {
        entries.len() - 1
    };
    for Entry { key, .. } in entries.iter().skip(new) {
        seen.entry(key_text(key).to_owned())
            .or_insert_with(|| key.span.clone());
    }
    seen.get(text).cloned()
}

fn size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Scalar(_) => 1,
        NodeKind::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeKind::Mapping(entries) => {
            1 + entries
                .iter()
                .map(|e| size(&e.key) + size(&e.value))
                .sum::<usize>()
        }
    }
}

/// Puts the entries that `<<` brings in after the map's own, which win.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    let is_merge = |entry: &Entry| {
        entry.key.text() == Some("<<")
            && matches!(
                entry.value.kind,
                NodeKind::Mapping(_) | NodeKind::Sequence(_)
            )
    };
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut known: HashSet<String> = own
        .iter()
        .filter_map(|entry| entry.key.text().map(str::to_owned))
        .collect();
    for merge in merges {
        let sources = match merge.value.kind {
            NodeKind::Sequence(items) => items,
            _ => vec![merge.value],
        };
        for source in sources {
            if let NodeKind::Mapping(entries) = source.kind {
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    if known.insert(key.to_owned()) {
                        own.push(entry);
                    }
                }
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        read(text)
            .unwrap_err()
            .into_iter()
            .map(|p| p.code)
            .collect()
    }

    #[test]
    fn spans_are_the_bytes_of_keys_and_values() {
        let text = "\u{feff}ñame: 'v'\nlist: [a, 12]\nmap:\n  k: 0.90\n";
        let root = read(text).unwrap();
        let entry = root.entry("ñame").unwrap();
        assert_eq!(&text[entry.key.span.clone()], "ñame");
        assert_eq!(&text[entry.value.span.clone()], "'v'");
        let list = root.get("list").unwrap();
        assert_eq!(&text[list.span.clone()], "[a, 12]");
        let value = root.get("map").and_then(|map| map.get("k")).unwrap();
        assert_eq!(&text[value.span.clone()], "0.90");
        assert_eq!(value.text(), Some("0.90"));
        assert_eq!(root.find(value.ordinal), Some(value));
    }

    #[test]
    fn windows_line_ends_are_read() {
        let root = read("a: 1\r\nb: x\r\n").unwrap();
        assert_eq!(root.get("b").and_then(Node::text), Some("x"));
    }

    #[test]
    fn duplicate_keys_are_all_reported_with_both_places() {
        let text = "a: 1\na: 2\nb: {c: 1, c: 2}\n";
        let problems = read(text).unwrap_err();
        assert_eq!(problems.len(), 2);
        let label = |i: usize, j: usize| {
            let label: &crate::catalog::problem::Label = &problems[i].labels[j];
            (label.start, &text[label.start..label.end])
        };
        assert_eq!(label(0, 0), (5, "a"));
        assert_eq!(label(0, 1), (0, "a"));
        assert_eq!(label(1, 0), (20, "c"));
    }

    #[test]
    fn merge_keys_bring_entries_in_and_own_ones_win() {
        let root = read("base: &b {x: 1, y: 2}\nit:\n  <<: *b\n  y: 3\n").unwrap();
        let it = root.get("it").unwrap();
        assert_eq!(it.get("x").and_then(Node::text), Some("1"));
        assert_eq!(it.get("y").and_then(Node::text), Some("3"));
    }

    #[test]
    fn hostile_documents_are_refused_in_bounded_time() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let last = i - 1;
            bomb += &format!(
                "a{i}: &a{i} [*a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}]\n"
            );
        }
        assert_eq!(codes(&bomb), ["catalog::too-many-nodes"]);
        assert_eq!(codes(&"[".repeat(100_000)).len(), 1);
        assert_eq!(codes(&"{a: ".repeat(50_000)).len(), 1);
        assert_eq!(codes("a: &a [*a]\n").len(), 1);
        assert_eq!(codes("a: 1\n---\nb: 2\n"), ["catalog::several-documents"]);
        assert_eq!(codes("# nothing\n"), ["catalog::empty-file"]);
        assert_eq!(codes(""), ["catalog::empty-file"]);
        assert!(read_bytes(&vec![b' '; MAX_BYTES + 1]).is_err());
        let invalid = read_bytes(b"a: \xff\n").unwrap_err();
        assert_eq!(invalid[0].labels[0].start, 3);
    }

    #[test]
    fn a_tab_for_indent_is_named() {
        let problems = read("a:\n\tb: 1\n").unwrap_err();
        assert_eq!(problems[0].code, "catalog::yaml-syntax");
        assert_eq!(
            problems[0].help.as_deref(),
            Some("indent with spaces: YAML does not take tabs")
        );
    }
}
