//! What the page of a model says besides: licence, access, task.

use serde_json::Value as Json;

use crate::catalog::yaml;

use super::figure::Figure;

/// The longest text that is taken over.
const MOST: usize = 80;

/// What is known of a model besides its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Licence, as the hub names it.
    pub license: Option<Figure<String>>,
    /// Whether a person has to agree to terms.
    pub gated: Option<Figure<bool>>,
    /// What it is for, such as `text-generation`.
    pub task: Option<String>,
}

impl Metadata {
    /// From what the hub's API says about a model.
    pub fn of_hub(info: &Json) -> Metadata {
        let card = info.get("cardData").unwrap_or(&Json::Null);
        let of_tags = || {
            let tags = info.get("tags")?.as_array()?;
            let license = tags
                .iter()
                .find_map(|tag| tag.as_str()?.strip_prefix("license:"))?;
            Some(Figure::new(text(license)?, "the hub's tags"))
        };
        Metadata {
            license: license(card, "the model card's metadata").or_else(of_tags),
            gated: info.get("gated").and_then(|gated| match gated {
                Json::Bool(gated) => Some(Figure::new(*gated, "the hub's metadata")),
                Json::String(how) => {
                    let how = text(how)?;
                    Some(Figure::new(true, format!("the hub's metadata: {how}")))
                }
                _ => None,
            }),
            task: info
                .get("pipeline_tag")
                .and_then(Json::as_str)
                .and_then(text),
        }
    }

    /// From the model's own `README.md`.
    pub fn of_readme(bytes: &[u8]) -> Metadata {
        let head = || {
            let readme = String::from_utf8_lossy(bytes);
            let rest = readme.trim_start_matches('\u{feff}').strip_prefix("---")?;
            let (head, _) = rest.split_once("\n---")?;
            Some(yaml::read(head).ok()?.to_json())
        };
        let card = head().unwrap_or(Json::Null);
        Metadata {
            license: license(&card, "README.md"),
            gated: None,
            task: card
                .get("pipeline_tag")
                .and_then(Json::as_str)
                .and_then(text),
        }
    }
}

/// The licence; of another than those the hub knows, its own name.
fn license(card: &Json, from: &str) -> Option<Figure<String>> {
    let one = |key: &str| match card.get(key)? {
        Json::String(name) => text(name),
        Json::Array(names) => names.first()?.as_str().and_then(text),
        _ => None,
    };
    let named = one("license")?;
    Some(match one("license_name").filter(|_| named == "other") {
        Some(name) => Figure::new(name, format!("{from}, license_name")),
        None if named == "other" => {
            Figure::new(named, from).doubted("the licence is another than those the hub knows")
        }
        None => Figure::new(named, from),
    })
}

/// A text of strangers that may stand in a card: one line, not long.
fn text(found: &str) -> Option<String> {
    let found = found.trim();
    let is_plain = !found.is_empty()
        && found.chars().count() <= MOST
        && !found.chars().any(|c| c.is_control() || c == '\u{feff}');
    is_plain.then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hub_says_license_and_access() {
        let info = json!({"gated": "manual", "pipeline_tag": "text-generation",
            "cardData": {"license": "other", "license_name": "modified-mit"}});
        let found = Metadata::of_hub(&info);
        assert_eq!(found.license.unwrap().value, "modified-mit");
        assert!(found.gated.unwrap().value);
        assert_eq!(found.task.as_deref(), Some("text-generation"));
        let tagged = Metadata::of_hub(&json!({"gated": false, "tags": ["x", "license:mit"]}));
        assert_eq!(tagged.license.unwrap().value, "mit");
        assert!(!tagged.gated.unwrap().value);
        let odd = json!({"gated": 3, "pipeline_tag": "a\nb", "cardData": {"license": {}}});
        assert_eq!(Metadata::of_hub(&odd), Metadata::default());
        let none = Metadata::of_hub(&json!(null));
        assert_eq!(none, Metadata::default());
    }

    #[test]
    fn a_readme_says_the_license() {
        let readme = b"---\nlicense: [apache-2.0, mit]\npipeline_tag: text-generation\n---\n# x";
        let found = Metadata::of_readme(readme);
        assert_eq!(found.license.unwrap().value, "apache-2.0");
        assert_eq!(found.gated, None);
        for odd in [
            &b""[..],
            b"---\nlicense: mit",
            b"# x",
            b"---\n{\n---\n",
            b"\xff---",
        ] {
            assert_eq!(Metadata::of_readme(odd), Metadata::default());
        }
    }
}
