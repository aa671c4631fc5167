-- What an index outside the data directory shows of each collection; `stamp` changes with every publication.
CREATE TABLE publications (
    collection INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    stamp TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
