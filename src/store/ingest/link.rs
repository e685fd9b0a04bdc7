//! What files name, so that those which have to be judged together are found: a file is judged by the rules
//! with all files that share a name with it.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use xxhash_rust::xxh3::Xxh3;

use super::super::StoreError;
use super::document::Document;
use super::fold;
use crate::catalog::written::Written;

/// The kinds of names, which must not be taken for one another.
const RECIPE: &str = "recipe";
const MODEL: &str = "model";
const STEM: &str = "stem";

/// Where documents say how a model is called.
const MODEL_PATHS: [&str; 3] = ["model_id", "huggingface_id", "aliases"];
/// Where cards name the files of recipes.
const RECIPE_FILE: &str = "aim_recipes/recipe_file";

pub(super) fn write(
    connection: &Connection,
    file: i64,
    tokens: &BTreeSet<i64>,
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached("INSERT INTO link VALUES (?1, ?2)")?;
    for token in tokens {
        insert.execute(params![token, file])?;
    }
    Ok(())
}

/// The names as they are read, and as they are written also where the document cannot be used.
pub(super) fn tokens(
    stem: &str,
    document: Option<&Document>,
    written: &[Written<'_>],
) -> BTreeSet<i64> {
    let mut tokens = BTreeSet::from([token(STEM, stem)]);
    for value in written {
        if MODEL_PATHS.contains(&value.path.as_ref()) {
            tokens.insert(token(MODEL, &fold(&value.text)));
        } else if value.path == RECIPE_FILE {
            let name = value.text.rsplit('/').next().unwrap_or_default();
            let stem = name.replace(".yaml", "").replace(".yml", "");
            tokens.insert(token(STEM, &stem));
        }
    }
    let mut models: Vec<&str> = Vec::new();
    match document {
        Some(Document::Recipe(recipe)) => {
            tokens.insert(token(RECIPE, &recipe.recipe_id));
            models.extend(recipe.huggingface_id.as_deref());
            models.extend(recipe.model_id.as_deref());
            if models.is_empty() {
                models.push("");
            }
        }
        Some(Document::Model(model)) => {
            models.extend(model.huggingface_id.as_deref());
            models.extend(model.model_id.as_deref());
            models.extend(model.aliases.iter().map(String::as_str));
        }
        Some(Document::Hardware(_) | Document::Backend(_)) | None => {}
    }
    tokens.extend(models.into_iter().map(|name| token(MODEL, &fold(name))));
    tokens
}

fn token(kind: &str, name: &str) -> i64 {
    let mut hash = Xxh3::new();
    hash.update(kind.as_bytes());
    hash.update(&[0]);
    hash.update(name.as_bytes());
    i64::from_ne_bytes(hash.digest().to_ne_bytes())
}
