"""Which new, odd and special goods are about to break out: public lists in, an honest ranked report out."""

import os

__version__ = "0.1.0"

# Our matrices are small: threads of NumPy's BLAS wait for one another longer than they work. On two busy cores the
# fits of a morning take a fifteenth of the CPU without them; and the bits are the same on any machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
