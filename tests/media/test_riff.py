"""WAV chunks and what recorders write into them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.errors import NotMediaError
from clapless.media import probe
from clapless.media.recorder_notes import recorder_notes
from clapless.media.riff import read_riff
from tests.media.recorders import bext, ixml, write_wav


def test_chunks_are_found_behind_the_sound(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", {"bext": bext(), "odd ": b"123"}, behind={"iXML": b"<x/>"})
    riff = read_riff(path)
    assert list(riff.chunks) == ["fmt ", "bext", "odd ", "data", "iXML"]
    assert riff.content("iXML") == b"<x/>"
    assert riff.content("nope") == b""
    assert riff.whole


@pytest.mark.parametrize("form", [b"RF64", b"BW64"])
def test_long_files_have_their_sizes_in_ds64(tmp_path: Path, form: bytes) -> None:
    path = write_wav(tmp_path / "a.wav", {}, behind={"iXML": ixml(SCENE="7A")}, form=form)
    riff = read_riff(path)
    assert riff.form.encode() == form
    assert b"7A" in riff.content("iXML")
    assert probe(path).scene == "7A"


@given(cut=st.integers(0, 1500))
def test_a_file_cut_anywhere_gives_what_came_before(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("riff") / "a.wav"
    write_wav(path, {"bext": bext(reference=5)}, behind={"iXML": ixml(SCENE="1")}, seconds=0.01)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    if cut < 12:
        with pytest.raises(NotMediaError):
            read_riff(path)
        return
    riff = read_riff(path)
    assert all(chunk.start + chunk.size <= cut for chunk in riff.chunks.values())
    recorder_notes(riff, channels=1)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\0\0\0\0AVI LIST")
    with pytest.raises(NotMediaError, match="no WAV file"):
        read_riff(path)


@pytest.mark.parametrize("form", [b"RIFF", b"RF64"])
def test_ixml_says_what_the_take_is(tmp_path: Path, form: bytes) -> None:
    notes = ixml(
        PROJECT="Film",
        SCENE="12B",
        TAKE="3",
        TAPE="20260131",
        NOTE="plane overhead",
        CIRCLED="TRUE",
        speed={
            "TIMECODE_RATE": "24000/1001",
            "TIMECODE_FLAG": "NDF",
            "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI": "0",
            "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO": str(3600 * 48000),
            "TIMESTAMP_SAMPLE_RATE": "48000",
        },
        tracks={1: "Boom", 2: "Lav Ann"},
        family="USABC123",
    )
    path = write_wav(tmp_path / "T03.wav", {"iXML": notes, "bext": bext()}, channels=2, form=form)
    clip = probe(path)
    assert (clip.scene, clip.take, clip.reel) == ("12B", "3", "20260131")
    assert clip.metadata["notes"] == "plane overhead"
    assert clip.metadata["circled"] == "true"
    assert clip.metadata["project"] == "Film"
    assert clip.metadata["family"] == "USABC123"
    assert clip.audio[0].names == ("Boom", "Lav Ann")
    assert clip.timecode_rate == Fraction(24000, 1001)
    assert clip.time_reference_samples == 3600 * 48000
    # An hour of real time is 86313.7 frames at 23.976: the label lags behind the clock.
    assert clip.start_timecode == "00:59:56:10"


def test_bext_says_when(tmp_path: Path) -> None:
    path = write_wav(
        tmp_path / "a.wav",
        {
            "bext": bext(
                description="sSPEED=029.970-DF\r\nsSCENE=4\r\nsTAKE=2\r\nsTRK1=Boom\r\n",
                originator="ZOOM F8n",
                date="2026-01-31",
                time="10-20-30",
                reference=(10 * 3600 + 20 * 60 + 30) * 48000,
            )
        },
    )
    clip = probe(path)
    assert (clip.scene, clip.take) == ("4", "2")
    assert clip.audio[0].names == ("Boom",)
    assert clip.metadata["recorded_local"] == "2026-01-31T10:20:30"
    assert clip.metadata["originator"] == "ZOOM F8n"
    assert clip.time_reference_samples == 37230 * 48000
    assert clip.timecode_rate == Fraction(30000, 1001)
    assert clip.start_timecode == "10:20:30;00"


def test_time_references_beyond_32_bits(tmp_path: Path) -> None:
    late = 23 * 3600 * 192000
    path = write_wav(tmp_path / "a.wav", {"bext": bext(reference=late)})
    assert probe(path).time_reference_samples == late


def test_a_bare_zero_is_no_clock(tmp_path: Path) -> None:
    clip = probe(write_wav(tmp_path / "a.wav", {"bext": bext(reference=0)}))
    assert clip.time_reference_samples is None
    assert clip.start_timecode is None


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"<BWFXML><SCENE>",
        b"\0" * 100,
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><BWFXML><SCENE>&e;</SCENE></BWFXML>',
        b"<BWFXML><SPEED><TIMECODE_RATE>24/0</TIMECODE_RATE></SPEED></BWFXML>",
        b"<BWFXML><TRACK_LIST><TRACK><CHANNEL_INDEX>99</CHANNEL_INDEX></TRACK></TRACK_LIST></BWFXML>",
    ],
)
def test_nonsense_in_the_notes_is_no_failure(tmp_path: Path, nonsense: bytes) -> None:
    clip = probe(write_wav(tmp_path / "a.wav", {"iXML": nonsense, "bext": b"\xff" * 700}))
    assert clip.scene == ""
    assert clip.audio[0].names == ()


def test_sizes_that_cannot_be_true_end_the_walk(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 20) + b"WAVE" + b"junk" + b"\xfe\xff\xff\x7f" + b"x"
    )
    riff = read_riff(path)
    assert riff.chunks["junk"].size == 1
    assert not riff.whole
