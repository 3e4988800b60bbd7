"""Which new, odd and special goods are about to break out: public lists in, an honest ranked report out."""

__version__ = "0.1.0"
