"""How FCPXML writes times, rates, formats and roles.

References
----------
Apple, FCPXML reference: times are rational seconds with a 64-bit numerator and a 32-bit
denominator. Final Cut's own exports put retimed values on 1/720000 s, which holds every frame
grid's multiples of 1/24000, 1/30000 and 1/60000 and every 48 kHz sample.
"""

from __future__ import annotations

from fractions import Fraction

from clapless.errors import ExportError
from clapless.timing import round_half_up

FINE_GRID_HZ = 720000
"""Ticks per second of times that are on no frame grid."""

VERSIONS: tuple[str, ...] = ("1.9", "1.10", "1.11", "1.12", "1.13", "1.14")
"""What is written; 1.8 and older describe files in another way."""

DEFAULT_VERSION = "1.10"
"""Final Cut 10.6 and Resolve 18 read it; Resolve reads newer ones from 21 on only."""

_CONFORM = {
    Fraction(24000, 1001): "23.98",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "29.97",
    Fraction(30): "30",
    Fraction(48000, 1001): "47.95",
    Fraction(48): "48",
    Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
    Fraction(60): "60",
}

_FORMAT_RATES = {
    Fraction(24000, 1001): "2398",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "2997",
    Fraction(30): "30",
    Fraction(50): "50",
    Fraction(60000, 1001): "5994",
    Fraction(60): "60",
}

_FORMAT_SIZES = {
    (1280, 720): "720p",
    (1920, 1080): "1080p",
    (3840, 2160): "3840x2160p",
    (4096, 2160): "4096x2160p",
}

_AUDIO_RATES = {
    32000: "32k",
    44100: "44.1k",
    48000: "48k",
    88200: "88.2k",
    96000: "96k",
    176400: "176.4k",
    192000: "192k",
}


def time_text(seconds: Fraction) -> str:
    """Write a time.

    >>> time_text(Fraction(1001, 24000)), time_text(Fraction(7200)), time_text(Fraction(0))
    ('1001/24000s', '7200s', '0s')

    Raises
    ------
    ExportError
        It does not fit into 64 over 32 bits.
    """
    if seconds.denominator >= 2**31 or abs(seconds.numerator) >= 2**63:
        raise ExportError(
            f"The time {float(seconds)} s cannot be written in FCPXML as an exact fraction."
        )
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    return f"{seconds.numerator}/{seconds.denominator}s"


def fine(seconds: Fraction) -> Fraction:
    """Return the nearest time on the fine grid."""
    return Fraction(round_half_up(seconds * FINE_GRID_HZ), FINE_GRID_HZ)


def fine_up(seconds: Fraction) -> Fraction:
    """Return the next time on the fine grid."""
    return Fraction(-((-seconds * FINE_GRID_HZ).__floor__()), FINE_GRID_HZ)


def fine_down(seconds: Fraction) -> Fraction:
    """Return the last time on the fine grid that is not later."""
    return Fraction((seconds * FINE_GRID_HZ).__floor__(), FINE_GRID_HZ)


def writable(seconds: Fraction) -> Fraction:
    """Return a time as it is where its fraction fits, else on the fine grid."""
    if seconds.denominator < 2**31 and abs(seconds.numerator) < 2**63:
        return seconds
    return fine(seconds)


def conform_name(rate: Fraction) -> str | None:
    """Return how ``conform-rate`` names a rate, None where it has no name for it."""
    return _CONFORM.get(rate)


def format_name(width: int, height: int, rate: Fraction) -> str | None:
    """Return Final Cut's own name of a picture format, None where it has none.

    >>> format_name(1920, 1080, Fraction(24000, 1001)), format_name(1080, 1920, Fraction(25))
    ('FFVideoFormat1080p2398', None)
    """
    size = _FORMAT_SIZES.get((width, height))
    per_second = _FORMAT_RATES.get(rate)
    return f"FFVideoFormat{size}{per_second}" if size and per_second else None


def audio_rate_name(rate_hz: int) -> str:
    """Return the nearest sequence sample rate that Final Cut has."""
    return _AUDIO_RATES[min(_AUDIO_RATES, key=lambda known: abs(known - rate_hz))]


def role_name(text: str) -> str:
    """Return text as the name of a role: a dot would begin a subrole, a question mark its path.

    >>> role_name("Boom 1.2")
    'Boom 1-2'
    """
    return " ".join(text.replace(".", "-").replace("?", "-").split())
