-- What the titles of goods have in common, by the code that read them: each title is read once. It is made anew where
-- it is missing; it is not moved with a store. A table of its own: DuckDB reads the large values beside the one asked for.
CREATE TABLE title_marks (
    made_by VARCHAR NOT NULL,  -- digest of the code
    value BLOB NOT NULL
);
