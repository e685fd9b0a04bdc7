//! Doc comments: a sentence, fields, and a long text.

use super::ast::{Doc, DocField, FileId, Ident, Span, Template, TemplatePart};
use super::diagnostic::{Code, Found, RuleError};
use super::lex::DocLine;
use super::nearest::nearest;

/// The fields that a doc comment may have.
pub const FIELDS: &[&str] = &[
    "help", "code", "severity", "fix", "at", "nearest", "expected", "found", "with", "without",
    "mend", "verify",
];

/// Reads the `///` lines of one declaration.
pub(super) fn parse(lines: &[DocLine], text: &str, file: FileId, found: &mut Found) -> Doc {
    let mut reader = Reader {
        text,
        file,
        found,
        doc: Doc::default(),
    };
    let mut lines = lines.iter().map(|line| trimmed(line, text));
    for (start, line) in lines.by_ref() {
        if line.is_empty() {
            break;
        }
        reader.line(start, line);
    }
    let long: Vec<&str> = lines.map(|(_, line)| line).collect();
    let mut doc = reader.doc;
    doc.long = long.join("\n").trim().to_owned();
    doc.extension_point = is_extension_point(&doc);
    doc
}

/// A line without the blank that begins it and without those that end it, and where it starts.
fn trimmed<'t>(line: &DocLine, text: &'t str) -> (usize, &'t str) {
    let (start, end) = (line.start as usize, line.end as usize);
    let all = text.get(start..end).unwrap_or_default();
    let body = all.strip_prefix(' ').unwrap_or(all);
    (start + all.len() - body.len(), body.trim_end())
}

struct Reader<'a> {
    text: &'a str,
    file: FileId,
    found: &'a mut Found,
    doc: Doc,
}

impl Reader<'_> {
    /// A line begins a field, or goes on with what came before it.
    fn line(&mut self, start: usize, line: &str) {
        let indent = line.len() - line.trim_start().len();
        let (start, line) = (start + indent, line.trim_start());
        let key = line.split_once(':').map(|(key, _)| key);
        match key {
            Some(key) if FIELDS.contains(&key) => {
                let behind = line.get(key.len() + 1..).unwrap_or_default();
                let value = behind.trim_start();
                let value_start = start + line.len() - value.len();
                let mut template = Template::default();
                self.template(&mut template, value_start, value);
                self.doc.fields.push(DocField {
                    key: Ident {
                        name: key.to_owned(),
                        span: self.span(start, start + key.len()),
                    },
                    value: template,
                    value_span: self.span(value_start, value_start + value.len()),
                });
                return;
            }
            Some(key) => self.misspelt(start, key),
            None => {}
        }
        let end = self.span(start, start + line.len());
        let mut template = match self.doc.fields.last_mut() {
            Some(field) => {
                field.value_span = if field.value.parts.is_empty() {
                    end
                } else {
                    field.value_span.to(end)
                };
                std::mem::take(&mut field.value)
            }
            None => std::mem::take(&mut self.doc.sentence),
        };
        if !template.parts.is_empty() {
            push_text(&mut template, " ");
        }
        self.template(&mut template, start, line);
        match self.doc.fields.last_mut() {
            Some(field) => field.value = template,
            None => self.doc.sentence = template,
        }
    }

    fn misspelt(&mut self, start: usize, key: &str) {
        let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
        let Some(near) = nearest(key, FIELDS.iter().copied()).filter(|_| is_word) else {
            return;
        };
        let span = self.span(start, start + key.len());
        self.found.push(
            RuleError::new(Code::UnknownDocField, format!("unknown field `{key}`"))
                .label(span, "read as part of the line before")
                .help(format!("did you mean `{near}`?")),
        );
    }

    /// Text with placeholders, which stands at `start`.
    fn template(&mut self, template: &mut Template, start: usize, line: &str) {
        let mut rest = line;
        while let Some(at) = rest.find(['{', '}']) {
            let (text, from_brace) = rest.split_at_checked(at).unwrap_or((rest, ""));
            push_text(template, text);
            let here = start + line.len() - from_brace.len();
            if let Some(behind) = from_brace.strip_prefix("{{") {
                push_text(template, "{");
                rest = behind;
            } else if let Some(behind) = from_brace.strip_prefix("}}") {
                push_text(template, "}");
                rest = behind;
            } else if let Some((name, behind)) = placeholder(from_brace) {
                template.parts.push(TemplatePart::Column(Ident {
                    name: name.to_owned(),
                    span: self.span(here + 1, here + 1 + name.len()),
                }));
                rest = behind;
            } else {
                self.lone_brace(here, from_brace);
                rest = from_brace.get(1..).unwrap_or_default();
            }
        }
        push_text(template, rest);
    }

    fn lone_brace(&mut self, here: usize, from_brace: &str) {
        let brace = from_brace.get(..1).unwrap_or_default();
        let span = self.span(here, here + 1);
        self.found.push(
            RuleError::new(
                Code::InvalidPlaceholder,
                format!("a lone `{brace}` in a doc comment"),
            )
            .label(span, "no `{column}` here")
            .help(format!("for the brace itself write `{brace}{brace}`")),
        );
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let narrow = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            start: narrow(start),
            end: narrow(end),
        }
    }
}

/// `{name}`, and what follows it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, behind) = text.strip_prefix('{')?.split_once('}')?;
    let first = name.bytes().next()?;
    let is_name = !first.is_ascii_digit()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'?');
    is_name.then_some((name, behind))
}

fn push_text(template: &mut Template, text: &str) {
    if text.is_empty() {
        return;
    }
    match template.parts.last_mut() {
        Some(TemplatePart::Text(last)) => last.push_str(text),
        _ => template.parts.push(TemplatePart::Text(text.to_owned())),
    }
}

impl Doc {
    /// The value of a field.
    pub fn field(&self, key: &str) -> Option<&DocField> {
        self.fields.iter().find(|field| field.key.name == key)
    }
}

impl Template {
    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text, when there is no placeholder in it.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The placeholders.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Column(name) => Some(name),
            TemplatePart::Text(_) => None,
        })
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Text(text) => Some(text.as_str()),
            TemplatePart::Column(_) => None,
        })
    }
}

/// Whether the words "extension point" stand in parentheses anywhere.
fn is_extension_point(doc: &Doc) -> bool {
    let values = doc.fields.iter().flat_map(|field| field.value.texts());
    let mut texts = doc
        .sentence
        .texts()
        .chain(values)
        .chain([doc.long.as_str()]);
    texts.any(|text| {
        text.split('(').skip(1).any(|behind| {
            let inside = behind.split(')').next().unwrap_or_default();
            let words: Vec<&str> = inside.split_whitespace().collect();
            words.windows(2).any(|pair| {
                matches!(pair, [first, second]
                    if first.eq_ignore_ascii_case("extension")
                        && second.trim_end_matches([',', ';', ':', '.']) == "point")
            })
        })
    })
}
