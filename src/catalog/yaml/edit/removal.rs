//! The bytes of an entry or item that goes: its lines, and the comments that are its own.

use std::ops::Range;

use super::style::behind_colon;
use super::{Splice, Spot};

/// The splice that takes an entry of a map or an item of a list out.
pub(super) fn splice(text: &str, spot: Spot<'_>) -> Option<Splice> {
    // A `\r` by itself ends lines too, which nobody means.
    let is_lone = |(at, _): (usize, &str)| {
        !text
            .get(at + 1..)
            .is_some_and(|rest| rest.starts_with('\n'))
    };
    if text.match_indices('\r').any(is_lone) {
        return None;
    }
    let value = spot.value.unwrap_or(spot.node);
    let (start, end) = match spot.key {
        Some(key) => {
            let colon = behind_colon(text, key)?;
            let is_elsewhere = !value.span.is_empty() && value.span.start < colon;
            if is_elsewhere {
                return None;
            }
            let end = match value.span.is_empty() {
                true => colon,
                false => value.span.end,
            };
            (key.span.start, end)
        }
        None => (value.span.start, value.span.end),
    };
    let end = start + text.get(start..end)?.trim_end().len();
    let is_flow = text.get(spot.parent.span.clone())?.starts_with(['{', '[']);
    let range = match is_flow {
        true => in_flow(text, start..end)?,
        false => lines(text, start..end, spot.key.is_none())?,
    };
    Some(Splice {
        range,
        text: String::new(),
    })
}

/// Between brackets: with the comma behind it, or else the one before it.
fn in_flow(text: &str, own: Range<usize>) -> Option<Range<usize>> {
    let blank = [' ', '\t'];
    let behind = text.get(own.end..)?;
    let comma = behind.trim_start_matches(blank);
    let range = match comma.strip_prefix(',') {
        Some(rest) => {
            let start = line_start(text, own.start);
            let line = rest.split('\n').next().unwrap_or_default();
            let fills_line = text.get(start..own.start)?.trim_matches(blank).is_empty()
                && line.trim().is_empty()
                && line.len() < rest.len();
            match fills_line {
                true => start..text.len() - rest.len() + line.len() + 1,
                false => own.start..text.len() - rest.trim_start_matches(blank).len(),
            }
        }
        None => {
            let before = text.get(..own.start)?.trim_end_matches(blank);
            match before.strip_suffix(',') {
                Some(before) => before.len()..own.end,
                None if before.ends_with(['{', '[']) => own,
                // A line end or a comment stands before it.
                None => return None,
            }
        }
    };
    // A comment inside is nobody's to take.
    let gone = text.get(range.clone())?;
    let ends_line = gone.ends_with('\n');
    let inside = gone.trim_end_matches('\n').contains(['\n', '#']);
    (!inside || (ends_line && !gone.contains('#'))).then_some(range)
}

/// In lines of their own.
fn lines(text: &str, own: Range<usize>, is_item: bool) -> Option<Range<usize>> {
    let mut start = line_start(text, own.start);
    let prefix = text.get(start..own.start)?;
    let indent = prefix.len() - prefix.trim_start_matches(' ').len();
    let mark = prefix.trim_matches(' ');
    let is_alone = if is_item {
        mark == "-"
    } else {
        mark.is_empty()
    };
    if !is_alone {
        return None;
    }
    let mut end = line_end(text, own.end);
    let tail = text.get(own.end..end)?;
    let comment = tail.trim();
    let is_comment = comment.starts_with('#') && tail.starts_with([' ', '\t']);
    if !comment.is_empty() && !is_comment {
        return None;
    }
    // Deeper comments below speak of what was inside.
    while let Some((line, next)) = line_at(text, end)
        && comment_indent(line).is_some_and(|deep| deep > indent)
    {
        end = next;
    }
    let above = comments_above(text, start, indent);
    if above > 0 && is_last_of_its_group(text, end, indent) {
        start = above;
    }
    if end == text.len() && !text.ends_with('\n') {
        // The file goes on having no line end at its end.
        let before = text.get(..start)?;
        let before = before.strip_suffix('\n').unwrap_or(before);
        start = before.strip_suffix('\r').unwrap_or(before).len();
    }
    Some(start..end)
}

/// Where the comment lines directly above begin that are indented alike; 0 where there are none, or where
/// they begin the file and so speak of all of it.
fn comments_above(text: &str, start: usize, indent: usize) -> usize {
    let mut first = start;
    while first > 0 {
        let before = line_start(text, first - 1);
        let line = text.get(before..first).unwrap_or_default();
        if before == first || comment_indent(line) != Some(indent) {
            break;
        }
        first = before;
    }
    match first < start {
        true => first,
        false => 0,
    }
}

/// Whether comments above cannot be meant for what follows as well.
fn is_last_of_its_group(text: &str, end: usize, indent: usize) -> bool {
    let Some((line, _)) = line_at(text, end) else {
        return true;
    };
    let content = line.trim_start_matches(' ');
    let is_sibling = line.len() - content.len() >= indent;
    content.trim().is_empty() || content.starts_with('#') || !is_sibling
}

fn comment_indent(line: &str) -> Option<usize> {
    let content = line.trim_start_matches(' ');
    content
        .starts_with('#')
        .then_some(line.len() - content.len())
}

fn line_at(text: &str, at: usize) -> Option<(&str, usize)> {
    let end = line_end(text, at);
    let line = text.get(at..end).filter(|line| !line.is_empty())?;
    Some((line, end))
}

fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    match before.rfind('\n') {
        Some(end) => end + 1,
        None => before.len() - before.trim_start_matches('\u{feff}').len(),
    }
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}
