"""Matrix products by numpy's own BLAS for training: the faster one for wide layers on one core.

In use the pipeline keeps thinc's own products, which start no threads: numpy's slow each other down on a busy machine.
"""

# thinc's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from thinc.api import NumpyOps, Ops, get_current_ops, set_current_ops


class NumpyBlasOps(NumpyOps):
    """thinc's numpy operations with `gemm` left to numpy."""

    def gemm(self, x: Any, y: Any, out: Any = None, trans1: bool = False, trans2: bool = False) -> Any:
        """`x @ y`, either transposed first; written to `out` when given."""
        return Ops.gemm(self, x, y, out=out, trans1=trans1, trans2=trans2)


@contextmanager
def numpy_blas() -> Generator[None]:
    """Models created or loaded inside this context keep `NumpyBlasOps` for good."""
    before = get_current_ops()
    set_current_ops(NumpyBlasOps())
    try:
        yield
    finally:
        set_current_ops(before)
