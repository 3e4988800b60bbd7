-- What the ranking folded each list's first snapshots into, so that the next one goes on from there. It is made anew
-- where it is missing or where these snapshots no longer show what they did; it is not moved with a store.
CREATE TABLE folds (
    list_id VARCHAR NOT NULL,
    snapshots INTEGER NOT NULL,  -- how many
    digest VARCHAR NOT NULL,     -- of what they show
    items INTEGER NOT NULL,
    item BLOB NOT NULL,          -- doubles: a row a value (trendscout/ranking/fold.py), a column an item
    list BLOB NOT NULL           -- doubles: the values of the list
);
