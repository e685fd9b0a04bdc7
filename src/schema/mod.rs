//! JSON Schema of the files that people write, for editors and for what stands in hover texts.
//!
//! A schema tells the form of a file. What a file means is judged by the checks, which know more.

mod describe;
mod model;
mod recipe;
mod text;

pub use describe::{Described, describe, keys};
pub use text::Text;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::catalog::kind::Kind;

/// The schema of the files of a kind, by draft 2020-12; nothing where people do not write them daily.
pub fn schema(kind: Kind) -> Option<Value> {
    match kind {
        Kind::Recipe => Some(of::<recipe::RecipeFile>()),
        Kind::Model => Some(of::<model::ModelFile>()),
        Kind::Hardware | Kind::Backend => None,
    }
}

fn of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(without_noise).transform(&mut schema);
    schema.to_value()
}

/// Takes out what only programs that generate code look at: that a key left out is null, and widths of
/// numbers.
fn without_noise(schema: &mut Schema) {
    let is_null = |schema: &Schema| schema.get("default").is_some_and(Value::is_null);
    if is_null(schema) {
        schema.remove("default");
    }
    schema.remove("format");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::{model, recipe};

    fn properties(schema: &Value) -> BTreeSet<&str> {
        let properties = schema["properties"].as_object().unwrap();
        properties.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_schemas_know_the_keys_that_the_readers_know() {
        let recipe = schema(Kind::Recipe).unwrap();
        assert_eq!(
            properties(&recipe),
            recipe::KEYS.iter().copied().collect::<BTreeSet<_>>()
        );
        assert_eq!(
            properties(&recipe["$defs"]["Block"]),
            recipe::BLOCK_KEYS.iter().copied().collect::<BTreeSet<_>>()
        );
        let model = schema(Kind::Model).unwrap();
        assert_eq!(
            properties(&model),
            model::KEYS.iter().copied().collect::<BTreeSet<_>>()
        );
    }

    #[test]
    fn every_key_is_described() {
        for kind in [Kind::Recipe, Kind::Model] {
            let schema = schema(kind).unwrap();
            let defs = schema["$defs"].as_object().into_iter().flatten();
            for (name, part) in defs
                .map(|(name, part)| (name.as_str(), part))
                .chain([("", &schema)])
            {
                let properties = part["properties"].as_object().into_iter().flatten();
                for (key, property) in properties {
                    assert!(property["description"].is_string(), "{name}.{key}");
                }
            }
        }
    }
}
