"""Real GoPro files against cuts of themselves: what gopro-video-sync got wrong or died of."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

import clapless
from clapless.model import Placement, Refusal

pytestmark = [pytest.mark.media, pytest.mark.real]

FILES = ("hero5_karma.mp4", "hero7.mp4")


def cut(
    source: Path, target: Path, start_s: float, end_s: float, *, kinds: tuple[str, ...]
) -> float:
    """Copy packets between two times, from a keyframe on; return where it begins.

    Telemetry goes on with its next payload, as a cut by stream copy leaves it.
    """
    with av.open(str(source)) as whole, av.open(str(target), "w", format="mov") as out:
        streams = {
            s.index: out.add_stream_from_template(s, opaque=True)
            for s in whole.streams
            if s.type in kinds and (s.type != "data" or s.frames > 2)
        }
        packets = [
            p
            for p in whole.demux([whole.streams[index] for index in streams])
            if p.dts is not None and p.pts is not None
        ]
        shown = [(float((p.pts or 0) * p.time_base), p) for p in packets]
        begin_s = next(
            at_s
            for at_s, p in shown
            if p.stream.type == "video" and p.is_keyframe and at_s >= start_s
        )
        for at_s, packet in shown:
            assert packet.pts is not None
            assert packet.dts is not None
            if begin_s - 1e-6 <= at_s < end_s:
                shift = round(begin_s / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return begin_s


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("start_s", "end_s"), [(3.5, 99.0), (0.0, 8.0)])
@pytest.mark.parametrize(
    "kinds", [("video", "audio", "data"), ("video", "data"), ("video", "audio")]
)
def test_a_cut_lies_where_it_was_cut(
    shared_data: Path,
    tmp_path: Path,
    name: str,
    start_s: float,
    end_s: float,
    kinds: tuple[str, ...],
) -> None:
    """By movement without sound, by sound without telemetry, by both otherwise."""
    whole = shared_data / "gopro" / name
    target = tmp_path / "cut.mov"
    begin_s = cut(whole, target, start_s, end_s, kinds=kinds)
    answer = clapless.offset(whole, target, signals=["audio", "motion"])
    assert isinstance(answer, Placement), answer
    by_movement = answer.signals == ("motion",)
    assert answer.offset_s == pytest.approx(begin_s, abs=0.02 if by_movement else 0.002)
    assert answer.status == "synced"
    assert ("audio" in answer.signals) == ("audio" in kinds)
    assert ("motion" in answer.signals) == ("data" in kinds)


def test_two_real_files_that_have_nothing_to_do_with_each_other(shared_data: Path) -> None:
    one, two = (shared_data / "gopro" / name for name in FILES)
    answer = clapless.offset(one, two, signals=["audio", "motion"])
    assert isinstance(answer, Refusal)
