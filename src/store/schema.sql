-- The store: a cache of the catalog's YAML, and the base relations of the rules as views.
-- A view has the name and columns of its `.input` relation. A further column `scope_key` (a model's
-- folded name) lets a request for one model read only that model's rows.

CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE file(
  id INTEGER PRIMARY KEY,
  layer INTEGER NOT NULL,               -- later layers win
  name TEXT NOT NULL,                   -- below the layer's folder
  path TEXT NOT NULL,                   -- as shown and opened
  stem TEXT NOT NULL,                   -- its name without folders and ending
  kind TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  hash TEXT NOT NULL,                   -- of the content
  settled INTEGER NOT NULL,             -- 0: so young when read that it may have changed again unseen
  judged INTEGER NOT NULL DEFAULT 0,    -- 1: `judgement` says what is wrong with it
  UNIQUE(layer, name)
);
CREATE TABLE problem(
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  severity TEXT NOT NULL,
  problem TEXT NOT NULL,                -- JSON
  PRIMARY KEY(file, position)
) WITHOUT ROWID;

-- What files name: files with one token are judged together. A token is a hash of a name and its kind.
CREATE TABLE link(
  token INTEGER NOT NULL,
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  PRIMARY KEY(token, file)
) WITHOUT ROWID;
CREATE INDEX link_file ON link(file);
-- What the checks found last in a file; nothing where they found nothing.
CREATE TABLE judgement(
  file INTEGER PRIMARY KEY REFERENCES file(id) ON DELETE CASCADE,
  findings BLOB NOT NULL
);

-- Comments to this program: `# aim-engine: ...`.
CREATE TABLE comment(
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  text TEXT NOT NULL,                   -- behind `aim-engine:`
  line INTEGER NOT NULL,                -- that it is about
  is_at_top INTEGER NOT NULL,
  PRIMARY KEY(file, offset)
) WITHOUT ROWID;

-- What files say in detail, until somebody asks for it: then the rows of `link`, `written`, `section`, `block`,
-- `block_argument` and `block_word` are written and this one goes.
CREATE TABLE packed(
  file INTEGER PRIMARY KEY REFERENCES file(id) ON DELETE CASCADE,
  details BLOB NOT NULL
);

-- Single values as written, whether or not the document can be used; arguments stand in `block_argument`.
CREATE TABLE written(
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path TEXT NOT NULL,                   -- keys with `/` between them
  place INTEGER NOT NULL,               -- in its list, from 0
  kind TEXT NOT NULL,                   -- text, integer, number, boolean, null, secret
  text TEXT NOT NULL,
  number REAL,                          -- the text read as a number
  node INTEGER NOT NULL,                -- place in the file
  key_node INTEGER NOT NULL,
  PRIMARY KEY(file, position)
) WITHOUT ROWID;

-- Documents. `current` is 0 where another file with the same id takes the place.

CREATE TABLE recipe_document(
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  recipe TEXT NOT NULL,
  model_key TEXT NOT NULL,              -- folded name by which it finds its model
  model_text TEXT NOT NULL,             -- the same as written
  other_key TEXT,                       -- folded model_id where it differs
  hardware_key TEXT NOT NULL,
  precision TEXT NOT NULL,              -- folded
  metric TEXT,
  readiness TEXT,                       -- folded
  image TEXT,
  engine_version TEXT,                  -- its own, else read off its image
  env TEXT NOT NULL,                    -- JSON list of pairs
  current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX recipe_document_id ON recipe_document(recipe);
CREATE INDEX recipe_document_model ON recipe_document(model_key);
CREATE INDEX recipe_document_other ON recipe_document(other_key) WHERE other_key IS NOT NULL;
CREATE INDEX recipe_document_file ON recipe_document(file);
CREATE INDEX recipe_document_replaced ON recipe_document(id) WHERE current = 0;

CREATE TABLE section(
  recipe INTEGER NOT NULL REFERENCES recipe_document(id) ON DELETE CASCADE,
  section TEXT NOT NULL,
  node INTEGER NOT NULL,                -- place in the file
  PRIMARY KEY(recipe, section)
) WITHOUT ROWID;

CREATE TABLE block(
  id INTEGER PRIMARY KEY,
  recipe INTEGER NOT NULL REFERENCES recipe_document(id) ON DELETE CASCADE,
  section TEXT NOT NULL,
  key TEXT NOT NULL,                    -- as written, such as `4_gpu`
  gpus INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  node INTEGER NOT NULL,                -- place in the file
  enabled_node INTEGER NOT NULL,
  image TEXT,
  engine_version TEXT,                  -- its own, else read off its image
  env TEXT NOT NULL,
  output_tokens_per_s REAL,
  ttft_ms REAL
);
CREATE INDEX block_recipe ON block(recipe);

CREATE TABLE block_argument(
  block INTEGER NOT NULL REFERENCES block(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  flag TEXT NOT NULL,                   -- as written
  name TEXT NOT NULL,                   -- with dashes for underscores, without `.key`
  dotted INTEGER NOT NULL,              -- 1 for `--flag.key`
  shape TEXT NOT NULL,                  -- none, word, words, json, secret
  value TEXT NOT NULL,                  -- the word, or a JSON list of words, or JSON
  number REAL,                          -- the word read as a number, `32k` too
  flag_node INTEGER NOT NULL,
  value_node INTEGER NOT NULL,
  reading TEXT,                         -- of a value that is one word; of several see `block_word`
  word_node INTEGER,
  PRIMARY KEY(block, position)
) WITHOUT ROWID;

-- The words of lists.
CREATE TABLE block_word(
  block INTEGER NOT NULL REFERENCES block(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  word_position INTEGER NOT NULL,
  word TEXT NOT NULL,
  reading TEXT NOT NULL,                -- integer, number, human-integer, boolean, auto, nothing, text
  number REAL,                          -- the word read as a number, `32k` too
  node INTEGER NOT NULL,                -- place in the file
  PRIMARY KEY(block, position, word_position)
) WITHOUT ROWID;

CREATE TABLE model_document(
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  model_key TEXT NOT NULL,
  readiness TEXT,
  parameters_millions REAL,
  document TEXT NOT NULL,               -- JSON
  current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX model_document_key ON model_document(model_key);
CREATE INDEX model_document_file ON model_document(file);
CREATE INDEX model_document_replaced ON model_document(id) WHERE current = 0;
CREATE TABLE card_name(
  model INTEGER NOT NULL REFERENCES model_document(id) ON DELETE CASCADE,
  rank INTEGER NOT NULL,                -- 0 the hub's id, 1 the catalog's, 2 an alias
  name TEXT NOT NULL,                   -- folded
  PRIMARY KEY(name, rank, model)
) WITHOUT ROWID;
CREATE INDEX card_name_model ON card_name(model);

CREATE TABLE hardware_document(
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  hardware TEXT NOT NULL,
  hardware_key TEXT NOT NULL,
  gfx TEXT NOT NULL,
  vram_mib INTEGER NOT NULL,
  compute_units INTEGER,
  document TEXT NOT NULL,
  current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX hardware_document_key ON hardware_document(hardware_key);
CREATE INDEX hardware_document_file ON hardware_document(file);
CREATE TABLE pci(
  hardware INTEGER NOT NULL REFERENCES hardware_document(id) ON DELETE CASCADE,
  pci_id TEXT NOT NULL,
  PRIMARY KEY(hardware, pci_id)
) WITHOUT ROWID;

CREATE TABLE backend_document(
  id INTEGER PRIMARY KEY,
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  backend TEXT NOT NULL,
  section TEXT NOT NULL,
  underscores INTEGER NOT NULL,
  dotted_json INTEGER NOT NULL,
  tensor_parallel_flag TEXT NOT NULL,
  memory_share_flag TEXT NOT NULL,
  max_model_len_flag TEXT,
  kv_cache_dtype_flag TEXT,
  document TEXT NOT NULL,               -- JSON without the flags
  current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX backend_document_section ON backend_document(section);
CREATE INDEX backend_document_file ON backend_document(file);
CREATE TABLE image(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  gfx TEXT NOT NULL,                    -- empty: any
  image TEXT NOT NULL,
  version INTEGER NOT NULL,             -- position among the examined versions
  PRIMARY KEY(backend, place)
) WITHOUT ROWID;
CREATE TABLE examined(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  version INTEGER NOT NULL,             -- position, from 0
  text TEXT NOT NULL,
  memory_share REAL NOT NULL,
  PRIMARY KEY(backend, version)
) WITHOUT ROWID;
CREATE TABLE flag_name(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  name TEXT NOT NULL,                   -- the flag, an alias or a negation
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,               -- exclusive
  flag TEXT NOT NULL,
  kind TEXT NOT NULL,
  repeats INTEGER NOT NULL,             -- 1 where each value needs the flag again
  takes TEXT NOT NULL,                  -- how many values: one, optional, one-or-more, zero-or-more
  deprecated INTEGER,                   -- first version that warns of it
  PRIMARY KEY(backend, name, since)
) WITHOUT ROWID;
CREATE INDEX flag_name_negation ON flag_name(backend, flag) WHERE kind = 'negation';
CREATE TABLE choice(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  flag TEXT NOT NULL,
  since INTEGER NOT NULL,
  choice TEXT NOT NULL,
  PRIMARY KEY(backend, flag, since, choice)
) WITHOUT ROWID;
CREATE TABLE misnamed(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  flag TEXT NOT NULL,
  PRIMARY KEY(backend, name)
) WITHOUT ROWID;
-- The flag that a name stands for in any version.
CREATE TABLE meaning(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  flag TEXT NOT NULL,
  PRIMARY KEY(backend, name)
) WITHOUT ROWID;

-- Versions of engines that recipes and their blocks name.
CREATE TABLE named_version(
  file INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  PRIMARY KEY(file, text)
) WITHOUT ROWID;

-- Which examined version of each backend speaks for a version that recipes name.
CREATE TABLE version_reading(
  backend INTEGER NOT NULL REFERENCES backend_document(id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(backend, text)
) WITHOUT ROWID;

-- What runs made from the above and need not make again: compiled rules, and the facts that requests
-- for a model gathered from the views (until any document changes).
CREATE TABLE compiled(key TEXT PRIMARY KEY, program BLOB NOT NULL, hash TEXT NOT NULL);
CREATE TABLE gathered(key TEXT PRIMARY KEY, facts BLOB NOT NULL, hash TEXT NOT NULL);

-- What the views share.

CREATE VIEW current_recipe AS
  SELECT r.*,
    COALESCE(
      (SELECT m.model FROM card_name n JOIN model_document m ON m.id = n.model
        WHERE n.name = r.model_key AND m.current ORDER BY n.rank, m.model_key LIMIT 1),
      (SELECT min(o.model_text) FROM recipe_document o WHERE o.model_key = r.model_key)) AS model,
    COALESCE(
      (SELECT h.hardware FROM hardware_document h WHERE h.hardware_key = r.hardware_key AND h.current),
      upper(r.hardware_key)) AS hardware
  FROM recipe_document r WHERE r.current;

-- A section that no backend file claims is taken as a backend of that name.
CREATE VIEW current_block AS
  SELECT b.*, r.recipe AS recipe_id, r.model_key AS scope_key, r.image AS recipe_image,
    r.engine_version AS recipe_version, d.id AS backend_id,
    COALESCE(d.backend, replace(b.section, '_serve', '')) AS backend
  FROM recipe_document r
  JOIN block b ON b.recipe = r.id
  LEFT JOIN backend_document d ON d.section = b.section AND d.current
  WHERE r.current;

-- Arguments with the name by which the backend's table knows them.
CREATE VIEW current_argument AS
  SELECT b.recipe_id, b.scope_key, b.backend, b.backend_id, b.gpus, a.block, a.position, a.flag,
    a.shape, a.value, a.number, a.flag_node, a.value_node, a.reading,
    CASE
      WHEN a.dotted AND d.dotted_json THEN a.name
      WHEN a.dotted OR NOT COALESCE(d.underscores, 0) THEN a.flag
      ELSE a.name
    END AS name
  FROM current_block b
  JOIN block_argument a ON a.block = b.id
  LEFT JOIN backend_document d ON d.id = b.backend_id;

-- The flag that a name stands for in any version, for the few flags that decisions read.
CREATE VIEW meant_argument AS
  SELECT a.*, COALESCE(m.flag, a.name) AS meant
  FROM current_argument a LEFT JOIN meaning m ON m.backend = a.backend_id AND m.name = a.name;

-- Base relations.

CREATE VIEW recipe AS
  SELECT recipe, model, hardware, precision, model_key AS scope_key FROM current_recipe;
CREATE VIEW recipe_metric AS
  SELECT recipe, metric, model_key AS scope_key FROM recipe_document
  WHERE current AND metric IS NOT NULL;
CREATE VIEW recipe_readiness AS
  SELECT recipe, readiness, model_key AS scope_key FROM recipe_document
  WHERE current AND readiness IS NOT NULL;
CREATE VIEW configuration AS
  SELECT recipe_id AS recipe, backend, gpus, scope_key FROM current_block;
CREATE VIEW enabled AS
  SELECT recipe_id AS recipe, backend, gpus, scope_key FROM current_block WHERE enabled;
CREATE VIEW block_image AS
  SELECT recipe_id AS recipe, backend, gpus, COALESCE(image, recipe_image) AS image, scope_key
  FROM current_block WHERE COALESCE(image, recipe_image) IS NOT NULL;
CREATE VIEW block_version AS
  SELECT b.recipe_id AS recipe, b.backend, b.gpus, v.version, b.scope_key
  FROM current_block b
  JOIN version_reading v ON v.backend = b.backend_id AND v.text = COALESCE(b.engine_version,
    CASE WHEN b.image IS NULL THEN b.recipe_version END);
CREATE VIEW tensor_parallel_argument AS
  SELECT a.recipe_id AS recipe, a.backend, a.gpus, CAST(a.number AS INTEGER) AS size, a.scope_key
  FROM meant_argument a JOIN backend_document d ON d.id = a.backend_id
  WHERE a.meant = d.tensor_parallel_flag AND a.number BETWEEN 1 AND 65536;
CREATE VIEW memory_share_argument AS
  SELECT a.recipe_id AS recipe, a.backend, a.gpus, a.number AS share, a.scope_key
  FROM meant_argument a JOIN backend_document d ON d.id = a.backend_id
  WHERE a.meant = d.memory_share_flag AND a.number IS NOT NULL;
CREATE VIEW max_model_len_argument AS
  SELECT a.recipe_id AS recipe, a.backend, a.gpus, CAST(a.number AS INTEGER) AS tokens, a.scope_key
  FROM meant_argument a JOIN backend_document d ON d.id = a.backend_id
  WHERE a.meant = d.max_model_len_flag AND a.number BETWEEN 1 AND 2000000000;
CREATE VIEW kv_cache_dtype_argument AS
  SELECT a.recipe_id AS recipe, a.backend, a.gpus, a.value AS dtype, a.scope_key
  FROM meant_argument a JOIN backend_document d ON d.id = a.backend_id
  WHERE a.meant = d.kv_cache_dtype_flag AND a.shape = 'word';
CREATE VIEW argument AS
  SELECT recipe_id AS recipe, backend, gpus, name AS flag, scope_key FROM current_argument;
CREATE VIEW argument_word AS
  SELECT recipe_id AS recipe, backend, gpus, name AS flag, value AS word, reading, scope_key
  FROM current_argument WHERE reading IS NOT NULL
  UNION ALL
  SELECT a.recipe_id AS recipe, a.backend, a.gpus, a.name AS flag, w.word, w.reading, a.scope_key
  FROM current_argument a
  JOIN block_word w ON w.block = a.block AND w.position = a.position;
CREATE VIEW measured_output AS
  SELECT recipe_id AS recipe, backend, gpus, output_tokens_per_s AS tokens_per_s, scope_key
  FROM current_block WHERE output_tokens_per_s IS NOT NULL;
CREATE VIEW measured_ttft AS
  SELECT recipe_id AS recipe, backend, gpus, ttft_ms AS ms, scope_key
  FROM current_block WHERE ttft_ms IS NOT NULL;

CREATE VIEW model_name AS
  SELECT n.name, m.model, m.model_key AS scope_key
  FROM card_name n JOIN model_document m ON m.id = n.model
  WHERE m.current AND NOT EXISTS (
    SELECT 1 FROM card_name o JOIN model_document p ON p.id = o.model
    WHERE o.name = n.name AND p.current AND (o.rank, p.model_key) < (n.rank, m.model_key))
  UNION ALL
  SELECT r.model_key, r.model, r.model_key FROM current_recipe r
  UNION ALL
  SELECT r.other_key, r.model, r.model_key FROM current_recipe r
  WHERE r.other_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM card_name n WHERE n.name = r.other_key);
CREATE VIEW model_readiness AS
  SELECT model, readiness, model_key AS scope_key FROM model_document
  WHERE current AND readiness IS NOT NULL;
CREATE VIEW model_parameters AS
  SELECT model, parameters_millions AS millions, model_key AS scope_key FROM model_document
  WHERE current AND parameters_millions IS NOT NULL;
CREATE VIEW model_heads AS
  SELECT model, document ->> '$.attention.heads' AS heads, model_key AS scope_key
  FROM model_document WHERE current AND document ->> '$.attention.heads' > 0;
CREATE VIEW model_context AS
  SELECT model, document ->> '$.context_length' AS tokens, model_key AS scope_key
  FROM model_document WHERE current AND document ->> '$.context_length' > 0;
CREATE VIEW model_kv_heads AS
  SELECT model,
    COALESCE(document ->> '$.attention.cached_layers', document ->> '$.attention.layers') AS layers,
    document ->> '$.attention.kv_heads' AS kv_heads,
    document ->> '$.attention.head_dim' AS head_dim, model_key AS scope_key
  FROM model_document
  WHERE current AND document ->> '$.attention.kv_lora_rank' IS NULL
    AND document ->> '$.attention.kv_heads' > 0 AND document ->> '$.attention.head_dim' > 0;
CREATE VIEW model_latent AS
  SELECT model,
    COALESCE(document ->> '$.attention.cached_layers', document ->> '$.attention.layers') AS layers,
    (document ->> '$.attention.kv_lora_rank') + COALESCE(document ->> '$.attention.rope_dim', 0)
      AS "values", model_key AS scope_key
  FROM model_document WHERE current AND document ->> '$.attention.kv_lora_rank' > 0;
CREATE VIEW model_gated AS
  SELECT model, model_key AS scope_key FROM model_document
  WHERE current AND document ->> '$.gated' = 1;
CREATE VIEW model_window AS
  SELECT model, document ->> '$.attention.sliding_layers' AS layers,
    document ->> '$.attention.sliding_window' AS "window", model_key AS scope_key
  FROM model_document
  WHERE current AND document ->> '$.attention.sliding_layers' > 0
    AND document ->> '$.attention.sliding_window' > 0;

CREATE VIEW hardware AS
  SELECT hardware, gfx, vram_mib FROM hardware_document WHERE current;
CREATE VIEW hardware_pci AS
  SELECT h.hardware, p.pci_id FROM hardware_document h JOIN pci p ON p.hardware = h.id
  WHERE h.current;
CREATE VIEW hardware_product AS
  SELECT h.hardware, lower(trim(p.value)) AS product
  FROM hardware_document h, json_each(h.document, '$.product_names') p WHERE h.current;
CREATE VIEW hardware_compute_units AS
  SELECT hardware, compute_units FROM hardware_document
  WHERE current AND compute_units IS NOT NULL;

CREATE VIEW backend AS SELECT backend FROM backend_document WHERE current;
CREATE VIEW backend_image AS
  SELECT d.backend, i.place, i.gfx, i.image, i.version
  FROM backend_document d JOIN image i ON i.backend = d.id WHERE d.current;
CREATE VIEW default_memory_share AS
  SELECT d.backend, e.version, e.memory_share AS share
  FROM backend_document d JOIN examined e ON e.backend = d.id WHERE d.current;
-- Only names that arguments use, and those that misnamed ones stand for. (CROSS JOIN keeps the order:
-- from the few arguments of a model to the many flags.)
CREATE VIEW known_flag AS
  SELECT DISTINCT a.backend, a.backend_id, n.name, n.since, n.until, n.flag, n.kind, n.repeats,
    a.scope_key
  FROM current_argument a
  CROSS JOIN flag_name n ON n.backend = a.backend_id AND n.name IN (a.name,
    (SELECT s.flag FROM misnamed s WHERE s.backend = a.backend_id AND s.name = a.name));
CREATE VIEW flag_choice AS
  SELECT k.backend, k.name, k.since, c.choice, k.scope_key
  FROM known_flag k
  CROSS JOIN choice c ON c.backend = k.backend_id AND c.flag = k.flag AND c.since = k.since
  WHERE k.kind = 'choice';
CREATE VIEW repeated_flag AS
  SELECT backend, name, since, scope_key FROM known_flag WHERE repeats;
CREATE VIEW flag_negation AS
  SELECT k.backend, k.flag, n.since, n.until, n.name AS negation, k.scope_key
  FROM known_flag k
  CROSS JOIN flag_name n ON n.backend = k.backend_id AND n.flag = k.flag AND n.kind = 'negation'
  WHERE k.kind = 'bool';
CREATE VIEW model_flag AS
  SELECT backend, document ->> '$.model.flag' AS flag FROM backend_document WHERE current;
CREATE VIEW revision_flag AS
  SELECT backend, document ->> '$.revision_flag' AS flag FROM backend_document
  WHERE current AND document ->> '$.revision_flag' IS NOT NULL;
CREATE VIEW hub_flag AS
  SELECT d.backend, f.value AS flag
  FROM backend_document d, json_each(d.document, '$.hub_flags') f WHERE d.current;
CREATE VIEW misnamed_flag AS
  SELECT d.backend, s.name, s.flag
  FROM backend_document d JOIN misnamed s ON s.backend = d.id WHERE d.current;
