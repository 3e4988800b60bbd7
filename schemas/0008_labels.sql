-- What the seller answered when asked about a doubtful join, and what the matcher had said of it.
CREATE TABLE labels (
    answered_at TIMESTAMP NOT NULL,
    listing_a BIGINT NOT NULL,
    listing_b BIGINT NOT NULL,
    judgement VARCHAR NOT NULL,  -- S the same sellable product, V a variant, D another product
    verdict VARCHAR NOT NULL,    -- the matcher's
    probability DOUBLE,
    matcher INTEGER NOT NULL     -- its version
);
