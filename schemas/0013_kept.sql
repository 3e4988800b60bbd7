-- What was computed from a state of the store and is asked for again while that state lasts: the scores, and how odd
-- the goods of a category are. It is made anew where it is missing; it is not moved with a store.
CREATE TABLE kept (
    state VARCHAR NOT NULL,      -- digest of all that it was computed from, the code included
    name VARCHAR NOT NULL,
    as_of TIMESTAMP NOT NULL,
    value BLOB NOT NULL
);
