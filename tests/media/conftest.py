"""Media files that several tests read, made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.media.making import Picture, Sound, speech_like, write_media

PLAIN_AAC = {"aac_pns": "0"}
"""Without noise substitution AAC decodes to the same values after seeking."""

STEREO = speech_like(6, channels=2)
MONO = speech_like(6)
STEREO_44 = speech_like(6, rate_hz=44100, channels=2)
MONO_44 = STEREO_44[:1]
MONO_8 = speech_like(6, rate_hz=8000)
PICTURE = Picture(count=150)

SOUND_FILES: dict[str, dict[str, object]] = {
    "s16.wav": {"sounds": [Sound(samples=STEREO, codec="pcm_s16le")]},
    "s24_44.wav": {"sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="pcm_s24le")]},
    "float.wav": {
        "sounds": [Sound(samples=(STEREO / 32768).astype(np.float32), codec="pcm_f32le")]
    },
    "adpcm.wav": {"sounds": [Sound(samples=MONO, codec="adpcm_ima_wav")]},
    "16channels.wav": {"sounds": [Sound(samples=np.tile(MONO, (16, 1)), codec="pcm_s24le")]},
    "32channels.wav": {"sounds": [Sound(samples=np.tile(MONO, (32, 1)), codec="pcm_s16le")]},
    "8k.wav": {
        "sounds": [Sound(samples=speech_like(6, rate_hz=8000), rate_hz=8000, codec="pcm_s16le")]
    },
    "192k.wav": {
        "sounds": [Sound(samples=speech_like(2, rate_hz=192000), rate_hz=192000, codec="pcm_s16le")]
    },
    "plain.w64": {"sounds": [Sound(samples=STEREO, codec="pcm_s16le")]},
    "plain.aiff": {"sounds": [Sound(samples=STEREO, codec="pcm_s16be")]},
    "plain.caf": {"sounds": [Sound(samples=STEREO, codec="pcm_s16le")]},
    "plain.flac": {"sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="flac")]},
    "cbr.mp3": {"sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="libmp3lame")]},
    "vbr.mp3": {
        "sounds": [
            Sound(
                samples=STEREO,
                codec="libmp3lame",
                options={"flags": "+qscale", "global_quality": "400"},
            )
        ]
    },
    "aac.m4a": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, options=PLAIN_AAC)],
        "container": "ipod",
    },
    "8channels.m4a": {
        "sounds": [Sound(samples=np.tile(MONO, (8, 1)), options=PLAIN_AAC)],
        "container": "ipod",
    },
    "alac.m4a": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="alac")],
        "container": "ipod",
    },
    "aac.mp4": {"sounds": [Sound(samples=STEREO, options=PLAIN_AAC)], "picture": PICTURE},
    "fragments.mp4": {
        "sounds": [Sound(samples=STEREO, options=PLAIN_AAC)],
        "picture": PICTURE,
        "options": {"movflags": "frag_keyframe+empty_moov"},
    },
    "late.mp4": {
        "sounds": [Sound(samples=STEREO, options=PLAIN_AAC, start_s=0.25)],
        "picture": PICTURE,
    },
    "hole.mp4": {
        "sounds": [Sound(samples=STEREO, options=PLAIN_AAC, holes_s={3.0: 1.5})],
        "picture": PICTURE,
        "hold": 4800,
    },
    "two.mov": {
        "sounds": [
            Sound(samples=STEREO, codec="pcm_s24le"),
            Sound(samples=MONO, options=PLAIN_AAC),
        ],
        "picture": PICTURE,
    },
    "aac.ts": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, options=PLAIN_AAC)],
        "picture": PICTURE,
        "container": "mpegts",
    },
    "mp2.ts": {
        "sounds": [Sound(samples=STEREO, codec="mp2")],
        "picture": PICTURE,
        "container": "mpegts",
    },
    "aac.mkv": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, options=PLAIN_AAC)],
        "picture": PICTURE,
    },
    "hole.mkv": {
        "sounds": [Sound(samples=STEREO, options=PLAIN_AAC, holes_s={3.0: 1.5})],
        "picture": PICTURE,
        "hold": 4800,
    },
    "opus.mkv": {"sounds": [Sound(samples=STEREO, codec="libopus")], "picture": PICTURE},
    "opus.webm": {"sounds": [Sound(samples=STEREO, codec="libopus")]},
    "vorbis.ogg": {
        "sounds": [
            Sound(samples=STEREO_44, rate_hz=44100, codec="vorbis", options={"strict": "-2"})
        ]
    },
    "opus.opus": {"sounds": [Sound(samples=STEREO, codec="libopus")]},
    "raw.aac": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, options=PLAIN_AAC)],
        "container": "adts",
    },
    "mp3.avi": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="libmp3lame")],
        "picture": PICTURE,
    },
    "pcm.mxf": {
        "sounds": [Sound(samples=MONO, codec="pcm_s16le")],
        "picture": Picture(count=150, codec="mpeg2video", size=(128, 96)),
    },
    "media.wma": {
        "sounds": [Sound(samples=STEREO_44, rate_hz=44100, codec="wmav2")],
        "container": "asf",
    },
    "f64.wav": {"sounds": [Sound(samples=MONO, codec="pcm_f64le")]},
    "u8.wav": {"sounds": [Sound(samples=MONO_8, rate_hz=8000, codec="pcm_u8")]},
    "mulaw.wav": {"sounds": [Sound(samples=MONO_8, rate_hz=8000, codec="pcm_mulaw")]},
    "alaw.mov": {"sounds": [Sound(samples=MONO_8, rate_hz=8000, codec="pcm_alaw")]},
    "24channels.mov": {
        "sounds": [Sound(samples=np.tile(MONO, (24, 1)), codec="pcm_s24le")],
        "picture": PICTURE,
    },
    "plain.wv": {"sounds": [Sound(samples=MONO, codec="wavpack")]},
    "plain.tta": {"sounds": [Sound(samples=MONO, codec="tta")]},
    "flac.ogg": {"sounds": [Sound(samples=MONO, codec="flac")]},
    "pcm.m2ts": {
        "sounds": [Sound(samples=MONO, codec="pcm_bluray")],
        "picture": Picture(count=150, codec="libx264"),
        "container": "mpegts",
        "options": {"mpegts_m2ts_mode": "1"},
    },
    "adpcm_ms.wav": {"sounds": [Sound(samples=MONO_44, rate_hz=44100, codec="adpcm_ms")]},
    "adpcm_qt.mov": {"sounds": [Sound(samples=MONO_44, rate_hz=44100, codec="adpcm_ima_qt")]},
    "g726.wav": {"sounds": [Sound(samples=MONO_8, rate_hz=8000, codec="g726")]},
    "ac3.m2ts": {
        "sounds": [Sound(samples=MONO, codec="ac3")],
        "picture": Picture(count=150, codec="libx264"),
        "container": "mpegts",
        "options": {"mpegts_m2ts_mode": "1"},
    },
    "eac3.mp4": {"sounds": [Sound(samples=MONO, codec="eac3")], "picture": PICTURE},
    "amr.3gp": {
        "sounds": [Sound(samples=MONO_8, rate_hz=8000, codec="libopencore_amrnb", bit_rate=12200)],
        "picture": PICTURE,
    },
}
"""Containers and codecs that devices write, each with six seconds of voice-like sound."""


@pytest.fixture(scope="session")
def media_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each kind in `SOUND_FILES`."""
    folder = tmp_path_factory.mktemp("media")
    return {
        name: write_media(folder / name, **recipe)  # type: ignore[arg-type]
        for name, recipe in SOUND_FILES.items()
    }
