"""Features of clips, kept between runs in one SQLite file.

Conventions
-----------
An entry is a mapping of names to arrays, each as plain NPY bytes without pickle. Entries are found
by `FeatureKey`; what was not used for longest goes first when the size limit is reached. A cache is
never a reason to fail: one that cannot be opened is absent, and `Store.warning` says why.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clapless.errors import reason_of
from clapless.store.places import default_folder
from clapless.store.tables import (
    delete_all,
    delete_entries,
    from_bytes,
    prepare,
    read_entry,
    to_bytes,
)

FILE_NAME = "features.sqlite3"
"""The one file of the cache (SQLite keeps two more beside it while it is open)."""

LIMIT_BYTES = 2 << 30
"""Default size limit: features of some thousand hours of sound."""

BUSY_S = 20.0
"""How long to wait for another process that is writing."""

Arrays = Mapping[str, NDArray[np.generic]]
Parameter = str | int | float | bool | None
_Answer = TypeVar("_Answer")

_inherited: list[sqlite3.Connection] = []
"""Connections of a parent process, kept open: closing one here would take the parent's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureKey:
    """What a feature was taken from, and how.

    Parameters
    ----------
    fingerprints
        Of the clip's files, in their order.
    extractor
        Name of what took it.
    version
        The extractor's version.
    parameters
        Settings it was taken with; their order does not matter.
    """

    fingerprints: tuple[str, ...]
    extractor: str
    version: int
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""
        text = json.dumps(
            [list(self.fingerprints), self.extractor, self.version, dict(self.parameters)],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """What a cache holds.

    Parameters
    ----------
    path
        Its file.
    entries
        Features in it.
    size_bytes
        What the features take.
    file_bytes
        What the file takes on the disk.
    limit_bytes
        The most that features may take.
    extractors
        Features by the name of their extractor.
    """

    path: Path
    entries: int
    size_bytes: int
    file_bytes: int
    limit_bytes: int
    extractors: Mapping[str, int]


class Store:
    """A cache of features; safe to use from several threads and processes.

    Parameters
    ----------
    folder
        Where its file lies, `default_folder` by default. It is made when needed.
    limit_bytes
        The most that features may take.

    Examples
    --------
    >>> import tempfile
    >>> key = FeatureKey(fingerprints=("9:1:a:b:c",), extractor="audio", version=1)
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
    ...     store.put(key, {"bands": np.arange(3)})
    ...     print(store.get(key), store.warning)
    {'bands': array([0, 1, 2])} None
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._warning: str | None = None
        self._absent = False
        try:
            self._path = (folder if folder is not None else default_folder()) / FILE_NAME
        except RuntimeError as error:
            self._path = Path(FILE_NAME)
            self._give_up(f"The cache has no place ({error}).")

    @property
    def path(self) -> Path:
        """The cache's file."""
        return self._path

    @property
    def warning(self) -> str | None:
        """Why the cache is absent or was begun anew, as a sentence; None where all is well."""
        return self._warning

    def get(self, key: FeatureKey) -> dict[str, NDArray[np.generic]] | None:
        """Return a feature's arrays, or None where it is not there."""
        digest = key.digest
        rows = self._run(lambda connection: read_entry(connection, digest))
        if not rows:
            return None
        try:
            return {name: from_bytes(data, check) for name, data, check in rows}
        except ValueError:
            self._run(lambda connection: delete_entries(connection, [digest]))
            return None

    def put(self, key: FeatureKey, arrays: Arrays) -> None:
        """Keep a feature's arrays, in place of any it has.

        Raises
        ------
        ValueError
            An array holds Python objects.
        """
        blobs = [(name, to_bytes(array)) for name, array in arrays.items()]
        size = sum(len(blob) for _, blob in blobs)
        if not blobs or size > self._limit_bytes:
            return
        digest = key.digest
        self._run(lambda connection: self._write(connection, digest, key.extractor, blobs, size))

    def info(self) -> StoreInfo:
        """Return what the cache holds; zeros where it is absent."""
        rows = (
            self._run(
                lambda connection: connection.execute(
                    "SELECT extractor, COUNT(*), SUM(bytes) FROM entries GROUP BY extractor"
                    " ORDER BY extractor"
                ).fetchall()
            )
            or []
        )
        beside = [self._path.with_name(self._path.name + end) for end in ("", "-wal", "-shm")]
        return StoreInfo(
            path=self._path,
            entries=sum(row[1] for row in rows),
            size_bytes=sum(row[2] for row in rows),
            file_bytes=sum(file.stat().st_size for file in beside if file.is_file()),
            limit_bytes=self._limit_bytes,
            extractors={row[0]: row[1] for row in rows},
        )

    def clear(self) -> int:
        """Throw all features away and return how many there were."""
        return self._run(delete_all) or 0

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                if self._process == os.getpid():
                    self._connection.close()
                else:
                    _inherited.append(self._connection)
            self._connection = None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _run(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer | None:
        """Do something with the open file; None where the cache is absent."""
        with self._lock:
            for attempt in (1, 2):
                if self._absent:
                    return None
                try:
                    connection = self._opened()
                    with connection:
                        return work(connection)
                except sqlite3.OperationalError as error:
                    # Locked for too long, disk full, no permission: not the file's fault.
                    self.close()
                    self._give_up(f"The cache {self._path} cannot be used ({error}).")
                except (sqlite3.DatabaseError, OSError) as error:
                    self.close()
                    self._begin_anew(error, give_up=attempt == 2)
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._process == os.getpid():
                return self._connection
            self.close()
        self._process = os.getpid()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=BUSY_S, check_same_thread=False)
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _begin_anew(self, error: Exception, *, give_up: bool) -> None:
        if isinstance(error, OSError) or give_up:
            why = reason_of(error) if isinstance(error, OSError) else str(error)
            self._give_up(f"The cache {self._path} cannot be used ({why}).")
            return
        try:
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
        except OSError:
            self._give_up(f"The cache {self._path} is damaged ({error}).")
        else:
            self._warning = f"The cache {self._path} was damaged ({error}) and is begun anew."

    def _give_up(self, why: str) -> None:
        self._absent = True
        self._warning = why.rstrip(".") + "; features are not kept."

    def _write(
        self,
        connection: sqlite3.Connection,
        digest: str,
        extractor: str,
        blobs: list[tuple[str, bytes]],
        size: int,
    ) -> None:
        connection.execute("BEGIN IMMEDIATE")
        delete_entries(connection, [digest])
        self._make_room(connection, size)
        connection.execute(
            "INSERT INTO entries(digest, extractor, bytes, used) VALUES (?, ?, ?, ?)",
            (digest, extractor, size, time.time()),
        )
        connection.executemany(
            "INSERT INTO arrays(digest, place, name, data, checksum) VALUES (?, ?, ?, ?, ?)",
            [
                (digest, place, name, blob, zlib.crc32(blob))
                for place, (name, blob) in enumerate(blobs)
            ],
        )

    def _make_room(self, connection: sqlite3.Connection, size: int) -> None:
        (total,) = connection.execute("SELECT COALESCE(SUM(bytes), 0) FROM entries").fetchone()
        if total + size <= self._limit_bytes:
            return
        # Down to nine tenths at once, so that a full cache is not tidied at every entry.
        too_much = total + size - min(self._limit_bytes * 9 // 10, self._limit_bytes - size)
        out = []
        for digest, bytes_ in connection.execute("SELECT digest, bytes FROM entries ORDER BY used"):
            if too_much <= 0:
                break
            out.append(digest)
            too_much -= bytes_
        delete_entries(connection, out)
