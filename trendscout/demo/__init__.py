"""A simulated market behind a real HTTP server on loopback."""
