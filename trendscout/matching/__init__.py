"""Listings into products: candidates, features, verdict, clusters."""
