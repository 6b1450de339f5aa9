"""Which fields survive reading what was written: one row per field, for FCPXML and .otio.

The tables of the other formats are in their own tests (`test_xmeml`, `test_edl`).
"""

from dataclasses import fields, replace
from fractions import Fraction

import opentimelineio as otio
import pytest

from clapless.model import Marker, Placement
from clapless_otio.cut import Item, Media, Project, Sequence
from clapless_otio.fcpxml import read_fcpxml, write_fcpxml
from clapless_otio.layout import layout
from clapless_otio.multicam import as_multicam
from clapless_otio.options import ExportOptions
from clapless_otio.otio_reading import read_timelines
from clapless_otio.otio_writing import project_root
from tests.otio import shoots
from tests.otio.shoots import NTSC_30


def laid_out() -> Project:
    a = replace(
        shoots.camera("c1", frames=2400, name='clap <1> & "é"'), reel="A001", scene="12", take="3"
    )
    b = shoots.camera("c2", device="B", rate=NTSC_30, frames=3000, timecode="02:00:00;00")
    v = shoots.camera("c3", device="Phone", rotation=90, sound=(), frames=240, timecode=None)
    r = shoots.recorder("r1", names=("Boom", "Lav"), time_reference=123456789)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.3456, drift_ppm=-41.5),
        Placement(clip="c3", offset_s=30.0, status="check"),
        Placement(clip="r1", offset_s=3.21, drift_ppm=32.0),
    )
    marks = (
        Marker(id="m1", name="clap <1>", time_s=2.002, group="g1", color="blue", comment="one"),
        Marker(id="m2", name="long", time_s=4.004, duration_s=1.001, group="g1", kind="chapter"),
        Marker(id="m3", name="todo", time_s=1.001, clip="c1", color="red", kind="todo"),
        Marker(id="m4", name="done", time_s=2.002, clip="r1", kind="done", comment="two\nlines"),
    )
    session = shoots.session(a, b, v, r, placements=placed, markers=marks)
    return layout(session, options=ExportOptions())


def by_url(sequence: Sequence) -> dict[str, Item]:
    return {i.source.url: i for i in sequence.items() if isinstance(i.source, Media)}


def media(item: Item) -> Media:
    assert isinstance(item.source, Media)
    return item.source


FCPXML = {
    "names": lambda one, two, _: one.name == two.name,
    "files": lambda one, two, _: media(one).url == media(two).url,
    "starts": lambda one, two, frame_s: (
        abs(one.start_s - two.start_s) <= (frame_s / 2 if one.picture else Fraction(1, 720000))
    ),
    "lengths": lambda one, two, frame_s: abs(one.duration_s - two.duration_s) <= frame_s,
    "what plays at the start, to the fine grid": lambda one, two, frame_s: (
        abs(one.source_at(two.start_s) - two.source_start_s)
        <= (frame_s / 2 if one.picture else Fraction(1, 360000))
    ),
    "speed": lambda one, two, _: abs(one.speed - two.speed) < Fraction(1, 10**7),
    "streams": lambda one, two, _: (one.picture, one.sound) == (two.picture, two.sound),
    "enabled": lambda one, two, _: one.enabled == two.enabled,
    "media timecode": lambda one, two, _: media(one).start_s == media(two).start_s,
    "media length": lambda one, two, _: media(one).duration_s == media(two).duration_s,
    "media rate": lambda one, two, _: media(one).rate == media(two).rate,
    "media size": lambda one, two, _: (
        (media(one).width, media(one).height) == (media(two).width, media(two).height)
    ),
    "media channels and sample rate": lambda one, two, _: (
        [(s.channels, s.sample_rate_hz) for s in media(one).sound]
        == [(s.channels, s.sample_rate_hz) for s in media(two).sound]
    ),
    "reel, scene, take, device": lambda one, two, _: (
        (media(one).reel, media(one).scene, media(one).take, media(one).bin)
        == (media(two).reel, media(two).scene, media(two).take, media(two).bin)
    ),
    "roles": lambda one, two, _: not one.sound or two.role == f"dialogue.{one.role}",
    "clip markers": lambda one, two, frame_s: (
        [(m.name, m.comment, m.color, m.kind) for m in one.marks]
        == [(m.name, m.comment, m.color, m.kind) for m in two.marks]
        and all(
            abs(a.time_s - b.time_s) <= frame_s / 2
            for a, b in zip(one.marks, two.marks, strict=True)
        )
    ),
}


@pytest.mark.parametrize("field", FCPXML)
@pytest.mark.parametrize("multicam", [False, True], ids=["flat", "multicam"])
def test_fcpxml_keeps(field, multicam):
    project = laid_out()
    (before,) = project.sequences
    written = as_multicam(project, include_check=True) if multicam else project
    data, _ = write_fcpxml(written)
    (after,) = read_fcpxml(data, name="again").sequences
    frame_s = 1 / before.rate
    if multicam:
        (clip,) = (i for i in after.items() if isinstance(i.source, Sequence))
        assert isinstance(clip.source, Sequence)
        after = clip.source
    old, new = by_url(before), by_url(after)
    assert old.keys() == new.keys()
    for url, item in old.items():
        if multicam and not item.picture and field in ("starts", "lengths"):
            # In an angle sound too begins and ends on frames, inside its file.
            assert abs(item.start_s - new[url].start_s) <= frame_s
            assert abs(item.end_s - new[url].end_s) <= frame_s
        else:
            assert FCPXML[field](item, new[url], frame_s), url


@pytest.mark.parametrize("field", ["name", "rate", "start_s", "drop_frame", "width", "height"])
def test_fcpxml_keeps_of_the_sequence(field):
    (before,) = laid_out().sequences
    data, _ = write_fcpxml(laid_out())
    (after,) = read_fcpxml(data, name="again").sequences
    assert getattr(after, field) == getattr(before, field)


def test_fcpxml_keeps_timeline_markers():
    (before,) = laid_out().sequences
    data, _ = write_fcpxml(laid_out())
    (after,) = read_fcpxml(data, name="again").sequences
    facts = [(m.name, m.time_s, m.comment, m.color, m.kind) for m in before.marks]
    assert facts == [(m.name, m.time_s, m.comment, m.color, m.kind) for m in after.marks]
    assert after.marks[1].duration_s == before.marks[1].duration_s


ITEM_FIELDS = [f.name for f in fields(Item) if f.name not in ("source", "marks")]
MEDIA_FIELDS = [f.name for f in fields(Media)]
SEQUENCE_FIELDS = [f.name for f in fields(Sequence) if f.name not in ("tracks", "marks")]


def through_otio(project: Project) -> Project:
    text = otio.adapters.write_to_string(project_root(project), "otio_json")
    return read_timelines(otio.adapters.read_from_string(text, "otio_json"))


@pytest.mark.parametrize("field", ITEM_FIELDS)
def test_otio_keeps_of_an_item_exactly(field):
    old, new = (by_url(p.sequences[0]) for p in (laid_out(), through_otio(laid_out())))
    for url, item in old.items():
        assert getattr(new[url], field) == getattr(item, field)


@pytest.mark.parametrize("field", MEDIA_FIELDS)
def test_otio_keeps_of_a_file_exactly(field):
    old, new = (by_url(p.sequences[0]) for p in (laid_out(), through_otio(laid_out())))
    for url, item in old.items():
        assert getattr(media(new[url]), field) == getattr(media(item), field)


@pytest.mark.parametrize("field", SEQUENCE_FIELDS)
def test_otio_keeps_of_a_sequence_exactly(field):
    (before,), (after,) = laid_out().sequences, through_otio(laid_out()).sequences
    assert getattr(after, field) == getattr(before, field)


def test_otio_keeps_tracks_and_markers_exactly():
    (before,), (after,) = laid_out().sequences, through_otio(laid_out()).sequences
    assert after.marks == before.marks
    names = [(t.name, t.kind, t.device) for t in before.tracks]
    assert [(t.name, t.kind, t.device) for t in after.tracks] == names
    old, new = by_url(before), by_url(after)
    assert {url: item.marks for url, item in new.items()} == {
        url: item.marks for url, item in old.items()
    }
