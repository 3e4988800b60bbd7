-- What an export of the seller's own goods says beside cost and weight.
ALTER TABLE stock ADD COLUMN category VARCHAR;           -- 品类, as the seller calls it
ALTER TABLE stock ADD COLUMN market VARCHAR;             -- whose freight and fees these are
ALTER TABLE stock ADD COLUMN volume_cm3 DOUBLE;          -- of the packed good
ALTER TABLE stock ADD COLUMN freight DECIMAL(18, 4);     -- for one, to the market
ALTER TABLE stock ADD COLUMN freight_currency VARCHAR;
ALTER TABLE stock ADD COLUMN fees DECIMAL(18, 4);        -- of platform and delivery, for one
ALTER TABLE stock ADD COLUMN fees_currency VARCHAR;
