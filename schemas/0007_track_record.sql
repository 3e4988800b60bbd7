-- What reports showed, what they said of it, and what came: the report's record of itself.
CREATE TABLE track_record (
    shown_at TIMESTAMP NOT NULL,
    chosen_by VARCHAR NOT NULL,  -- "chance": the report; "rank change": what the list of largest changes had shown
    position INTEGER NOT NULL,
    product_id VARCHAR NOT NULL,
    list_id VARCHAR NOT NULL,
    rank INTEGER NOT NULL,       -- then
    probability DOUBLE,          -- as it was said; NULL: none was
    low DOUBLE,
    high DOUBLE,
    early BOOLEAN NOT NULL,      -- the probability was the list's base rate
    label VARCHAR NOT NULL,      -- which event, within how many hours
    horizon_h DOUBLE NOT NULL,
    due_at TIMESTAMP NOT NULL,   -- from when on it is known
    replayed BOOLEAN NOT NULL,   -- nobody saw it: made afterwards, from what was known then
    outcome VARCHAR              -- came, not, not_looked (the list was not watched enough); NULL: not known yet
);
