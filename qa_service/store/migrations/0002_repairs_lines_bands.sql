-- What the service did to an article's text on the way in: JSON, deflated.
CREATE TABLE audits (
    article INTEGER PRIMARY KEY,
    edits BLOB NOT NULL,
    account BLOB NOT NULL,
    crc INTEGER NOT NULL
) STRICT;

ALTER TABLE articles ADD COLUMN site TEXT NOT NULL DEFAULT '';
-- Whether page furniture was learnt from an article yet.
ALTER TABLE articles ADD COLUMN learnt INTEGER NOT NULL DEFAULT 0;
CREATE INDEX articles_not_learnt ON articles (collection) WHERE learnt = 0 AND deleted_seq IS NULL;
CREATE INDEX articles_by_site ON articles (collection, site) WHERE deleted_seq IS NULL;
-- `sentences` are those that were encoded; `omitted` are spans of furniture; `units` describes both, in order of place.
-- A passage that is all furniture has `vectors` 0 and is in no index.
ALTER TABLE passages ADD COLUMN omitted BLOB NOT NULL DEFAULT x'';
ALTER TABLE passages ADD COLUMN units BLOB NOT NULL DEFAULT x'';

-- Which live articles have a unit of text, by its print: what page furniture is learnt from.
CREATE TABLE lines (
    collection INTEGER NOT NULL,
    print INTEGER NOT NULL,
    article INTEGER NOT NULL,
    PRIMARY KEY (collection, print, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX lines_by_article ON lines (article);

-- The prints that were learnt to be furniture of a site; "" is the site of articles that name none.
CREATE TABLE furniture (
    collection INTEGER NOT NULL,
    site TEXT NOT NULL,
    print INTEGER NOT NULL,
    PRIMARY KEY (collection, site, print)
) STRICT, WITHOUT ROWID;

-- Which passages have a sentence like this, by bands of its MinHash: where copies are looked for.
CREATE TABLE bands (
    collection INTEGER NOT NULL,
    band INTEGER NOT NULL,
    passage INTEGER NOT NULL,
    PRIMARY KEY (collection, band, passage)
) STRICT, WITHOUT ROWID;
CREATE INDEX bands_by_passage ON bands (passage);
