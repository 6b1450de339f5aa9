"""Opening files through FFmpeg, read-only, with errors that name the file.

Conventions
-----------
Only the ``file`` protocol is allowed: a playlist that poses as media cannot make the reader fetch
anything else. Names are passed as ``file:NAME``, so that a colon or a percent sign in a name means
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.container
import av.error
import av.stream

from clapless.errors import DamagedMediaError, MediaError, NotMediaError

OPEN_OPTIONS = {"protocol_whitelist": "file"}

MOST_NEW_STREAMS = 64
"""Streams that may appear in the middle of a file before it counts as noise."""

NO_RECORDINGS = (
    *("image2", "_pipe", "gif", "apng", "tty", "concat", "hls", "dash", "sdp", "rtsp", "lrc"),
    *("srt", "ass", "webvtt", "subviewer", "microdvd", "rawvideo", "bin", "xbin", "idf", "adf"),
    *("ffmetadata", "tedcaptions", "mpsub", "sami", "realtext", "ico", "txd"),
)
"""Beginnings or ends of FFmpeg's names for what holds no recording: pictures, text, playlists, and
formats that it takes a file for by its suffix alone."""


def open_container(path: Path) -> av.container.InputContainer:
    """Open a media file for reading.

    Parameters
    ----------
    path
        The file. It is never opened for writing.

    Raises
    ------
    NotMediaError
        Nothing in it that FFmpeg can open.
    DamagedMediaError
        It looks like media, but breaks off before its index.
    MediaError
        It cannot be read at all (gone, no permission).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise unreadable(path, error) from error
    if size == 0:
        raise NotMediaError(path, "is empty")
    try:
        return _opened("file:" + str(path))
    except (UnicodeEncodeError, av.error.FileNotFoundError):
        # A name that is no valid text: FFmpeg cannot be told it, but can read the open file.
        pass
    except (av.error.FFmpegError, ValueError) as error:
        raise _refusal(path, head) from error
    try:
        return _opened(path.open("rb"))
    except (av.error.FFmpegError, ValueError) as error:
        raise _refusal(path, head) from error


def _opened(source: str | BinaryIO) -> av.container.InputContainer:
    container = av.open(source, "r", metadata_errors="replace", options=OPEN_OPTIONS)
    names = container.format.name.split(",")
    if any(name.startswith(NO_RECORDINGS) or name.endswith(NO_RECORDINGS) for name in names):
        container.close()
        raise ValueError("no recording")
    return container


def _refusal(path: Path, head: bytes) -> MediaError:
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"moov", b"skip", b"free"):
        return DamagedMediaError(
            path, "has no readable index; the recording was probably cut off before it was closed"
        )
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"FORM"):
        return DamagedMediaError(path, "begins like a recording but holds no readable sound")
    if head[4:8] in (b"RED1", b"RED2"):
        return NotMediaError(
            path, "is a RED recording of a kind that cannot be read here; give its proxy instead"
        )
    return NotMediaError(path, "is not a media file that can be read")


def unreadable(path: Path, error: OSError) -> MediaError:
    """Return what the operating system's refusal means, as an error that names the file."""
    if isinstance(error, FileNotFoundError):
        return MediaError(path, "does not exist")
    if isinstance(error, PermissionError):
        return MediaError(path, "may not be read (no permission)")
    if isinstance(error, IsADirectoryError):
        return MediaError(path, "is a folder")
    return MediaError(path, f"cannot be read ({error.strerror or error})")


def keep_only(container: av.container.InputContainer, wanted: Iterable[av.stream.Stream]) -> None:
    """Make FFmpeg skip every other stream, so that its bytes are not even read (in MP4, MOV)."""
    indices = {stream.index for stream in wanted}
    for stream in container.streams:
        stream.discard = (
            av.stream.Discard.default if stream.index in indices else av.stream.Discard.all
        )


def packets_of(
    container: av.container.InputContainer, streams: Sequence[av.stream.Stream]
) -> Iterator[Any]:
    """Yield the packets of some streams, then an empty one for each.

    PyAV stumbles over a stream that appears in the middle of a file (transport streams, FLV); it
    is passed over.

    Raises
    ------
    av.error.FFmpegError
        The file breaks off.
    """
    if not streams:
        return
    for _ in range(MOST_NEW_STREAMS):
        try:
            yield from container.demux(*streams)
        except IndexError:
            continue
        return


def time_of(pts: int, time_base: Fraction | None) -> Fraction:
    """Return a timestamp in exact seconds."""
    return pts * Fraction(time_base) if time_base is not None else Fraction(0)
