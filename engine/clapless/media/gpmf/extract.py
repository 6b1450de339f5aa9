"""Telemetry that was taken out of its file: .raw, .bin and .gpmf as other tools write them.

The file's own table of times is gone. The payloads' stamps give their distance where the camera
wrote any; else they are taken to be as long as GoPro's are at 29.97 frames per second.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from clapless.errors import DamagedMediaError, MediaError, NotMediaError
from clapless.media.gpmf.klv import GpmfError
from clapless.media.gpmf.model import Telemetry
from clapless.media.gpmf.telemetry import (
    MOST_BYTES,
    parse_gpmf,
    parse_settings,
    split_payloads,
)

USUAL_PAYLOAD_S = 1.001
"""Length of a payload at 29.97 and 59.94 frames per second."""

PAYLOADS_S = (0.05, 30.0)
"""Lengths of payloads that can be: fractions of a second to a slow time-lapse."""


def is_extract(path: Path) -> bool:
    """Return whether a file begins as telemetry that was taken out of a movie."""
    try:
        with path.open("rb") as file:
            return file.read(5) == b"DEVC\0"
    except OSError:
        return False


def read_extract(path: Path) -> Telemetry:
    """Return the telemetry of such a file; times count from its first payload.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    MediaError
        It cannot be read.
    NotMediaError
        It is no telemetry.
    DamagedMediaError
        Nothing in it can be read.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DamagedMediaError(path, "is larger than any telemetry")
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror or error})") from error
    try:
        payloads = split_payloads(data)
    except GpmfError as error:
        raise NotMediaError(path, f"is no telemetry: it {error}") from error
    settings = parse_settings(data)
    telemetry = _at_distance(payloads, USUAL_PAYLOAD_S, path.name)
    if not (telemetry.streams or settings):
        raise DamagedMediaError(path, "holds no telemetry that can be read")
    step_s = _stamped_step_s(telemetry)
    if step_s is None:
        return replace(telemetry, settings=settings)
    return replace(_at_distance(payloads, step_s, path.name), settings=settings)


def _stamped_step_s(telemetry: Telemetry) -> float | None:
    """Return the distance of payloads by their stamps, None where there are none to believe.

    What is written once per frame keeps step with the payloads; other streams only on average.
    """
    steps = {
        stream.key: float(np.nanmedian(np.diff(stream.stamps_s)))
        for stream in telemetry.streams
        if np.isfinite(np.diff(stream.stamps_s)).any()
    }
    if not steps:
        return None
    step_s = steps.get("CORI", steps.get("SHUT", float(np.median(list(steps.values())))))
    return step_s if PAYLOADS_S[0] <= step_s <= PAYLOADS_S[1] else None


def _at_distance(payloads: list[bytes], step_s: float, name: str) -> Telemetry:
    times_s = [step_s * number for number in range(len(payloads))]
    return parse_gpmf(payloads, times_s, durations_s=[step_s] * len(payloads), name=name)
