"""The XML that cameras write about a clip: Sony's NonRealTimeMeta and Panasonic's ClipMain.

Sony writes it into the file or beside it (``C0001M01.XML``), Panasonic into a tag of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from lxml import etree

from clapless.media.xmlsafe import every, first_text, local_name, parse_xml
from clapless.timing import snap_rate

HIDDEN_SERIALS = frozenset({"", "0", "4294967295"})
"""Serial numbers that Sony writes where the camera keeps its own to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraXml:
    """What was found; empty or None where not.

    Parameters
    ----------
    maker, model, serial
        Of the camera.
    created
        Date and time as written, with its zone.
    capture_rate
        Frames per second at which the sensor was read.
    timecode
        First label, HH:MM:SS:FF with ``;`` where frames are dropped.
    timecode_rate
        Frames that are counted per second, whole.
    """

    maker: str = ""
    model: str = ""
    serial: str = ""
    created: str = ""
    capture_rate: Fraction | None = None
    timecode: str = ""
    timecode_rate: int | None = None


def read_camera_xml(data: bytes) -> CameraXml | None:
    """Return what a document says, or None where it is no such document."""
    root = parse_xml(data)
    if root is None:
        return None
    if local_name(root) == "NonRealTimeMeta":
        return _sony(root)
    if local_name(root) == "ClipMain":
        return CameraXml(
            maker=_anywhere(root, "Manufacturer"),
            model=_anywhere(root, "ModelName"),
            serial=_anywhere(root, "SerialNo."),
            created=_anywhere(root, "CreationDate"),
        )
    return None


def sidecar_of(path: Path) -> Path | None:
    """Return Sony's XML beside a file, or None."""
    for name in (f"{path.stem}M01.XML", f"{path.stem}M01.xml"):
        beside = path.with_name(name)
        if beside.is_file():
            return beside
    return None


def _anywhere(root: etree._Element, name: str) -> str:
    return next(((found.text or "").strip() for found in every(root, name)), "")


def _attribute(root: etree._Element, name: str, attribute: str) -> str:
    return next((str(found.get(attribute, "")) for found in every(root, name)), "")


def _sony(root: etree._Element) -> CameraXml:
    serial = _attribute(root, "Device", "serialNo")
    label, rate = _ltc(root)
    return CameraXml(
        maker=_attribute(root, "Device", "manufacturer"),
        model=_attribute(root, "Device", "modelName"),
        serial="" if serial in HIDDEN_SERIALS else serial,
        created=_attribute(root, "CreationDate", "value") or first_text(root, "CreationDate"),
        capture_rate=_rate(_attribute(root, "VideoFrame", "captureFps")),
        timecode=label,
        timecode_rate=rate,
    )


def _rate(text: str) -> Fraction | None:
    """Return a rate such as ``119.88p``; fields of an interlaced one are two to a frame."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([pi]?)", text.strip())
    if not found or float(found[1]) == 0:
        return None
    rate = Fraction(found[1])
    nominal = Fraction(round(rate))
    pulled = nominal * Fraction(1000, 1001)
    exact = pulled if abs(rate - pulled) < Fraction(1, 50) and rate != nominal else rate
    return snap_rate(exact / 2 if found[2] == "i" else exact)


def _ltc(root: etree._Element) -> tuple[str, int | None]:
    """Return the label at frame 0: eight digits, frames first, with flags in their high bits."""
    for table in every(root, "LtcChangeTable"):
        rate = str(table.get("tcFps", ""))
        for change in table:
            value = str(change.get("value", ""))
            if change.get("frameCount") == "0" and re.fullmatch(r"[0-9A-Fa-f]{8}", value):
                return ltc_label(bytes.fromhex(value)), int(rate) if rate.isdigit() else None
    return "", None


def ltc_label(packed: bytes) -> str:
    """Return the label of four bytes of SMPTE 12M: frames, seconds, minutes, hours in decimals.

    >>> ltc_label(bytes.fromhex("44301210"))
    '10:12:30;04'
    """
    frames, seconds, minutes, hours = packed[:4]
    mark = ";" if frames & 0x40 else ":"
    return f"{hours & 0x3F:02x}:{minutes & 0x7F:02x}:{seconds & 0x7F:02x}{mark}{frames & 0x3F:02x}"
