"""The clocks of cameras that were synced by flashes, row by row, as a JSON file.

Conventions
-----------
Format ``clapless/flash-model``, version 1. Per clip: drift, shift_s and time_per_row_s of
`clapless.numerics.rolling_shutter`, on the clock of the group's reference, with rows, readout and
exposure in ms and the standard deviation of the time at the middle of the clip.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from clapless.aside import write_aside
from clapless.errors import ClaplessError, printable, reason_of
from clapless.model import Group, Session
from clapless.numerics.rolling_shutter import RollingShutter

SCHEMA, VERSION = "clapless/flash-model", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRows:
    """The rows of one clip.

    Parameters
    ----------
    clip, reference
        Ids of the clip and of the clip whose clock counts.
    shutter
        Its clock.
    exposure_s
        Exposure of a row.
    std_s
        Standard deviation of a time at the middle of the clip.
    """

    clip: str
    reference: str
    shutter: RollingShutter
    exposure_s: float
    std_s: float


def camera_rows(session: Session) -> dict[str, CameraRows]:
    """Return the rows of every placed clip whose readout flashes told, by clip id."""
    found: dict[str, CameraRows] = {}
    for group in session.groups:
        found |= _of_group(session, group)
    return found


def _of_group(session: Session, group: Group) -> dict[str, CameraRows]:
    placements = {p.clip: p for p in group.placements}
    told: dict[str, tuple[float, float, float, int]] = {}
    for match in session.matches:
        if match.signal != "flash" or not match.accepted:
            continue
        for side, clip in enumerate((match.a, match.b)):
            if clip not in placements:
                continue
            values = [
                match.details.get(key)
                for key in ("readout_stds_ms", "readouts_ms", "exposures_ms", "rows")
            ]
            picked = [v[side] for v in values if isinstance(v, (list, tuple)) and len(v) == 2]
            if len(picked) == 4:
                std, readout, exposure, rows = (float(v) for v in picked)
                known = told.get(clip, (9e9, 0.0, 0.0, 0))
                told[clip] = min(known, (std, readout, exposure, int(rows)))
    rows_of: dict[str, CameraRows] = {}
    for clip, (_, readout_ms, exposure_ms, rows) in told.items():
        place = placements[clip]
        late_s = -readout_ms / 1e3 if readout_ms < 0 else 0.0
        rows_of[clip] = CameraRows(
            clip=clip,
            reference=group.reference,
            shutter=RollingShutter(
                drift=1 / place.rate,
                shift_s=place.offset_s + late_s,
                time_per_row_s=readout_ms / 1e3 / rows,
                rows=rows,
            ),
            exposure_s=exposure_ms / 1e3,
            std_s=place.std_s(float(session.clip(clip).duration_s) / 2),
        )
    return rows_of


def model_json(session: Session) -> str:
    """Return the model as text."""
    cameras = {}
    for clip, one in sorted(camera_rows(session).items()):
        shutter = one.shutter
        cameras[clip] = {
            "name": session.clip(clip).name,
            "path": str(session.clip(clip).path),
            "reference": one.reference,
            "drift": shutter.drift,
            "shift_s": shutter.shift_s,
            "time_per_row_s": shutter.time_per_row_s,
            "rows": shutter.rows,
            "readout_ms": round(shutter.readout_s * 1e3, 6),
            "exposure_ms": round(one.exposure_s * 1e3, 6),
            "upside_down": shutter.time_per_row_s < 0,
            "std_s": one.std_s,
        }
    document = {"schema": SCHEMA, "version": VERSION, "cameras": cameras}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_flash_model(session: Session, path: Path) -> None:
    """Write the model aside and put it in its place.

    Raises
    ------
    ClaplessError
        No clip was synced by flashes, or the file cannot be written.
    """
    if not camera_rows(session):
        raise ClaplessError(
            f"There is no flash model to write to {printable(str(path))}: "
            "no clip was synced by flashes."
        )
    try:
        write_aside(path, model_json(session).encode())
    except OSError as error:
        why = reason_of(error)
        raise ClaplessError(f"{printable(str(path))} cannot be written: {why}.") from error


def read_flash_model(path: Path) -> dict[str, RollingShutter]:
    """Return the clocks that `write_flash_model` wrote, by clip id.

    Raises
    ------
    ClaplessError
        It is no flash model, or a newer one.
    """
    name = printable(str(path))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise KeyError("schema")
        version = int(document["version"])
        cameras = {
            clip: RollingShutter(
                drift=float(one["drift"]),
                shift_s=float(one["shift_s"]),
                time_per_row_s=float(one["time_per_row_s"]),
                rows=int(one["rows"]),
            )
            for clip, one in document["cameras"].items()
        }
    except OSError as error:
        why = reason_of(error)
        raise ClaplessError(f"{name} cannot be read: {why}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClaplessError(f"{name} is no flash model.") from error
    if version > VERSION:
        raise ClaplessError(f"{name} was written by a newer version ({version}).")
    return cameras
