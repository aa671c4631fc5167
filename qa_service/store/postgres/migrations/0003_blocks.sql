-- Runs after the migration of the same number that all catalogues share.

-- Which database this is: indexes that were made of another are not taken for its own.
INSERT INTO meta VALUES ('identity', gen_random_uuid()::text);

-- A window's vector and its sentences', float32, little-endian; `slot` is the number of the first.
CREATE TABLE blocks (
    segment BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    vectors BIGINT NOT NULL,
    crc BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (segment, slot)
);
ALTER TABLE blocks ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX passages_by_place ON passages (segment, slot);

-- A block goes with the last passage that needs it.
CREATE FUNCTION qa_drop_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM blocks b USING (SELECT DISTINCT segment, slot FROM gone WHERE vectors > 0) g
    WHERE b.segment = g.segment AND b.slot = g.slot
        AND NOT EXISTS (SELECT 1 FROM passages p WHERE p.segment = g.segment AND p.slot = g.slot AND p.vectors > 0);
    RETURN NULL;
END $$;
CREATE TRIGGER passages_gone AFTER DELETE ON passages
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION qa_drop_blocks();
