"""Pages of five simulated sites in the formats of the real ones: pure functions of world, list and day."""
