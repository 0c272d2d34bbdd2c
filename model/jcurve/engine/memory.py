"""An optional hint to the C library: keep freed pages instead of giving them back."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_pages"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024


def keep_pages(bytes_kept: int = 1 << 30) -> bool:
    """Let this process reuse the memory of temporary rows without new page faults.

    A batch makes and frees thousands of arrays of a megabyte or two; by default glibc maps
    and unmaps each, and zeroing fresh pages costs as much as the arithmetic. Worth calling
    once in a process that evaluates batches; harmless elsewhere.

    Args:
        bytes_kept: freed memory that the process may hold on to.

    Returns:
        Whether the hint was taken; False outside Linux with glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    mapped = mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    trimmed = mallopt(_M_TRIM_THRESHOLD, bytes_kept)
    return bool(mapped and trimmed)
