"""One product, many wordings: listings joined into products, with a probability and a reason for every pair."""
