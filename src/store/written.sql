-- Base relations that only findings read, for each connection that asks for one of them: SQLite reads the whole
-- schema of a store whenever it is opened, and a decision must not wait for these.
--
-- Base relations of findings: what the files say as they are written, each file's document by itself, also
-- where another takes its place. A node is a place: the file's number and the ordinal of a key or value in
-- it (0: the document), see `Store::node_place`.

CREATE TEMP VIEW IF NOT EXISTS document AS
  SELECT f.id AS of_file, f.id << 24 AS document, f.layer, f.kind, f.path AS file, f.stem FROM file f;
CREATE TEMP VIEW IF NOT EXISTS document_problem AS
  SELECT p.file AS of_file, p.file << 24 AS document, (p.file << 24) | 8388608 | (p.position << 4) AS at,
    p.problem ->> '$.code' AS code, p.severity, p.problem ->> '$.message' AS says,
    COALESCE(p.problem ->> '$.help', '') AS help,
    COALESCE(p.problem ->> '$.labels[0].text', '') AS label
  FROM problem p;
CREATE TEMP VIEW IF NOT EXISTS document_problem_also AS
  SELECT p.file AS of_file, (p.file << 24) | 8388608 | (p.position << 4) AS at,
    (p.file << 24) | 8388608 | (p.position << 4) | 1 AS also,
    p.problem ->> '$.labels[1].text' AS label
  FROM problem p WHERE p.problem ->> '$.labels[1].text' IS NOT NULL;

CREATE TEMP VIEW IF NOT EXISTS recipe_value AS
  SELECT w.file AS of_file, w.file << 24 AS document, w.path, w.place, w.kind, w.text, lower(trim(w.text)) AS folded,
    (w.file << 24) | w.node AS at, (w.file << 24) | w.key_node AS key_at
  FROM file f JOIN written w ON w.file = f.id WHERE f.kind = 'recipe';
CREATE TEMP VIEW IF NOT EXISTS card_value AS
  SELECT w.file AS of_file, w.file << 24 AS document, w.path, w.place, w.kind, w.text, lower(trim(w.text)) AS folded,
    (w.file << 24) | w.node AS at, (w.file << 24) | w.key_node AS key_at
  FROM file f JOIN written w ON w.file = f.id WHERE f.kind = 'model';
-- Variables are texts, whatever they look like.
CREATE TEMP VIEW IF NOT EXISTS value_number AS
  SELECT file AS of_file, (file << 24) | node AS at, number FROM written
    WHERE number IS NOT NULL AND path NOT LIKE '%env/%'
  UNION ALL
  SELECT r.file, (r.file << 24) | w.node, w.number
  FROM recipe_document r JOIN block b ON b.recipe = r.id JOIN block_word w ON w.block = b.id
  WHERE w.number IS NOT NULL
  UNION ALL
  SELECT r.file, (r.file << 24) | a.word_node, a.number
  FROM recipe_document r JOIN block b ON b.recipe = r.id JOIN block_argument a ON a.block = b.id
  WHERE a.number IS NOT NULL AND a.reading IS NOT NULL;
CREATE TEMP VIEW IF NOT EXISTS recipe_names_model AS
  SELECT w.file AS of_file, w.file << 24 AS document, w.path, w.kind, w.text AS model,
    lower(trim(w.text)) AS model_key, (w.file << 24) | w.node AS at
  FROM file f JOIN written w ON w.file = f.id
  WHERE f.kind = 'recipe' AND w.path IN ('model_id', 'huggingface_id');
CREATE TEMP VIEW IF NOT EXISTS card_names_model AS
  SELECT w.file AS of_file, w.file << 24 AS document, w.path, w.kind, w.text AS model,
    lower(trim(w.text)) AS model_key, (w.file << 24) | w.node AS at
  FROM file f JOIN written w ON w.file = f.id
  WHERE f.kind = 'model' AND w.path IN ('model_id', 'huggingface_id', 'aliases');
CREATE TEMP VIEW IF NOT EXISTS catalog_has AS
  SELECT 'card' AS kind WHERE EXISTS (SELECT 1 FROM model_document)
  UNION ALL SELECT 'recipe' WHERE EXISTS (SELECT 1 FROM recipe_document);
-- Of the names by which files call models those that are an organisation and a name; the slug is how file
-- names spell the name.
CREATE TEMP VIEW IF NOT EXISTS id_parts AS
  SELECT of_file, model, substr(model, 1, instr(model, '/') - 1) AS org,
    substr(model, instr(model, '/') + 1) AS name,
    replace(replace(lower(substr(model, instr(model, '/') + 1)), '.', '-'), '_', '-') AS slug
  FROM (SELECT file AS of_file, text AS model FROM written WHERE path IN ('model_id', 'huggingface_id'))
  WHERE instr(model, '/') > 1 AND model NOT LIKE '%/' AND model NOT LIKE '%/%/%' AND instr(model, ' ') = 0;

CREATE TEMP VIEW IF NOT EXISTS recipe_file AS
  SELECT r.file AS of_file, r.file << 24 AS document, r.recipe,
    (r.file << 24) | COALESCE((SELECT w.node FROM written w
      WHERE w.file = r.file AND w.path = 'recipe_id' AND w.kind <> 'null'), 0) AS at
  FROM recipe_document r;
CREATE TEMP VIEW IF NOT EXISTS recipe_section AS
  SELECT r.file AS of_file, r.file << 24 AS document, s.section, COALESCE(d.backend, replace(s.section, '_serve', '')) AS backend,
    (r.file << 24) | s.node AS at
  FROM recipe_document r JOIN section s ON s.recipe = r.id
  LEFT JOIN backend_document d ON d.section = s.section AND d.current;
CREATE TEMP VIEW IF NOT EXISTS written_block AS
  SELECT b.*, r.file, r.image AS recipe_image, r.engine_version AS recipe_version, d.id AS backend_id,
    COALESCE(d.backend, replace(b.section, '_serve', '')) AS backend
  FROM recipe_document r JOIN block b ON b.recipe = r.id
  LEFT JOIN backend_document d ON d.section = b.section AND d.current;
CREATE TEMP VIEW IF NOT EXISTS recipe_block AS
  SELECT file AS of_file, file << 24 AS document, backend, gpus, key, enabled, (file << 24) | node AS at,
    (file << 24) | enabled_node AS enabled_at
  FROM written_block;
CREATE TEMP VIEW IF NOT EXISTS recipe_block_image AS
  SELECT file AS of_file, file << 24 AS document, backend, gpus, COALESCE(image, recipe_image) AS image
  FROM written_block WHERE COALESCE(image, recipe_image) IS NOT NULL;
CREATE TEMP VIEW IF NOT EXISTS recipe_block_version AS
  SELECT b.file AS of_file, b.file << 24 AS document, b.backend, b.gpus, v.version
  FROM written_block b
  JOIN version_reading v ON v.backend = b.backend_id AND v.text = COALESCE(b.engine_version,
    CASE WHEN b.image IS NULL THEN b.recipe_version END);
CREATE TEMP VIEW IF NOT EXISTS written_argument AS
  SELECT b.file, b.backend, b.gpus, a.*,
    CASE
      WHEN a.dotted AND d.dotted_json THEN a.name
      WHEN a.dotted OR NOT COALESCE(d.underscores, 0) THEN a.flag
      ELSE a.name
    END AS known_name
  FROM written_block b
  JOIN block_argument a ON a.block = b.id
  LEFT JOIN backend_document d ON d.id = b.backend_id;
CREATE TEMP VIEW IF NOT EXISTS recipe_argument AS
  SELECT file AS of_file, file << 24 AS document, backend, gpus, flag, known_name AS name, shape,
    (file << 24) | flag_node AS at, (file << 24) | value_node AS value_at
  FROM written_argument;
CREATE TEMP VIEW IF NOT EXISTS recipe_word AS
  SELECT file AS of_file, file << 24 AS document, backend, gpus, flag, known_name AS name, value AS word,
    lower(trim(value)) AS folded, reading, (file << 24) | word_node AS at
  FROM written_argument WHERE reading IS NOT NULL
  UNION ALL
  SELECT a.file AS of_file, a.file << 24 AS document, a.backend, a.gpus, a.flag, a.known_name AS name, w.word,
    lower(trim(w.word)) AS folded, w.reading, (a.file << 24) | w.node AS at
  FROM written_argument a JOIN block_word w ON w.block = a.block AND w.position = a.position;

CREATE TEMP VIEW IF NOT EXISTS recipe_in_use AS
  SELECT file AS of_file, file << 24 AS document, recipe FROM recipe_document WHERE current;
CREATE TEMP VIEW IF NOT EXISTS recipe_variable AS
  SELECT w.file AS of_file, w.file << 24 AS document, replace(w.path, rtrim(w.path, replace(w.path, '/', '')), '') AS variable,
    (w.file << 24) | w.node AS at, (w.file << 24) | w.key_node AS key_at
  FROM file f JOIN written w ON w.file = f.id
  WHERE f.kind = 'recipe' AND (w.path LIKE 'env/%' OR w.path LIKE '%/env/%');

CREATE TEMP VIEW IF NOT EXISTS card_file AS
  SELECT m.file AS of_file, m.file << 24 AS document, m.model,
    (m.file << 24) | COALESCE((SELECT w.node FROM written w
      WHERE w.file = m.file AND w.path IN ('huggingface_id', 'model_id') AND w.kind <> 'null'
      ORDER BY w.path LIMIT 1), 0) AS at
  FROM model_document m;
CREATE TEMP VIEW IF NOT EXISTS card_recipe AS
  SELECT of_file, document, name AS file, replace(replace(substr(name, length(folder) + 1), '.yaml', ''), '.yml', '') AS stem, at
  FROM (SELECT file AS of_file, (file << 24) AS document, text AS name, (file << 24) | node AS at,
      rtrim(text, replace(text, '/', '')) AS folder
    FROM written WHERE path = 'aim_recipes/recipe_file' AND kind = 'text');

CREATE TEMP VIEW IF NOT EXISTS hardware_name AS
  SELECT hardware_key AS name, hardware FROM hardware_document WHERE current;
CREATE TEMP VIEW IF NOT EXISTS native_precision AS
  SELECT h.hardware, lower(trim(p.value)) AS precision
  FROM hardware_document h, json_each(h.document, '$.native_precisions') p WHERE h.current;
CREATE TEMP VIEW IF NOT EXISTS fp8_format AS
  SELECT hardware, lower(trim(document ->> '$.fp8_format')) AS format
  FROM hardware_document WHERE current AND document ->> '$.fp8_format' IS NOT NULL;
-- How file names spell the last part of a model's name.
CREATE TEMP VIEW IF NOT EXISTS name_slug AS
  SELECT of_file, model,
    replace(replace(lower(trim(substr(model, length(folder) + 1))), '.', '-'), '_', '-') AS slug
  FROM (SELECT file AS of_file, text AS model, rtrim(text, replace(text, '/', '')) AS folder
    FROM written WHERE path IN ('model_id', 'huggingface_id', 'aliases'));
-- The numbers of parameters in models' names and sizes: `7B`, `0.5b` and `270m`, and neither `A3B` nor `8x7B`.
CREATE TEMP VIEW IF NOT EXISTS size_word AS
  SELECT of_file, of_file << 24 AS document, name, word,
    CAST(substr(word, 1, length(word) - 1) AS REAL)
      * CASE lower(substr(word, -1)) WHEN 'b' THEN 1000.0 ELSE 1.0 END AS millions
  FROM (SELECT n.of_file, n.name, p.value AS word
    FROM (SELECT i.of_file, i.model AS name, replace(replace(i.name, '_', '-'), ' ', '-') AS words
        FROM id_parts i
      UNION ALL
      SELECT file, text, text FROM written WHERE path = 'size' AND length(text) < 20) n,
      json_each('[' || replace(json_quote(n.words), '-', '","') || ']') p)
  WHERE word GLOB '[0-9]*[BbMm]' AND substr(word, 1, length(word) - 1) NOT GLOB '*[^0-9.]*'
    AND CAST(word AS REAL) > 0;
CREATE TEMP VIEW IF NOT EXISTS backend_version AS
  SELECT d.backend, e.version, COALESCE(d.document ->> ('$.versions[' || e.version || ']'), e.text) AS text
  FROM backend_document d JOIN examined e ON e.backend = d.id WHERE d.current;
CREATE TEMP VIEW IF NOT EXISTS backend_flag AS
  SELECT d.backend, n.name, n.since, n.until, n.flag, n.kind
  FROM backend_document d JOIN flag_name n ON n.backend = d.id WHERE d.current;
CREATE TEMP VIEW IF NOT EXISTS backend_choice AS
  SELECT d.backend, c.flag, c.since, c.choice
  FROM backend_document d JOIN choice c ON c.backend = d.id WHERE d.current;
CREATE TEMP VIEW IF NOT EXISTS flag_takes AS
  SELECT d.backend, n.name, n.since, CASE WHEN n.repeats THEN 'repeated' ELSE n.takes END AS "values"
  FROM backend_document d JOIN flag_name n ON n.backend = d.id
  WHERE d.current AND (n.repeats OR n.takes <> 'one');
CREATE TEMP VIEW IF NOT EXISTS deprecated_flag AS
  SELECT d.backend, n.name, n.since, n.deprecated AS version
  FROM backend_document d JOIN flag_name n ON n.backend = d.id
  WHERE d.current AND n.deprecated IS NOT NULL;
CREATE TEMP VIEW IF NOT EXISTS backend_purpose AS
  SELECT backend, 'tensor-parallel' AS purpose, tensor_parallel_flag AS flag
    FROM backend_document WHERE current
  UNION ALL SELECT backend, 'model', document ->> '$.model.flag' FROM backend_document WHERE current
    AND document ->> '$.model.flag' IS NOT NULL
  UNION ALL SELECT backend, 'memory-share', memory_share_flag FROM backend_document WHERE current
  UNION ALL SELECT backend, 'max-model-len', max_model_len_flag FROM backend_document WHERE current
    AND max_model_len_flag IS NOT NULL
  UNION ALL SELECT backend, 'kv-cache-dtype', kv_cache_dtype_flag FROM backend_document WHERE current
    AND kv_cache_dtype_flag IS NOT NULL;

-- The files whose rows are wanted, and the folded names of their models.
CREATE TEMP TABLE IF NOT EXISTS chosen(file INTEGER PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS chosen_model(name TEXT PRIMARY KEY) WITHOUT ROWID;
