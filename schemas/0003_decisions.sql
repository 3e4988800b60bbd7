-- The user's word on matching is about two listings each: one product (merge), two (split), or two that are variants.
-- A split kept its listings without a partner, all at one time: every two of them are now apart.
CREATE TEMP TABLE falling AS
    SELECT x.decided_at, x.listing_a, y.listing_a AS listing_b
    FROM decisions x JOIN decisions y ON x.decided_at = y.decided_at AND x.listing_a < y.listing_a
    WHERE x.listing_b IS NULL AND y.listing_b IS NULL;
DELETE FROM decisions WHERE listing_b IS NULL;
INSERT INTO decisions SELECT decided_at, 'split', listing_a, listing_b FROM falling;
DROP TABLE falling;
