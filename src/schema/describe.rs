//! What a schema says of a key of a file, found by the keys above it.

use regex_lite::Regex;
use serde_json::Value;

/// A key that may stand in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The key.
    pub key: String,
    /// What it means.
    pub text: String,
}

/// What the schema says of the place that the keys lead to.
pub fn describe(schema: &Value, path: &[String]) -> Option<String> {
    let (last, above) = path.split_last()?;
    let parent = below(schema, above)?;
    text(schema, property(schema, parent, last)?)
}

/// The keys that may stand below the place that the keys lead to, those with names of their own.
pub fn keys(schema: &Value, path: &[String]) -> Vec<Described> {
    let properties = below(schema, path).and_then(|node| node.get("properties")?.as_object());
    let properties = properties.into_iter().flatten();
    let described = properties.map(|(key, node)| Described {
        key: key.clone(),
        text: text(schema, node).unwrap_or_default(),
    });
    described.collect()
}

fn below<'s>(schema: &'s Value, path: &[String]) -> Option<&'s Value> {
    path.iter()
        .try_fold(schema, |node, key| property(schema, node, key))
        .and_then(|node| resolved(schema, node))
}

fn property<'s>(schema: &'s Value, node: &'s Value, key: &str) -> Option<&'s Value> {
    let node = resolved(schema, node)?;
    let named = node.get("properties").and_then(|all| all.get(key));
    named.or_else(|| {
        let patterns = node.get("patternProperties")?.as_object()?;
        let mut patterns = patterns.iter();
        let fits = |pattern: &str| Regex::new(pattern).is_ok_and(|regex| regex.is_match(key));
        patterns
            .find(|(pattern, _)| fits(pattern))
            .map(|(_, node)| node)
    })
}

/// The node itself, or the one that it refers to; of `anyOf` the one that is not null.
fn resolved<'s>(schema: &'s Value, node: &'s Value) -> Option<&'s Value> {
    if let Some(target) = node.get("$ref").and_then(Value::as_str) {
        return schema.pointer(target.strip_prefix('#')?);
    }
    if node.get("properties").is_none()
        && let Some(choices) = node.get("anyOf").and_then(Value::as_array)
    {
        let mut choices = choices.iter();
        return choices
            .find(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
            .and_then(|choice| resolved(schema, choice));
    }
    Some(node)
}

fn text(schema: &Value, node: &Value) -> Option<String> {
    let own = node.get("description").and_then(Value::as_str);
    own.or_else(|| resolved(schema, node)?.get("description")?.as_str())
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::kind::Kind;

    #[test]
    fn a_key_is_found_through_sections_and_blocks() {
        let schema = crate::schema::schema(Kind::Recipe).unwrap();
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let said = |text: &str| describe(&schema, &path(text)).unwrap_or_default();
        assert!(
            said("vllm_serve/4_gpu/enabled").starts_with("Whether"),
            "{}",
            said("vllm_serve/4_gpu/enabled")
        );
        assert!(said("vllm_serve/4_gpu/benchmark/ttft_ms").contains("milliseconds"));
        assert!(said("vllm_serve/4_gpu").starts_with("How to serve"));
        assert_eq!(describe(&schema, &path("vllm_serve/4_gpu/nothing")), None);
        let below: Vec<_> = keys(&schema, &path("vllm_serve/4_gpu"))
            .into_iter()
            .map(|one| one.key)
            .collect();
        assert_eq!(
            below,
            [
                "enabled",
                "args",
                "image",
                "engine_version",
                "env",
                "benchmark"
            ]
        );
    }
}
