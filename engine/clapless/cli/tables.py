"""A session as tables for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from fractions import Fraction

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from clapless.cli.console import safe
from clapless.cli.words import (
    NOT_SYNCED,
    STATUS_WORDS,
    count_words,
    drift_words,
    length_words,
    offset_words,
    signed,
)
from clapless.model import Clip, Group, Placement, Session, Unplaced, Verification

STATUS_STYLES = {"synced": "green", "check": "yellow", "manual": "cyan"}
WIDE = 110
"""Columns of a terminal that holds every column of a table."""

NARROW = 80
"""Columns of a terminal below which only what says where a clip lies is shown."""

LEAST_GUESS = 0.05
"""A guess that is less probable than this would only mislead."""
VERDICT_WORDS = {"pass": "PASS", "fail": "FAIL", "not_verifiable": "not verifiable"}
VERDICT_STYLES = {"pass": "green", "fail": "red", "not_verifiable": "yellow"}


def print_session(console: Console, session: Session) -> None:
    """Print what is placed, what is not and why, and how many of each."""
    for group in session.groups:
        console.print(group_table(session, group, width=console.width))
    if session.unplaced:
        console.print(unplaced_table(session))
    for line in _notes(session):
        console.print(line)
    console.print(summary(session))


def group_table(session: Session, group: Group, *, width: int = WIDE) -> Table:
    """Return where each clip of a group lies.

    Parameters
    ----------
    session, group
        The group and the session it is of.
    width
        Columns of the terminal: the narrower it is, the less is said of each clip. Names
        may be folded, nothing is cut.
    """
    wide, narrow = width >= WIDE, width < NARROW
    reference = session.clip(group.reference)
    title = Text.assemble("Group ", safe(group.id), ", on the clock of ", safe(reference.name))
    table = plain_table(title)
    table.add_column("Clip", overflow="fold")
    if wide:
        table.add_column("Camera or recorder", overflow="fold")
    headings = ("Starts at", "Frames", "Plus or\nminus", "Drift\nppm", "in an\nhour", "Sure")
    for heading in headings[:1] if narrow else headings:
        add_number_column(table, heading)
    table.add_column("Status", no_wrap=True)
    if wide:
        table.add_column("By", overflow="fold")
    for placement in sorted(group.placements, key=lambda one: one.offset_s):
        clip = session.clip(placement.clip)
        cells = list(_placement_cells(session, group, placement))
        if narrow:
            cells = [cells[0], cells[-1]]
        if wide:
            cells.insert(0, safe(clip.device or ""))
            cells.append(safe(", ".join(placement.signals)))
        table.add_row(safe(clip.name), *cells)
    return table


def _placement_cells(
    session: Session, group: Group, placement: Placement
) -> Iterator[RenderableType]:
    clip = session.clip(placement.clip)
    rate = counting_rate(session, clip, group)
    yield from offset_words(placement.offset_s, rate)
    if placement.clip == group.reference:
        yield from ("", "", "", "", Text("reference", style="bold"))
        return
    yield f"{placement.std_s(float(clip.duration_s) / 2) * 1000:.2f} ms"
    yield from drift_words(placement.drift_ppm, rate)
    # No measurement makes a certainty: 100 % is not for print.
    yield f"{placement.confidence:.1%}" if placement.confidence < 0.9995 else ">99.9%"
    word = STATUS_WORDS[placement.status] + (" (coarse)" if placement.coarse else "")
    yield Text(word, style=STATUS_STYLES[placement.status])


def unplaced_table(session: Session) -> Table:
    """Return what is not synced, with the reason and what the user can do."""
    table = plain_table(Text(NOT_SYNCED.capitalize()))
    for heading in ("Clip", "Camera or recorder", "Why", "What you can do"):
        table.add_column(heading, overflow="fold")
    for one in session.unplaced:
        clip = session.clip(one.clip)
        table.add_row(
            safe(clip.name), safe(clip.device or ""), safe(one.reason), _advice(session, one)
        )
    return table


def _advice(session: Session, one: Unplaced) -> Text:
    """Return the next step for a clip that is not synced, as something to type."""
    lines = []
    for pin in one.suggested_pins[:3]:
        a, b = session.clip(pin.a).name, session.clip(pin.b).name
        typed = shlex.quote(f"{a}@{pin.a_s:.3f}={b}@{pin.b_s:.3f}")
        lines.append(f"if this is one clap: --pin {typed}")
    best = one.candidates[0] if one.candidates else None
    if not lines and best is not None and best.confidence >= LEAST_GUESS:
        other = session.clip(best.a)
        starts, _ = offset_words(best.offset_s, other.frame_rate)
        lines.append(f"best guess: {starts} on {other.name} ({best.confidence:.0%})")
    if one.code == "alone":
        lines.append("name the recordings of the other cameras too, or the folder of all")
    others = [clip.id for clip in session.clips if clip.id != one.clip]
    hosts = [group.reference for group in session.groups] or others
    if not lines and hosts:
        reference = session.clip(hosts[0]).name
        typed = shlex.quote(f"{reference}@TIME={session.clip(one.clip).name}@TIME")
        lines.append(f"place it by hand: --pin {typed}")
    return Text("\n").join(safe(line) for line in lines)


def _notes(session: Session) -> Iterator[Text]:
    """Yield what the tables have no room for: sound that came late, signals that disagree."""
    for group in session.groups:
        for placement in group.placements:
            name = session.clip(placement.clip).name
            if placement.speed != 1:
                yield safe(f"{name}: runs at {placement.speed} of the reference's speed", "yellow")
            if placement.sound_delay_s:
                delay_ms = placement.sound_delay_s * 1000
                yield safe(f"{name}: its sound is {delay_ms:+.1f} ms late, as distance makes it")
            if placement.time_map is not None and len(placement.time_map.segments) > 1:
                parts = len(placement.time_map.segments)
                yield safe(f"{name}: its sound jumps; it is placed in {parts} pieces", "yellow")
            if placement.status == "check" and _repeats(session, placement.clip):
                yield safe(
                    f"{name}: the music repeats to the sample, in part at least; another repeat, "
                    "outside of what was recorded, may be the right one",
                    "yellow",
                )
            for other in placement.disagreements:
                yield safe(
                    f"{name}: {other.signal} says {other.difference_s * 1000:+.0f} ms from this"
                    + (f" ({other.reason})" if other.reason else ""),
                    "yellow",
                )


def _repeats(session: Session, clip: str) -> bool:
    return any(
        match.accepted and clip in (match.a, match.b) and match.details.get("may_repeat") is True
        for match in session.matches
    )


def summary(session: Session) -> Text:
    """Return one line: how many clips are synced, to check, not synced."""
    placements = [p for group in session.groups for p in group.placements]
    check = sum(p.status == "check" for p in placements)
    parts = [
        (f"{len(placements) - check} of {count_words(len(session.clips), 'clip')} synced", "green"),
        (f"{check} to check", "yellow" if check else ""),
        (f"{len(session.unplaced)} {NOT_SYNCED}", "red" if session.unplaced else ""),
    ]
    return Text(", ").join(Text(*part) for part in parts)


def verification_table(session: Session, group: Group, *, width: int = WIDE) -> Table:
    """Return what measuring each placement again gave.

    Parameters
    ----------
    session, group
        The group and the session it is of.
    width
        Columns of the terminal: head, middle and tail stand apart where there is room.
    """
    wide = width >= WIDE
    reference = session.clip(group.reference)
    table = plain_table(Text.assemble("Group ", safe(group.id), ", against ", safe(reference.name)))
    table.add_column("Clip", overflow="fold")
    headings = ("Off by", "Frames", "Spread", "Head", "Middle", "Tail")
    for heading in headings if wide else headings[:2]:
        add_number_column(table, heading)
    for heading in ("Answer", "What would fix it"):
        table.add_column(heading, overflow="fold")
    for placement in group.placements:
        if placement.clip == group.reference:
            continue
        clip = session.clip(placement.clip)
        rate = counting_rate(session, clip, group)
        cells = list(_verification_row(placement, rate))
        shown = cells if wide else [*cells[:2], *cells[len(headings) :]]
        table.add_row(safe(clip.name), *shown)
    return table


def _verification_row(placement: Placement, rate: Fraction | None) -> Iterator[RenderableType]:
    answer = placement.verification
    if answer is None or answer.verdict == "not_verifiable":
        yield from [""] * 6
    else:
        yield f"{signed(answer.median_s * 1000, 2)} ms"
        yield signed(answer.median_s * float(rate), 3) if rate else ""
        yield f"{answer.spread_s * 1000:.2f} ms"
        medians = {part.part: part.median_s for part in answer.parts}
        for part in ("head", "middle", "tail"):
            yield f"{signed(medians[part] * 1000, 2)} ms" if part in medians else ""
    yield _verdict(answer)
    yield safe(_fix(placement, answer))


def _verdict(answer: Verification | None) -> Text:
    verdict = "not_verifiable" if answer is None else answer.verdict
    return Text(VERDICT_WORDS[verdict], style=VERDICT_STYLES[verdict])


def _fix(placement: Placement, answer: Verification | None) -> str:
    if answer is None:
        return ""
    words = answer.reason
    if answer.suggested_drift_ppm is not None:
        speed = float(placement.speed) * (1 + answer.suggested_drift_ppm * 1e-6)
        words += f"{'; ' if words else ''}play it at {speed * 100:.6f} % speed"
    return words


def counting_rate(session: Session, clip: Clip, group: Group) -> Fraction | None:
    """Return the frames per second to count a clip's offset in.

    They are the clip's own, else its reference's, else those of the group's first camera.
    """
    others = (session.clip(placement.clip) for placement in group.placements)
    for one in (clip, session.clip(group.reference), *others):
        if one.frame_rate is not None:
            return one.frame_rate
    return None


def clip_card(clip: Clip, signals: tuple[str, ...], routes: tuple[str, ...] = ()) -> Table:
    """Return what a clip's files hold.

    Parameters
    ----------
    clip
        The clip.
    signals
        Names of the signals it can give that prove a moment.
    routes
        Names of those that prove a place or a piece, for `align`.
    """
    card = Table.grid(padding=(0, 2))
    card.title, card.title_justify, card.title_style = safe(clip.name), "left", "bold"
    card.add_column(style="dim")
    card.add_column(overflow="fold")
    lines: dict[str, Text | str] = {
        "files": Text("\n").join(_file_words(clip)),
        "camera or recorder": safe(clip.device or ""),
        "length": length_words(float(clip.duration_s)),
        "picture": safe(_picture_words(clip)),
        "sound": Text("\n").join(_sound_words(clip)),
        "timecode": safe(_timecode_words(clip)),
        "scene": safe(clip.scene),
        "take": safe(clip.take),
        "reel": safe(clip.reel),
    }
    lines |= {key: safe(value) for key, value in clip.metadata.items() if key not in _TOLD}
    lines["can be synced by"] = safe(", ".join(signals) or "nothing")
    lines["can be aligned by"] = safe(", ".join(routes))
    for name, words in lines.items():
        if words:
            card.add_row(safe(name), words)
    card.add_row()
    return card


_TOLD = frozenset({"container", "video_codec"})
"""Metadata that the other lines tell already."""


def _file_words(clip: Clip) -> Iterator[Text]:
    for file in clip.files:
        role = "" if file.role == "main" else f" ({file.role})"
        yield safe(f"{file.path.name}{role}")


def _picture_words(clip: Clip) -> str:
    if clip.kind == "audio":
        return "none"
    words = [f"{clip.width}x{clip.height}"] if clip.width and clip.height else []
    if clip.frame_rate is not None:
        words.append(f"{float(clip.frame_rate):.6g} fps")
    if clip.capture_rate is not None:
        words.append(f"shot at {float(clip.capture_rate):.6g}")
    if clip.variable_frame_rate:
        words.append("variable rate")
    if clip.rotation:
        words.append(f"turned {clip.rotation}°")
    if codec := clip.metadata.get("video_codec"):
        words.append(codec)
    return ", ".join(words)


def _sound_words(clip: Clip) -> Iterator[Text]:
    if not clip.audio:
        yield Text("none")
    for stream in clip.audio:
        names = f" ({', '.join(stream.names)})" if any(stream.names) else ""
        rate = f"{stream.sample_rate_hz / 1000:g} kHz"
        yield safe(f"{count_words(stream.channels, 'channel')}, {rate} {stream.codec}{names}")


def _timecode_words(clip: Clip) -> str:
    if clip.start_timecode is None:
        return ""
    rate = f" at {float(clip.timecode_rate):.6g} fps" if clip.timecode_rate else ""
    return f"{clip.start_timecode}{rate}"


def plain_table(title: Text) -> Table:
    """Return an empty table in the house's style."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )


def add_number_column(table: Table, heading: str) -> None:
    """Add a column whose cells are never broken; its heading may be."""
    table.add_column(heading, justify="right", no_wrap=True)
