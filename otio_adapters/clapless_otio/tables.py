"""The placements of a session as CSV: one row per clip, for spreadsheets."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from clapless.model import Session
from clapless.timing import Timecode
from clapless_otio.cut import Item, Project
from clapless_otio.exact import exact_s, frames_round
from clapless_otio.files import one_line, xml_text

COLUMNS = (
    "group",
    "clip",
    "device",
    "file",
    "status",
    "reason",
    "offset_s",
    "offset_frames",
    "timeline_timecode",
    "drift_ppm",
    "drift_frames_per_hour",
    "speed",
    "offset_std_ms",
    "confidence",
    "coarse",
    "sound_delay_ms",
    "signals",
)

_HOUR_S = 3600


def write_csv(session: Session, project: Project) -> str:
    """Return the table; a clip that is not synced has its reason and no offset."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    starts = _starts(project)
    rate = project.sequences[0].rate if project.sequences else Fraction(25)
    placed = set()
    for group in session.groups:
        for placement in group.placements:
            placed.add(placement.clip)
            clip = session.clip(placement.clip)
            frame_hz = clip.frame_rate or rate
            drift_frames = placement.drift_ppm * 1e-6 * _HOUR_S * float(frame_hz)
            table.writerow(
                {
                    "group": group.id,
                    "clip": one_line(clip.name),
                    "device": one_line(clip.device or ""),
                    "file": xml_text(str(clip.path)),
                    "status": placement.status,
                    "offset_s": f"{placement.offset_s:.6f}",
                    "offset_frames": frames_round(exact_s(placement.offset_s), rate),
                    "timeline_timecode": starts.get(clip.id, ""),
                    "drift_ppm": f"{placement.drift_ppm:.3f}",
                    "drift_frames_per_hour": f"{drift_frames:.3f}",
                    "speed": str(placement.speed),
                    "offset_std_ms": f"{placement.offset_std_s * 1000:.3f}",
                    "confidence": f"{placement.confidence:.4f}",
                    "coarse": "yes" if placement.coarse else "",
                    "sound_delay_ms": f"{placement.sound_delay_s * 1000:.3f}",
                    "signals": " ".join(placement.signals),
                }
            )
    reasons = {entry.clip: entry.reason for entry in session.unplaced}
    for clip in session.clips:
        if clip.id not in placed:
            table.writerow(
                {
                    "clip": one_line(clip.name),
                    "device": one_line(clip.device or ""),
                    "file": xml_text(str(clip.path)),
                    "status": "not synced",
                    "reason": one_line(reasons.get(clip.id, "")),
                    "timeline_timecode": starts.get(clip.id, ""),
                }
            )
    return out.getvalue()


def _starts(project: Project) -> dict[str, str]:
    """Return the timecode at which each clip begins on its timeline."""
    found: dict[str, str] = {}
    for sequence in project.sequences:
        for item in sorted(sequence.items(), key=_start):
            at = Timecode.at(
                sequence.start_s + item.start_s, sequence.rate, drop_frame=sequence.drop_frame
            )
            found.setdefault(item.clip, str(at))
    return found


def _start(item: Item) -> Fraction:
    return item.start_s
