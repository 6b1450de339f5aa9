"""One at a time: a file that is locked for as long as a process lives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clapless_resolve.errors import ResolveError


@contextmanager
def only_one(path: Path, sentence: str) -> Iterator[None]:
    """Hold a lock; the system lets go of it however the process ends.

    Raises
    ------
    ResolveError
        Another process holds it (with `sentence`), or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ResolveError(f"{path} cannot be written ({reason}): allow writing there.") from error
    with file:
        try:
            _lock(file)
        except OSError:
            raise ResolveError(sentence) from None
        yield


def _lock(file: BinaryIO) -> None:
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
