//! What a plan may hold: names in their grammars, paths that are paths, and nothing that a target's
//! command line would read as an option.

use std::collections::BTreeSet;

use miette::Diagnostic;
use thiserror::Error;

use super::{Group, LaunchPlan, Mount, VISIBLE_DEVICES};

/// A plan that no target can write down, with everything that is wrong in it.
#[derive(Debug, Error, Diagnostic)]
#[error("the launch plan cannot be written as a command: {}", first_of(.errors))]
#[diagnostic(code(aim::plan::invalid))]
pub struct InvalidPlan {
    /// At least one.
    #[related]
    pub errors: Vec<PlanError>,
}

fn first_of(errors: &[PlanError]) -> String {
    match errors {
        [] => "it is not valid".into(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first} (and {} more)", others.len()),
    }
}

/// One thing in a plan that cannot be written down.
#[derive(Debug, Error, Diagnostic, PartialEq, Eq)]
#[error("the {part} `{}` {kind}", .text.escape_debug())]
#[diagnostic(code(aim::plan::value), help("{}", .kind.help()))]
pub struct PlanError {
    /// Which part of the plan: `image`, `mounted host path`.
    pub part: &'static str,
    /// What it holds.
    pub text: String,
    /// What is wrong with it.
    pub kind: PlanErrorKind,
}

/// What can be wrong with one value of a plan.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanErrorKind {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It begins with `-`.
    #[error("begins with `-`, so that it would be read as an option")]
    LooksLikeOption,
    /// A byte that no command line can carry.
    #[error("holds a NUL byte, which no command line can carry")]
    Nul,
    /// A character that has no place in it.
    #[error("holds {0:?}, which has no place in it")]
    Character(char),
    /// Not of the form of a name.
    #[error("is no valid name")]
    Name,
    /// Relative, where only an absolute path has a meaning.
    #[error("is not an absolute path")]
    Relative,
    /// Port 0.
    #[error("is not from 1 to 65535")]
    Port,
    /// Set twice.
    #[error("is set more than once")]
    Repeated,
}

impl PlanErrorKind {
    fn help(&self) -> &'static str {
        match self {
            Self::Empty => "give it a value",
            Self::LooksLikeOption => "it must begin with a letter or a digit",
            Self::Nul => "remove the byte",
            Self::Character(_) => "remove the character",
            Self::Name => {
                "container names are two or more of `a-z A-Z 0-9 _ . -` and begin with a letter or a digit; \
                 names of variables are letters, digits and `_` and begin with no digit; \
                 keys of labels are letters, digits, `.`, `_`, `-` and `/` and begin with a letter or a digit"
            }
            Self::Relative => "begin it with `/`",
            Self::Port => "choose a port with `--port`",
            Self::Repeated => "keep one of them; which GPUs are visible is set with `--gpu-ids`",
        }
    }
}

impl LaunchPlan {
    /// Checks every value.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn check(&self) -> Result<(), InvalidPlan> {
        let mut check = Check { errors: Vec::new() };
        check.image(&self.image);
        check.name("container name", &self.name, is_container_name);
        for (key, value) in &self.labels {
            check.name("label key", key, is_label_key);
            check.nul("label value", value);
        }
        for device in &self.devices {
            check.path("device", device);
            // It would part the host's path from the container's.
            check.without("device", device, |letter| letter == ':');
        }
        for group in &self.groups {
            if let Group::Name(name) = group {
                check.name("group", name, is_group_name);
            }
        }
        for option in &self.security_options {
            check.word("security option", option);
        }
        for capability in &self.capabilities {
            check.name("capability", capability, is_variable);
        }
        check.variables(self);
        for Mount {
            host, container, ..
        } in &self.mounts
        {
            check.path("mounted host path", host);
            check.path("mounted container path", container);
        }
        for word in self.prefetch.iter().flatten() {
            check.nul("word of the command that fetches the model", word);
        }
        if let Some(folder) = &self.relies_on {
            check.path("folder of the model", folder);
        }
        if self.port == 0 {
            check.wrong("port", "0", PlanErrorKind::Port);
        }
        check.engine(&self.argv);
        check.path("health path", &self.health_path);
        for word in self.health_check.iter().flat_map(|check| &check.command) {
            check.nul("word of the health check", word);
        }
        match check.errors {
            errors if errors.is_empty() => Ok(()),
            errors => Err(InvalidPlan { errors }),
        }
    }
}

struct Check {
    errors: Vec<PlanError>,
}

impl Check {
    fn wrong(&mut self, part: &'static str, text: &str, kind: PlanErrorKind) {
        let text = text.to_owned();
        self.errors.push(PlanError { part, text, kind });
    }

    fn nul(&mut self, part: &'static str, text: &str) {
        if text.contains('\0') {
            self.wrong(part, text, PlanErrorKind::Nul);
        }
    }

    fn name(&mut self, part: &'static str, text: &str, is_valid: fn(&str) -> bool) {
        let kind = match text {
            "" => PlanErrorKind::Empty,
            _ if text.starts_with('-') => PlanErrorKind::LooksLikeOption,
            _ if !is_valid(text) => PlanErrorKind::Name,
            _ => return,
        };
        self.wrong(part, text, kind);
    }

    fn word(&mut self, part: &'static str, text: &str) {
        let kind = match text {
            "" => PlanErrorKind::Empty,
            _ if text.starts_with('-') => PlanErrorKind::LooksLikeOption,
            _ => return self.without(part, text, |c| c.is_control() || c.is_whitespace()),
        };
        self.wrong(part, text, kind);
    }

    fn without(&mut self, part: &'static str, text: &str, refused: fn(char) -> bool) {
        if let Some(letter) = text.chars().find(|letter| refused(*letter)) {
            self.wrong(part, text, PlanErrorKind::Character(letter));
        }
    }

    /// The characters of an image reference. Whether it has the whole grammar is left to the registry's
    /// client, whose message names the part.
    fn image(&mut self, text: &str) {
        let before = self.errors.len();
        self.word("image", text);
        if self.errors.len() == before {
            self.without("image", text, |letter| {
                !letter.is_ascii_alphanumeric() && !"._-/:@+[]".contains(letter)
            });
        }
    }

    /// Control characters are refused because the readers of mounts change some of them silently.
    fn path(&mut self, part: &'static str, text: &str) {
        match text {
            "" => self.wrong(part, text, PlanErrorKind::Empty),
            _ if !text.starts_with('/') => self.wrong(part, text, PlanErrorKind::Relative),
            _ => self.without(part, text, char::is_control),
        }
    }

    fn variables(&mut self, plan: &LaunchPlan) {
        let by_name = plan.env_by_name.iter().map(String::as_str);
        let known = plan.env.iter().map(|var| var.name.as_str());
        let visible = (!plan.gpu_ids.is_empty()).then_some(VISIBLE_DEVICES);
        let mut seen = BTreeSet::new();
        for name in visible.into_iter().chain(known).chain(by_name) {
            self.name("variable", name, is_variable);
            if !seen.insert(name) {
                self.wrong("variable", name, PlanErrorKind::Repeated);
            }
        }
        for var in &plan.env {
            self.nul("value of a variable", &var.value);
        }
    }

    fn engine(&mut self, argv: &[String]) {
        if argv.first().is_none_or(String::is_empty) {
            self.wrong("engine's command", "", PlanErrorKind::Empty);
        }
        for word in argv {
            self.nul("word of the engine's command", word);
        }
    }
}

/// Docker's grammar: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`.
fn is_container_name(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_label_key(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c))
}

fn is_group_name(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_variable(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
