"""A clip's telemetry, from all of its files.

Conventions
-----------
Times are clip time. Only the tables and the samples of the one track are read, some megabytes per
hour, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from pathlib import Path

from clapless.errors import MediaError, NotMediaError, printable_name
from clapless.media.gpmf.assembly import TimedPayload, assemble
from clapless.media.gpmf.klv import GpmfError, numbers_of, records, text_of
from clapless.media.gpmf.model import Telemetry
from clapless.media.gpmf.payload import DESCRIBING, read_payload
from clapless.media.mp4_tables import Mp4File, Mp4Track
from clapless.model import Clip

GPMF_FORMAT = "gpmd"
"""Sample format of a telemetry track."""

STREAMS_KEY = "data_streams"
"""Key of a clip's metadata that lists streams without picture and sound as ``3:gpmd 4:fdsc``."""

SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".lrv", ".360"})
"""Suffixes of files that may carry a telemetry track."""

MOST_SETTINGS_BYTES = 4 * 2**20
"""Bytes of what a camera writes once per file; 25 KB in HERO7."""

MOST_BYTES = 2**31
"""Bytes of telemetry of one file; a Fusion writes 70 MB an hour."""


def has_telemetry(clip: Clip) -> bool:
    """Return whether a clip's main file has a telemetry track.

    What probing found is believed (``data_streams``); only a clip that was never probed costs a
    look at its index.
    """
    probed = clip.metadata.get(STREAMS_KEY)
    if probed is not None:
        return any(stream.endswith(f":{GPMF_FORMAT}") for stream in probed.split())
    if clip.path.suffix.lower() not in SUFFIXES:
        return False
    try:
        with Mp4File(clip.path) as file:
            return any(kind == GPMF_FORMAT for _, kind in file.formats)
    except MediaError:
        return False


def read_gpmf(clip: Clip, *, keys: Collection[str] | None = None) -> Telemetry:
    """Return the telemetry of a clip, chapters joined.

    Parameters
    ----------
    clip
        The clip; its main file and its chapters are read.
    keys
        Streams to decode (``GYRO``, ``ACCL``); all where None. Streams that fix the zero of the
        camera's stamps are decoded with them.

    Returns
    -------
    telemetry
        Without streams where the clip has no telemetry. What is whole of a damaged track is used;
        `Telemetry.notes` says what was not.

    Raises
    ------
    MediaError
        The main file cannot be read.
    """
    notes: list[str] = []
    payloads: list[TimedPayload] = []
    settings: dict[str, str] = {}
    wanted = None if keys is None else frozenset(keys) | {"CORI", "SHUT"}
    for media in clip.files:
        if media.role not in ("main", "chapter"):
            continue
        main = media.role == "main"
        try:
            with Mp4File(media.path) as file:
                origin_s = -file.zero_s if main else media.start_s
                if main:
                    settings = _settings(file, notes)
                track = file.track(GPMF_FORMAT)
                if track is None:
                    continue
                payloads.extend(_payloads(file, track, origin_s, wanted, notes))
        except NotMediaError:
            if main:
                return Telemetry()
            notes.append(f"{printable_name(media.path)} has no index of an MP4 or MOV file.")
        except MediaError as error:
            if main:
                raise
            notes.append(f"{error}.")
    payloads.sort(key=lambda payload: payload.time_s)
    name = printable_name(clip.path)
    streams, lapse = assemble(payloads, lambda clause: notes.append(f"{name}: {clause}."))
    if keys is not None:
        streams = tuple(stream for stream in streams if stream.key in keys)
    return Telemetry(streams=streams, settings=settings, lapse=lapse, notes=tuple(notes))


def parse_gpmf(
    payloads: Iterable[bytes],
    times_s: Iterable[float],
    *,
    durations_s: Iterable[float] | None = None,
    name: str = "telemetry",
) -> Telemetry:
    """Return the telemetry of payloads that were read elsewhere.

    Parameters
    ----------
    payloads
        The payloads in order.
    times_s
        When each begins, in seconds.
    durations_s
        How long each lasts; up to the next where None.
    name
        What notes call it.
    """
    begins = list(times_s)
    lengths = list(durations_s) if durations_s is not None else [0.0] * len(begins)
    notes: list[str] = []
    timed: list[TimedPayload] = []
    for data, time_s, duration_s in zip(payloads, begins, lengths, strict=True):
        content = read_payload(data)
        notes.extend(f"{name}: payload at {time_s:.3f} s {p}." for p in content.problems)
        timed.append(TimedPayload(time_s=time_s, duration_s=duration_s, content=content))
    streams, lapse = assemble(timed, lambda clause: notes.append(f"{name}: {clause}."))
    return Telemetry(streams=streams, lapse=lapse, notes=tuple(notes))


def split_payloads(data: bytes) -> list[bytes]:
    """Return the payloads of a telemetry track that was written out on end (.raw, .bin, .gpmf).

    A payload ends where a device comes again.

    Raises
    ------
    GpmfError
        It is no such stream.
    """
    payloads: list[bytes] = []
    begin, position = 0, 0
    seen: set[bytes] = set()
    while position + 8 <= len(data):
        if not any(data[position:]):
            # Some tools pad the end.
            data = data[:position]
            break
        if data[position : position + 4] != b"DEVC" or data[position + 4]:
            raise GpmfError("does not consist of devices")
        size = int.from_bytes(data[position + 6 : position + 8], "big") * data[position + 5]
        # The device's number is its first record.
        identity = data[position + 8 : position + 20]
        if identity in seen:
            payloads.append(data[begin:position])
            begin, seen = position, set()
        seen.add(identity)
        position += 8 + (size + 3 & ~3)
    if begin < len(data):
        payloads.append(data[begin:])
    return payloads


def _payloads(
    file: Mp4File,
    track: Mp4Track,
    origin_s: Fraction,
    keys: Collection[str] | None,
    notes: list[str],
) -> Iterable[TimedPayload]:
    name = printable_name(file.path)
    notes.extend(f"{name} {note}." for note in track.notes)
    if int(track.sizes.sum()) > MOST_BYTES:
        notes.append(f"{name} has more telemetry than any camera writes; it was not read.")
        return
    shift_s = float(origin_s)
    times = zip(track.times_s.tolist(), track.durations_s.tolist(), strict=True)
    for data, (time_s, duration_s) in zip(file.samples(track), times, strict=True):
        content = read_payload(data, keys=keys)
        notes.extend(f"{name}: the payload at {time_s:.3f} s {p}." for p in content.problems)
        yield TimedPayload(time_s=time_s + shift_s, duration_s=duration_s, content=content)


def read_settings(path: Path) -> dict[str, str]:
    """Return what a GoPro wrote once for the file: model, serial, firmware and modes, by key.

    ``MINF`` is the model, ``CASN`` the serial number, ``FMWR`` the firmware, ``EISE`` and ``EISA``
    the stabilisation. Empty where the file has none.

    Raises
    ------
    MediaError
        The file cannot be read or has no index.
    """
    with Mp4File(path) as file:
        return _settings(file, [])


def _settings(file: Mp4File, notes: list[str]) -> dict[str, str]:
    box = file.find(file.movie, b"udta", b"GPMF")
    if box is None:
        return {}
    try:
        data = file.content(box, most=MOST_SETTINGS_BYTES)
    except MediaError as error:
        notes.append(f"{error}.")
        return {}
    return parse_settings(data)


def parse_settings(data: bytes) -> dict[str, str]:
    """Return the settings of the box a GoPro writes into a file's user data.

    Parameters
    ----------
    data
        Content of the box ``udta/GPMF``.
    """
    settings: dict[str, str] = {}
    devices, _ = records(memoryview(data))
    for device in devices:
        if device.key != "DEVC" or device.kind:
            continue
        for stream in records(device.data)[0]:
            if stream.key != "STRM" or stream.kind:
                continue
            for record in records(stream.data)[0]:
                if record.key in DESCRIBING or not record.whole or not record.kind:
                    continue
                if record.kind == "c":
                    value = text_of(record)
                else:
                    try:
                        numbers = numbers_of(record).reshape(-1)
                    except GpmfError:
                        continue
                    value = " ".join(f"{number:g}" for number in numbers[:64])
                if value:
                    settings.setdefault(record.key, value)
    return settings
