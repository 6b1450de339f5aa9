"""FCPXML of Final Cut and Resolve is read without losing a clip, a marker or a timecode."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from lxml import etree

from clapless.errors import TimelineError
from clapless.timing import Timecode
from clapless_otio.cut import Media, Sequence
from clapless_otio.fcpxml import read_fcpxml, write_fcpxml
from tests.otio.fcpxml_walk import summary, walked

NLE = Path(__file__).parents[3] / "shared" / "data" / "nle"
FILES = sorted(p for folder in ("fcpxml_fcp", "fcpxml_resolve") for p in (NLE / folder).glob("*"))
GOLDENS = Path(__file__).parents[1] / "goldens" / "fcpxml"
INLINE = ("clip", "sync", "storyline")

pytestmark = pytest.mark.real


def tag(item):
    return item.metadata["fcpxml"]["tag"]


class Shown:
    """The same list as the walk's, from our model."""

    def __init__(self):
        self.clips = []
        self.markers = []
        self.nested = {}

    def sequence(self, sequence, shift=Fraction(0)):
        for track in sequence.tracks:
            for item in track.items:
                for take in (item, *item.alternatives):
                    self.item(take, shift + item.start_s)
            for transition in track.transitions:
                self.markers += [f"transition {mark.time_s}" for mark in transition.marks]
        self.markers += [f"{marker_tag(m)} {shift + m.time_s}" for m in sequence.marks]
        return self

    def item(self, item, at):
        if tag(item) != "spine":
            self.clips.append(f"{tag(item)} {at} {item.duration_s}")
        for mark in item.marks:
            self.markers.append(f"{marker_tag(mark)} {at + since_s(item, mark.time_s)}")
        if isinstance(item.source, Sequence):
            if item.source.shape in INLINE:
                self.sequence(item.source, at - item.source_start_s)
            else:
                self.nested[id(item.source)] = item.source


def marker_tag(mark):
    return "chapter-marker" if mark.kind == "chapter" else "marker"


def since_s(item, source_s):
    if not item.points:
        return (source_s - item.source_start_s) / item.speed
    pairs = list(zip(item.points, item.points[1:], strict=False))
    (t0, v0), (t1, v1) = next((p for p in pairs if p[0][1] <= source_s <= p[1][1]), pairs[-1])
    return t0 + (source_s - v0) * (t1 - t0) / (v1 - v0)


def shown(project):
    made: dict[str, Any] = {"sequences": [], "loose": {}, "media": []}
    nested: dict[int, Sequence] = {}
    for sequence in project.sequences:
        walk = Shown().sequence(sequence)
        made["sequences"].append(with_timecode(walk, sequence))
        nested |= walk.nested
    walk = Shown()
    for item in project.loose:
        for take in (item, *item.alternatives):
            walk.item(take, Fraction(0))
    made["loose"] = summary(walk, None)
    todo = list((nested | walk.nested).values())
    for media in todo:
        inner = Shown().sequence(media)
        made["media"].append(with_timecode(inner, media))
        todo += [one for one in inner.nested.values() if one not in todo]
    return made


def with_timecode(walk, sequence):
    return summary(walk, None) | {
        "timecode": f"{sequence.start_s} {'DF' if sequence.drop_frame else 'NDF'}"
    }


def by_text(values):
    return sorted(json.dumps(value, sort_keys=True) for value in values)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nothing_is_lost_in_reading(path, shared_data, update_goldens):
    data = path.read_bytes()
    golden = GOLDENS / f"{path.stem}.json"
    if update_goldens:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(json.dumps(walked(data), indent=1) + "\n", encoding="utf-8")
    expected = json.loads(golden.read_text(encoding="utf-8"))
    found = shown(read_fcpxml(data, name=path.name))
    assert found["sequences"] == expected["sequences"]
    assert found["loose"] == expected["loose"]
    # Media that no clip shows are not read.
    assert set(by_text(found["media"])) <= set(by_text(expected["media"]))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_written_again_as_1_10_it_is_valid_and_everything_is_where_it_was(path, shared_data):
    data = path.read_bytes()
    again, _ = write_fcpxml(read_fcpxml(data, name=path.name))
    grammar = etree.DTD(str(NLE / "dtd" / "FCPXMLv1_10.dtd"))
    assert grammar.validate(etree.fromstring(again)), grammar.error_log
    before, after = walked(data), walked(again)
    assert by_text(after["sequences"]) == by_text(before["sequences"])
    assert after["loose"] == before["loose"]
    assert after["assets"] == before["assets"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_it_comes_through_opentimelineio(path, shared_data):
    root = otio.adapters.read_from_file(str(path), adapter_name="clapless_fcpxml")
    text = otio.adapters.write_to_string(root, "otio_json")
    again = otio.adapters.read_from_string(text, "otio_json")
    written = otio.adapters.write_to_string(again, adapter_name="clapless_fcpxml").encode()
    grammar = etree.DTD(str(NLE / "dtd" / "FCPXMLv1_10.dtd"))
    assert grammar.validate(etree.fromstring(written)), grammar.error_log
    before, after = walked(path.read_bytes()), walked(written)
    assert by_text(after["sequences"]) == by_text(before["sequences"])
    assert after["loose"] == before["loose"]


def test_the_sync_clip_of_fcp_cafe_shows_the_source_timecode_its_author_read_off(shared_data):
    path = NLE / "fcpxml_fcp" / "fcpcafe_syncclip_tc.fcpxml"
    (sequence,) = read_fcpxml(path.read_bytes(), name=path.name).sequences
    (item,) = sequence.items()
    assert isinstance(item.source, Sequence)
    (inner,) = (i for i in item.source.items() if played(i).has_picture)
    shown_s = Timecode.parse("01:02:07:06", Fraction(25)).seconds - sequence.start_s
    source_s = inner.source_at(item.source_at(shown_s))
    label = Timecode.at(played(inner).start_s + source_s, Fraction(25))
    assert str(label) == "03:04:19:07"


def played(item):
    assert isinstance(item.source, Media)
    return item.source


def test_an_entity_is_refused():
    text = b'<!DOCTYPE fcpxml [<!ENTITY x "y">]><fcpxml version="1.10">&x;</fcpxml>'
    with pytest.raises(TimelineError, match=r"a\.fcpxml declares XML entities"):
        read_fcpxml(text, name="a.fcpxml")
