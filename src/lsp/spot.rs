//! What stands at a byte of a file: a key or a value, below which keys.

use std::ops::Range;

use crate::catalog::yaml::{Node, NodeKind};

/// A key or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The keys above it.
    pub above: Vec<String>,
    /// Which it is.
    pub what: What,
    /// Its text, without quotes.
    pub text: String,
    /// Its bytes.
    pub bytes: Range<usize>,
}

/// A key or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A key.
    Key,
    /// The value of this key, or one of them.
    ValueOf(String),
}

impl Spot {
    /// The keys that lead to it, its own or that of the value last.
    pub(super) fn path(&self) -> Vec<String> {
        let mut path = self.above.clone();
        path.push(match &self.what {
            What::Key => self.text.clone(),
            What::ValueOf(key) => key.clone(),
        });
        path
    }
}

/// What a tree has there.
pub(super) fn in_tree(root: &Node, at: usize) -> Option<Spot> {
    let mut above = Vec::new();
    let mut node = root;
    'down: loop {
        let touches = |node: &Node| node.span.start <= at && at <= node.span.end;
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            if touches(&entry.key) {
                return Some(Spot {
                    above,
                    what: What::Key,
                    text: key.to_owned(),
                    bytes: entry.key.span.clone(),
                });
            }
            if !touches(&entry.value) {
                continue;
            }
            let value = match &entry.value.kind {
                NodeKind::Mapping(_) => {
                    above.push(key.to_owned());
                    node = &entry.value;
                    continue 'down;
                }
                NodeKind::Scalar(_) => &entry.value,
                NodeKind::Sequence(items) => {
                    let Some(item) = items.iter().find(|item| touches(item)) else {
                        continue;
                    };
                    if matches!(item.kind, NodeKind::Mapping(_)) {
                        above.push(key.to_owned());
                        node = item;
                        continue 'down;
                    }
                    item
                }
            };
            return Some(Spot {
                above,
                what: What::ValueOf(key.to_owned()),
                text: value.text().unwrap_or_default().to_owned(),
                bytes: value.span.clone(),
            });
        }
        return None;
    }
}

/// What the lines before it tell, for a file that is being written and may be no YAML: the text is that
/// up to the byte, the bytes are those of the whole word. Nothing in a comment.
pub(super) fn in_lines(text: &str, at: usize) -> Option<Spot> {
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let typed = before.get(start..)?;
    let rest = text
        .get(at..)?
        .split(['\n', '\r'])
        .next()
        .unwrap_or_default();
    let body = typed.trim_start();
    let mut indent = typed.len() - body.len();
    if body.starts_with('#') || typed.contains(" #") {
        return None;
    }
    let (item, body) = match body.strip_prefix("- ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, body),
    };
    let (braces, body) = within_braces(body);
    let (key, written) = match key_of(body) {
        Some((key, rest)) if !key.is_empty() => (Some(key), rest.trim_start()),
        _ => (None, body),
    };
    let mut above = Vec::new();
    for line in before.get(..start)?.lines().rev() {
        let content = line.trim_start_matches('\u{feff}').trim_start();
        let line_indent = line.len() - content.len();
        // Items of a list may stand as far left as the key that the list is of.
        let is_above = line_indent < indent || item && above.is_empty() && line_indent == indent;
        if content.is_empty() || content.starts_with('#') || content.starts_with("- ") || !is_above
        {
            continue;
        }
        if let Some((key, _)) = key_of(content) {
            above.push(key);
            indent = line_indent;
        }
        if indent == 0 {
            break;
        }
    }
    above.reverse();
    let is_item = item && braces.is_empty();
    above.extend(braces.into_iter().flatten());
    let what = match (key, is_item) {
        (Some(key), _) => What::ValueOf(key),
        (None, true) => What::ValueOf(above.pop()?),
        (None, false) => What::Key,
    };
    // Of `[a, b` the last word is written.
    let written = match &what {
        What::Key => written,
        What::ValueOf(_) => written.rsplit(['[', ',', '"', '\'']).next()?.trim_start(),
    };
    let ends = |c: char| match &what {
        What::Key => c == ':' || c.is_whitespace(),
        What::ValueOf(_) => c.is_whitespace() || "],\"'#}".contains(c),
    };
    let after = rest.find(ends).unwrap_or(rest.len());
    Some(Spot {
        above,
        what,
        text: written.to_owned(),
        bytes: at - written.len()..at + after,
    })
}

/// The keys of the maps in braces that are open at the end of a line, where they have one, and what stands behind
/// the last comma of the innermost.
fn within_braces(line: &str) -> (Vec<Option<String>>, &str) {
    let mut open = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => {
                let before = line.get(start..at).unwrap_or_default();
                open.push(key_of(before.trim_start()).map(|(key, _)| key));
                start = at + 1;
            }
            (None, '}') => {
                open.pop();
            }
            (None, ',') if !open.is_empty() => start = at + 1,
            _ => {}
        }
    }
    let rest = line.get(start..).unwrap_or_default();
    match open.is_empty() {
        true => (open, line),
        false => (open, rest.trim_start()),
    }
}

/// The key that a line begins with, without quotes, and what stands behind its colon.
fn key_of(line: &str) -> Option<(String, &str)> {
    let mut from = 0;
    loop {
        let colon = from + line.get(from..)?.find(':')?;
        let rest = line.get(colon + 1..)?;
        if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            let key = line.get(..colon)?.trim().trim_matches(['"', '\'']);
            return Some((key.to_owned(), rest));
        }
        from = colon + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml;

    const RECIPE: &str = "# ä\nhardware: MI300X\nvllm_serve:\n  1_gpu:\n    args:\n      --max-model-len: 8192\n      --kv\n\n    env: {A: 1}\n";

    #[test]
    fn a_tree_tells_keys_and_values() {
        let text = RECIPE.replace("      --kv\n\n", "");
        let root = yaml::read(&text).unwrap();
        let spot = in_tree(&root, text.find("8192").unwrap() + 1).unwrap();
        assert_eq!(
            spot.path(),
            ["vllm_serve", "1_gpu", "args", "--max-model-len"]
        );
        assert_eq!(spot.text, "8192");
        let spot = in_tree(&root, text.find("env").unwrap()).unwrap();
        assert_eq!((spot.what, spot.above.len()), (What::Key, 2));
    }

    #[test]
    fn lines_tell_where_no_tree_does() {
        let at = RECIPE.find("--kv").unwrap() + 4;
        let spot = in_lines(RECIPE, at).unwrap();
        assert_eq!(spot.above, ["vllm_serve", "1_gpu", "args"]);
        assert_eq!(
            (spot.what, spot.text.as_str(), spot.bytes),
            (What::Key, "--kv", at - 4..at)
        );
        let at = RECIPE.find("300X").unwrap();
        let spot = in_lines(RECIPE, at).unwrap();
        assert_eq!(spot.what, What::ValueOf("hardware".to_owned()));
        assert_eq!((spot.text.as_str(), spot.bytes), ("MI", at - 2..at + 4));
        assert_eq!(in_lines(RECIPE, 3), None);
        assert_eq!(in_lines("a: b # c", 8), None);
        let braces = "vllm_serve:\n  1_gpu: {enabled: true, args: {--seed: 1, \"--a\": {}, --kv-cache-dtype: fp";
        let spot = in_lines(braces, braces.len()).unwrap();
        assert_eq!(
            spot.path(),
            ["vllm_serve", "1_gpu", "args", "--kv-cache-dtype"]
        );
        assert_eq!((spot.text.as_str(), spot.bytes.len()), ("fp", 2));
        let braces = "aim_recipes:\n- {name: a, hard";
        let spot = in_lines(braces, braces.len()).unwrap();
        assert_eq!(
            (spot.path(), spot.what),
            (vec!["aim_recipes".to_owned(), "hard".to_owned()], What::Key)
        );
        let list = "aliases:\n- one\n- tw";
        assert_eq!(in_lines(list, list.len()).unwrap().path(), ["aliases"]);
    }
}
