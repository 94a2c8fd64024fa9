"""How a tagger and parser of our own are trained and measured; not part of the installed package."""

import os

# Sums over threads come in any order; one thread makes two runs equal. Must be set before numpy is imported.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[_name] = "1"
