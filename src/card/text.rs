//! A new card as text, ready for review.

use crate::catalog::yaml::edit::scalar;

use super::made::Made;
use super::values::Value;

/// Columns of comments.
const COLUMNS: usize = 78;

impl Made {
    /// The card: each figure with the key that it is from, and what is to be looked at first.
    pub fn text(&self) -> String {
        let name = self.model.rsplit('/').next().unwrap_or(&self.model);
        let mut text = String::new();
        let at = self.commit.as_deref().map_or_else(String::new, |commit| {
            format!(" at {}", commit.get(..12).unwrap_or(commit))
        });
        comment(
            &mut text,
            &format!(
                "Read from {}{at}; a comment says by which key. To be reviewed: name, aliases, \
                 readiness_level, a description and a family.",
                self.model
            ),
        );
        for note in &self.notes {
            comment(&mut text, &format!("To be looked at: {note}."));
        }
        let mut line = |key: &str, value: &str| text.push_str(&format!("{key}: {value}\n"));
        line("model_id", &scalar(&self.model));
        line("huggingface_id", &scalar(&self.model));
        line("aliases", &format!("[{}]", scalar(&name.to_lowercase())));
        line("name", &scalar(&name.replace(['-', '_'], " ")));
        if let Some((builder, _)) = self.model.split_once('/') {
            line("builder", &scalar(builder));
        }
        if let Some(parameters) = &self.parameters {
            // A number with a letter behind it is text to every reader.
            line("size", &size(parameters.value));
        }
        line("readiness_level", "experimental");
        let values = self.values();
        let (page, figures): (Vec<&Value>, Vec<&Value>) = values
            .iter()
            .partition(|value| matches!(value.key, "license" | "gated"));
        for value in page {
            entry(&mut text, value);
        }
        if let Some(tags) = self.tags() {
            text.push_str(&format!("tags: [{tags}]\n"));
        }
        let mut is_in_map = false;
        for value in figures {
            let map = value.source();
            if map != value.key && !is_in_map {
                text.push_str(&format!("{map}:\n"));
                is_in_map = true;
            }
            entry(&mut text, value);
        }
        text.push_str("aim_recipes: []\n");
        let doubted: Vec<&Value> = values
            .iter()
            .filter(|value| value.doubt.is_some())
            .collect();
        for value in &doubted {
            let because = value.doubt.as_deref().unwrap_or_default();
            comment(&mut text, &format!("{}: {because}.", value.key));
        }
        if !doubted.is_empty() {
            let keys: Vec<&str> = doubted.iter().map(|value| value.key).collect();
            text.push_str(&format!("uncertain: [{}]\n", keys.join(", ")));
        }
        let mut sources: Vec<&str> = values.iter().map(Value::source).collect();
        sources.dedup();
        if !sources.is_empty() {
            text.push_str("sources:\n");
        }
        for source in sources {
            if let Some(from) = self.source_of(source) {
                text.push_str(&format!("  {source}: {}\n", scalar(&from)));
            }
        }
        text
    }

    /// What it is for, and that it has experts.
    fn tags(&self) -> Option<String> {
        let mut tags: Vec<String> = self.metadata.task.iter().map(|task| scalar(task)).collect();
        if self.active_parameters.is_some() {
            tags.push("moe".to_owned());
        }
        (!tags.is_empty()).then(|| tags.join(", "))
    }
}

fn entry(text: &mut String, value: &Value) {
    let (indent, key) = match value.key.split_once('.') {
        Some((_, key)) => ("  ", key),
        None => ("", value.key),
    };
    let written = match value.is_text {
        true => scalar(&value.value),
        false => value.value.clone(),
    };
    let line = format!("{indent}{key}: {written}");
    let with_comment = format!("{line} # {}", value.from);
    let is_key = value.source() == "attention" || value.key == "context_length";
    match is_key
        && with_comment.chars().count() <= COLUMNS
        && !value.from.contains(char::is_control)
    {
        true => text.push_str(&with_comment),
        false => text.push_str(&line),
    }
    text.push('\n');
}

/// A comment in lines that can be read.
fn comment(text: &mut String, words: &str) {
    let mut column = 0;
    for word in words.split_whitespace() {
        if column == 0 || column + 1 + word.chars().count() > COLUMNS {
            if column > 0 {
                text.push('\n');
            }
            text.push('#');
            column = 1;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.chars().count();
    }
    text.push('\n');
}

/// Parameters as people write them: `32.8B`.
fn size(parameters: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let parameters = parameters as f64;
    let (number, unit) = match parameters {
        many if many >= 999.5e9 => (many / 1e12, 'T'),
        many if many >= 999.5e6 => (many / 1e9, 'B'),
        many => (many / 1e6, 'M'),
    };
    let digits = if number >= 99.95 { 0 } else { 1 };
    let text = format!("{number:.digits$}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_people_write() {
        for (parameters, text) in [
            (32_762_123_264, "32.8B"),
            (671_026_404_352, "671B"),
            (1_026_408_209_408, "1T"),
            (8_030_261_248, "8B"),
            (1_235_814_400, "1.2B"),
            (134_515_008, "135M"),
            (999_600_000, "1B"),
            (0, "0M"),
        ] {
            assert_eq!(size(parameters), text);
        }
    }
}
