-- What the ranking said, day by day: the best of each day, so that it can be held to it later.
CREATE TABLE said (
    as_of TIMESTAMP NOT NULL,
    listing BIGINT NOT NULL,     -- the product's leading listing: product ids may change by a merge
    list_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,   -- 1 is the top of the report
    rank INTEGER,                -- on list_id, then
    probability DOUBLE,
    label VARCHAR NOT NULL,      -- which event: top or halve
    goal DOUBLE,                 -- the rank that the event asks for
    horizon_h DOUBLE
);
