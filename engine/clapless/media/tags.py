"""One name for what makers write under many: who made a clip, with what, and when.

Conventions
-----------
The keys of `Clip.metadata`: ``creation_time`` (UTC, ISO 8601 with ``Z``), ``recorded_local`` (local
time where no zone is known), ``maker``, ``model``, ``serial``, ``firmware``, ``camera`` (the name
it has on the set), ``recording_id``, ``notes``, ``circled``, ``project``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

ALIASES: dict[str, tuple[str, ...]] = {
    "maker": (
        "com.apple.quicktime.make",
        "com.android.manufacturer",
        "com.apple.proapps.manufacturer",
        "com.blackmagic-design.camera.manufacturer",
        "manufacturer",
        "make",
        "company_name",
    ),
    "model": (
        "com.apple.quicktime.model",
        "com.android.model",
        "com.apple.proapps.modelname",
        "camera_type",
        "model",
        "product_name",
    ),
    "serial": (
        "com.apple.proapps.serialno",
        "com.arri.camera.cameraserialnumber",
        "camera_id",
        "serial_number",
    ),
    "firmware": ("firmware", "firmware_version"),
    "camera": (
        "com.apple.proapps.cameraname",
        "com.apple.quicktime.camera.identifier",
        "com.apple.proapps.angle",
        "camera_number",
    ),
    "scene": ("com.apple.proapps.scene", "scene"),
    "take": ("com.apple.proapps.take", "com.apple.proapps.shot", "take"),
    "reel": ("com.apple.proapps.reel", "reel_name", "reel_number", "reel"),
    "notes": ("com.apple.proapps.logNote", "com.apple.quicktime.comment"),
}
"""Tags by which each key is known, the surest first; compared in lower case."""

SOFTWARE_MAKERS = ("lavf", "lavc", "adobe", "ffmpeg", "handbrake")
"""What begins like this in a maker's place wrote the file, not the recording."""

CAPTURE_RATE_TAGS = ("com.android.capture.fps", "com.arri.camera.sensorfps", "capture_fps")
"""Tags that state the frames per second of the sensor."""

CREATION_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded")
"""Tags that state when a clip was recorded; the first one bears its zone."""


def normalised(sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what the tags of a file and its streams say, under our keys.

    Parameters
    ----------
    sources
        Tags of the container, then of its streams.

    Examples
    --------
    >>> normalised([{"com.apple.quicktime.make": "Apple", "encoder": "Lavf"}])
    {'maker': 'Apple'}
    """
    merged: dict[str, str] = {}
    for source in sources:
        for key, value in source.items():
            if value and value.strip():
                merged.setdefault(key.lower(), value.strip())
    found: dict[str, str] = {}
    for key, aliases in ALIASES.items():
        value = next((merged[a.lower()] for a in aliases if a.lower() in merged), "")
        if value:
            found[key] = value
    if found.get("maker", "").lower().startswith(SOFTWARE_MAKERS):
        # A program wrote the file; it is no camera.
        found.pop("maker")
        found.pop("model", None)
    for tag in CREATION_TAGS:
        created = utc_time(merged.get(tag, ""))
        if created:
            found["creation_time"] = created
            break
    for tag in CAPTURE_RATE_TAGS:
        if tag in merged:
            found["capture_rate"] = merged[tag]
            break
    return found


def utc_time(text: str) -> str:
    """Return a date and time in UTC, ISO 8601; empty where it has no zone or means nothing.

    >>> utc_time("2020-05-06T10:20:30+0200")
    '2020-05-06T08:20:30Z'
    >>> utc_time("2020-05-06T10:20:30.250000Z")
    '2020-05-06T10:20:30.250Z'
    >>> utc_time("1904-01-01T00:00:00Z")
    ''
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    # Cameras without a clock write the zero of 1904 or of 1970.
    if moment.tzinfo is None or moment.year < 1980:
        return ""
    exact = moment.astimezone(UTC).replace(tzinfo=None)
    return exact.isoformat(timespec="milliseconds" if exact.microsecond else "seconds") + "Z"
