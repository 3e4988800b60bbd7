"""The only user of DuckDB: connect, migrate, load, query."""
