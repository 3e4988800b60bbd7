"""One product, many wordings: listings joined into products, with a probability and a reason for every pair."""

VERSION = 5  # of the matcher: a store that an earlier one joined is joined anew
