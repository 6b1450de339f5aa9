"""What all open sounds share: one budget of decoded pieces, one number of open files.

A sync of hundreds of clips opens as many sounds. Each keeps to itself only where its file is; what
was decoded, and the files themselves, are kept for all of them together, last used first.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PIECES_BYTES = 48 * 2**20
"""Decoded sound that is kept in the process: 13 minutes of 16 kHz."""

OPEN_FILES = 48
"""Files of sounds that are open at once; some systems allow a process no more than 256."""

PieceKey = tuple[int, int]
"""Number of the sound, number of the piece."""


class PieceCache:
    """Pieces of decoded sound, those used last; safe for threads."""

    def __init__(self, limit_bytes: int = PIECES_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pieces: OrderedDict[PieceKey, NDArray[np.float32]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: PieceKey) -> NDArray[np.float32] | None:
        """Return a piece, or None where it is not kept."""
        with self._lock:
            piece = self._pieces.get(key)
            if piece is not None:
                self._pieces.move_to_end(key)
            return piece

    def put(self, key: PieceKey, piece: NDArray[np.float32]) -> None:
        """Keep a piece."""
        with self._lock:
            old = self._pieces.pop(key, None)
            self._bytes += piece.nbytes - (old.nbytes if old is not None else 0)
            self._pieces[key] = piece
            while self._bytes > self._limit_bytes and self._pieces:
                _, gone = self._pieces.popitem(last=False)
                self._bytes -= gone.nbytes

    def forget(self, sound: int) -> None:
        """Drop all pieces of a sound."""
        with self._lock:
            for key in [key for key in self._pieces if key[0] == sound]:
                self._bytes -= self._pieces.pop(key).nbytes


class Releasable(Protocol):
    """Something that holds a file open and can do without until it is used again."""

    def release(self) -> bool:
        """Close the file; False where it is in use right now."""
        ...


class OpenFiles:
    """Those that hold files open, last used last; safe for threads."""

    def __init__(self, limit: int = OPEN_FILES) -> None:
        self._limit = limit
        self._open: OrderedDict[int, Releasable] = OrderedDict()
        self._lock = Lock()

    def used(self, holder: Releasable) -> None:
        """Note that a holder is about to use its file, and let the idlest others close theirs."""
        with self._lock:
            self._open[id(holder)] = holder
            self._open.move_to_end(id(holder))
            idle = list(self._open.items())[: max(0, len(self._open) - self._limit)]
        for key, other in idle:
            if other is not holder and other.release():
                with self._lock:
                    self._open.pop(key, None)

    def closed(self, holder: Releasable) -> None:
        """Note that a holder's file is closed."""
        with self._lock:
            self._open.pop(id(holder), None)


pieces = PieceCache()
"""The pieces of all sounds of this process."""

open_files = OpenFiles()
"""The files of all sounds of this process."""
