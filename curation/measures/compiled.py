"""Numba compilation with a cache where the machine allows one; a read-only installation only costs a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the GIL, cached beside the source or in the user's cache folder."""
    try:
        return njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # numba found no folder that it may write a cache to
        return njit(nogil=True)(function)  # type: ignore[no-any-return]
