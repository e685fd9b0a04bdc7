//! Rows of a recipe.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rusqlite::{Connection, Statement, params};

use super::super::StoreError;
use super::document::Document;
use super::{fold, word};
use crate::catalog::recipe::{Argument, ArgumentValue, Block, Recipe, Section};
use crate::catalog::version::Version;

pub(super) fn write(
    connection: &Connection,
    file: i64,
    recipe: &Recipe,
    versions: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let main = recipe
        .huggingface_id
        .as_deref()
        .or(recipe.model_id.as_deref())
        .unwrap_or_default();
    let model_key = fold(main);
    let other_key = recipe
        .model_id
        .as_deref()
        .map(fold)
        .filter(|key| *key != model_key);
    connection
        .prepare_cached(
            "INSERT INTO recipe_document(file, recipe, model_key, model_text, other_key, hardware_key,
               precision, metric, readiness, image, engine_version, env)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            file,
            recipe.recipe_id,
            model_key,
            main,
            other_key,
            fold(&recipe.hardware),
            fold(&recipe.precision),
            recipe.metric.as_deref().map(fold),
            recipe.readiness_level.as_deref().map(fold),
            recipe.image,
            version_of_recipe(recipe),
            serde_json::to_string(&recipe.env)?,
        ])?;
    for version in versions {
        connection
            .prepare_cached("INSERT INTO named_version VALUES (?1, ?2)")?
            .execute(params![file, version])?;
    }
    Ok(())
}

/// The statements that write rows of sections, of which there are many.
pub(super) struct Rows<'c> {
    section: Statement<'c>,
    block: Statement<'c>,
    argument: Statement<'c>,
    word: Statement<'c>,
}

impl<'c> Rows<'c> {
    pub fn of(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Rows {
            section: connection.prepare("INSERT INTO section VALUES (?1, ?2, ?3)")?,
            block: connection.prepare(
                "INSERT INTO block(recipe, section, key, gpus, enabled, node, enabled_node, image,
                   engine_version, env, output_tokens_per_s, ttft_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            argument: connection.prepare(
                "INSERT INTO block_argument VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            word: connection.prepare("INSERT INTO block_word VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?,
        })
    }

    /// Writes the rows of a recipe's sections, the recipe by its number.
    pub fn write(&mut self, recipe: i64, sections: &[Section]) -> Result<(), StoreError> {
        for section in sections {
            self.section
                .execute(params![recipe, section.name, section.node])?;
            for block in &section.blocks {
                self.write_block(recipe, &section.name, block)?;
            }
        }
        Ok(())
    }

    fn write_block(&mut self, recipe: i64, section: &str, block: &Block) -> Result<(), StoreError> {
        let id = self.block.insert(params![
            recipe,
            section,
            block.key,
            block.gpus,
            block.enabled,
            block.node,
            block.enabled_node,
            block.image,
            version_of_block(block),
            serde_json::to_string(&block.env)?,
            block.output_tokens_per_s,
            block.ttft_ms,
        ])?;
        for (position, argument) in (0..).zip(&block.arguments) {
            self.write_argument(id, position, argument)?;
        }
        Ok(())
    }

    fn write_argument(
        &mut self,
        block: i64,
        position: i64,
        argument: &Argument,
    ) -> Result<(), StoreError> {
        let (name, dotted) = match argument.flag.split_once('.') {
            Some((name, _)) if name.starts_with("--") => (name, true),
            _ => (argument.flag.as_str(), false),
        };
        let name = match name.starts_with("--") && name.contains('_') {
            true => Cow::Owned(name.replace('_', "-")),
            false => Cow::Borrowed(name),
        };
        let (shape, value) = match &argument.value {
            ArgumentValue::None => ("none", Cow::Borrowed("")),
            ArgumentValue::Word(text) => ("word", Cow::Borrowed(text.as_str())),
            ArgumentValue::Words(texts) => ("words", Cow::Owned(serde_json::to_string(texts)?)),
            ArgumentValue::Json(json) => ("json", Cow::Borrowed(json.as_str())),
            ArgumentValue::Secret => ("secret", Cow::Borrowed("")),
        };
        let (reading, number) = match &argument.value {
            ArgumentValue::None => (Some("nothing"), None),
            ArgumentValue::Word(text) => (Some(word::reading(text)), word::number(text)),
            ArgumentValue::Json(_) => (Some("text"), None),
            ArgumentValue::Words(_) | ArgumentValue::Secret => (None, None),
        };
        // A value below a dotted flag is the value of one key of its JSON: the flag's type does not speak of it.
        let reading = reading.filter(|_| !dotted);
        self.argument.execute(params![
            block,
            position,
            argument.flag,
            name,
            dotted,
            shape,
            value,
            number,
            argument.flag_node,
            argument.value_node,
            reading,
            reading.and(argument.word_nodes.first()),
        ])?;
        let words: &[String] = match &argument.value {
            ArgumentValue::Words(words) if !dotted => words,
            _ => &[],
        };
        for (place, (word, node)) in (0_i64..).zip(words.iter().zip(&argument.word_nodes)) {
            self.word.execute(params![
                block,
                position,
                place,
                word,
                word::reading(word),
                word::number(word),
                node
            ])?;
        }
        Ok(())
    }
}

/// The versions of engines that a recipe's blocks and the recipe itself name.
pub(super) fn versions(document: Option<&Document>, sections: &[Section]) -> BTreeSet<String> {
    let blocks = sections.iter().flat_map(|section| &section.blocks);
    let mut versions: BTreeSet<String> = blocks.filter_map(version_of_block).collect();
    if let Some(Document::Recipe(recipe)) = document {
        versions.extend(version_of_recipe(recipe));
    }
    versions
}

fn version_of_recipe(recipe: &Recipe) -> Option<String> {
    version_text(recipe.engine_version.as_deref(), recipe.image.as_deref())
}

fn version_of_block(block: &Block) -> Option<String> {
    version_text(block.engine_version.as_deref(), block.image.as_deref())
}

/// The version a recipe names, else the one in its image's tag.
fn version_text(named: Option<&str>, image: Option<&str>) -> Option<String> {
    let version = named
        .and_then(Version::parse)
        .or_else(|| image.and_then(Version::of_image))?;
    Some(version.to_string())
}
