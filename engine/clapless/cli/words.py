"""From what people type to values, and from values to what people read.

Conventions
-----------
TIME is clip time in seconds or ``[HH:]MM:SS.fff``. CLIP is a path, a clip's name where unique, or
its id in a session; the pipeline looks it up, since only it knows the clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from clapless.errors import UsageError
from clapless.model import Pin
from clapless.timing import Timecode, may_drop, snap_rate

if TYPE_CHECKING:
    from clapless.signals.base import FlashChoice

_SECONDS = re.compile(r"\d{1,9}(?:[.,]\d{1,12})?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,12})?)", re.ASCII)

STATUS_WORDS: Mapping[str, str] = {"synced": "synced", "check": "check", "manual": "by hand"}
"""A placement's status as people read it; what is not placed is `NOT_SYNCED`."""

NOT_SYNCED = "not synced"


def parse_time_s(text: str) -> float:
    """Return the seconds that TIME means.

    Raises
    ------
    UsageError
        It is neither seconds nor ``[HH:]MM:SS.fff``.

    Examples
    --------
    >>> parse_time_s("12.5"), parse_time_s("1:02.5"), parse_time_s("01:00:00")
    (12.5, 62.5, 3600.0)
    """
    seconds = _as_seconds(text)
    if seconds is None:
        raise UsageError(
            f"{text!r} is no time: write seconds (83.5) or minutes and seconds (1:23.5)."
        )
    return seconds


def parse_pin(text: str) -> Pin:
    """Return the pin that ``CLIP@TIME=CLIP@TIME`` means; its clips are as the user wrote them.

    Names may hold ``@`` and ``=`` themselves. Where more than one reading is possible, the one
    whose clips are both files that exist is meant.

    Raises
    ------
    UsageError
        There is no reading, or more than one.

    Examples
    --------
    >>> pin = parse_pin("A@home.wav@1:00=C0001@2.5")
    >>> pin.a, pin.a_s, pin.b, pin.b_s
    ('A@home.wav', 60.0, 'C0001', 2.5)
    """
    readings = list(_pin_readings(text))
    if len(readings) > 1:
        readings = [r for r in readings if Path(r.a).exists() and Path(r.b).exists()] or readings
    if not readings:
        raise UsageError(
            f"--pin {text!r} is not of the form CLIP@TIME=CLIP@TIME, as in "
            "--pin C0001@12.0=ZOOM0001@1:02.5."
        )
    if len(readings) > 1:
        raise UsageError(
            f"--pin {text!r} can be read in {len(readings)} ways: name the clips by their ids in "
            "the session, or by paths."
        )
    return readings[0]


def parse_named(option: str, texts: Iterable[str], form: str) -> dict[str, str]:
    """Return the parts of options of the form ``NAME=VALUE``, by name.

    Parameters
    ----------
    option
        As it stands on the command line, for the sentence.
    texts
        What was given, one per occurrence.
    form
        How it should look, for the sentence.

    Raises
    ------
    UsageError
        A part is missing, or a name stands twice.

    Examples
    --------
    >>> parse_named("--device", ["A=cards/A*"], "NAME=GLOB")
    {'A': 'cards/A*'}
    """
    named: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{option} {text!r} is not of the form {form}.")
        if name in named:
            raise UsageError(f"{option} names {name!r} twice.")
        named[name] = value
    return named


def parse_distance_m(name: str, text: str) -> float:
    """Return the metres of ``--distance NAME=METRES``.

    >>> parse_distance_m("A", "12.5m")
    12.5
    """
    number = re.fullmatch(r"([0-9]{1,6}(?:[.,][0-9]{1,6})?) ?m?", text)
    if not number:
        raise UsageError(f"--distance {name}={text} is no distance in metres, as in {name}=12.5.")
    return float(number[1].replace(",", "."))


def parse_readout_s(name: str, text: str) -> float:
    """Return the seconds of ``--readout DEVICE=MILLISECONDS``.

    >>> parse_readout_s("A", "16.5ms")
    0.0165
    """
    number = re.fullmatch(r"([0-9]{1,3}(?:[.,][0-9]{1,6})?) ?(?:ms)?", text)
    if not number:
        raise UsageError(f"--readout {name}={text} is no time in ms, as in {name}=16.5.")
    return float(number[1].replace(",", ".")) / 1000


def parse_flash(text: str) -> FlashChoice:
    """Return what ``--flash keep:CLIP@TIME`` or ``drop:CLIP@TIME`` means.

    Raises
    ------
    UsageError
        It has another form.

    Examples
    --------
    >>> parse_flash("drop:C0001@1:02.5")
    FlashChoice(clip='C0001', time_s=62.5, keep=False)
    """
    from clapless.signals.base import FlashChoice

    what, _, rest = text.partition(":")
    clip, _, time = rest.rpartition("@")
    if what not in ("keep", "drop") or not clip:
        raise UsageError(f"--flash {text} is not of the form keep:CLIP@TIME or drop:CLIP@TIME.")
    return FlashChoice(clip=clip, time_s=parse_time_s(time), keep=what == "keep")


def offset_words(offset_s: float, rate: Fraction | None) -> tuple[str, str]:
    """Return an offset as timecode and as frames; as seconds, and empty, where there is no rate.

    Parameters
    ----------
    offset_s
        > 0: starts later than the reference.
    rate
        Frames per second to count in, None for seconds.

    Examples
    --------
    >>> offset_words(12.254, Fraction(25))
    ('+00:00:12:06', '+306.35')
    >>> offset_words(-0.5, None)
    ('-0.5000 s', '')
    """
    if rate is None:
        return f"{signed(offset_s, 4)} s", ""
    whole = abs(Timecode.at(Fraction(offset_s), rate).frame)
    sign = "-" if offset_s < 0 and whole else "+"
    days, rest = divmod(Fraction(abs(offset_s)), 24 * 3600)
    label = Timecode.at(rest, rate, drop_frame=may_drop(rate))
    words = f"{sign}{int(days)} d {label}" if days else f"{sign}{label}"
    return words, signed(offset_s * float(rate), 2)


def signed(value: float, digits: int) -> str:
    """Return a number with its sign; what rounds to nothing is positive.

    >>> signed(-0.004, 2), signed(-0.006, 2)
    ('+0.00', '-0.01')
    """
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def drift_words(drift_ppm: float, rate: Fraction | None) -> tuple[str, str]:
    """Return a drift in ppm, and in frames an hour (milliseconds an hour without a rate).

    >>> drift_words(10.0, Fraction(25))
    ('+10.0', '+0.9 fr')
    >>> drift_words(-10.0, None)
    ('-10.0', '-36 ms')
    """
    an_hour_s = drift_ppm * 1e-6 * 3600.0
    if rate is None:
        return signed(drift_ppm, 1), f"{signed(an_hour_s * 1000, 0)} ms"
    return signed(drift_ppm, 1), f"{signed(an_hour_s * float(rate), 1)} fr"


def length_words(seconds: float) -> str:
    """Return a length as people say it.

    >>> length_words(61.29), length_words(3723.0)
    ('1:01.3', '1:02:03')
    """
    if seconds < 3600:
        tenths = round(seconds * 10)
        return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def count_words(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> count_words(1, "clip"), count_words(3, "clip")
    ('1 clip', '3 clips')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return names as people list them.

    >>> listed(["scenery", "tempo", "gps"]), listed(["gps"])
    ('scenery, tempo and gps', 'gps')
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _as_seconds(text: str) -> float | None:
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text.replace(",", "."))
    clock = _CLOCK.fullmatch(text)
    if not clock:
        return None
    hours, minutes, seconds = int(clock[1] or 0), int(clock[2]), float(clock[3].replace(",", "."))
    if seconds >= 60 or (clock[1] is not None and minutes >= 60):
        return None
    return hours * 3600 + minutes * 60 + seconds


def _pin_readings(text: str) -> Iterator[Pin]:
    for found in re.finditer("=", text):
        left, right = text[: found.start()], text[found.end() :]
        a, at_a, a_time = left.rpartition("@")
        b, at_b, b_time = right.rpartition("@")
        a_s, b_s = _as_seconds(a_time), _as_seconds(b_time)
        if at_a and at_b and a and b and a_s is not None and b_s is not None:
            yield Pin(a=a, a_s=a_s, b=b, b_s=b_s)


def parse_frame_rate(text: str) -> Fraction:
    """Return the frames per second of ``25``, ``29.97`` or ``30000/1001``.

    Raises
    ------
    UsageError
        It is no rate from 1 to 1000.

    Examples
    --------
    >>> parse_frame_rate("29.97")
    Fraction(30000, 1001)
    """
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise UsageError(f"{text!r} is no frame rate: write 25, 29.97 or 30000/1001.")
    return snap_rate(rate)


def parse_timecode(text: str, rate: Fraction) -> Timecode:
    """Return the timecode that was typed.

    Raises
    ------
    UsageError
        It is none at this rate.
    """
    try:
        return Timecode.parse(text, rate)
    except ValueError as error:
        raise UsageError(f"{error}.") from error
