"""Shoots and the fake's Media Pool, for the tests of this folder."""

from __future__ import annotations

from fractions import Fraction

from clapless.model import Clip, Marker, Placement, Session
from clapless_resolve.connect import connect
from clapless_resolve.reading import PoolClip, all_clips, read_clip
from tests.fakes.resolve.world import World
from tests.otio import shoots

NTSC = Fraction(1000, 1001)


def shoot(rate: Fraction, other: Fraction, drop: bool) -> Session:
    """Two cameras, a recorder, a clip to be checked and one that is not synced."""
    label = "01:00:00;00" if drop else "01:00:00:00"
    a = shoots.camera("c1", rate=rate, frames=int(160 * rate), device="A", timecode=label)
    b = shoots.camera("c2", rate=other, frames=1003, device="B")
    c = shoots.camera("c3", rate=other, frames=700, device="B")
    r = shoots.recorder("r1", seconds=Fraction(90))
    lost = shoots.camera("c9", rate=other, frames=200, device="B")
    return shoots.session(
        a,
        b,
        c,
        r,
        lost,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=3.2137),
            Placement(clip="c3", offset_s=47.713, status="check", confidence=0.62),
            Placement(clip="r1", offset_s=-2.4871),
        ),
        unplaced=("c9",),
        markers=(Marker(id="m", name="clap", clip="c2", time_s=2.0, color="red"),),
    )


def many(count: int) -> Session:
    clips: list[Clip] = [
        shoots.camera(f"c{n}", rate=Fraction(25), frames=50, device="A") for n in range(count)
    ]
    placements = tuple(Placement(clip=clip.id, offset_s=2.5 * n) for n, clip in enumerate(clips))
    return shoots.session(*clips, placements=placements)


def fill(world: World, session: Session) -> list[PoolClip]:
    """Put the session's files into the Media Pool."""
    for clip in session.clips:
        world.add(
            str(clip.path),
            clip.duration_s,
            rate=clip.frame_rate,
            channels=sum(one.channels for one in clip.audio),
            start=(clip.start_timecode or "00:00:00:00").replace(";", ":"),
            drop=";" in (clip.start_timecode or ""),
        )
    return pool_clips(world)


def pool_clips(world: World) -> list[PoolClip]:
    pool = connect(world.resolve).pool
    read = [read_clip(item, exists=lambda _: True) for item in all_clips(pool)]
    return [clip for clip in read if not isinstance(clip, str)]
