"""What an editor's timeline said about its clips is still there after a sync."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from lxml import etree

from clapless.media import scan
from clapless.model import MediaFile, Placement
from clapless.render import WavWriter
from clapless_otio.export import export
from clapless_otio.inputs import TIMELINE_KEY, TimelineInput
from clapless_otio.options import ExportOptions
from tests.otio import fcpxml_times, shoots

TIMELINE = """<?xml version="1.0"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources>
<format id="f" frameDuration="100/2500s" width="1920" height="1080"/>
<effect id="e" name="Sharpen" uid="FFSharpen"/>
<asset id="a" name="cam" start="0s" duration="40s" hasVideo="1" format="f" hasAudio="1"
 audioSources="1" audioChannels="2" audioRate="48000">
<media-rep kind="original-media" src="file:///shoot/A/c1.mov"/></asset>
</resources><event name="Day 1"><project name="my cut"><sequence format="f" duration="20s">
<spine><asset-clip ref="a" offset="0s" name="the good one" start="0s" duration="20s">
<conform-rate srcFrameRate="25"/>
<timeMap><timept time="0s" value="0s" interp="linear"/>
<timept time="20s" value="40s" interp="linear"/></timeMap>
<adjust-volume amount="-6dB"/><marker start="2s" duration="1/25s" value="listen"/>
<filter-video ref="e" name="Sharpen"/></asset-clip></spine></sequence></project></event></fcpxml>
"""


def test_names_markers_and_effects_survive_and_old_speeds_do_not(tmp_path):
    (tmp_path / "cut.fcpxml").write_text(TIMELINE)
    a = shoots.camera("c1", rate=Fraction(25), frames=1000, timecode=None)
    b = shoots.recorder("r1", seconds=Fraction(60))
    session = shoots.session(
        replace(a, files=(MediaFile(path=a.path),)),
        b,
        placements=(
            Placement(clip="r1", offset_s=0.0),
            Placement(clip="c1", offset_s=7.0),
        ),
    )
    session = replace(session, extra={TIMELINE_KEY: str(tmp_path / "cut.fcpxml")})
    out = tmp_path / "out.fcpxml"
    export(session, out, options=ExportOptions(multicam=False))
    root = etree.parse(out).getroot()
    clip = root.find(".//asset-clip[@name='the good one']")
    assert clip.find("adjust-volume").get("amount") == "-6dB"
    effect = clip.find("filter-video").get("ref")
    assert root.find(f".//effect[@id='{effect}']").get("uid") == "FFSharpen"
    assert clip.find("marker").get("value") == "listen"
    assert clip.find("timeMap") is None
    assert root.find(".//project").get("name") == "my cut"
    shown = {p.name: p for p in fcpxml_times.played(out.read_bytes())}
    assert shown["the good one"].at_s - shown["R1"].at_s == 7


def test_a_timeline_that_is_gone_is_one_sentence(tmp_path):
    a = shoots.camera("c1")
    session = shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),))
    session = replace(session, extra={TIMELINE_KEY: str(tmp_path / "gone.fcpxml")})
    notices = export(session, tmp_path / "a.otio")
    assert notices == [
        "gone.fcpxml cannot be read: no such file or directory. Its names, markers and effects are "
        "not carried over."
    ]


@pytest.mark.media
def test_a_scan_takes_a_timelines_files_and_devices(tmp_path):
    """What the sync of a timeline does: files and rules into a scan, the timeline into extra."""
    folder = tmp_path / "card [1]"
    folder.mkdir()
    wav = folder / "take=1.wav"
    with WavWriter(wav, channels=1, rate_hz=48000) as out:
        out.write(np.zeros((48000, 1)))
    take = replace(shoots.recorder("r1", device="Zoom [x]"), files=(MediaFile(path=wav),))
    session = shoots.session(take, placements=(Placement(clip="r1", offset_s=0.0),))
    export(session, tmp_path / "cut.fcpxml", options=ExportOptions(multicam=False))
    found = TimelineInput().read(tmp_path / "cut.fcpxml")
    catalog = scan(found.paths, devices=list(found.rules))
    assert [(clip.path, clip.device) for clip in catalog.clips] == [(wav, "Zoom [x]")]
    assert found.extra == {TIMELINE_KEY: str(tmp_path / "cut.fcpxml")}
