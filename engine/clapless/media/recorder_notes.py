"""What a sound recorder wrote beside the sound: bext and iXML.

References
----------
EBU Tech 3285 (bext); the iXML specification 2.10 (TRACK_LIST, SPEED, FILE_SET, CIRCLED).
Recorders of Sound Devices and Zoom also write ``sSCENE=...`` or ``zTAKE=...`` lines into the
description of bext.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from fractions import Fraction

from lxml import etree

from clapless.media.riff import RiffFile
from clapless.media.xmlsafe import every, find, first_text, parse_xml

BEXT_BYTES = 602
"""Length of the fixed part of bext."""

RECORDER_MAKERS = (
    *(
        "Zoom",
        "Sound Devices",
        "SoundDev",
        "Tascam",
        "Zaxcom",
        "Aaton",
        "Sonosax",
        "Nagra",
        "Roland",
    ),
    *("Tentacle", "Deity", "Lectrosonics", "Marantz", "Olympus", "Fostex", "Sony PCM", "MixPre"),
)
"""What the originator in bext begins with where a recorder wrote the file; editing programs put
their own names there, which tell nothing of a clock."""

_LINE = re.compile(
    r"^[a-z]?(SCENE|TAKE|TAPE|NOTE|CIRCLED|SPEED|TRK\d+)=(.*)$", re.IGNORECASE | re.MULTILINE
)
_SPEED = re.compile(r"^\s*0*(\d+(?:\.\d+)?)\s*-?\s*(ND|NDF|D|DF)?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderNotes:
    """What is known of a take.

    Parameters
    ----------
    scene, take, reel, notes, project
        As written, empty where not.
    circled
        Whether the take was marked as good; None where nothing says so.
    track_names
        Name of each channel of the file, empty where unknown.
    timecode_rate
        Exact frames per second, None where unknown.
    drop_frame
        How the recorder counts.
    time_reference
        Samples since midnight, None where unknown.
    time_reference_rate_hz
        Rate those samples are counted at, None where it is the file's own.
    digitizer_rate_hz
        Samples that were really taken in a second, None where nothing says so: recorders for film
        take 48048 and label them 48000.
    originator, originator_reference
        What made the file, and its identifier of it.
    recorded_local
        Local date and time of recording, ISO 8601 without zone.
    family, family_part, family_count
        Identifier shared by the files of one take, this file's mark in it, and how many there are.
    """

    scene: str = ""
    take: str = ""
    reel: str = ""
    notes: str = ""
    project: str = ""
    circled: bool | None = None
    track_names: tuple[str, ...] = ()
    timecode_rate: Fraction | None = None
    drop_frame: bool = False
    time_reference: int | None = None
    time_reference_rate_hz: int | None = None
    digitizer_rate_hz: int | None = None
    originator: str = ""
    originator_reference: str = ""
    recorded_local: str = ""
    family: str = ""
    family_part: str = ""
    family_count: int = 0

    @property
    def recorder(self) -> str:
        """The recorder that made the file, empty where the originator is none that is known.

        >>> RecorderNotes(originator="ZOOM F8n").recorder
        'ZOOM F8n'
        >>> RecorderNotes(originator="Pro Tools").recorder
        ''
        """
        known = self.originator.lower().startswith(tuple(m.lower() for m in RECORDER_MAKERS))
        return " ".join(self.originator.split()) if known else ""


def recorder_notes(riff: RiffFile, *, channels: int) -> RecorderNotes:
    """Return what bext and iXML of a WAV file say; iXML wins where both speak.

    Parameters
    ----------
    riff
        The file's chunks.
    channels
        Channels of the file.
    """
    bext = riff.content("bext")
    lines = _description_lines(bext)
    xml = parse_xml(riff.content("iXML"))
    root = xml if xml is not None else etree.Element("BWFXML")
    rate, drop = _rate(root, lines.get("SPEED", ""))
    reference, reference_rate = _reference(root, bext)
    return RecorderNotes(
        scene=first_text(root, "SCENE") or lines.get("SCENE", ""),
        take=first_text(root, "TAKE") or lines.get("TAKE", ""),
        reel=first_text(root, "TAPE") or lines.get("TAPE", ""),
        notes=first_text(root, "NOTE") or lines.get("NOTE", ""),
        project=first_text(root, "PROJECT"),
        circled=_truth(first_text(root, "CIRCLED") or lines.get("CIRCLED", "")),
        track_names=_track_names(root, lines, channels),
        timecode_rate=rate,
        drop_frame=drop,
        time_reference=reference,
        time_reference_rate_hz=reference_rate,
        digitizer_rate_hz=_whole(first_text(root, "SPEED", "DIGITIZER_SAMPLE_RATE")) or None,
        originator=_text(bext[256:288]),
        originator_reference=_text(bext[288:320]),
        recorded_local=_local_time(bext),
        family=first_text(root, "FILE_SET", "FAMILY_UID"),
        family_part=first_text(root, "FILE_SET", "FILE_SET_INDEX"),
        family_count=_whole(first_text(root, "FILE_SET", "TOTAL_FILES")) or 0,
    )


def _description_lines(bext: bytes) -> dict[str, str]:
    found = _LINE.findall(_text(bext[:256]).replace("\r", "\n"))
    return {key.upper(): value.strip() for key, value in found}


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def _local_time(bext: bytes) -> str:
    digits = re.findall(r"\d+", _text(bext[320:330]) + " " + _text(bext[330:338]))
    if len(digits) != 6:
        return ""
    year, month, day, hour, minute, second = (int(part) for part in digits)
    if year < 1980 or not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24):
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"


def _truth(text: str) -> bool | None:
    return {"TRUE": True, "FALSE": False, "1": True, "0": False}.get(text.upper())


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else None


def _rate(root: etree._Element, speed_line: str) -> tuple[Fraction | None, bool]:
    text = first_text(root, "SPEED", "TIMECODE_RATE")
    flag = first_text(root, "SPEED", "TIMECODE_FLAG").upper()
    ratio = re.fullmatch(r"(\d{1,6})\s*/\s*(\d{1,6})", text)
    if ratio and int(ratio[1]) and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2])), flag in ("DF", "D")
    line = _SPEED.match(text or speed_line)
    if line is None or float(line[1]) == 0:
        return None, False
    # Recorders write 29.97 and 023.976 in decimals.
    value = Fraction(line[1])
    nominal = round(value)
    pulled = Fraction(nominal * 1000, 1001)
    rate = pulled if abs(value - pulled) < Fraction(1, 100) else Fraction(nominal)
    mark = flag or (line[2] or "").upper()
    return rate, mark in ("D", "DF")


def _reference(root: etree._Element, bext: bytes) -> tuple[int | None, int | None]:
    high = _whole(first_text(root, "SPEED", "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI"))
    low = _whole(first_text(root, "SPEED", "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO"))
    if low is not None:
        rate = _whole(first_text(root, "SPEED", "TIMESTAMP_SAMPLE_RATE"))
        return ((high or 0) << 32) + low, rate or None
    if len(bext) >= BEXT_BYTES or len(bext) >= 346:
        low_bext, high_bext = struct.unpack("<II", bext[338:346])
        return (high_bext << 32) + low_bext, None
    return None, None


def _track_names(root: etree._Element, lines: dict[str, str], channels: int) -> tuple[str, ...]:
    names = [""] * channels
    for number in range(1, channels + 1):
        names[number - 1] = lines.get(f"TRK{number}", "")
    for track in every(root, "TRACK"):
        place = _whole(first_text(track, "INTERLEAVE_INDEX"))
        if place is None:
            place = _whole(first_text(track, "CHANNEL_INDEX"))
        name = first_text(track, "NAME") or first_text(track, "FUNCTION")
        if place is not None and 1 <= place <= channels and name:
            names[place - 1] = name
    if find(root, "TRACK_LIST") is None and not any(names):
        return ()
    return tuple(names) if any(names) else ()
