//! What a backend's version says of a flag, and in which version a block is read.

use std::fmt::Write as _;

use crate::catalog::backend::{Backend, FlagPeriod};
use crate::catalog::hardware::Hardware;
use crate::catalog::version::{Version, examined_index};
use crate::catalog::yaml::Node;

/// A backend with the version whose command line a block is written for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engine<'b> {
    /// The backend.
    pub backend: &'b Backend,
    /// The version, as its file writes it; none where the block's image does not tell.
    pub version: Option<&'b str>,
}

/// A flag as a file writes it.
#[derive(Clone, Debug)]
pub(super) struct Flag<'b> {
    /// The name in the backend's table.
    pub name: &'b str,
    /// What it is in the version; of a version that does not have it, what it was or will be.
    pub period: &'b FlagPeriod,
    /// Whether the version has it.
    pub taken: bool,
}

impl<'b> Engine<'b> {
    /// The engine of a block, by what the block, the recipe and the backend's images say.
    pub(super) fn of_block(
        backend: &'b Backend,
        recipe: Option<&Node>,
        section: &str,
        block: &str,
        hardware: Option<&Hardware>,
    ) -> Engine<'b> {
        let block = recipe.and_then(|recipe| recipe.get(section)?.get(block));
        let written = |key: &str| {
            let places = block.into_iter().chain(recipe);
            places.filter_map(|node| node.get(key)?.text()).next()
        };
        let version = match (written("engine_version"), written("image")) {
            (Some(version), _) => Version::parse(version),
            (None, Some(image)) => Version::of_image(image),
            (None, None) => {
                let fits = |gfx: &String| hardware.is_some_and(|hardware| hardware.gfx == *gfx);
                let mut images = backend.images.iter();
                let image = images.find(|image| image.gfx.as_ref().is_none_or(fits));
                image.and_then(|image| Version::parse(&image.version))
            }
        };
        let examined = version.and_then(|version| examined_index(&backend.examined(), &version));
        Engine {
            backend,
            version: examined
                .and_then(|at| backend.versions.get(at))
                .map(String::as_str),
        }
    }

    /// `vLLM 0.24.0`.
    pub(super) fn title(&self) -> String {
        let title = self.backend.title.as_ref().unwrap_or(&self.backend.backend);
        match self.version {
            Some(version) => format!("{title} {version}"),
            None => title.clone(),
        }
    }

    /// A flag by any of its names; dashes in front may be missing.
    pub(super) fn flag(&self, written: &str) -> Option<Flag<'b>> {
        let name = self.name(written);
        let named = |name: &str| {
            let mut flags = self.backend.flags.iter();
            flags.find(|(flag, periods)| {
                *flag == name
                    || periods
                        .all()
                        .iter()
                        .any(|period| names(period).any(|one| one == name))
            })
        };
        let (flag, periods) = self
            .backend
            .flags
            .get_key_value(&name)
            .or_else(|| named(&name))?;
        let has = |period: &&FlagPeriod| self.has(period);
        let taken = periods.all().iter().find(has);
        Some(Flag {
            name: flag,
            period: taken.or_else(|| periods.all().last())?,
            taken: taken.is_some(),
        })
    }

    /// The flags that the version takes.
    pub(super) fn flags(&self) -> impl Iterator<Item = Flag<'b>> {
        let engine = *self;
        self.backend
            .flags
            .iter()
            .filter_map(move |(name, periods)| {
                let period = periods.all().iter().find(|period| engine.has(period))?;
                Some(Flag {
                    name,
                    period,
                    taken: true,
                })
            })
    }

    /// What the backend calls it, where the name is one that it does not have.
    pub(super) fn meant(&self, written: &str) -> Option<&'b str> {
        let name = self.name(written);
        let mut names = self.backend.misnamed.iter();
        names
            .find(|(wrong, _)| *wrong == name)
            .map(|(_, right)| right.as_str())
    }

    /// Such as the backend's table has it.
    fn name(&self, written: &str) -> String {
        let mut name = match written.starts_with('-') {
            true => written.to_owned(),
            false => format!("--{written}"),
        };
        if self.backend.underscores {
            name = name.replace('_', "-");
        }
        if self.backend.dotted_json
            && !self.backend.flags.contains_key(&name)
            && let Some((flag, _)) = name.split_once('.')
        {
            name = flag.to_owned();
        }
        name
    }

    fn has(&self, period: &FlagPeriod) -> bool {
        let Some(version) = self.version.and_then(Version::parse) else {
            return period.until.is_none();
        };
        let since = Version::parse(&period.since).is_none_or(|since| since <= version);
        let until = period.until.as_deref().and_then(Version::parse);
        since && until.is_none_or(|until| version < until)
    }

    /// What the engine takes where a recipe is silent, as far as its file says.
    fn default(&self, flag: &str) -> Option<String> {
        let backend = self.backend;
        if let Some((_, value)) = backend.arguments.iter().find(|(name, _)| name == flag) {
            return Some(value.clone());
        }
        if backend.port.flag == flag {
            return Some(backend.port.default.to_string());
        }
        let version = self.version.and_then(Version::parse)?;
        let mut defaults = backend.memory_share.defaults.iter().rev();
        let since = |since: &str| Version::parse(since).is_some_and(|since| since <= version);
        (backend.memory_share.flag == flag)
            .then(|| defaults.find(|one| since(&one.since)))
            .flatten()
            .map(|one| one.share.to_string())
    }

    /// What there is to say of a flag, as Markdown.
    pub(super) fn describe(&self, flag: &Flag<'_>) -> String {
        let (period, title) = (flag.period, self.title());
        let mut text = format!("`{}` · {title}\n\n", flag.name);
        if !flag.taken {
            let _ = match &period.until {
                Some(until) => writeln!(text, "**Not taken by {title}**: gone since {until}.\n"),
                None => writeln!(
                    text,
                    "**Not taken by {title}**: known since {}.\n",
                    period.since
                ),
            };
        }
        let many = match period.values.as_deref() {
            Some("optional") => ", which may be left out",
            Some("one-or-more") => ", one or more",
            Some("zero-or-more") => ", any number of them",
            _ => "",
        };
        let _ = match period.kind.as_str() {
            "flag" => writeln!(text, "Takes no value: `true` sets it."),
            "bool" => writeln!(text, "`true` or `false`."),
            "choice" => {
                let choices: Vec<_> = period
                    .choices
                    .iter()
                    .map(|one| format!("`{}`", one.0))
                    .collect();
                writeln!(text, "One of {}{many}.", choices.join(", "))
            }
            kind => writeln!(text, "Value: {}{many}.", kind.replace("-or-", " or ")),
        };
        let mut say = |what: &str, said: Option<String>| {
            if let Some(said) = said {
                let _ = writeln!(text, "\n{what} {said}.");
            }
        };
        say(
            "Default:",
            self.default(flag.name).map(|value| format!("`{value}`")),
        );
        say("Since", Some(period.since.clone()));
        say("Until", period.until.clone().filter(|_| flag.taken));
        say("Deprecated since", period.deprecated_since.clone());
        say(
            "Renamed to",
            period.renamed_to.as_ref().map(|name| format!("`{name}`")),
        );
        let names: Vec<_> = names(period).map(|name| format!("`{name}`")).collect();
        say(
            "Also",
            Some(names.join(", ")).filter(|names| !names.is_empty()),
        );
        say(
            "Required:",
            period
                .required
                .then(|| "the engine does not start without it".to_owned()),
        );
        text
    }
}

impl Flag<'_> {
    /// The values that one may choose from.
    pub(super) fn values(&self) -> Vec<String> {
        match self.period.kind.as_str() {
            "flag" | "bool" => ["true", "false"].map(str::to_owned).to_vec(),
            _ => self
                .period
                .choices
                .iter()
                .map(|one| one.0.clone())
                .collect(),
        }
    }
}

fn names(period: &FlagPeriod) -> impl Iterator<Item = &str> {
    let names = period
        .aliases
        .iter()
        .chain(&period.negation)
        .chain(&period.negation_aliases);
    names.map(String::as_str)
}
