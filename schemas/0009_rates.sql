-- What currencies were worth, by the day that the European Central Bank gave them for.
CREATE TABLE rates (
    currency VARCHAR NOT NULL,   -- ISO 4217
    day DATE NOT NULL,
    usd DOUBLE NOT NULL,         -- US dollars for one unit
    loaded_at TIMESTAMP NOT NULL
);
