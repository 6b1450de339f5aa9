"""Groups as multicam clips: every track an angle, and one clip that shows them in the timeline."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clapless_otio.cut import Item, Mark, Project, Sequence, Span, Track
from clapless_otio.exact import frames_down, frames_up

MULTICAM_TRACK = "Multicam"


def as_multicam(
    project: Project, *, include_check: bool = False, marks_inside: bool = True
) -> Project:
    """Return a project whose groups are multicam clips, in the timeline and among its loose items.

    Clips to be checked stay beside them on tracks of their own unless `include_check`. A group of
    one clip is no multicam: its clip stays as it is. `marks_inside` moves the timeline's markers
    onto the multicam clips, where Final Cut keeps them.
    """
    sequences = []
    loose = list(project.loose)
    for sequence in project.sequences:
        made, clips = _sequence(sequence, include_check, marks_inside=marks_inside)
        sequences.append(made)
        loose += clips
    return replace(project, sequences=tuple(sequences), loose=tuple(loose))


def _sequence(
    sequence: Sequence, include_check: bool, *, marks_inside: bool
) -> tuple[Sequence, list[Item]]:
    clips: list[Item] = []
    taken: set[int] = set()
    marks = list(sequence.marks)
    for span in sequence.spans:
        members = {
            id(item)
            for item in sequence.items()
            if item.metadata.get("group") == span.group
            and item.enabled
            and (include_check or not item.check)
        }
        if len({item.clip for item in sequence.items() if id(item) in members}) < 2:
            continue
        own = [mark for mark in marks if marks_inside and _within(mark, span)]
        clips.append(_clip(sequence, span, members, own))
        taken |= members
        marks = [mark for mark in marks if mark not in own]
    if not clips:
        return sequence, []
    rest = [
        replace(track, items=tuple(item for item in track.items if id(item) not in taken))
        for track in sequence.tracks
    ]
    spine = Track(name=MULTICAM_TRACK, kind="video", items=tuple(clips), spine=True)
    return (
        replace(
            sequence,
            tracks=(spine, *(track for track in rest if track.items)),
            marks=tuple(marks),
        ),
        clips,
    )


def _within(mark: Mark, span: Span) -> bool:
    return span.start_s <= mark.time_s < span.start_s + span.duration_s


def _clip(sequence: Sequence, span: Span, members: set[int], marks: list[Mark]) -> Item:
    rate = sequence.rate
    base_s = frames_down(span.start_s, rate) / rate
    angles = []
    for track in sequence.tracks:
        items = tuple(
            replace(item, start_s=item.start_s - base_s)
            for item in track.items
            if id(item) in members
        )
        if items:
            angles.append(replace(track, items=items, spine=False))
    multicam = Sequence(
        name=span.name,
        rate=rate,
        start_s=sequence.start_s + base_s,
        drop_frame=sequence.drop_frame,
        width=sequence.width,
        height=sequence.height,
        sample_rate_hz=sequence.sample_rate_hz,
        tracks=tuple(angles),
        shape="multicam",
    )
    end_s = max(item.end_s for item in multicam.items())
    return Item(
        name=span.name,
        start_s=base_s,
        duration_s=Fraction(frames_up(end_s, rate)) / rate,
        source=multicam,
        marks=tuple(replace(mark, time_s=mark.time_s - base_s) for mark in marks),
        metadata={"group": span.group},
    )
