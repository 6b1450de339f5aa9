"""Which camera or recorder made a clip.

Conventions
-----------
What decides, the first that speaks: the user (``NAME=GLOB``); a serial number; maker and model from
metadata, one device to a folder; names of a card's structure (``A001C003``: camera A); the folder,
where two or more folders are given or found. Loose files have no device.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from clapless.errors import UsageError, printable
from clapless.media.finding import natural_key
from clapless.model import Clip, Device

CARD_FOLDERS = re.compile(
    r"^(DCIM|PRIVATE|M4ROOT|XDROOT|AVCHD|BDMV|STREAM|CLIP|CLIPS?\d*|SUB|CONTENTS|BPAV|"
    r"CLPR|MP_ROOT|\d{3}[A-Z_]\w{4}|\d{3}\w{0,8}|CANON\w*|XF\d*|STEREO|4CH|MULTI|FOLDER\d+|"
    r"[A-Z]\d{3}_?R?\w{4}\.RDC|[A-Z]\d{3}_\w+\.RDM|PROXY|PROXIES)$",
    re.IGNORECASE,
)
"""Folders that cards have by themselves; they name no camera."""

ORDER_FOLDERS = re.compile(
    r"^((day|card|reel|roll|mag|sd|scene|part|tag|karte|rolle|jour|carte)[ _-]*\w{0,3}|"
    r"\d{4}[-_.]?\d\d[-_.]?\d\d.*|\d{1,2})$",
    re.IGNORECASE,
)
"""Folders by which people sort cards and days; they name a device only where nothing else does."""

CAMERA_LETTER = re.compile(r"^([A-Z])(\d{3})_?C\d{3}", re.IGNORECASE)
"""Names of cinema cameras: letter of the camera, reel, clip."""


def assign_devices(
    clips: Sequence[Clip],
    *,
    tops: Mapping[Path, Path | None],
    rules: Sequence[str] = (),
    hints: Sequence[str] = (),
) -> tuple[tuple[Clip, ...], tuple[Device, ...]]:
    """Return the clips with their devices, and the devices.

    Parameters
    ----------
    clips
        Recordings without device.
    tops
        For each clip's main file the folder that was given, None where the file itself was.
    rules
        ``NAME=GLOB``; the glob is held against file names, paths and folders.
    hints
        The same, from a timeline: rules go before them, and one that matches nothing is no error.

    Raises
    ------
    UsageError
        A rule is no ``NAME=GLOB``, or fits none of the clips there are.
    """
    named = _named(clips, rules)
    hinted = _named(clips, hints, strict=False)
    named = [name or hint for name, hint in zip(named, hinted, strict=True)]
    folders = _folders(clips, tops)
    lettered = _letters(clips)
    keys: list[tuple[str, str] | None] = []
    for place, clip in enumerate(clips):
        meta = clip.metadata
        serial, model = meta.get("serial", ""), meta.get("model", "")
        folder = folders[place]
        if named[place]:
            keys.append(("named", named[place]))
        elif serial:
            keys.append(("serial", serial))
        elif model:
            keys.append(("metadata", "\0".join((meta.get("maker", ""), model, folder))))
        elif lettered[place]:
            keys.append(("card", lettered[place]))
        elif folder:
            keys.append(("folder", folder))
        else:
            keys.append(None)
    return _with_ids(clips, keys, folders)


def _named(clips: Sequence[Clip], rules: Sequence[str], *, strict: bool = True) -> list[str]:
    names = [""] * len(clips)
    for rule in rules:
        name, equals, glob = rule.partition("=")
        if not (name.strip() and equals and glob):
            raise UsageError(f"{rule!r} does not name a device; write NAME=GLOB, as in A=CamA/*")
        matched = False
        for place, clip in enumerate(clips):
            if any(_matches(file.path, glob) for file in clip.files):
                matched = True
                names[place] = names[place] or name.strip()
        if not matched and strict and clips:
            raise UsageError(
                f"No recording fits {printable(rule)}: hold the pattern against the files' paths."
            )
    return names


def _matches(path: Path, glob: str) -> bool:
    text = path.as_posix()
    return any(fnmatchcase(text, shape) for shape in (glob, f"*/{glob}", f"*/{glob.rstrip('/')}/*"))


def _letters(clips: Sequence[Clip]) -> list[str]:
    found = [CAMERA_LETTER.match(clip.path.name) for clip in clips]
    return [match[1].upper() if match else "" for match in found]


def _folders(clips: Sequence[Clip], tops: Mapping[Path, Path | None]) -> list[str]:
    """Return the folder that tells a clip from those of other devices, empty where none does."""
    given = sorted({str(top.parent) for clip in clips if (top := tops.get(clip.path))})
    if not given:
        return [""] * len(clips)
    root = Path(given[0]) if len(given) == 1 else Path(_common_folder(given))
    trails = [
        clip.path.parent.relative_to(root).parts if tops.get(clip.path) else None for clip in clips
    ]
    depth = _shared_depth([trail for trail in trails if trail is not None])
    names = [
        _telling(trail[depth:], clip) if trail is not None else ""
        for trail, clip in zip(trails, clips, strict=True)
    ]
    loose = any(trail is not None and len(trail) == depth for trail in trails)
    if len({name for name in names if name}) + loose < 2:
        return [""] * len(clips)
    return names


def _common_folder(folders: Sequence[str]) -> str:
    try:
        return os.path.commonpath(folders)
    except ValueError as error:
        raise UsageError("folders on different drives cannot be synced in one go") from error


def _shared_depth(trails: Sequence[tuple[str, ...]]) -> int:
    depth = 0
    while len({trail[: depth + 1] for trail in trails}) == 1 and all(
        len(trail) > depth for trail in trails
    ):
        depth += 1
    return depth


def _telling(parts: tuple[str, ...], clip: Clip) -> str:
    """Return the first folder that may name a device, else the first one at all."""
    own = [
        part for part in parts if not CARD_FOLDERS.match(part) and not _is_take_folder(part, clip)
    ]
    cameras = [part for part in own if not ORDER_FOLDERS.match(part)]
    return next(iter(cameras or own), "")


def _is_take_folder(folder: str, clip: Clip) -> bool:
    """Return whether a recorder made the folder for one take: it bears the take's number."""
    return (
        clip.kind == "audio"
        and bool(re.search(r"\d{3}$", folder))
        and clip.path.stem.lower().startswith(folder.lower())
    )


def _with_ids(
    clips: Sequence[Clip], keys: Sequence[tuple[str, str] | None], folders: Sequence[str]
) -> tuple[tuple[Clip, ...], tuple[Device, ...]]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            members[key].append(place)
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for key, places in members.items():
        for place in places:
            owners[folders[place]].add(key)
    wishes = {
        key: _wish(key, [clips[p] for p in places], {folders[p] for p in places}, owners)
        for key, places in members.items()
    }
    taken: dict[str, tuple[str, str]] = {}
    ids: dict[tuple[str, str], str] = {}
    order = sorted(
        members,
        key=lambda key: (
            key[0] != "named",
            natural_key(wishes[key]),
            min(natural_key(clips[place].name) for place in members[key]),
        ),
    )
    for key in order:
        wish, number = wishes[key], 2
        name = wish
        while name in taken:
            name, number = f"{wish} {number}", number + 1
        taken[name], ids[key] = key, name
    devices = tuple(
        Device(
            id=ids[key],
            source=key[0],
            maker=_common(clips, members[key], "maker"),
            model=_common(clips, members[key], "model"),
            serial=_common(clips, members[key], "serial"),
        )
        for key in order
    )
    with_device = tuple(
        replace(clip, device=ids[key] if key is not None else None)
        for clip, key in zip(clips, keys, strict=True)
    )
    return with_device, devices


def _wish(
    key: tuple[str, str],
    clips: Sequence[Clip],
    folders: set[str],
    owners: Mapping[str, set[tuple[str, str]]],
) -> str:
    """Return the name people would give: a folder that is all its own, else the model."""
    kind, value = key
    if kind in ("named", "card", "folder"):
        return value
    only = next(iter(folders)) if len(folders) == 1 else ""
    if only and len(owners[only]) == 1:
        return only
    return clips[0].metadata.get("camera") or clips[0].metadata.get("model") or value


def _common(clips: Sequence[Clip], places: Sequence[int], key: str) -> str:
    values = {clips[place].metadata.get(key, "") for place in places}
    return values.pop() if len(values) == 1 else ""
