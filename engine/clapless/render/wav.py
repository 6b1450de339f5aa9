"""Writing WAV files: 24 bit or float, with foreign chunks kept, RF64 where RIFF is too small.

References
----------
EBU Tech 3306: a ``JUNK`` chunk of 28 bytes keeps room for ``ds64``; a file that outgrows 4 GB
becomes RF64 when it is closed. EBU Tech 3285: ``bext``.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

SampleFormat = Literal["pcm24", "float32"]

RIFF_LIMIT = 2**32 - 1
"""Bytes that a RIFF size can say."""

_DS64_SIZE = 28
_EXTENSIBLE = 0xFFFE
_FORMAT_TAGS: dict[SampleFormat, int] = {"pcm24": 1, "float32": 3}
_BYTES: dict[SampleFormat, int] = {"pcm24": 3, "float32": 4}
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_PEAK_24 = 2**23 - 1


class WavWriter:
    """A WAV file that appears under its name when all of it is written, or not at all.

    Parameters
    ----------
    path
        The file.
    channels, rate_hz
        Of its samples.
    sample_format
        ``pcm24`` or ``float32``.
    chunks
        Pairs (name of four letters, content) to write before the samples: bext, iXML.
    limit
        Size in bytes above which it becomes RF64.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.wav"
    ...     with WavWriter(path, channels=1, rate_hz=48000) as wav:
    ...         wav.write(np.zeros((480, 1)))
    ...     path.stat().st_size
    1520
    """

    def __init__(
        self,
        path: Path,
        *,
        channels: int,
        rate_hz: int,
        sample_format: SampleFormat = "pcm24",
        chunks: Iterable[tuple[str, bytes]] = (),
        limit: int = RIFF_LIMIT,
    ) -> None:
        self.path = path
        self.channels = channels
        self.rate_hz = rate_hz
        self.sample_format = sample_format
        self.limit = limit
        self.frames = 0
        self._chunks = tuple(chunks)
        self._aside = path.with_name(f".clapless-{secrets.token_hex(6)}.part")
        self._file: BinaryIO | None = None
        self._data_at = 0

    def __enter__(self) -> WavWriter:
        self._file = self._aside.open("xb")
        self._file.write(b"RIFF\0\0\0\0WAVE")
        self._chunk("JUNK", bytes(_DS64_SIZE))
        self._chunk("fmt ", self._format())
        for name, content in self._chunks:
            self._chunk(name, content)
        self._file.write(b"data\0\0\0\0")
        self._data_at = self._file.tell()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        try:
            if kind is None:
                self._finish()
            self._file.close()
            if kind is None:
                self._aside.replace(self.path)
        finally:
            self._file.close()
            self._aside.unlink(missing_ok=True)

    def write(self, samples: NDArray[np.float64]) -> None:
        """Append samples.

        Parameters
        ----------
        samples : np.ndarray, shape=(n, channels)
            Full scale is 1.0; integers are clipped there, floats are not.
        """
        if self._file is None:
            raise ValueError("the file is not open: use it in a with statement")
        if samples.ndim != 2 or samples.shape[1] != self.channels:
            raise ValueError(
                f"samples must have shape (n, {self.channels}), but got {samples.shape}"
            )
        self._file.write(self._encoded(samples))
        self.frames += len(samples)

    def _encoded(self, samples: NDArray[np.float64]) -> bytes:
        if self.sample_format == "float32":
            return samples.astype("<f4").tobytes()
        scaled = np.rint(samples * (_PEAK_24 + 1))
        whole = np.clip(scaled, -_PEAK_24 - 1, _PEAK_24).astype("<i4")
        return whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()

    def _format(self) -> bytes:
        size = _BYTES[self.sample_format]
        tag = _FORMAT_TAGS[self.sample_format]
        wide = self.channels > 2
        head = struct.pack(
            "<HHIIHH",
            _EXTENSIBLE if wide else tag,
            self.channels,
            self.rate_hz,
            self.rate_hz * size * self.channels,
            size * self.channels,
            size * 8,
        )
        if not wide:
            return head
        # No speaker positions: the channels of a recorder are tracks.
        return head + struct.pack("<HHI", 22, size * 8, 0) + struct.pack("<H", tag) + _GUID_TAIL

    def _chunk(self, name: str, content: bytes) -> None:
        if self._file is None:
            raise ValueError("the file is not open")
        self._file.write(name.encode("latin-1")[:4].ljust(4) + struct.pack("<I", len(content)))
        self._file.write(content + b"\0" * (len(content) % 2))

    def _finish(self) -> None:
        """Write the sizes; make it RF64 where they do not fit."""
        file = self._file
        if file is None:
            raise ValueError("the file is not open")
        data_size = file.tell() - self._data_at
        if data_size % 2:
            file.write(b"\0")
        riff_size = file.tell() - 8
        long = riff_size > self.limit
        file.seek(0)
        file.write(b"RF64" if long else b"RIFF")
        file.write(struct.pack("<I", RIFF_LIMIT if long else riff_size))
        if long:
            file.seek(12)
            file.write(b"ds64" + struct.pack("<I", _DS64_SIZE))
            file.write(struct.pack("<QQQI", riff_size, data_size, self.frames, 0))
        file.seek(self._data_at - 4)
        file.write(struct.pack("<I", RIFF_LIMIT if long else data_size))
        file.flush()
        os.fsync(file.fileno())
