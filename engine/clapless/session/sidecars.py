"""A note beside each placed file: where it lies, for programs that know nothing of sessions."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

from clapless.aside import write_aside
from clapless.errors import printable_name, reason_of
from clapless.model import Clip, Group, MediaFile, Placement, Session
from clapless.session.paths import to_document

SIDECAR_SUFFIX = ".sync.json"
SCHEMA = "clapless/sidecar"
VERSION = 1


def write_sidecars(session: Session, *, name: str = "") -> tuple[str, ...]:
    """Write ``<file name>.sync.json`` beside each placed file, proxies left out.

    Parameters
    ----------
    session
        What was placed.
    name
        The session's name, which each note states.

    Returns
    -------
    tuple of str
        Warnings in whole sentences: one for each foreign file of that name, which is kept, and one
        for each folder that cannot be written.
    """
    warnings: list[str] = []
    closed: set[Path] = set()
    for group, placement, clip, file in _placed_files(session):
        target = file.path.with_name(file.path.name + SIDECAR_SUFFIX)
        if target.parent in closed:
            continue
        text = _text(placement, clip, file, session.clip(group.reference), name)
        try:
            if _is_foreign(target):
                warnings.append(
                    f"{printable_name(target)} was not written by Clapless and is kept: move it "
                    "away to get a sidecar there."
                )
            else:
                write_aside(target, text.encode())
        except OSError as error:
            why = reason_of(error)
            if isinstance(error, PermissionError) or error.errno == errno.EROFS:
                closed.add(target.parent)
                where = f"the folder {printable_name(target.parent)}"
                warnings.append(f"No sidecars in {where}: {why}.")
            else:
                warnings.append(f"No sidecar beside {printable_name(file.path)}: {why}.")
    return tuple(warnings)


def _placed_files(session: Session) -> Iterator[tuple[Group, Placement, Clip, MediaFile]]:
    for group in session.groups:
        for placement in group.placements:
            clip = session.clip(placement.clip)
            for file in clip.files:
                if file.role != "proxy":
                    yield group, placement, clip, file


def _text(placement: Placement, clip: Clip, file: MediaFile, reference: Clip, name: str) -> str:
    # A chapter begins later than its clip; every other file begins with it.
    begins_s = float(file.start_s) if file.role == "chapter" else 0.0
    delta_s = placement.to_group(begins_s) if begins_s else placement.offset_s
    content = {
        "schema": SCHEMA,
        "version": VERSION,
        "about": "This file begins delta_seconds after the reference, which plays at speed 1.",
        "session": name,
        "clip": clip.name,
        "reference": to_document(reference.path, file.path.parent),
        "delta_seconds": delta_s,
        "drift_ppm": placement.drift_ppm,
        "speed": str(placement.speed),
        "confidence": placement.confidence,
        "status": placement.status,
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _is_foreign(path: Path) -> bool:
    if not path.exists() and not path.is_symlink():
        return False
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return True
    return not isinstance(content, dict) or content.get("schema") != SCHEMA
