"""Marker files as text: how it is encoded, how times are written, what is read of a field."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from clapless.aside import write_aside
from clapless.errors import ExportError, TimelineError, printable_name, reason_of
from clapless.markers.formats import read_bytes
from clapless.model import Marker
from clapless.timing import Timecode, may_drop, round_half_up

_CLOCK = re.compile(r"(-?)(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)", re.ASCII)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path) -> str:
    """Return a file's text: by its byte order mark, else UTF-16 or UTF-8 by looking at it.

    Raises
    ------
    TimelineError
        It cannot be read, or is no text.
    """
    data = read_bytes(path)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            data, chosen = data[len(bom) :], encoding
            break
    else:
        # Text of Latin letters in UTF-16 has a zero in every other byte.
        zeros = data[:200].count(0)
        low = data[1:200:2].count(0)
        chosen = "utf-8" if zeros * 4 < len(data[:200]) else "utf-16-le" if low else "utf-16-be"
    try:
        text = data.decode(chosen)
    except UnicodeDecodeError as error:
        raise TimelineError(f"{printable_name(path)} is no text of markers.") from error
    if "\0" in text:
        raise TimelineError(f"{printable_name(path)} is no text of markers.")
    return text


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write a whole file or nothing; what no encoding holds (lone surrogates) becomes ``?``.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    try:
        write_aside(path, text.replace("\0", "\ufffd").encode(encoding, "replace"))
    except OSError as error:
        reason = reason_of(error)
        raise ExportError(f"{printable_name(path)} cannot be written: {reason}.") from error


def seconds_of(text: str) -> float | None:
    """Return the seconds of ``83.5``, ``83,5``, ``1:23.5`` or ``0:01:23.5``, None for others.

    >>> seconds_of("1:23.5"), seconds_of("-2"), seconds_of("soon")
    (83.5, -2.0, None)
    """
    text = text.strip()
    if found := _CLOCK.fullmatch(text):
        minutes = int(found[2] or 0) * 60 + int(found[3])
        value = minutes * 60 + float(found[4].replace(",", "."))
        return -value if found[1] else value
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def label_of(time_s: float, *, rate: Fraction, start_s: Fraction, drop_frame: bool) -> str:
    """Return the timecode of the frame nearest to a time of the timeline.

    Parameters
    ----------
    time_s
        Time in seconds, 0 where the timecode is that of `start_s`.
    rate
        Frames per second.
    start_s
        Real time since 00:00:00:00 of the timeline's first frame.
    drop_frame
        Whether to count so where the rate allows it.
    """
    frame = frames_of(time_s, rate) + round_half_up(start_s * rate)
    return str(Timecode(frame, rate, drop_frame and may_drop(rate)))


def frames_of(time_s: float, rate: Fraction) -> int:
    """Return the frame nearest to a time in seconds."""
    return round_half_up(Fraction(time_s) * rate)


def time_of_label(text: str, *, rate: Fraction, start_s: Fraction, path: Path) -> float:
    """Return the time of a timecode on its timeline; the inverse of `label_of` on whole frames.

    Raises
    ------
    TimelineError
        It is no timecode at this rate.
    """
    try:
        label = Timecode.parse(text.strip(), rate)
    except ValueError as error:
        raise TimelineError(f"{printable_name(path)}: {error}.") from error
    return float(label.seconds - Fraction(round_half_up(start_s * rate)) / rate)


def guess_rate(labels: Iterable[str], path: Path) -> Fraction:
    """Return the frame rate of timecodes from their highest frame number and their separators.

    The product's own writing names the rate; other programs' files do not, and a guess that is
    wrong moves markers by fractions of a second only where the caller does not say ``--fps``.

    Raises
    ------
    TimelineError
        There is not one timecode.
    """
    frames: list[int] = []
    drop = False
    for label in labels:
        found = re.search(r"([:;.,])(\d{2,3})\s*$", label)
        if found:
            frames.append(int(found[2]))
            drop = drop or found[1] != ":"
    if not frames:
        raise TimelineError(f"{printable_name(path)} holds no timecode.")
    highest = max(frames)
    if drop:
        return Fraction(60000 if highest >= 30 else 30000, 1001)
    for nominal in (24, 25, 30, 50, 60, 100, 120):
        if highest < nominal:
            return Fraction(nominal)
    return Fraction(240)


def numbered(markers: Iterable[Marker]) -> Iterator[tuple[int, Marker]]:
    """Return markers with numbers from 1, in the order of their times."""
    return enumerate(sorted(markers, key=lambda marker: marker.time_s), 1)


def flat(text: str) -> str:
    r"""Return text on one line and without tabs, for formats that know no quoting.

    >>> flat("two\nlines\tand a tab")
    'two lines and a tab'
    """
    return " ".join(re.split(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", text)).strip()
