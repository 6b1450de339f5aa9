"""Write a recorder's WAV: broadcast extension (bext), iXML, 16, 24 or 32 bit."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from clapless.synth.movie import aside
from clapless.synth.noise import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderLabels:
    """What a recorder writes beside the sound.

    Parameters
    ----------
    time_reference_samples
        Samples since midnight of the first one (EBU Tech 3285).
    originator
        Name of the device.
    date, time
        ``yyyy-mm-dd`` and ``hh:mm:ss``.
    project, scene, take, tape, note
        Of the iXML document.
    circled
        Whether the take is the good one.
    timecode_rate
        As iXML says it: ``25/1``, ``30000/1001``.
    drop_frame
        Whether that timecode drops frames.
    tracks
        A name per channel.
    digitizer_rate_hz
        Samples that were taken in a second; None is the file's own rate.
    """

    time_reference_samples: int = 0
    originator: str = "CLAPLESS"
    date: str = "2025-06-14"
    time: str = "10:00:00"
    project: str = ""
    scene: str = ""
    take: str = ""
    tape: str = ""
    note: str = ""
    circled: bool = False
    timecode_rate: str = "25/1"
    drop_frame: bool = False
    tracks: tuple[str, ...] = ()
    digitizer_rate_hz: int | None = None


def write_wave(
    path: Path,
    sound: Samples,
    rate_hz: int,
    *,
    bits: int = 24,
    labels: RecorderLabels | None = None,
) -> None:
    """Write PCM sound.

    Parameters
    ----------
    path
        The file.
    sound
        float32, full scale 1.0, shape (n,) or (channels, n).
    rate_hz
        Samples per second.
    bits
        16, 24 or 32 (integers).
    labels
        bext and iXML chunks are written where given.

    Raises
    ------
    ValueError
        The sound does not fit the 4 GiB of a RIFF file, or `bits` is none of the three.
    """
    planar = np.atleast_2d(sound)
    channels = planar.shape[0]
    data = _pcm(planar, bits)
    if len(data) > 0xFFFF0000:
        raise ValueError(f"{path.name}: {len(data)} bytes of sound do not fit a RIFF file")
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * block, block, bits)
    chunks = [] if labels is None else [_chunk(b"bext", _bext(labels, rate_hz))]
    chunks.append(_chunk(b"fmt ", head))
    if labels is not None:
        chunks.append(_chunk(b"iXML", _ixml(labels, channels, rate_hz, bits)))
    body = b"WAVE" + b"".join(chunks) + _chunk(b"data", data)
    with aside(path) as part:
        part.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _pcm(planar: Samples, bits: int) -> bytes:
    if bits not in (16, 24, 32):
        raise ValueError(f"PCM of {bits} bits is not written: 16, 24 or 32")
    top = 2.0 ** (bits - 1)
    # float64: 24 bits do not survive rounding in float32.
    whole = np.clip(np.round(planar.T.astype(np.float64) * top), -top, top - 1).astype("<i4")
    if bits == 16:
        return whole.astype("<i2").tobytes()
    if bits == 32:
        return whole.tobytes()
    octets: NDArray[np.uint8] = np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)
    return octets[:, :3].tobytes()


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _bext(labels: RecorderLabels, rate_hz: int) -> bytes:
    """EBU Tech 3285 version 1: 602 bytes and the coding history."""
    description = f"sSCENE={labels.scene}\r\nsTAKE={labels.take}\r\nsTAPE={labels.tape}\r\n"
    return struct.pack(
        "<256s32s32s10s8sIIH64s190s",
        description.encode("ascii", "replace"),
        labels.originator.encode("ascii", "replace"),
        b"CLAPLESSSYNTH",
        labels.date.encode("ascii"),
        labels.time.encode("ascii"),
        labels.time_reference_samples & 0xFFFFFFFF,
        labels.time_reference_samples >> 32,
        1,
        b"",
        b"",
    ) + f"A=PCM,F={rate_hz}\r\n".encode("ascii")


def _ixml(labels: RecorderLabels, channels: int, rate_hz: int, bits: int) -> bytes:
    names = labels.tracks or tuple(f"Tr{index + 1}" for index in range(channels))
    tracks = "".join(
        f"<TRACK><CHANNEL_INDEX>{k}</CHANNEL_INDEX><INTERLEAVE_INDEX>{k}</INTERLEAVE_INDEX>"
        f"<NAME>{escape(name)}</NAME></TRACK>"
        for k, name in enumerate(names, start=1)
    )
    flag = "DF" if labels.drop_frame else "NDF"
    high, low = divmod(labels.time_reference_samples, 1 << 32)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><IXML_VERSION>1.61</IXML_VERSION>'
        f"<PROJECT>{escape(labels.project)}</PROJECT><SCENE>{escape(labels.scene)}</SCENE>"
        f"<TAKE>{escape(labels.take)}</TAKE><TAPE>{escape(labels.tape)}</TAPE>"
        f"<NOTE>{escape(labels.note)}</NOTE>"
        f"<CIRCLED>{'TRUE' if labels.circled else 'FALSE'}</CIRCLED>"
        f"<SPEED><MASTER_SPEED>{labels.timecode_rate}</MASTER_SPEED>"
        f"<CURRENT_SPEED>{labels.timecode_rate}</CURRENT_SPEED>"
        f"<TIMECODE_RATE>{labels.timecode_rate}</TIMECODE_RATE>"
        f"<TIMECODE_FLAG>{flag}</TIMECODE_FLAG>"
        f"<FILE_SAMPLE_RATE>{rate_hz}</FILE_SAMPLE_RATE>"
        f"<AUDIO_BIT_DEPTH>{bits}</AUDIO_BIT_DEPTH>"
        f"<DIGITIZER_SAMPLE_RATE>{labels.digitizer_rate_hz or rate_hz}</DIGITIZER_SAMPLE_RATE>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{high}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>"
        f"<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>"
        f"<TIMESTAMP_SAMPLE_RATE>{rate_hz}</TIMESTAMP_SAMPLE_RATE></SPEED>"
        f"<TRACK_LIST><TRACK_COUNT>{channels}</TRACK_COUNT>{tracks}</TRACK_LIST></BWFXML>"
    ).encode()
