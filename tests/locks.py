"""Files that may not be read, for the superuser too. Import from ``tests.locks``."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_VERSION = 0x20080522
"""Linux's third version of capabilities: two words of each set."""

_PASSES_BY = (1 << 1) | (1 << 2)
"""The rights to write, and to read and search, whatever a file's mode says."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def locked_out() -> Iterator[None]:
    """Have modes of files mean what they say, in this thread and those it starts.

    Skips the test where that cannot be had.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("modes of files mean little on this system")
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("nothing can be locked against this user")
    system = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION, 0), (_Sets * 2)()
    if system.capget(ctypes.byref(header), sets):
        pytest.skip("this system does not tell a user's rights")
    before = sets[0].effective
    sets[0].effective = before & ~_PASSES_BY
    if system.capset(ctypes.byref(header), sets):
        pytest.skip("this system does not take rights from its user")
    try:
        yield
    finally:
        sets[0].effective = before
        assert system.capset(ctypes.byref(header), sets) == 0
