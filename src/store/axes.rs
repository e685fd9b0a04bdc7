//! What a catalog tells apart: its models, hardware, GPU counts, precisions, backends and metrics, which
//! together make every request that is worth asking of it.

use super::{Details, Store, StoreError};

impl Store {
    /// Every model that a card describes or a recipe serves, by name, with the number of its recipes.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn served_models(&self) -> Result<Vec<(String, u32)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "WITH served AS (SELECT model, count(*) AS recipes FROM current_recipe GROUP BY model)
             SELECT model, recipes FROM served
             UNION ALL SELECT DISTINCT m.model, 0 FROM model_document m
               WHERE m.current AND m.model NOT IN (SELECT model FROM served)
             ORDER BY 1",
        )?;
        let models = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(models.collect::<Result<_, _>>()?)
    }

    /// The recipes that are tuned for a metric: id, model, metric.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn recipe_metrics(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT recipe, model, metric FROM current_recipe WHERE metric IS NOT NULL ORDER BY 1",
        )?;
        let metrics = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(metrics.collect::<Result<_, _>>()?)
    }

    /// The GPU counts that recipes have blocks for.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn gpu_counts(&self) -> Result<Vec<u32>, StoreError> {
        self.unpack(Details::All)?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT gpus FROM current_block ORDER BY gpus")?;
        let counts = statement.query_map([], |row| row.get(0))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// The precisions that recipes have.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn precisions(&self) -> Result<Vec<String>, StoreError> {
        self.strings("SELECT DISTINCT precision FROM recipe_document WHERE current ORDER BY 1")
    }

    /// The backends that files describe or blocks are for.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn backend_names(&self) -> Result<Vec<String>, StoreError> {
        self.unpack(Details::All)?;
        self.strings(
            "SELECT backend FROM backend_document WHERE current
             UNION SELECT backend FROM current_block ORDER BY 1",
        )
    }
}
