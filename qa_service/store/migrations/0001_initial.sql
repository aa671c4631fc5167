CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('seq', '0');

CREATE TABLE collections (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    seq INTEGER NOT NULL,
    articles INTEGER NOT NULL DEFAULT 0,
    passages INTEGER NOT NULL DEFAULT 0,
    words INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE articles (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    deleted_seq INTEGER,
    pipeline TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    attributes BLOB NOT NULL,
    content_type TEXT NOT NULL,
    charset TEXT,
    encoding TEXT NOT NULL,
    title TEXT,
    url TEXT,
    published_at TEXT,
    metadata TEXT NOT NULL,
    characters INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    ingested_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX articles_by_id ON articles (collection, id) WHERE deleted_seq IS NULL;
CREATE INDEX articles_deleted ON articles (collection, deleted_seq) WHERE deleted_seq IS NOT NULL;

-- `content` is what was given; `text` is the original text in UTF-8, NULL when the content is exactly that.
CREATE TABLE contents (
    article INTEGER PRIMARY KEY,
    content BLOB NOT NULL,
    text BLOB,
    text_crc INTEGER NOT NULL
) STRICT;

CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    article INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    deleted_seq INTEGER,
    passage_id TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    sentences BLOB NOT NULL,
    terms BLOB NOT NULL,
    words INTEGER NOT NULL,
    block_hash BLOB NOT NULL,
    segment INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    vectors INTEGER NOT NULL,
    vectors_crc INTEGER NOT NULL
) STRICT;
CREATE INDEX passages_by_article ON passages (article);
CREATE INDEX passages_by_block ON passages (block_hash);
CREATE INDEX passages_by_seq ON passages (collection, seq);
CREATE INDEX passages_deleted ON passages (collection, deleted_seq) WHERE deleted_seq IS NOT NULL;

CREATE TABLE terms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    term TEXT NOT NULL,
    df INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX terms_by_name ON terms (collection, term);

-- One row a vector segment file; `records` is the committed length, what lies past it is garbage of a crash.
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    dim INTEGER NOT NULL,
    records INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL UNIQUE,
    collection TEXT NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    error TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
) STRICT, WITHOUT ROWID;

-- `submission` is cleared once its outcome is durable.
CREATE TABLE job_items (
    job TEXT NOT NULL,
    position INTEGER NOT NULL,
    submission TEXT,
    content BLOB,
    outcome TEXT,
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
