//! Which document holds the facts of a base relation, and where in it: one entry a relation.
//!
//! A question in SQL finds the document. Its parameters are columns of the relation, its first column is the
//! file, and its others are words for the paths beside the fact's own (see [`super::path`]).

/// A kind of document in which facts are found.
#[derive(Debug)]
pub(super) struct HeldBy {
    /// Gives the file, or no row where no such document is there.
    pub question: &'static str,
    /// What names the document: the place of what it lacks altogether.
    pub name: &'static str,
    /// Places of columns that all relations with facts in it have.
    columns: &'static [(&'static str, &'static str)],
}

/// One way of a relation to get its facts.
#[derive(Debug)]
pub(super) struct Source {
    pub held_by: &'static HeldBy,
    /// Path of the fact as a whole.
    pub fact: &'static str,
    /// Paths of columns, where the fact's is not theirs.
    columns: &'static [(&'static str, &'static str)],
}

impl Source {
    /// The path of a column that has one of its own.
    pub fn column(&self, column: &str) -> Option<&'static str> {
        let mut columns = self.columns.iter().chain(self.held_by.columns);
        columns
            .find(|(name, _)| *name == column)
            .map(|(_, path)| *path)
    }
}

/// How a relation gets its facts: the first source whose document is there holds them.
pub(super) fn sources(relation: &str) -> Option<&'static [Source]> {
    let mut origins = ORIGINS.iter();
    let found = origins.find(|(name, _)| *name == relation);
    found.map(|(_, sources)| *sources)
}

const fn of(
    held_by: &'static HeldBy,
    fact: &'static str,
    columns: &'static [(&'static str, &'static str)],
) -> Source {
    Source {
        held_by,
        fact,
        columns,
    }
}

const RECIPE_MODEL: &str = "huggingface_id|model_id";
const RECIPE_NAME: &str = "recipe_id|huggingface_id|model_id";
const BLOCK: &str = "{section}/{gpus as count}:";
const BLOCK_COLUMNS: &[(&str, &str)] = &[
    ("recipe", RECIPE_NAME),
    ("backend", "{section}:"),
    ("gpus", BLOCK),
];

/// The current document of a recipe, with further columns.
macro_rules! recipe {
    ($($column:expr),*) => {
        concat!(
            "SELECT r.file", $(", ", $column,)*
            " FROM recipe_document r WHERE r.recipe = :recipe AND r.current"
        )
    };
}

/// The section of a block; of one that is not there the section where it would be.
macro_rules! section {
    () => {
        "COALESCE(
           (SELECT c.section FROM current_block c
             WHERE c.recipe_id = :recipe AND c.backend = :backend AND c.gpus = :gpus LIMIT 1),
           (SELECT d.section FROM backend_document d WHERE d.backend = :backend AND d.current),
           :backend || '_serve') AS section"
    };
}

static RECIPE: HeldBy = HeldBy {
    question: recipe!(),
    name: RECIPE_NAME,
    columns: &[("recipe", RECIPE_NAME)],
};

static IN_BLOCK: HeldBy = HeldBy {
    question: recipe!(section!()),
    name: RECIPE_NAME,
    columns: BLOCK_COLUMNS,
};

const ARGUMENT: &str = "{section}/{gpus as count}/args/{written}:";
const ARGUMENT_VALUE: &str = "{section}/{gpus as count}/args/{written}";
const ARGUMENT_WORD: &str =
    "{section}/{gpus as count}/args/{written}/{word}|{section}/{gpus as count}/args/{written}:";

/// The argument with the name that the rules know it by.
static NAMED_ARGUMENT: HeldBy = HeldBy {
    question: recipe!(
        section!(),
        "(SELECT a.flag FROM current_argument a
           WHERE a.recipe_id = :recipe AND a.backend = :backend AND a.gpus = :gpus AND a.name = :flag
           ORDER BY a.position LIMIT 1) AS written"
    ),
    name: RECIPE_NAME,
    columns: BLOCK_COLUMNS,
};

/// The same of those that have a word.
static WORD_OF_ARGUMENT: HeldBy = HeldBy {
    question: recipe!(
        section!(),
        "(SELECT a.flag FROM current_argument a
           WHERE a.recipe_id = :recipe AND a.backend = :backend AND a.gpus = :gpus AND a.name = :flag
           ORDER BY NOT (a.reading IS NOT NULL AND a.value = :word OR EXISTS (SELECT 1 FROM block_word w
               WHERE w.block = a.block AND w.position = a.position AND w.word = :word)),
             a.position LIMIT 1) AS written"
    ),
    name: RECIPE_NAME,
    columns: BLOCK_COLUMNS,
};

/// The argument that is meant by what the backend's file names for a purpose; of several the one with the
/// fact's value.
macro_rules! meant_argument {
    ($purpose:literal, $has_value:literal) => {
        HeldBy {
            question: recipe!(
                section!(),
                concat!(
                    "(SELECT a.flag FROM meant_argument a JOIN backend_document d ON d.id = a.backend_id
                       WHERE a.recipe_id = :recipe AND a.backend = :backend AND a.gpus = :gpus
                         AND a.meant = d.", $purpose, "
                       ORDER BY (", $has_value, ") IS NOT TRUE, a.position LIMIT 1) AS written"
                )
            ),
            name: RECIPE_NAME,
            columns: BLOCK_COLUMNS,
        }
    };
}

static TENSOR_PARALLEL: HeldBy =
    meant_argument!("tensor_parallel_flag", "CAST(a.number AS INTEGER) = :size");
static MEMORY_SHARE: HeldBy = meant_argument!("memory_share_flag", "a.number = :share");
static MAX_MODEL_LEN: HeldBy =
    meant_argument!("max_model_len_flag", "CAST(a.number AS INTEGER) = :tokens");
static KV_CACHE_DTYPE: HeldBy = meant_argument!("kv_cache_dtype_flag", "a.value = :dtype");

const MODEL: &str = "huggingface_id|model_id";
const LAYERS: &str = "attention/cached_layers|attention/layers";
const ALIAS: &str = "huggingface_id/{name}|model_id/{name}|aliases/{name}";

static CARD: HeldBy = HeldBy {
    question: "SELECT m.file FROM model_document m WHERE m.model = :model AND m.current",
    name: MODEL,
    columns: &[("model", MODEL)],
};

/// The card that has a name.
static NAMED_CARD: HeldBy = HeldBy {
    question: "SELECT m.file FROM card_name n JOIN model_document m ON m.id = n.model
               WHERE n.name = :name AND m.current ORDER BY n.rank, m.model_key LIMIT 1",
    name: MODEL,
    columns: &[("model", MODEL)],
};

/// A recipe that has a name of a model.
static RECIPE_OF_MODEL: HeldBy = HeldBy {
    question: "SELECT r.file FROM recipe_document r
               WHERE r.current AND (r.model_key = :name OR r.other_key = :name)
               ORDER BY r.model_key <> :name, r.recipe LIMIT 1",
    name: RECIPE_NAME,
    columns: &[("model", RECIPE_MODEL)],
};

static HARDWARE: HeldBy = HeldBy {
    question: "SELECT h.file FROM hardware_document h WHERE h.hardware = :hardware AND h.current",
    name: "hardware",
    columns: &[("hardware", "hardware")],
};

static BACKEND: HeldBy = HeldBy {
    question: "SELECT d.file FROM backend_document d WHERE d.backend = :backend AND d.current",
    name: "backend",
    columns: &[("backend", "backend")],
};

const FLAG: &str = "flags/{flag}:";
const FLAG_NAME: &str = "flags/{flag}/{since as period}/aliases/{name}\
    |flags/{flag}/{since as period}/negation/{name}\
    |flags/{flag}/{since as period}/negation_aliases/{name}\
    |flags/{flag}:";
const SINCE: &str = "flags/{flag}/{since as period}/since";

/// The entry of the flag that a name stands for; of a version that is not known, in any.
static NAMED_FLAG: HeldBy = HeldBy {
    question: "SELECT d.file,
                 (SELECT n.flag FROM flag_name n WHERE n.backend = d.id AND n.name = :name
                   ORDER BY n.since IS NOT :since, n.since DESC LIMIT 1) AS flag
               FROM backend_document d WHERE d.backend = :backend AND d.current",
    name: "backend",
    columns: &[("backend", "backend")],
};

/// A document that has an id of a model.
static NAMING: HeldBy = HeldBy {
    question: "SELECT w.file FROM written w
               WHERE w.text = :model AND w.path IN ('huggingface_id', 'model_id') LIMIT 1",
    name: MODEL,
    columns: &[],
};

/// Each base relation that is a view of the store, in the order of its views.
static ORIGINS: &[(&str, &[Source])] = &[
    (
        "recipe",
        &[of(
            &RECIPE,
            RECIPE_NAME,
            &[
                ("model", RECIPE_MODEL),
                ("hardware", "hardware"),
                ("precision", "precision"),
            ],
        )],
    ),
    ("recipe_metric", &[of(&RECIPE, "metric", &[])]),
    ("recipe_readiness", &[of(&RECIPE, "readiness_level", &[])]),
    ("configuration", &[of(&IN_BLOCK, BLOCK, &[])]),
    (
        "enabled",
        &[of(&IN_BLOCK, "{section}/{gpus as count}/enabled", &[])],
    ),
    (
        "block_image",
        &[of(
            &IN_BLOCK,
            "{section}/{gpus as count}/image|image|{section}/{gpus as count}:",
            &[],
        )],
    ),
    (
        "block_version",
        &[of(
            &IN_BLOCK,
            "{section}/{gpus as count}/engine_version|{section}/{gpus as count}/image\
             |engine_version|image|{section}/{gpus as count}:",
            &[],
        )],
    ),
    (
        "tensor_parallel_argument",
        &[of(&TENSOR_PARALLEL, ARGUMENT_VALUE, &[])],
    ),
    (
        "memory_share_argument",
        &[of(&MEMORY_SHARE, ARGUMENT_VALUE, &[])],
    ),
    (
        "max_model_len_argument",
        &[of(&MAX_MODEL_LEN, ARGUMENT_VALUE, &[])],
    ),
    (
        "kv_cache_dtype_argument",
        &[of(&KV_CACHE_DTYPE, ARGUMENT_VALUE, &[])],
    ),
    ("argument", &[of(&NAMED_ARGUMENT, ARGUMENT, &[])]),
    (
        "argument_word",
        &[of(&WORD_OF_ARGUMENT, ARGUMENT_WORD, &[("flag", ARGUMENT)])],
    ),
    (
        "measured_output",
        &[of(
            &IN_BLOCK,
            "{section}/{gpus as count}/benchmark/output_tokens_per_s",
            &[],
        )],
    ),
    (
        "measured_ttft",
        &[of(
            &IN_BLOCK,
            "{section}/{gpus as count}/benchmark/ttft_ms",
            &[],
        )],
    ),
    (
        "model_name",
        &[
            of(&NAMED_CARD, ALIAS, &[]),
            of(
                &RECIPE_OF_MODEL,
                "huggingface_id/{name}|model_id/{name}",
                &[],
            ),
        ],
    ),
    ("model_readiness", &[of(&CARD, "readiness_level", &[])]),
    ("model_parameters", &[of(&CARD, "parameters|size", &[])]),
    ("model_heads", &[of(&CARD, "attention/heads", &[])]),
    ("model_context", &[of(&CARD, "context_length", &[])]),
    (
        "model_kv_heads",
        &[of(
            &CARD,
            "attention:",
            &[
                ("layers", LAYERS),
                ("kv_heads", "attention/kv_heads"),
                ("head_dim", "attention/head_dim"),
            ],
        )],
    ),
    (
        "model_latent",
        &[of(&CARD, "attention/kv_lora_rank", &[("layers", LAYERS)])],
    ),
    (
        "model_window",
        &[of(
            &CARD,
            "attention/sliding_window",
            &[("layers", "attention/sliding_layers")],
        )],
    ),
    ("model_gated", &[of(&CARD, "gated", &[])]),
    (
        "hardware",
        &[of(
            &HARDWARE,
            "hardware",
            &[("gfx", "gfx"), ("vram_mib", "vram_mib")],
        )],
    ),
    (
        "hardware_pci",
        &[of(&HARDWARE, "pci_ids/{pci_id}|vf_pci_ids/{pci_id}", &[])],
    ),
    ("hardware_product", &[of(&HARDWARE, "product_names", &[])]),
    (
        "hardware_compute_units",
        &[of(&HARDWARE, "compute_units", &[])],
    ),
    (
        "native_precision",
        &[of(&HARDWARE, "native_precisions", &[])],
    ),
    ("fp8_format", &[of(&HARDWARE, "fp8_format", &[])]),
    ("backend", &[of(&BACKEND, "backend", &[])]),
    (
        "backend_image",
        &[of(
            &BACKEND,
            "images/{place as position}/image",
            &[
                ("gfx", "images/{place as position}/gfx"),
                ("version", "images/{place as position}/version"),
            ],
        )],
    ),
    (
        "default_memory_share",
        &[of(
            &BACKEND,
            "memory_share/defaults/{version as default}/share",
            &[("version", "versions/{version as position}")],
        )],
    ),
    (
        "known_flag",
        &[of(
            &NAMED_FLAG,
            FLAG_NAME,
            &[
                ("since", SINCE),
                ("until", "flags/{flag}/{since as period}/until"),
                ("flag", FLAG),
                (
                    "kind",
                    "flags/{flag}/{since as period}/negation/{name}\
                     |flags/{flag}/{since as period}/negation_aliases/{name}\
                     |flags/{flag}/{since as period}/type",
                ),
            ],
        )],
    ),
    (
        "flag_choice",
        &[of(
            &NAMED_FLAG,
            "flags/{flag}/{since as period}/choices/{choice}",
            &[("name", FLAG_NAME), ("since", SINCE)],
        )],
    ),
    (
        "repeated_flag",
        &[of(
            &NAMED_FLAG,
            "flags/{flag}/{since as period}/repeatable:",
            &[("name", FLAG_NAME), ("since", SINCE)],
        )],
    ),
    (
        "flag_negation",
        &[of(
            &BACKEND,
            "flags/{flag}/{since as period}/negation/{negation}\
             |flags/{flag}/{since as period}/negation_aliases/{negation}",
            &[
                ("flag", FLAG),
                (
                    "since",
                    "flags/{flag}/{since as period}/negation_since|flags/{flag}/{since as period}/since",
                ),
                ("until", "flags/{flag}/{since as period}/until"),
            ],
        )],
    ),
    ("model_flag", &[of(&BACKEND, "model/flag", &[])]),
    ("revision_flag", &[of(&BACKEND, "revision_flag", &[])]),
    ("hub_flag", &[of(&BACKEND, "hub_flags/{flag}", &[])]),
    (
        "misnamed_flag",
        &[of(
            &BACKEND,
            "flags/{name}/renamed_to/{flag}|misnamed/{name}/{flag}|misnamed/{name}:",
            &[("name", "misnamed/{name}:|flags/{name}:")],
        )],
    ),
    // Those that say where they stand (`at`, `document`) need no entry.
    (
        "id_parts",
        &[of(&NAMING, "huggingface_id/{model}|model_id/{model}", &[])],
    ),
    ("hardware_name", &[of(&HARDWARE, "hardware", &[])]),
    (
        "backend_version",
        &[of(&BACKEND, "versions/{version as position}", &[])],
    ),
    (
        "backend_flag",
        &[of(
            &NAMED_FLAG,
            FLAG_NAME,
            &[
                ("since", SINCE),
                ("until", "flags/{flag}/{since as period}/until"),
                ("flag", FLAG),
                (
                    "kind",
                    "flags/{flag}/{since as period}/negation/{name}\
                     |flags/{flag}/{since as period}/negation_aliases/{name}\
                     |flags/{flag}/{since as period}/type",
                ),
            ],
        )],
    ),
    (
        "backend_choice",
        &[of(
            &BACKEND,
            "flags/{flag}/{since as period}/choices/{choice}",
            &[("flag", FLAG), ("since", SINCE)],
        )],
    ),
    (
        "flag_takes",
        &[of(
            &NAMED_FLAG,
            "flags/{flag}/{since as period}/values|flags/{flag}/{since as period}/repeatable:",
            &[("name", FLAG_NAME), ("since", SINCE)],
        )],
    ),
    (
        "deprecated_flag",
        &[of(
            &NAMED_FLAG,
            "flags/{flag}/{since as period}/deprecated_since",
            &[("name", FLAG_NAME), ("since", SINCE)],
        )],
    ),
    (
        "backend_purpose",
        &[of(
            &BACKEND,
            "tensor_parallel_flag/{flag}|memory_share/flag/{flag}|max_model_len_flag/{flag}\
             |kv_cache_dtype_flag/{flag}|model/flag",
            &[],
        )],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ORIGINS;
    use crate::store::origin::path::words_of;
    use crate::store::{Layer, Store, StoreSpec};

    fn store() -> Store {
        let file = tempfile::tempdir().unwrap();
        Store::open(&StoreSpec {
            layers: Layer::stack(None, &[]),
            file: Some(file.path().join("store.db")),
            ..StoreSpec::default()
        })
        .unwrap()
    }

    #[test]
    fn each_relation_has_one_entry() {
        let mut seen = BTreeSet::new();
        for (relation, sources) in ORIGINS {
            assert!(seen.insert(relation), "`{relation}` stands twice");
            assert!(!sources.is_empty());
        }
    }

    /// A wrong word would silently end a path, and a parameter that is no column is never bound.
    #[test]
    fn questions_and_paths_ask_only_for_what_is_there() {
        let store = store();
        for (relation, sources) in ORIGINS {
            let columns = store.view_columns(relation).unwrap();
            for source in *sources {
                let question = source.held_by.question;
                let statement = store.connection.prepare(question).unwrap();
                let mut words = columns.clone();
                words.extend(statement.column_names().skip(1).map(str::to_owned));
                for index in 1..=statement.parameter_count() {
                    let parameter = statement.parameter_name(index).unwrap();
                    let parameter = parameter.trim_start_matches(':').to_owned();
                    assert!(columns.contains(&parameter), "{relation}: :{parameter}");
                }
                let own = source.columns.iter();
                for (column, _) in own.clone() {
                    assert!(columns.iter().any(|c| c == column), "{relation}: {column}");
                }
                let paths = own.chain(source.held_by.columns).map(|(_, path)| *path);
                for path in paths.chain([source.fact, source.held_by.name]) {
                    for word in words_of(path) {
                        assert!(words.iter().any(|w| w == word), "{relation}: {path}");
                    }
                }
            }
        }
    }
}
