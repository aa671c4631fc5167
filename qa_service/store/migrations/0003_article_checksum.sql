-- CRC-32 of what is shown of an article beside its text; NULL for those taken in before.
ALTER TABLE articles ADD COLUMN shown_crc INTEGER;
