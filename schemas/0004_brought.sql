-- What each file that the user brought gave: the archive records that were written of it. A file that is taken back
-- keeps its rows, so that its records are not read again.
CREATE TABLE brought (
    file_id VARCHAR NOT NULL,    -- the first digits of the SHA-256 of its bytes
    name VARCHAR NOT NULL,       -- as it was called when it first came
    page VARCHAR NOT NULL,       -- archive record: file@offset
    body VARCHAR NOT NULL,       -- digest of what the record holds: one file may hold many replies
    brought_at TIMESTAMP NOT NULL,
    taken_back_at TIMESTAMP      -- NULL: it counts
);
