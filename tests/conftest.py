"""Settings that all tests share."""

import os

from hypothesis import settings

# TRENDSCOUT_FUZZ=long asks for twenty times the usual examples: `make torture`.
settings.register_profile("long", max_examples=2000, deadline=None)
if chosen := os.environ.get("TRENDSCOUT_FUZZ"):
    settings.load_profile(chosen)
