"""GPX 1.0 and 1.1, also where the file breaks off.

Read point by point, so that a flipped digit costs one point and not the ride, which is why gpxpy,
which refuses the whole file, reads only the times. Entities, external documents and the network are
off.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import gpxpy.gpxfield
from lxml import etree

from clapless.errors import DamagedMediaError, NotMediaError
from clapless.media.tracks.cleaning import Faults, Point, clean
from clapless.media.tracks.model import Track, TrackFile

NAN = float("nan")

MOST_BYTES = 256 * 2**20
"""A day at 10 Hz with every extension is a tenth of that."""


def read_gpx(path: Path) -> TrackFile:
    """Return the tracks of a GPX file; routes where it has no tracks.

    Raises
    ------
    NotMediaError
        It is no GPX.
    DamagedMediaError
        No point in it can be read.
    MediaError
        It cannot be read at all.
    """
    root, broken = _root(path)
    faults = Faults()
    if broken:
        faults.damage.append("the file breaks off or is damaged, what is whole is used")
    tracks = _tracks(root, "trk", "trkpt", path, faults)
    if not tracks:
        tracks = _tracks(root, "rte", "rtept", path, faults)
    if not tracks:
        raise DamagedMediaError(path, "holds no position that can be read")
    if not any(track.timed for track in tracks):
        faults.damage.append("has no times, so only its course can be used")
    return TrackFile(tracks=tuple(tracks), warning=faults.sentence(path))


def _root(path: Path) -> tuple[etree._Element, bool]:
    if path.stat().st_size > MOST_BYTES:
        raise NotMediaError(path, "is too large for a GPX file")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(path.read_bytes().strip(b"\0 \r\n\t"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotMediaError(path, "is no GPX file") from error
    if root is None or not any(_name(element) == "gpx" for element in root.iter()):
        raise NotMediaError(path, "is no GPX file")
    broken = any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log)
    return root, broken


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _tracks(
    root: etree._Element, group: str, point: str, path: Path, faults: Faults
) -> list[Track]:
    found = []
    for element in root.iter():
        if _name(element) != group:
            continue
        points = []
        title = ""
        for child in element.iter():
            if _name(child) == point:
                read = _point(child)
                if read is None:
                    faults.unreadable += 1
                else:
                    points.append(read)
            elif _name(child) == "name" and child.getparent() is element:
                title = (child.text or "").strip()
        track = clean(points, name=title, path=path, faults=faults)
        if track is not None:
            found.append(track)
    return found


def _point(element: etree._Element) -> Point | None:
    lat, lon = _number(element.get("lat")), _number(element.get("lon"))
    if lat != lat or lon != lon:
        return None
    point = Point(NAN, lat, lon)
    for child in element.iterdescendants():
        name = _name(child)
        if name == "time" and child.getparent() is element:
            point.utc_s = _time(child.text)
        elif name == "ele" and child.getparent() is element:
            point.altitude_m = _number(child.text)
        elif name == "speed":
            point.speed_mps = _number(child.text)
    return point


def _number(text: str | None) -> float:
    try:
        return float(text) if text else NAN
    except ValueError:
        return NAN


def _time(text: str | None) -> float:
    """Return seconds since 1970, NaN where the text is no time; without a zone it is UTC."""
    try:
        made = gpxpy.gpxfield.parse_time((text or "").strip())
        if isinstance(made, datetime):
            return (made if made.tzinfo is not None else made.replace(tzinfo=UTC)).timestamp()
    except (ValueError, gpxpy.gpx.GPXException, OverflowError):
        return NAN
    return NAN
