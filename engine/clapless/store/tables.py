"""The tables of the cache, and arrays as bytes in them."""

from __future__ import annotations

import io
import sqlite3
import time
import zlib

import numpy as np
from numpy.typing import NDArray

LAYOUT_VERSION = 1
"""Raised when the tables change; a file of another layout is begun anew."""

TOUCH_EVERY_S = 600.0
"""The time of last use is written at most this often: a reader need not write each time."""


def prepare(connection: sqlite3.Connection) -> None:
    """Set up a file just opened: its settings, and its tables where it has none."""
    connection.isolation_level = None
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A crash of the machine may lose the last features, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version == LAYOUT_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have come first.
        if connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT_VERSION:
            for statement in _TABLES:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


_TABLES = (
    "DROP TABLE IF EXISTS arrays",
    "DROP TABLE IF EXISTS entries",
    "CREATE TABLE entries(digest TEXT PRIMARY KEY, extractor TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, used REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX entries_by_use ON entries(used)",
    "CREATE TABLE arrays(digest TEXT NOT NULL REFERENCES entries ON DELETE CASCADE,"
    " place INTEGER NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL,"
    " PRIMARY KEY (digest, place))",
    f"PRAGMA user_version = {LAYOUT_VERSION}",
)


def read_entry(connection: sqlite3.Connection, digest: str) -> list[tuple[str, bytes, int]]:
    """Return name, bytes and checksum of an entry's arrays, in their order; note its use."""
    rows: list[tuple[str, bytes, int]] = connection.execute(
        "SELECT name, data, checksum FROM arrays WHERE digest = ? ORDER BY place", (digest,)
    ).fetchall()
    if rows:
        now = time.time()
        connection.execute(
            "UPDATE entries SET used = ? WHERE digest = ? AND used < ?",
            (now, digest, now - TOUCH_EVERY_S),
        )
    return rows


def delete_entries(connection: sqlite3.Connection, digests: list[str]) -> None:
    """Throw entries away with their arrays."""
    connection.executemany("DELETE FROM entries WHERE digest = ?", [(d,) for d in digests])


def delete_all(connection: sqlite3.Connection) -> int:
    """Throw everything away, give the space back, and return how many entries there were."""
    count: int = connection.execute("DELETE FROM entries").rowcount
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return count


def to_bytes(array: NDArray[np.generic]) -> bytes:
    """Return an array as NPY.

    Raises
    ------
    ValueError
        It holds Python objects.
    """
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes, checksum: int) -> NDArray[np.generic]:
    """Return the array again.

    Raises
    ------
    ValueError
        The bytes have changed since.
    """
    if zlib.crc32(data) != checksum:
        raise ValueError("the bytes of a kept array have changed")
    array: NDArray[np.generic] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array
