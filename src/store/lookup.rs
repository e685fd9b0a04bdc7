//! Documents by their ids: what plans and lists need beside the decision.

use rusqlite::{OptionalExtension, params};

use super::{Details, Store, StoreError};
use crate::catalog::backend::Backend;
use crate::catalog::hardware::Hardware;
use crate::catalog::model::Model;

/// A block of a recipe with all that a plan takes from it.
#[derive(Clone, Debug)]
pub struct BlockDetails {
    /// The recipe's file, below its catalog.
    pub file: String,
    /// The recipe's environment, then the block's, which wins; a secret has no value.
    pub env: Vec<(String, Option<String>)>,
    /// The arguments in the order of the file.
    pub arguments: Vec<StoredArgument>,
}

/// An argument of a block.
#[derive(Clone, Debug)]
pub struct StoredArgument {
    /// As written.
    pub flag: String,
    /// As the backend's table knows it: without `.key`, with dashes.
    pub name: String,
    /// `none`, `word`, `words` (a JSON list), `json` or `secret`.
    pub shape: String,
    /// The word, or the JSON.
    pub value: String,
}

/// A recipe and its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeName {
    /// Its id.
    pub recipe_id: String,
    /// Its model.
    pub model: String,
}

/// A recipe in a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RecipeSummary {
    /// Its id.
    pub recipe_id: String,
    /// Its model.
    pub model: String,
    /// Its GPU.
    pub hardware: String,
    /// Its precision.
    pub precision: String,
    /// Its file, below its catalog.
    pub file: String,
    /// Its blocks: `vllm 1, 2, 4`; those not enabled are left out.
    pub configurations: Vec<ConfigurationSummary>,
}

/// A block in a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConfigurationSummary {
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: u32,
    /// Whether it may be used.
    pub enabled: bool,
}

impl Store {
    /// The folded names under which a model's rows may stand, given one of its names.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn model_keys(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let name = name.trim().to_lowercase();
        let mut statement = self.connection.prepare_cached(
            "SELECT o.name FROM card_name n JOIN card_name o ON o.model = n.model WHERE n.name = ?1
             UNION SELECT model_key FROM recipe_document WHERE other_key = ?1
             UNION SELECT ?1",
        )?;
        let keys = statement
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(keys)
    }

    /// The models with these folded names, as they are written.
    pub(super) fn models_by_keys(&self, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let keys = serde_json::to_string(keys)?;
        let mut statement = self.connection.prepare_cached(
            "SELECT m.model FROM json_each(?1) k JOIN model_document m ON m.model_key = k.value
               WHERE m.current
             UNION SELECT r.model_text FROM json_each(?1) k JOIN recipe_document r
               ON r.model_key = k.value WHERE r.current",
        )?;
        let models = statement
            .query_map([keys], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(models)
    }

    /// How many recipes there are, those that others replace included.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipe_count(&self) -> Result<usize, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count(*) FROM recipe_document")?;
        let count: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Every name of every model, for suggestions.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn model_names(&self) -> Result<Vec<String>, StoreError> {
        self.strings(
            "SELECT model FROM model_document WHERE current
             UNION SELECT n.name FROM card_name n JOIN model_document m ON m.id = n.model
               WHERE m.current AND n.rank = 2
             UNION SELECT model_text FROM recipe_document r WHERE current
               AND NOT EXISTS (SELECT 1 FROM card_name n WHERE n.name = r.model_key)",
        )
    }

    /// The name of hardware that a file describes or a recipe names, as it is written there.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn hardware_name(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hardware FROM hardware_document WHERE hardware_key = ?1 AND current
             UNION ALL SELECT upper(hardware_key) FROM recipe_document
               WHERE hardware_key = ?1 AND current
             LIMIT 1",
        )?;
        let name = name.trim().to_lowercase();
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// The names of all hardware that files describe or recipes name.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn hardware_names(&self) -> Result<Vec<String>, StoreError> {
        self.strings(
            "SELECT hardware FROM hardware_document WHERE current
             UNION SELECT DISTINCT upper(hardware_key) FROM recipe_document WHERE current
               AND hardware_key NOT IN (SELECT hardware_key FROM hardware_document)",
        )
    }

    /// All recipe ids.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipe_ids(&self) -> Result<Vec<String>, StoreError> {
        self.strings("SELECT recipe FROM recipe_document WHERE current ORDER BY recipe")
    }

    /// A recipe by its id, or by its file as it is shown.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipe_named(&self, name: &str) -> Result<Option<RecipeName>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT recipe, model FROM current_recipe WHERE recipe = ?1
             UNION ALL SELECT r.recipe, r.model FROM file f JOIN current_recipe r ON r.file = f.id
               WHERE f.path = ?1 OR f.name = ?1
             LIMIT 1",
        )?;
        let found = statement.query_row([name], |row| {
            Ok(RecipeName {
                recipe_id: row.get(0)?,
                model: row.get(1)?,
            })
        });
        Ok(found.optional()?)
    }

    pub(super) fn strings(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let strings = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(strings)
    }

    /// The id of the recipe that a file holds, by the path it was opened at.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipe_of_file(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT r.recipe FROM file f JOIN recipe_document r ON r.file = f.id WHERE f.path = ?1
             ORDER BY f.layer DESC LIMIT 1",
        )?;
        Ok(statement.query_row([path], |row| row.get(0)).optional()?)
    }

    /// A block with its arguments.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn block(
        &self,
        recipe: &str,
        backend: &str,
        gpus: i64,
    ) -> Result<Option<BlockDetails>, StoreError> {
        self.unpack(Details::OfRecipe(recipe))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT b.id, f.name, r.env, b.env FROM recipe_document r
             JOIN file f ON f.id = r.file
             JOIN block b ON b.recipe = r.id
             LEFT JOIN backend_document d ON d.section = b.section AND d.current
             WHERE r.recipe = ?1 AND r.current AND b.gpus = ?3
               AND COALESCE(d.backend, replace(b.section, '_serve', '')) = ?2",
        )?;
        let found: Option<(i64, String, String, String)> = statement
            .query_row(params![recipe, backend, gpus], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, file, recipe_env, block_env)) = found else {
            return Ok(None);
        };
        let mut env: Vec<(String, Option<String>)> = serde_json::from_str(&recipe_env)?;
        for (name, value) in serde_json::from_str::<Vec<(String, Option<String>)>>(&block_env)? {
            match env.iter_mut().find(|(there, _)| *there == name) {
                Some(entry) => entry.1 = value,
                None => env.push((name, value)),
            }
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT a.flag,
               CASE WHEN a.dotted AND d.dotted_json THEN a.name
                 WHEN a.dotted OR NOT COALESCE(d.underscores, 0) THEN a.flag
                 ELSE a.name END,
               a.shape, a.value
             FROM block_argument a JOIN block b ON b.id = a.block
             LEFT JOIN backend_document d ON d.section = b.section AND d.current
             WHERE a.block = ?1 ORDER BY a.position",
        )?;
        let arguments = statement
            .query_map([id], |row| {
                Ok(StoredArgument {
                    flag: row.get(0)?,
                    name: row.get(1)?,
                    shape: row.get(2)?,
                    value: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(Some(BlockDetails {
            file,
            env,
            arguments,
        }))
    }

    /// A backend's file, without its flags.
    ///
    /// # Errors
    /// SQLite fails, or the stored document cannot be read.
    pub fn backend(&self, name: &str) -> Result<Option<Backend>, StoreError> {
        self.document(
            "SELECT document FROM backend_document WHERE backend = ?1 AND current",
            name,
        )
    }

    /// A hardware file.
    ///
    /// # Errors
    /// SQLite fails, or the stored document cannot be read.
    pub fn hardware(&self, name: &str) -> Result<Option<Hardware>, StoreError> {
        self.document(
            "SELECT document FROM hardware_document WHERE hardware_key = ?1 AND current",
            name,
        )
    }

    /// A model card.
    ///
    /// # Errors
    /// SQLite fails, or the stored document cannot be read.
    pub fn model(&self, name: &str) -> Result<Option<Model>, StoreError> {
        self.document(
            "SELECT m.document FROM card_name n JOIN model_document m ON m.id = n.model
             WHERE n.name = ?1 AND m.current ORDER BY n.rank, m.model_key LIMIT 1",
            name,
        )
    }

    fn document<T: serde::de::DeserializeOwned>(
        &self,
        sql: &str,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let json: Option<String> = statement
            .query_row([name.trim().to_lowercase()], |row| row.get(0))
            .optional()?;
        Ok(json.map(|json| serde_json::from_str(&json)).transpose()?)
    }

    /// All backends, by name.
    ///
    /// # Errors
    /// SQLite fails, or a stored document cannot be read.
    pub fn backends(&self) -> Result<Vec<Backend>, StoreError> {
        self.documents("SELECT document FROM backend_document WHERE current ORDER BY backend")
    }

    /// All hardware, by name.
    ///
    /// # Errors
    /// SQLite fails, or a stored document cannot be read.
    pub fn all_hardware(&self) -> Result<Vec<Hardware>, StoreError> {
        self.documents("SELECT document FROM hardware_document WHERE current ORDER BY hardware")
    }

    /// All model cards, by model.
    ///
    /// # Errors
    /// SQLite fails, or a stored document cannot be read.
    pub fn models(&self) -> Result<Vec<Model>, StoreError> {
        self.documents("SELECT document FROM model_document WHERE current ORDER BY model_key")
    }

    fn documents<T: serde::de::DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, StoreError> {
        let jsons = self.strings(sql)?;
        Ok(jsons
            .iter()
            .map(|json| serde_json::from_str(json))
            .collect::<Result<_, _>>()?)
    }

    /// All recipes with their blocks, or those of one model, by id.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipes(&self, model: Option<&str>) -> Result<Vec<RecipeSummary>, StoreError> {
        let keys = match model {
            Some(model) => {
                let keys = self.model_keys(model)?;
                self.unpack(Details::OfModels(&keys))?;
                serde_json::to_string(&keys)?
            }
            None => {
                self.unpack(Details::All)?;
                String::new()
            }
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT r.recipe, r.model, r.hardware, r.precision, f.name, b.backend, b.gpus, b.enabled
             FROM current_recipe r JOIN file f ON f.id = r.file
             LEFT JOIN current_block b ON b.recipe = r.id
             WHERE ?1 = '' OR r.model_key IN (SELECT value FROM json_each(CASE ?1 WHEN '' THEN '[]' ELSE ?1 END))
             ORDER BY r.recipe, b.backend DESC, b.gpus",
        )?;
        let mut rows = statement.query([keys])?;
        let mut recipes: Vec<RecipeSummary> = Vec::new();
        while let Some(row) = rows.next()? {
            let recipe_id: String = row.get(0)?;
            if recipes
                .last()
                .is_none_or(|last| last.recipe_id != recipe_id)
            {
                recipes.push(RecipeSummary {
                    recipe_id,
                    model: row.get(1)?,
                    hardware: row.get(2)?,
                    precision: row.get(3)?,
                    file: row.get(4)?,
                    configurations: Vec::new(),
                });
            }
            let backend: Option<String> = row.get(5)?;
            if let (Some(backend), Some(last)) = (backend, recipes.last_mut()) {
                last.configurations.push(ConfigurationSummary {
                    backend,
                    gpus: row.get(6)?,
                    enabled: row.get(7)?,
                });
            }
        }
        Ok(recipes)
    }
}
