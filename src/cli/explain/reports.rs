//! A condition that fails as one report with two sources: the recipe's line and the rule's line.

use std::fmt;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode,
};

use crate::datalog::diagnostic::NamedText;
use crate::explain::{At, AtFile, Failed, Sourced, Why, WhyNotConfiguration, World};

/// In a terminal narrower than this sentences say more than drawn lines.
pub(super) const NARROWEST: usize = 72;

/// The conditions that fail, drawn.
pub(super) fn reports(world: &World<'_>, one: &WhyNotConfiguration, columns: usize) -> String {
    let recipe_file = world.file_of(&one.configuration);
    let mut out = String::new();
    for one in &one.failed {
        out.push('\n');
        draw(&mut out, &parts(world, one, recipe_file.as_ref()), columns);
    }
    out
}

/// The block that was chosen and the next one, with the rule that came between them.
pub(super) fn choice(world: &World<'_>, why: &Why, columns: usize) -> String {
    let next = why.beats.first();
    let both = [
        ("the chosen block", Some(&why.selected), "chosen".to_owned()),
        (
            "the next in the order",
            next.map(|next| &next.configuration),
            next.map(|next| next.says.clone()).unwrap_or_default(),
        ),
    ];
    let mut parts: Vec<Part> = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for (title, configuration, says) in both {
        let Some(place) = configuration.and_then(|one| world.block_of(one)) else {
            continue;
        };
        let label = LabeledSpan::new(Some(says), place.offset, place.length);
        match parts.last_mut().filter(|_| files.contains(&place.file)) {
            Some(part) => {
                part.message.push_str(", and ");
                part.message.push_str(title);
                part.labels.push(label);
            }
            None => parts.push(Part {
                message: title.to_owned(),
                help: None,
                severity: Severity::Advice,
                source: Some(NamedText::new(place.file.as_str(), Arc::clone(&place.text))),
                labels: vec![label],
            }),
        }
        files.push(place.file);
    }
    parts.extend(why.next.iter().filter_map(|next| rule(world, next)));
    let mut out = String::from("\n");
    draw(&mut out, &parts, columns);
    out
}

fn draw(out: &mut String, parts: &[Part], columns: usize) {
    let theme = if super::super::output::colours_answers() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(columns)
        .with_links(false)
        .with_context_lines(1)
        .with_wrap_lines(true)
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation);
    for part in parts {
        // Writing to a text does not fail.
        let _ = handler.render_report(out, part);
    }
}

/// One source with what is said of it.
struct Part {
    message: String,
    help: Option<String>,
    severity: Severity,
    source: Option<NamedText>,
    labels: Vec<LabeledSpan>,
}

/// The parts of one report: what fails in the first file, what other files say of it, and the rule.
fn parts(world: &World<'_>, failed: &Failed, recipe_file: Option<&String>) -> Vec<Part> {
    let mut parts = vec![Part {
        message: failed.says.clone(),
        help: None,
        severity: Severity::Error,
        source: None,
        labels: Vec::new(),
    }];
    let mut files: Vec<(&AtFile, Vec<LabeledSpan>)> = Vec::new();
    for place in &failed.at {
        if let At::File(file) = &place.at {
            let label = LabeledSpan::new(Some(text(failed, place)), file.offset, file.length);
            match files.iter_mut().find(|(known, _)| known.file == file.file) {
                Some((_, labels)) => labels.push(label),
                None => files.push((file, vec![label])),
            }
        }
    }
    // Whoever asks has the recipe open.
    files.sort_by_key(|(file, _)| Some(&file.file) != recipe_file);
    for (at, (file, labels)) in files.into_iter().enumerate() {
        let source = Some(NamedText::new(file.file.as_str(), Arc::clone(&file.text)));
        match parts.first_mut().filter(|_| at == 0) {
            Some(first) => (first.source, first.labels) = (source, labels),
            None => parts.push(Part {
                message: format!("and {}", file.file),
                help: None,
                severity: Severity::Advice,
                source,
                labels,
            }),
        }
    }
    parts.extend(rule(world, failed));
    if let Some(last) = parts.last_mut() {
        last.help = help(failed);
    }
    parts
}

/// The rule's line: the conditions that tell, else its head.
fn rule(world: &World<'_>, failed: &Failed) -> Option<Part> {
    let mut message = format!("by the rule `{}`", failed.rule);
    let mut labels: Vec<LabeledSpan> = Vec::new();
    let mut place = failed.rule_at.as_ref()?;
    if let Some(telling) = &failed.telling {
        if telling.rule != failed.rule {
            message.push_str(&format!(", which rests on `{}`", telling.rule));
        }
        for (at, text) in &telling.conditions {
            labels.push(LabeledSpan::new(Some(text.clone()), at.offset, at.length));
            place = at;
        }
    }
    if labels.is_empty() {
        labels.push(LabeledSpan::new(None, place.offset, place.length));
    }
    let file = world.sources.find(&place.file)?;
    let text = world.sources.shared_text(file);
    Some(Part {
        message,
        help: None,
        severity: Severity::Advice,
        source: Some(NamedText::new(place.file.as_str(), text)),
        labels,
    })
}

/// What a place says: the value that comes from it, or to which it adds its part.
fn text(failed: &Failed, place: &Sourced) -> String {
    let among = failed.at.iter().filter(|other| other.of == place.of);
    let by_this = if place.of.is_some() && among.count() > 1 {
        ", by this"
    } else {
        ""
    };
    let value = match place.of {
        Some("expected") => failed
            .expected
            .as_deref()
            .map(|value| format!("expected {value}")),
        Some(_) => failed
            .found
            .as_deref()
            .map(|value| format!("found {value}")),
        None => failed.found.as_deref().or(Some("here")).map(str::to_owned),
    };
    value
        .map(|value| format!("{value}{by_this}"))
        .unwrap_or_default()
}

/// What comes from no file, and what to do.
fn help(failed: &Failed) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for (of, value) in [("expected", &failed.expected), ("found", &failed.found)] {
        let places = failed.at.iter().filter(|place| place.of == Some(of));
        let places: Vec<String> = places
            .filter(|place| !matches!(place.at, At::File(_) | At::Rule(_)))
            .map(|place| place.at.says())
            .collect();
        if let (Some(value), false) = (value, places.is_empty()) {
            lines.push(format!("{of} {value}: {}", places.join("; ")));
        }
    }
    lines.extend(failed.help.clone());
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Part {}

impl Diagnostic for Part {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
