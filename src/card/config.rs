//! A model's configuration: figures by their names, wherever its author put them.

use serde_json::{Map, Value as Json};

use super::error::{CardError, shown};
use super::figure::Figure;
use super::knowledge::{Family, Unsaid, knowledge};

/// A configuration, and what is known of its model type.
#[derive(Debug)]
pub(super) struct Config {
    file: String,
    root: Map<String, Json>,
    /// The path of the part that describes the language model; empty for all of it.
    part: String,
    /// The type of the language model.
    pub model_type: String,
    /// What is known of that type.
    pub family: Option<&'static Family>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Config, CardError> {
        let root = object(file, bytes)?;
        let known = knowledge();
        let has_figures = |path: &&String| {
            let part = at(&root, path).and_then(Json::as_object);
            part.is_some_and(|part| {
                let keys = ["layers", "heads", "width"];
                let mut keys = keys.iter().flat_map(|figure| known.keys(figure));
                keys.any(|key| part.contains_key(key))
            })
        };
        let part = known.language_models.iter().find(has_figures);
        let part = part.cloned().unwrap_or_default();
        let own_type = match part.as_str() {
            "" => None,
            part => at(&root, &format!("{part}.model_type")),
        };
        let model_type = own_type.or_else(|| root.get("model_type"));
        let model_type = model_type.and_then(Json::as_str).unwrap_or_default();
        Ok(Config {
            file: file.to_owned(),
            family: known.family(model_type),
            model_type: model_type.to_owned(),
            part,
            root,
        })
    }

    /// The name of its file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A value of the language model by one of some keys, and the key as it stands in the file.
    pub fn get(&self, keys: &[String]) -> Option<(&Json, String)> {
        keys.iter().find_map(|key| self.one(key))
    }

    /// Each value of the language model that has one of some keys.
    pub fn all(&self, keys: &[String]) -> Vec<(&Json, String)> {
        keys.iter().filter_map(|key| self.one(key)).collect()
    }

    fn one(&self, key: &str) -> Option<(&Json, String)> {
        let path = self.path(key);
        Some((set(at(&self.root, &path)?)?, path))
    }

    fn is_null(&self, key: &str) -> bool {
        at(&self.root, &self.path(key)).is_some_and(Json::is_null)
    }

    /// The path of a key of the language model.
    fn path(&self, key: &str) -> String {
        match self.part.as_str() {
            "" => key.to_owned(),
            part => format!("{part}.{key}"),
        }
    }

    /// The same, also of the whole model where the language model says nothing.
    pub fn get_anywhere(&self, keys: &[String]) -> Option<(&Json, String)> {
        self.get(keys).or_else(|| {
            keys.iter().find_map(|key| {
                let value = set(at(&self.root, key)?)?;
                Some((value, key.clone()))
            })
        })
    }

    /// A figure, or the one that the architecture has where none is written.
    ///
    /// # Errors
    /// What is written is no figure.
    pub fn figure(&self, name: &str) -> Result<Option<Figure<u32>>, CardError> {
        match self.get(knowledge().keys(name)) {
            Some((value, key)) => self.whole(value, &key).map(Some),
            None => self.unsaid(name),
        }
    }

    /// The same, of a figure that is written as 0 or null where there is none.
    ///
    /// # Errors
    /// What is written is no figure.
    pub fn figure_or_zero(&self, name: &str) -> Result<Option<Figure<u32>>, CardError> {
        let keys = knowledge().keys(name);
        match self.get(keys) {
            Some((value, _)) if whole(value) == Some(0) => Ok(None),
            None if keys.iter().any(|key| self.is_null(key)) => Ok(None),
            _ => self.figure(name),
        }
    }

    /// The figure that the architecture has where none is written.
    pub fn unsaid(&self, name: &str) -> Result<Option<Figure<u32>>, CardError> {
        let unsaid = self.family.and_then(|family| family.defaults.get(name));
        Ok(match unsaid {
            None => None,
            Some(Unsaid::Number(number)) => {
                let from = format!("default of {}", self.model_type);
                u32::try_from(*number)
                    .ok()
                    .map(|number| Figure::new(number, from))
            }
            Some(Unsaid::Same(other)) if other != name => self.figure(other)?,
            Some(Unsaid::Same(_)) => None,
        })
    }

    /// A value as a figure above 0.
    ///
    /// # Errors
    /// It is none.
    pub fn whole(&self, value: &Json, key: &str) -> Result<Figure<u32>, CardError> {
        whole(value)
            .filter(|number| *number > 0)
            .and_then(|number| u32::try_from(number).ok())
            .map(|number| Figure::new(number, key))
            .ok_or_else(|| self.wrong(key, value, "a whole number above 0"))
    }

    /// An error about a value.
    pub fn wrong(&self, key: &str, found: &Json, wanted: &'static str) -> CardError {
        CardError::Figure {
            file: self.file.clone(),
            key: key.to_owned(),
            found: shown(&found.to_string()),
            wanted,
        }
    }
}

/// A file as a JSON object.
///
/// # Errors
/// It is none.
pub(super) fn object(file: &str, bytes: &[u8]) -> Result<Map<String, Json>, CardError> {
    let wrong = |because: String| CardError::Json {
        file: file.to_owned(),
        because,
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(map)) => Ok(map),
        Ok(_) => Err(wrong("it is another value".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The value at a path of keys with dots between them.
pub(super) fn at<'j>(map: &'j Map<String, Json>, path: &str) -> Option<&'j Json> {
    let mut steps = path.split('.');
    let first = map.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

/// Null is the same as nothing.
fn set(value: &Json) -> Option<&Json> {
    (!value.is_null()).then_some(value)
}

/// A number without a fraction, however it is written.
pub(super) fn whole(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        let is_whole = number.fract() == 0.0 && (0.0..9e15).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, not negative and below 2^53"
        )]
        is_whole.then_some(number as u64)
    })
}

/// A single value as text: numbers and booleans as they are written.
pub(super) fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::read("config.json", text.as_bytes()).unwrap()
    }

    #[test]
    fn figures_are_found_by_any_of_their_names() {
        for (text, layers, key) in [
            (r#"{"num_hidden_layers": 4}"#, 4, "num_hidden_layers"),
            (r#"{"n_layers": 4.0}"#, 4, "n_layers"),
            (
                r#"{"model_type": "x", "text_config": {"num_hidden_layers": 5}}"#,
                5,
                "text_config.num_hidden_layers",
            ),
            (
                r#"{"thinker_config": {"text_config": {"num_hidden_layers": 6}}}"#,
                6,
                "thinker_config.text_config.num_hidden_layers",
            ),
            // A part that says nothing is not asked.
            (
                r#"{"num_hidden_layers": 7, "text_config": {"model_type": "y"}}"#,
                7,
                "num_hidden_layers",
            ),
            (
                r#"{"model_type": "gemma3_text"}"#,
                26,
                "default of gemma3_text",
            ),
        ] {
            let figure = config(text).figure("layers").unwrap().unwrap();
            assert_eq!((figure.value, figure.from.as_str()), (layers, key));
        }
        let none = config(r#"{"num_hidden_layers": null}"#);
        assert_eq!(none.figure("layers").unwrap(), None);
    }

    #[test]
    fn what_is_no_figure_is_said() {
        for found in [r#""many""#, "-1", "0", "4.5", "[4]", "99999999999", "true"] {
            let config = config(&format!(r#"{{"num_hidden_layers": {found}}}"#));
            let error = config.figure("layers").unwrap_err().to_string();
            assert!(
                error.starts_with("`num_hidden_layers` of `config.json` is `"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_configuration_is_said() {
        for text in ["", "[]", "{", "null", "\u{0}", "{\"a\": 1}}"] {
            let error = Config::read("config.json", text.as_bytes()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("`config.json` is no JSON object")
            );
        }
        let deep = "[".repeat(100_000);
        assert!(Config::read("config.json", deep.as_bytes()).is_err());
    }
}
