"""A cut given to ``clapless sync``: its places are mended, what the editor made is kept.

The cut lies wrong on purpose, its files have moved, and one of them is gone.
"""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from clapless.cli.app import run
from clapless.model import Marker, MediaFile, Placement
from clapless.session import read_session
from clapless.synth.sound import make_pair
from clapless_otio.cut import Media
from clapless_otio.export import export
from clapless_otio.files import url_path
from clapless_otio.options import ExportOptions
from clapless_otio.reading import read_project
from tests.media.making import Picture, Sound, write_media
from tests.otio import shoots

pytestmark = pytest.mark.media

OFFSET_S = 3.48
FILTER = (
    "<filter><effect><name>Sharpen</name><effectid>sharpen</effectid>"
    "<effectcategory>Sharpen</effectcategory><effecttype>filter</effecttype>"
    "<mediatype>video</mediatype></effect></filter>"
)


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """A camera of 14 s and a recorder of 16 s; the camera began 3.48 s after the recorder."""
    folder = tmp_path_factory.mktemp("cards")
    made = make_pair(100_007, kind="speech", overlap_s=12.52, a_s=16.0, b_s=14.0, offset_s=OFFSET_S)
    for name, sound, picture in (
        ("take.wav", made.a, None),
        ("shot.mov", made.b, Picture(rate=Fraction(25), count=350)),
    ):
        samples = (np.clip(sound, -1, 1) * 32000).astype(np.int16).reshape(1, -1)
        stream = Sound(samples=samples, rate_hz=made.rate_hz, codec="pcm_s16le")
        write_media(folder / name, sounds=[stream], picture=picture)
    return folder


def wrong_cut(path: Path) -> None:
    """Write a cut with both files at its start, and a third one that nobody has."""
    gone = Path("/Volumes/gone")
    clips = [
        replace(
            shoots.camera("c1", rate=Fraction(25), frames=350, device="Cam", timecode=None),
            name="the good one",
            files=(MediaFile(path=gone / "shot.mov"),),
        ),
        replace(
            shoots.recorder("r1", seconds=Fraction(16), device="Zoom", channels=1),
            files=(MediaFile(path=gone / "take.wav"),),
        ),
        replace(
            shoots.camera("c3", rate=Fraction(25), frames=50, device="Phone", timecode=None),
            files=(MediaFile(path=gone / "100% lost.mov"),),
        ),
    ]
    placed = tuple(Placement(clip=clip.id, offset_s=0.0) for clip in clips)
    marks = (
        Marker(id="m1", name="blink", time_s=2.0, clip="c1", color="red", comment="hers"),
        Marker(id="m2", name="verse", time_s=4.0, group="g1", color="blue", comment="sung"),
    )
    session = shoots.session(*clips, placements=placed, markers=marks)
    export(session, path, options=ExportOptions(multicam=False, drift="none"))


def with_an_effect(path: Path) -> None:
    """Put something that we do not understand on the camera's clip."""
    text = path.read_text()
    if path.suffix == ".fcpxml":
        root = etree.fromstring(text.encode())
        clip = root.find(".//asset-clip[@name='the good one']")
        clip.insert(0, etree.fromstring('<adjust-volume amount="-6dB"/>'))
        etree.ElementTree(root).write(path)
    elif path.suffix == ".xml":
        root = etree.fromstring(text.encode())
        clip = next(c for c in root.iter("clipitem") if c.findtext("name") == "the good one")
        clip.append(etree.fromstring(FILTER))
        etree.ElementTree(root).write(path)


@pytest.mark.parametrize("suffix", ["fcpxml", "xml", "otio", "edl"])
def test_a_cut_comes_back_in_sync_and_in_its_own_dress(suffix, cards, tmp_path, capfd):
    cut, out = tmp_path / f"cut.{suffix}", tmp_path / f"out.{suffix}"
    wrong_cut(cut)
    with_an_effect(cut)
    cuts = sorted(tmp_path.glob("*.edl")) or [cut]
    session = tmp_path / "s.json"
    asked = ["sync", *cuts, "--media", cards, "--signals", "audio", "-o", session]
    assert run([str(one) for one in asked]) == 0
    assert "100% lost.mov was not found" in capfd.readouterr().err
    held = read_session(session)
    by_device = {clip.device: clip.id for clip in held.clips}
    offsets = {p.clip: p.offset_s for group in held.groups for p in group.placements}
    assert offsets[by_device["Cam"]] - offsets[by_device["Zoom"]] == pytest.approx(
        OFFSET_S, abs=0.005
    )
    assert run(["export", str(session), "-o", str(out), "--flat"]) == 0
    if suffix == "edl":
        return
    project = read_project(out)
    (sequence,) = project.sequences
    items = {url_path(i.source.url): i for i in sequence.items() if isinstance(i.source, Media)}
    shot, take = items[str(cards / "shot.mov")], items[str(cards / "take.wav")]
    apart_s = shot.at_source(Fraction(0)) - take.at_source(Fraction(0))
    assert float(apart_s) == pytest.approx(OFFSET_S, abs=0.021)
    assert shot.name == "the good one"
    assert [(m.name, m.comment, m.color) for m in shot.marks] == [("blink", "hers", "red")]
    # What stood over the camera's fifth second still does.
    (verse,) = sequence.marks
    assert (verse.name, verse.comment, verse.color) == ("verse", "sung", "blue")
    assert float(shot.source_at(verse.time_s)) == pytest.approx(4.0, abs=0.021)
    lost = items["/Volumes/gone/100% lost.mov"]
    assert lost.start_s >= max(shot.end_s, take.end_s)
    if suffix == "xml":
        root = etree.parse(out).getroot()
        assert root.find(".//effect[effectid='sharpen']") is not None
        bins = {b.findtext("name") for b in root.iter("bin")}
        assert bins >= {"Cam", "Zoom", "Phone"}
    if suffix == "fcpxml":
        volume = etree.parse(out).getroot().find(".//adjust-volume")
        assert volume is not None
        assert volume.get("amount") == "-6dB"
