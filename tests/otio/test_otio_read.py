"""Other programs' .otio are read without losing a clip, a marker or a timecode."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from clapless_otio.cut import Item, Media, Project, Sequence, Sound, Track
from clapless_otio.otio_writing import project_root
from clapless_otio.reading import read_otio
from tests.otio.otio_walk import walked

FILES = sorted(
    (Path(__file__).parents[3] / "shared" / "data" / "nle" / "otio").glob("*.otio"),
)
GOLDENS = Path(__file__).parents[1] / "goldens" / "otio"


class Shown:
    """The same lists as the walk's, from our model."""

    def __init__(self):
        self.clips = []
        self.markers = []
        self.transitions = []
        self.files = set()
        self.tracks = 0

    def sequence(self, sequence, origin=""):
        for mark in sequence.marks:
            self.markers.append(f"timeline: {mark.name} {mark.time_s} {mark.duration_s}")
        for track in sequence.tracks:
            self.tracks += 1
            for one in track.transitions:
                self.transitions.append(f"{one.start_s} {one.duration_s}")
            for item in track.items:
                source = item.source
                self.clips.append(
                    f"{track.kind} {item.name}{origin} {item.start_s} {item.duration_s} "
                    f"{item.source_start_s}"
                )
                for mark in item.marks:
                    self.markers.append(f"{item.name}: {mark.name} {mark.time_s} {mark.duration_s}")
                if isinstance(source, Sequence):
                    self.sequence(source, f"{origin} in {item.name}")
                elif isinstance(source, Media) and source.url:
                    self.files.add(f"{source.url} {source.start_s}")


def shown(project):
    (sequence,) = project.sequences
    found = Shown()
    found.sequence(sequence)
    return {
        "name": sequence.name,
        "start": str(sequence.start_s),
        "tracks": found.tracks,
        "clips": sorted(found.clips),
        "markers": sorted(found.markers),
        "transitions": sorted(found.transitions),
        "files": sorted(found.files),
    }


@pytest.mark.real
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nothing_is_lost_in_reading(path, shared_data, update_goldens):
    data = path.read_bytes()
    golden = GOLDENS / f"{path.stem}.json"
    if update_goldens:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(json.dumps(walked(data), indent=1) + "\n", encoding="utf-8")
    expected = json.loads(golden.read_text(encoding="utf-8"))
    assert shown(read_otio(data, name=path.name)) == expected


@pytest.mark.real
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_written_again_everything_is_where_it_was(path, shared_data):
    project = read_otio(path.read_bytes(), name=path.name)
    text = otio.adapters.write_to_string(project_root(project), adapter_name="otio_json")
    again = read_otio(text.encode(), name=path.name)
    assert shown(again) == shown(project)
    assert [s.marks for s in again.sequences] == [s.marks for s in project.sequences]


MARKER_3 = {
    "OTIO_SCHEMA": "Marker.3",
    "metadata": {},
    "name": "clap",
    "marked_range": {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": 50.0},
        "duration": {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": 0.0},
    },
}


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        (
            {"OTIO_SCHEMA": "Color.1", "r": 0.0, "g": 0.0, "b": 1.0, "a": 1.0, "name": "BLUE"},
            "blue",
        ),
        ({"OTIO_SCHEMA": "Color.1", "r": 0.9, "g": 0.1, "b": 0.1, "a": 1.0, "name": ""}, "red"),
        ("CYAN", "cyan"),
        (None, ""),
    ],
)
def test_markers_of_a_newer_opentimelineio_are_read(color, expected):
    document = json.loads(otio.schema.Timeline("cut").to_json_string())
    document["tracks"]["markers"] = [MARKER_3 | {"color": color}]
    (sequence,) = read_otio(json.dumps(document).encode(), name="a.otio").sequences
    (mark,) = sequence.marks
    assert (mark.name, mark.time_s, mark.color) == ("clap", Fraction(2), expected)


def test_sound_of_files_whose_streams_nobody_told_is_kept_beside_others():
    item = Item(
        name="a",
        start_s=Fraction(0),
        duration_s=Fraction(4),
        source=Media(name="a", url="file:///a.wav"),
        picture=False,
    )
    told = Media(name="b", url="file:///b.wav", sound=(Sound(channels=1, sample_rate_hz=48000),))
    after = replace(item, name="b", start_s=Fraction(4), source=told)
    track = Track(name="A", kind="audio", items=(item, after))
    sequence = Sequence(name="s", rate=Fraction(25), tracks=(track,))
    root = project_root(Project(name="p", sequences=(sequence,)))
    (again,) = read_otio(root.to_json_string().encode(), name="a.otio").sequences
    assert sorted(one.name for one in again.items()) == ["a", "b"]
