-- What is known of the columns of views. Rows with one value in a column of one kind belong to files that are
-- judged together (see `link`), and `of_file` or `scope_key` tells which rows are a file's.

CREATE TABLE view_column(view TEXT, name TEXT, kind INTEGER, PRIMARY KEY(view, name)) WITHOUT ROWID;
WITH view(name) AS (
    SELECT name FROM sqlite_master WHERE type = 'view'
    UNION ALL SELECT name FROM sqlite_temp_master WHERE type = 'view'),
  key(name, kind) AS (VALUES
    -- 1: places in files
    ('document', 1), ('at', 1), ('also', 1), ('key_at', 1), ('value_at', 1), ('enabled_at', 1),
    -- 2: ids of recipes
    ('recipe', 2),
    -- 3: names of models, as written or folded
    ('model', 3), ('model_key', 3),
    -- 4: names of files without folders and ending
    ('stem', 4))
INSERT INTO view_column
  SELECT v.name, c.name, (SELECT k.kind FROM key k WHERE k.name = c.name
      AND EXISTS (SELECT 1 FROM pragma_table_info(v.name) s WHERE s.name IN ('of_file', 'scope_key')))
  FROM view v, pragma_table_info(v.name) c;
