-- The store. Ids are text from the sites; keys are 63-bit hashes of them (schemas need no sequence, and two
-- machines give the same key). No PRIMARY KEY, UNIQUE or index: DuckLake has none, so loads anti-join or MERGE.
-- Times are UTC.

CREATE TABLE lists (
    list_key BIGINT NOT NULL,
    list_id VARCHAR NOT NULL,    -- source_MARKET/kind/category, or whatever an import brought
    source VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,   -- whose item keys these are
    market VARCHAR,
    kind VARCHAR NOT NULL,
    category VARCHAR NOT NULL
);

CREATE TABLE snapshots (
    list_key BIGINT NOT NULL,
    taken_at TIMESTAMP NOT NULL,
    status VARCHAR NOT NULL,     -- ok, partial, blocked, failed
    depth INTEGER NOT NULL,      -- every place from 1 to depth was looked at
    length INTEGER,              -- how long the site says the list is
    entries INTEGER NOT NULL,
    filled DOUBLE NOT NULL,      -- share of the fields title, price, count, rating that are filled: drift shows here
    layout VARCHAR NOT NULL,     -- which reader read it
    reason VARCHAR NOT NULL,     -- why the status is not ok
    pages VARCHAR[] NOT NULL,    -- archive records it was read from: file@offset
    loaded_at TIMESTAMP NOT NULL
);

CREATE TABLE observations (
    list_key BIGINT NOT NULL,
    taken_at TIMESTAMP NOT NULL,
    listing BIGINT NOT NULL,
    rank INTEGER,                -- 1 is the top; NULL on lists without an order
    count DOUBLE,
    count_kind VARCHAR,
    count_floor BOOLEAN,         -- true: the true count is this or more
    price DECIMAL(18, 4),
    currency VARCHAR,
    rating FLOAT,                -- out of 5
    reviews INTEGER
);

CREATE TABLE listings (
    listing BIGINT NOT NULL,     -- hash of platform, market and item_key
    platform VARCHAR NOT NULL,
    market VARCHAR,
    item_key VARCHAR NOT NULL,   -- the platform's own id
    title VARCHAR,
    url VARCHAR,
    image VARCHAR,
    seller VARCHAR,
    listed_at TIMESTAMP,
    price DECIMAL(18, 4),        -- as last shown
    currency VARCHAR,
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL
);

-- Archive records that were dealt with: what is in the archive and not here is read by the next run.
CREATE TABLE pages (
    page VARCHAR NOT NULL,       -- file@offset
    source VARCHAR NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL
);

-- A snapshot whose reading changed when the archive was read again.
CREATE TABLE rereads (
    list_key BIGINT NOT NULL,
    taken_at TIMESTAMP NOT NULL,
    reread_at TIMESTAMP NOT NULL,
    layout_before VARCHAR NOT NULL,
    layout_after VARCHAR NOT NULL,
    entries_before INTEGER NOT NULL,
    entries_after INTEGER NOT NULL
);

-- Matching.
CREATE TABLE memberships (
    listing BIGINT NOT NULL,
    product_id VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,    -- same, likely, or alone
    probability DOUBLE,
    reason VARCHAR NOT NULL
);

CREATE TABLE kinships (          -- listings that are related and not of one product
    listing_a BIGINT NOT NULL,
    listing_b BIGINT NOT NULL,
    kind VARCHAR NOT NULL,       -- variant, near_copy
    reason VARCHAR NOT NULL
);

CREATE TABLE match_index (       -- listings as the matcher read them, so that a new day reads only new titles;
    id VARCHAR NOT NULL,         -- it is written anew by every match, with whatever columns the matcher keeps
    product_id VARCHAR NOT NULL
);

CREATE TABLE suspects (          -- offers with a brand's name far below the product's usual price
    listing BIGINT NOT NULL,
    times_cheaper DOUBLE NOT NULL
);

CREATE TABLE decisions (         -- the user's word: merge A B, split A
    decided_at TIMESTAMP NOT NULL,
    action VARCHAR NOT NULL,
    listing_a BIGINT NOT NULL,
    listing_b BIGINT
);

CREATE TABLE marks (
    listing BIGINT NOT NULL,     -- any listing of the product: product ids may change by a merge
    mark VARCHAR NOT NULL,       -- mine, watch, ignore
    note VARCHAR NOT NULL,
    marked_at TIMESTAMP NOT NULL
);

CREATE TABLE stock (             -- the seller's own export, joined by item_key or sku
    sku VARCHAR NOT NULL,
    item_key VARCHAR,
    return_rate DOUBLE,          -- 0-1
    sales DOUBLE,
    stock DOUBLE,
    cost DECIMAL(18, 4),
    currency VARCHAR,
    weight_g DOUBLE,
    loaded_at TIMESTAMP NOT NULL
);

-- Ranking.
CREATE TABLE models (
    scope VARCHAR NOT NULL,      -- the group of lists that share it
    label VARCHAR NOT NULL,      -- which event: top or halve
    fitted_at TIMESTAMP NOT NULL,
    model VARCHAR NOT NULL       -- JSON: signals, weights, means, deviations
);

CREATE TABLE backtests (
    made_at TIMESTAMP NOT NULL,
    report VARCHAR NOT NULL      -- JSON
);

-- Jobs and what was delivered.
CREATE TABLE runs (
    run_id VARCHAR NOT NULL,
    job VARCHAR NOT NULL,
    local_date DATE NOT NULL,    -- the report's day in the job's time zone
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    state VARCHAR NOT NULL,      -- running, done, partial, failed
    detail VARCHAR NOT NULL      -- JSON: paths, pushes, outcomes
);

CREATE TABLE deliveries (        -- a part of a digest that reached a channel: never sent twice
    part VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,    -- name, never the address
    delivered_at TIMESTAMP NOT NULL
);

CREATE TABLE waiting (           -- parts of digests that did not arrive, in their order
    channel VARCHAR NOT NULL,
    place INTEGER NOT NULL,
    message VARCHAR NOT NULL,    -- JSON
    since TIMESTAMP NOT NULL
);

CREATE TABLE calls (             -- when an alert rule last called for a product
    rule VARCHAR NOT NULL,       -- rule and product
    called_at TIMESTAMP NOT NULL
);

CREATE TABLE shown (             -- the last report each reader saw, for --changes
    reader VARCHAR NOT NULL,
    as_of TIMESTAMP NOT NULL,
    report VARCHAR NOT NULL      -- JSON
);

CREATE TABLE hosts (             -- manners across runs: the circuit breaker
    host VARCHAR NOT NULL,
    trips INTEGER NOT NULL,      -- blocks in a row
    misses INTEGER NOT NULL,     -- pages in a row that did not come
    open_until TIMESTAMP,        -- no request before
    reason VARCHAR NOT NULL
);

CREATE TABLE facts (             -- small values by name: purpose of the store, seeds
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL
);
