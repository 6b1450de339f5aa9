"""Drift in an export: by speed, by slips, by new files; every clip in sync from head to tail."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from lxml import etree

from clapless.errors import UsageError
from clapless.model import MediaFile, Placement
from clapless.render import WavWriter
from clapless_otio.corrected_sound import SoundFolder
from clapless_otio.cut import Media
from clapless_otio.drift import carry
from clapless_otio.edl import write_edl
from clapless_otio.export import export
from clapless_otio.fcpxml import write_fcpxml
from clapless_otio.fcpxml.check import findings
from clapless_otio.files import file_url
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.xmeml import write_xmeml
from tests.otio import fcpxml_times, shoots
from tests.otio.test_xmeml import played as played_xmeml


def fake_corrector(media, speed):
    """A corrected file without writing one."""
    return replace(
        media,
        name=f"{media.name} corrected",
        url=f"{media.url}?{speed.numerator}.{speed.denominator}",
        duration_s=media.duration_s / speed,
    )


def told(text):
    """The speed in the name of a fake corrected file."""
    numerator, _, denominator = text.partition(".")
    return int(numerator) / int(denominator) if text else 1.0


def carried(session, how, *, grid="source"):
    project = layout(session, options=ExportOptions())
    return carry(project, how, grid=grid, corrector=fake_corrector).project


def check(session, shown, frame_s, *, sound_s):
    """Compare what is shown (clip id, at, source, corrected) with the placement formula."""
    for group in session.groups:
        zero = None
        for placement in group.placements:
            clip = session.clip(placement.clip)
            parts = [one for one in shown if one[0] == clip.id]
            rate = float(placement.speed) * (1 + placement.drift_ppm * 1e-6)
            if float(clip.duration_s) < 3 * frame_s:
                continue
            own_s = 1 / float(clip.frame_rate) if clip.frame_rate else 0.0
            for _, at_s, source_s, factor in parts:
                original_s = source_s * factor
                if zero is None:
                    zero = at_s - original_s / rate - placement.offset_s
                ideal = zero + placement.offset_s + original_s / rate
                half = max(frame_s, own_s) / 2
                tolerance = sound_s if clip.kind == "audio" else half
                # Cuts lie on frames: a slip is late by what drifts in one of them.
                slip_s = 2 * abs(placement.drift_ppm) * 1e-6 * max(frame_s, own_s)
                assert abs(at_s - ideal) <= tolerance * max(1, 1 / rate) + slip_s + 1e-7


@pytest.mark.parametrize("how", ["slices", "wav"])
def test_every_clip_is_within_half_a_frame_in_fcpxml(how):
    @shoots.few(20)
    @given(session=shoots.shoots(max_clips=10))
    def holds(session):
        data, _ = write_fcpxml(carried(session, how))
        root = etree.fromstring(data)
        assert findings(root) == []
        shown = []
        for one in fcpxml_times.played(data):
            if not one.enabled:
                continue
            src, _, speed = one.src.partition("?")
            factor = told(speed)
            clip = src.rsplit("/", 1)[-1].split(".")[0]
            shown.append((clip, float(one.at_s), float(one.source_s), factor))
            shown.append((clip, float(one.end_s), float(one.source_end_s), factor))
        frame = root.find(f".//format[@id='{root.find('.//sequence').get('format')}']")
        frame_s = float(fcpxml_times.sec(frame.get("frameDuration")))
        sound_s = 0.00005 if how == "wav" else frame_s / 2
        check(session, shown, frame_s, sound_s=sound_s)

    holds()


@pytest.mark.parametrize("how", ["slices", "wav"])
def test_every_clip_is_within_half_a_frame_in_premieres_xml(how):
    @shoots.few(20)
    @given(session=shoots.shoots(max_clips=10))
    def holds(session):
        data, _ = write_xmeml(carried(session, how, grid="timeline"))
        root = etree.fromstring(data)
        urls = {f.get("id"): f.findtext("pathurl") for f in root.iter("file") if len(f)}
        factors = {
            url.rsplit("/", 1)[-1].split(".")[0]: told(url.partition("?")[2])
            for url in urls.values()
        }
        disabled = {c.get("id") for c in root.iter("clipitem") if c.findtext("enabled") == "FALSE"}
        del disabled  # scratch sound plays nothing, and lies within the drift it does not correct
        shown = []
        for one in played_xmeml(data):
            clip = session.clip(one.file)
            if clip.kind == "video" and one.kind == "audio":
                continue
            factor = factors[one.file] if clip.kind == "audio" else 1.0
            shown.append((one.file, one.at_s, one.source_s, factor))
            shown.append((one.file, one.end_s, one.source_end_s, factor))
        rate = root.find(".//sequence/rate")
        base = float(rate.findtext("timebase"))
        frame_s = (1.001 if rate.findtext("ntsc") == "TRUE" else 1.0) / base
        check(session, shown, frame_s, sound_s=0.00005 if how == "wav" else frame_s / 2)

    holds()


def drifting(ppm=100.0, *, seconds=3600, with_recorder=True):
    a = shoots.recorder("r1", seconds=Fraction(seconds + 100))
    b = shoots.camera("c1", rate=Fraction(25), frames=seconds * 25)
    ref = shoots.camera("c0", device="Z", rate=Fraction(25), frames=(seconds + 200) * 25)
    placed = [Placement(clip="c0", offset_s=0.0), Placement(clip="c1", offset_s=5.0, drift_ppm=ppm)]
    clips = [ref, b]
    if with_recorder:
        clips.append(a)
        placed.append(Placement(clip="r1", offset_s=1.0, drift_ppm=-ppm))
    return shoots.session(*clips, placements=tuple(placed))


def tracks(session, how):
    return {t.name: t for t in carried(session, how).sequences[0].tracks}


def test_auto_leaves_small_drift_alone():
    session = drifting(5.0, seconds=600)  # 3 ms
    assert [len(t.items) for t in carried(session, "auto").sequences[0].tracks] == [1, 1, 1]


def test_auto_gives_recorders_new_files_and_slips_pictures_with_the_sound_kept():
    found = tracks(drifting(), "auto")
    assert found["Zoom"].items[0].source.name == "R1 corrected"
    pieces = found["A"].items
    assert len(pieces) == 10  # 360 ms are 9 frames
    assert all(piece.speed == 1 and not piece.sound for piece in pieces)
    for one, two in pairwise(pieces):
        assert one.end_s == two.start_s
        jump = two.source_start_s - one.source_at(one.end_s)
        assert jump == Fraction(1, 25)
    scratch = found["A scratch"].items
    assert [(i.enabled, i.picture, i.sound) for i in scratch] == [(False, False, True)]


def test_without_a_recorder_the_sound_slips_with_its_picture_and_it_is_said():
    project = layout(drifting(with_recorder=False), options=ExportOptions())
    result = carry(project, "auto")
    assert all(item.sound for item in result.project.sequences[0].items())
    assert result.notices == [
        "C1 slips a frame 9 times to stay in sync, and its sound slips with it: no recorder is "
        "there to be heard instead."
    ]


def test_edl_refuses_retime_and_takes_slices(tmp_path):
    session = drifting()
    with pytest.raises(UsageError, match="choose --drift slices"):
        export(session, tmp_path / "a.edl", options=ExportOptions(drift="retime"))
    project = carried(session, "slices", grid="timeline")
    files, _ = write_edl(project)
    assert len(files[1].text.split("C        ")) == 11
    assert not any(line.startswith("M2") for file in files for line in file.text.splitlines())


def write_wav(path, seconds, rate_hz=48000):
    t = np.arange(seconds * rate_hz) / rate_hz
    with WavWriter(path, channels=1, rate_hz=rate_hz) as wav:
        wav.write(0.1 * np.sin(2 * np.pi * 440 * t)[:, None])


def real_recorder(folder, *, seconds=12, ppm=200.0):
    write_wav(folder / "r1.wav", seconds)
    r = replace(
        shoots.recorder("r1", seconds=Fraction(seconds), channels=1),
        files=(MediaFile(path=folder / "r1.wav"),),
    )
    a = shoots.camera("c1", frames=2400)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="r1", offset_s=2.5, drift_ppm=ppm),
    )
    return shoots.session(a, r, placements=placed)


def test_corrected_files_are_written_beside_and_used(tmp_path):
    session = real_recorder(tmp_path)
    notices = export(
        session,
        tmp_path / "a.fcpxml",
        options=ExportOptions(drift="wav", multicam=False, sound_folder=tmp_path / "s sound"),
    )
    (wav,) = (tmp_path / "s sound").iterdir()
    assert wav.name.startswith("r1 +200.00ppm ")
    assert "1 drift-corrected sound file is in s sound." in notices
    shown = {p.name: p for p in fcpxml_times.played((tmp_path / "a.fcpxml").read_bytes())}
    assert shown["R1"].src == file_url(wav)
    assert float(shown["R1"].at_s) - float(shown["C1"].at_s) == pytest.approx(2.5, abs=1e-5)
    assert b"timeMap" not in (tmp_path / "a.fcpxml").read_bytes()


def test_a_recorder_that_is_offline_is_sliced_and_it_is_said(tmp_path):
    session = real_recorder(tmp_path)
    (tmp_path / "r1.wav").unlink()
    notices = export(session, tmp_path / "a.fcpxml", options=ExportOptions(drift="wav"))
    assert any("R1 cannot be read" in notice for notice in notices)
    assert not (tmp_path / "a sound").exists()


def test_one_file_at_one_speed_is_written_once(tmp_path):
    write_wav(tmp_path / "r.wav", 2)
    folder = SoundFolder(tmp_path / "out")
    from clapless_otio.cut import Sound

    media = Media(
        name="r",
        url=file_url(tmp_path / "r.wav"),
        duration_s=Fraction(2),
        sound=(Sound(channels=1, sample_rate_hz=48000),),
    )
    assert folder(media, Fraction(10001, 10000)) is folder(media, Fraction(10001, 10000))
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize(
    ("slide_s", "words"),
    [
        (None, "by more than half a frame"),
        ("0.100000", "by up to 2.4 frames"),
        ("0.020000", None),
    ],
)
def test_a_variable_frame_rate_is_warned_of_where_pictures_will_slide(tmp_path, slide_s, words):
    told = {} if slide_s is None else {"picture_slide_s": slide_s}
    a = shoots.camera("c1", variable_frame_rate=True, metadata=told)
    session = shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),))
    notices = export(session, tmp_path / "a.otio")
    warned = [n for n in notices if n.startswith("C1 has a variable frame rate")]
    assert len(warned) == (words is not None)
    assert all(words in notice for notice in warned)
