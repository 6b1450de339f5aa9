"""What a file holds is read exactly, and what it lacks is not made up."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from clapless.errors import DamagedMediaError, MediaError, NotMediaError
from clapless.media import open_sound, probe
from clapless.media.avchd import UUID, read_avchd_notes
from clapless.media.camera_xml import read_camera_xml
from clapless.media.frame_times import times_of_table
from tests.media.boxes import (
    add_to_movie,
    append_boxes,
    change,
    gopro_boxes,
    sony_meta,
    sony_xml,
)
from tests.media.conftest import MONO, PLAIN_AAC
from tests.media.making import Picture, Sound, speech_like, write_media

pytestmark = pytest.mark.media

SHORT = Sound(samples=speech_like(1), options=PLAIN_AAC)

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(120000, 1001),
    Fraction(6),
]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
def test_rates_are_exact(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    container = "mpegts" if suffix == "ts" else None
    codec = "libx264" if rate > 100 else "mpeg4"
    picture = Picture(rate=rate, count=40, codec=codec)
    write_media(path, picture=picture, sounds=[SHORT], container=container)
    clip = probe(path)
    assert clip.frame_rate == rate
    assert not clip.variable_frame_rate
    assert clip.duration_s == 40 / rate
    assert (clip.kind, clip.width, clip.height) == ("video", 64, 48)


WITHOUT_TABLES: dict[str, tuple[str, str, str]] = {
    "a.mkv": ("mpeg4", "aac", "matroska"),
    "a.flv": ("flv", "aac", "flv"),
    "a.mpg": ("mpeg2video", "mp2", "dvd"),
    "a.vob": ("mpeg2video", "ac3", "vob"),
    "a.m2ts": ("libx264", "ac3", "mpegts"),
    "a.wmv": ("wmv2", "wmav2", "asf"),
    "fragments.mp4": ("mpeg4", "aac", "mp4"),
}


@pytest.mark.parametrize("name", WITHOUT_TABLES)
@pytest.mark.parametrize(("start_s", "sound_s"), [(0.0, 2.0), (0.4, 2.0), (0.0, 5.0)])
def test_the_length_is_the_pictures(
    tmp_path: Path, name: str, start_s: float, sound_s: float
) -> None:
    codec, sound_codec, container = WITHOUT_TABLES[name]
    rate_hz = 44100 if name == "a.flv" else 48000
    path = write_media(
        tmp_path / name,
        picture=Picture(
            rate=Fraction(30000, 1001), count=100, codec=codec, size=(128, 96), start_s=start_s
        ),
        sounds=[
            Sound(samples=speech_like(sound_s, rate_hz=rate_hz), rate_hz=rate_hz, codec=sound_codec)
        ],
        container=container,
        options={"movflags": "frag_keyframe+empty_moov+delay_moov"} if container == "mp4" else {},
    )
    clip = probe(path)
    assert clip.duration_s == Fraction(100 * 1001, 30000)
    assert not clip.variable_frame_rate


def test_a_cut_movie_is_as_long_as_what_is_left(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mkv", picture=Picture(count=200))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 2 < probe(path).duration_s < 6


def test_mxf_that_was_cut_off_begins_picture_and_sound_together(tmp_path: Path) -> None:
    sound = Sound(samples=speech_like(4), codec="pcm_s16le")
    picture = Picture(count=100, codec="mpeg2video", size=(128, 96))
    path = write_media(tmp_path / "a.mxf", picture=picture, sounds=[sound])
    whole = probe(path)
    assert whole.audio[0].start_s == 0
    assert "damage" not in whole.metadata
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 7 // 10])
    cut = probe(path)
    assert cut.metadata["damage"] == "is cut short"
    assert cut.audio[0].start_s == 0
    assert cut.frame_rate == 25


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_reordered_frames_do_not_hide_the_first(tmp_path: Path, suffix: str) -> None:
    path = write_media(
        tmp_path / f"b.{suffix}",
        picture=Picture(count=60, codec="libx264", options={"bf": "3", "g": "25"}),
        sounds=[SHORT],
    )
    clip = probe(path)
    assert clip.frame_rate == 25
    assert clip.duration_s == Fraction(60, 25)
    assert clip.audio[0].start_s == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_uneven_frames_are_told(tmp_path: Path, suffix: str) -> None:
    times = [tick for tick in range(90) if tick % 3]
    picture = Picture(rate=Fraction(30), times=times, time_base=Fraction(1, 30))
    clip = probe(write_media(tmp_path / f"v.{suffix}", picture=picture))
    assert clip.variable_frame_rate
    assert clip.frame_rate == 30


def test_jitter_of_rounding_is_no_unevenness() -> None:
    runs = [(1, 33), (1, 33), (1, 34)] * 100
    times = times_of_table(runs, 1000, declared=None)
    assert not times.variable
    assert times.rate == 30
    assert times_of_table(runs, 1000, declared=Fraction(30000, 1001)).rate == 30
    short = times_of_table([(3, 33)], 1000, declared=Fraction(30000, 1001))
    assert short.rate == Fraction(30000, 1001)


def test_a_phones_clock_is_uneven() -> None:
    times = times_of_table([(1, 19), (1, 21), (1, 20), (1, 23)] * 30, 600, declared=None)
    assert times.variable
    assert times.rate == 30


def test_how_far_uneven_frames_slide_is_told() -> None:
    # A second is missing in the middle: what follows lies a second from where it is counted.
    hole = times_of_table([(10, 1), (1, 31), (9, 1)], 30, declared=None)
    assert (hole.variable, hole.rate, hole.slide_s) == (True, Fraction(30), Fraction(1))
    phone = times_of_table([(1, 19), (1, 21), (1, 20)] * 30, 600, declared=Fraction(30))
    assert phone.slide_s == Fraction(1, 600)
    assert times_of_table([(240, 1001)], 24000, declared=None).slide_s is None


@pytest.mark.parametrize("start_s", [0.25, 0.5])
def test_sound_that_begins_late_says_when(tmp_path: Path, start_s: float) -> None:
    sound = Sound(samples=MONO[:, :48000], codec="pcm_s16le", start_s=start_s)
    clip = probe(write_media(tmp_path / "a.mov", picture=Picture(), sounds=[sound]))
    assert clip.audio[0].start_s == Fraction(start_s)


def test_a_picture_that_begins_late_makes_sound_early(tmp_path: Path) -> None:
    sound = Sound(samples=MONO[:, :96000], codec="pcm_s16le")
    clip = probe(write_media(tmp_path / "a.mov", picture=Picture(start_s=0.4), sounds=[sound]))
    assert clip.audio[0].start_s == Fraction(-2, 5)
    assert clip.duration_s == 1


def test_all_streams_are_listed(tmp_path: Path) -> None:
    sounds = [
        Sound(samples=speech_like(1, channels=2), codec="pcm_s16le"),
        Sound(samples=speech_like(1), options=PLAIN_AAC),
        Sound(samples=speech_like(1, rate_hz=44100), rate_hz=44100, options=PLAIN_AAC),
    ]
    clip = probe(write_media(tmp_path / "a.mov", picture=Picture(), sounds=sounds))
    listed = [(a.index, a.channels, a.sample_rate_hz, a.codec) for a in clip.audio]
    assert listed == [
        (0, 2, 48000, "pcm_s16le"),
        (1, 1, 48000, "aac"),
        (2, 1, 44100, "aac"),
    ]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_is_clockwise(tmp_path: Path, rotation: int) -> None:
    path = write_media(tmp_path / "a.mp4", picture=Picture())
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    matrix = struct.pack(">iiiii", cosine << 16, sine << 16, 0, -sine << 16, cosine << 16)

    def turn(content: bytearray, at: int) -> None:
        content[at + 40 : at + 60] = matrix

    assert probe(change(path, b"tkhd", turn)).rotation == rotation


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (Fraction(25), "10:11:12:13"),
        (Fraction(24000, 1001), "23:59:59:23"),
        (Fraction(30000, 1001), "01:00:00;02"),
        (Fraction(30000, 1001), "01:00:00:02"),
        (Fraction(60000, 1001), "00:10:00;00"),
    ],
)
@pytest.mark.parametrize("suffix", ["mov", "mxf"])
def test_timecode_is_read(tmp_path: Path, rate: Fraction, label: str, suffix: str) -> None:
    codec = "mpeg2video" if suffix == "mxf" else "mpeg4"
    picture = Picture(rate=rate, codec=codec, size=(128, 96), metadata={"timecode": label})
    clip = probe(
        write_media(tmp_path / f"a.{suffix}", picture=picture, metadata={"timecode": label})
    )
    assert clip.start_timecode == label
    assert clip.timecode_rate == rate


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30), Fraction(24000, 1001)])
def test_a_drop_flag_where_nothing_can_drop_is_not_believed(tmp_path: Path, rate: Fraction) -> None:
    label = "01:02:03:04"
    picture = Picture(rate=rate, metadata={"timecode": label})
    path = write_media(tmp_path / "a.mov", picture=picture, metadata={"timecode": label})
    content = bytearray(path.read_bytes())
    # The sample description of the timecode track: flags lie 16 bytes behind its name.
    entry = content.rindex(b"tmcd", 0, content.rindex(b"stts"))
    assert content[entry + 19] in (0, 1, 2, 3)
    content[entry + 19] |= 1
    path.write_bytes(content)
    clip = probe(path)
    assert clip.start_timecode == label
    assert clip.timecode_rate == rate


def test_timecode_labels_the_first_frame_that_is_shown(tmp_path: Path) -> None:
    label = "10:00:00:00"
    picture = Picture(count=50, start_s=0.4, metadata={"timecode": label})
    sound = Sound(samples=MONO[:, :96000], codec="pcm_s16le")
    path = write_media(
        tmp_path / "a.mov", picture=picture, sounds=[sound], metadata={"timecode": label}
    )
    # FFmpeg begins the timecode track with the movie, ten frames before the picture.
    assert probe(path).start_timecode == "10:00:00:10"


@pytest.mark.parametrize(
    ("name", "container", "format_"),
    [
        ("A001_01311015_C001.braw", "mov", b"braw"),
        ("A001C001_260131.CRM", "mp4", b"CRAW"),
        ("GS010001.360", "mp4", b""),
        ("VID_20260131_101500_00_001.insv", "mp4", b""),
    ],
)
def test_sound_and_timecode_of_raw_recordings(
    tmp_path: Path, name: str, container: str, format_: bytes
) -> None:
    rate = Fraction(24000, 1001)
    label = "10:00:00:00"
    path = write_media(
        tmp_path / name,
        picture=Picture(rate=rate, count=48, metadata={"timecode": label}),
        sounds=[Sound(samples=speech_like(2))],
        metadata={"timecode": label},
        container=container,
    )
    if format_:
        # Pictures of a kind that nobody else can decode.
        content = path.read_bytes()
        assert content.count(b"mp4v") == 1
        path.write_bytes(content.replace(b"mp4v", format_))
    clip = probe(path)
    assert (clip.kind, clip.frame_rate, clip.width) == ("video", rate, 64)
    assert clip.duration_s == 48 / rate
    assert (clip.start_timecode, clip.timecode_rate) == (label, rate)
    assert clip.audio[0].start_s == 0
    with open_sound(clip) as sound:
        assert sound.length == pytest.approx(2 * 16000, abs=1100)


def test_covers_are_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as output:
        sound = output.add_stream("libmp3lame", rate=48000)
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(MONO[:, :48000], format="s16p", layout="mono")
        frame.sample_rate = 48000
        packets = [*sound.encode(frame), *sound.encode(None)]
        image = av.VideoFrame(64, 64, "yuvj420p")
        output.mux([*cover.encode(image), *cover.encode(None)])
        output.mux(packets)
    clip = probe(path)
    assert clip.kind == "audio"
    assert clip.frame_rate is None
    assert clip.width is None


def test_gopro_names_itself(tmp_path: Path) -> None:
    path = write_media(tmp_path / "GX010001.MP4", picture=Picture())
    boxes = gopro_boxes(serial="C3441325", model="HERO11 Black", recording=b"abc")
    clip = probe(add_to_movie(path, boxes))
    assert clip.metadata["maker"] == "GoPro"
    assert clip.metadata["model"] == "HERO11 Black"
    assert clip.metadata["serial"] == "C3441325"
    assert clip.metadata["recording_id"].startswith("616263")


@pytest.mark.parametrize("beside", [False, True])
def test_sony_names_itself(tmp_path: Path, beside: bool) -> None:
    path = write_media(tmp_path / "C0001.MP4", picture=Picture())
    values = {"ltc": "13213810", "capture": "100p"}
    if beside:
        (tmp_path / "C0001M01.XML").write_text(sony_xml(**values))
    else:
        append_boxes(path, sony_meta(**values))
    clip = probe(path)
    assert clip.metadata["maker"] == "Sony"
    assert clip.metadata["model"] == "ILCE-7SM3"
    assert clip.metadata["serial"] == "1234567"
    assert clip.metadata["creation_time"] == "2026-01-31T11:00:00Z"
    assert clip.start_timecode == "10:38:21:13"
    assert clip.timecode_rate == 25
    assert clip.frame_rate == 25
    assert clip.capture_rate == 100


def test_a_hidden_serial_number_is_none(tmp_path: Path) -> None:
    path = write_media(tmp_path / "C0001.MP4", picture=Picture())
    append_boxes(path, sony_meta(serial="4294967295"))
    assert "serial" not in probe(path).metadata


def test_labels_that_count_half_the_frames(tmp_path: Path) -> None:
    path = write_media(tmp_path / "C0001.MP4", picture=Picture(rate=Fraction(60000, 1001)))
    append_boxes(path, sony_meta(fps="30", ltc="44300110", capture="59.94p"))
    clip = probe(path)
    assert clip.start_timecode == "10:01:30;04"
    assert clip.timecode_rate == Fraction(30000, 1001)
    assert clip.capture_rate is None


def test_panasonic_xml() -> None:
    xml = (
        b"<ClipMain><ClipContent><ClipMetadata><Device><Manufacturer>Panasonic</Manufacturer>"
        b"<SerialNo.>A1</SerialNo.><ModelName>DC-GH6</ModelName></Device></ClipMetadata>"
        b"</ClipContent></ClipMain>"
    )
    read = read_camera_xml(xml)
    assert read is not None
    assert (read.maker, read.model, read.serial) == ("Panasonic", "DC-GH6", "A1")
    assert read_camera_xml(b"<Other/>") is None


def test_tags_of_phones(tmp_path: Path) -> None:
    tags = {
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 15",
        "com.apple.quicktime.creationdate": "2026-01-31T12:00:00+0100",
        "com.android.capture.fps": "240.0",
    }
    path = write_media(
        tmp_path / "a.mov",
        picture=Picture(rate=Fraction(30)),
        metadata=tags,
        options={"movflags": "use_metadata_tags"},
    )
    clip = probe(path)
    assert clip.metadata["maker"] == "Apple"
    assert clip.metadata["model"] == "iPhone 15"
    assert clip.metadata["creation_time"] == "2026-01-31T11:00:00Z"
    assert clip.capture_rate == 240


def test_avchd_notes_are_read_from_the_stream() -> None:
    entries = bytes.fromhex("131230451018022026011931104530e001080000")
    message = b"\0\0\0\1\x06\x05" + UUID + b"MDPM" + bytes([4]) + entries
    notes = read_avchd_notes(message)
    assert notes is not None
    assert notes.timecode == "10:45:30:12"
    assert notes.recorded_local == "2026-01-31T10:45:30"
    assert notes.maker == "Sony"
    assert read_avchd_notes(b"\0\0\0\1\x09") is None
    assert read_avchd_notes(message[:-9]) is not None


def test_file_names_mean_nothing_to_the_reader(tmp_path: Path) -> None:
    names = [
        "a b.wav",
        "it's.wav",
        'say "hi".wav',
        "line\nbreak.wav",
        "🎬.wav",
        "50%d:x.wav",
        "-o.wav",
    ]
    for name in names:
        write_media(tmp_path / "x.wav", sounds=[Sound(samples=MONO[:, :4800], codec="pcm_s16le")])
        path = (tmp_path / "x.wav").rename(tmp_path / name)
        assert probe(path).duration_s == Fraction(1, 10)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    source = write_media(
        tmp_path / "x.wav", sounds=[Sound(samples=MONO[:, :4800], codec="pcm_s16le")]
    )
    try:
        path = source.rename(tmp_path / name)
    except (OSError, UnicodeError):
        pytest.skip("this file system wants names that are text")
    assert probe(path).duration_s == Fraction(1, 10)


@pytest.mark.parametrize(
    ("name", "content", "kind", "words"),
    [
        ("empty.mp4", b"", NotMediaError, "empty"),
        ("text.mp4", b"hello, this is a shopping list\n" * 50, NotMediaError, "not a media file"),
        ("page.mts", b"#EXTM3U\n#EXTINF:1,\nhttp://example.com/a.ts\n", NotMediaError, "not a med"),
        ("list.mov", b"ffconcat version 1.0\nfile '/etc/passwd'\n", NotMediaError, "not a media"),
        ("cut.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 99, DamagedMediaError, "index"),
        ("cut.wav", b"RIFF\0\0\0\0WAVEfmt ", DamagedMediaError, "sound"),
        ("A001.R3D", b"\0\0\x01\0RED2\0\1" + bytes(9000), NotMediaError, "RED .* its proxy"),
        ("A001.crm", b"\0\0\0\x18ftypcrx " + bytes(9000), DamagedMediaError, "no readable"),
        ("A001.braw", bytes(9000), NotMediaError, "not a media file"),
    ],
)
def test_what_is_no_recording_is_named(
    tmp_path: Path, name: str, content: bytes, kind: type[MediaError], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(kind, match=words) as caught:
        probe(path)
    assert str(caught.value).startswith(f"{name}: ")
    assert caught.value.path == path


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"gone\.wav: does not exist"):
        probe(tmp_path / "gone.wav")
    with pytest.raises(MediaError, match="is a folder"):
        probe(tmp_path)


def test_a_recording_that_was_never_closed_is_damaged(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", picture=Picture(), sounds=[SHORT])
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"moov") - 4])
    with pytest.raises(DamagedMediaError, match="cut off before it was closed"):
        probe(path)


REAL: dict[str, dict[str, object]] = {
    "gopro/hero7.mp4": {
        "start_timecode": "11:12:47:22",
        "frame_rate": Fraction(30000, 1001),
        "duration_s": Fraction(352 * 1001, 30000),
    },
    "gopro/hero5_karma.mp4": {
        "start_timecode": "19:26:48:04",
        "duration_s": Fraction(362 * 1001, 30000),
    },
    "bad_odd_media/tc/P1044376_timecode_fixture.mov": {
        "start_timecode": "21:44:10:09",
        "frame_rate": Fraction(24000, 1001),
        "duration_s": Fraction(24 * 1001, 24000),
    },
    "bad_odd_media/tc/frame_debugger_0h.mov": {"start_timecode": "00:00:00:00", "frame_rate": 24},
    "bad_odd_media/tc/2997fps.mp4": {"frame_rate": Fraction(30000, 1001)},
    "bad_odd_media/pyscenedetect/goldeneye-vfr-drop3.mp4": {
        "variable_frame_rate": True,
        "frame_rate": Fraction(24000, 1001),
    },
    "bad_odd_media/pyscenedetect/issue-134-rotate.mp4": {"rotation": 90},
    "bad_odd_media/mp4parse/video_rotation_90.mp4": {"rotation": 90, "duration_s": Fraction(1, 24)},
    "bad_odd_media/mp4parse/bbb_sunflower_QCIF_30fps_hevc_noaudio_1f.mp4": {"audio": ()},
    "bad_odd_media/auto_editor/h264-png.mp4": {"width": 640, "height": 360},
    "bad_odd_media/auto_editor/example.mp4": {"duration_s": Fraction(212, 5)},
    "multicam_video/pose2sim_single/cam01.mp4": {"frame_rate": 60, "duration_s": Fraction(5, 3)},
    "multicam_video/caliscope_4_cam_recording/cam_0.mp4": {"frame_rate": 6, "duration_s": 8},
}


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_real_files(shared_data: Path, name: str) -> None:
    clip = probe(shared_data / name)
    found = {key: getattr(clip, key) for key in REAL[name]}
    assert found == REAL[name]


@pytest.mark.real
def test_real_gopro_files(shared_data: Path) -> None:
    clip = probe(shared_data / "gopro/hero7.mp4")
    assert clip.metadata["model"] == "HERO7 Black"
    assert clip.metadata["creation_time"] == "2019-05-06T11:13:28Z"
    assert "3:gpmd" in clip.metadata["data_streams"].split()
    assert "4:fdsc" in clip.metadata["data_streams"].split()
    assert len(probe(shared_data / "bad_odd_media/auto_editor/multi-track.mp4").audio) == 2


@pytest.mark.real
def test_real_files_that_are_no_media_say_so(shared_data: Path) -> None:
    for path in sorted((shared_data / "gopro/raw").iterdir()):
        with pytest.raises(MediaError, match="is not a media file"):
            probe(path)
    with pytest.raises(DamagedMediaError):
        probe(shared_data / "bad_odd_media/mp4parse/chunk_out_of_range.mp4")
