"""Takes where a clip was from its own receiver, or from the track the user named for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from clapless.errors import MediaError, printable_name
from clapless.media.gpmf import (
    GpsRecording,
    Telemetry,
    TelemetryStream,
    gps_recordings,
    read_gpmf,
)
from clapless.media.reading import Block, Need
from clapless.media.tracks import TRACK_BY_TIME, TRACK_KEY, Track, attach, read_tracks
from clapless.model import Clip, Refusal
from clapless.signals.gps.clocks import LAG_STD_S, UtcClock, utc_clock
from clapless.signals.gps.feature import RATE_HZ, Floats, GpsFeature
from clapless.signals.gps.ways import common_way
from clapless.signals.stamps import clip_speed, created_s

SIGNAL = "gps"

KEYS = ("GPS5", "GPS9", "GPRI")

LATENCY_STD_S = 0.1
"""How late a position may be in clip time: receivers filter, by 0.1 to 0.3 s and each model by its
own. Judgement."""

LEAST_FIXES = 5
"""Fewer positions are no use."""

LAPSE_TOLERANCE = 0.01
"""A clip whose telemetry runs by so much beside its pictures is off speed."""

TelemetryReader = Callable[[Clip], Telemetry]


def read_positions(clip: Clip) -> Telemetry:
    """Read the receivers' streams of a clip's own telemetry track."""
    return read_gpmf(clip, keys=KEYS)


class GpsExtractor:
    """Reads positions when it is asked for the feature; nothing is fed to it.

    Parameters
    ----------
    clip
        The clip.
    reader
        How its telemetry is read.
    """

    def __init__(self, clip: Clip, reader: TelemetryReader = read_positions) -> None:
        self._clip = clip
        self._reader = reader

    @property
    def needs(self) -> frozenset[Need]:
        """Telemetry."""
        return frozenset({Need.TELEMETRY})

    def feed(self, block: Block) -> None:
        """Take nothing: telemetry does not come in blocks."""

    def finish(self) -> GpsFeature | Refusal:
        """Return where and when it was, or why that is not known.

        The track that the user named for the clip goes before the clip's own receiver.
        """
        try:
            track = self._clip.metadata.get(TRACK_KEY)
            if track:
                return self._from_track(Path(track))
            return self._from_camera(self._reader(self._clip))
        except MediaError as error:
            return self._refuse("unreadable", f"its positions cannot be read: {error.reason}")

    def _from_camera(self, telemetry: Telemetry) -> GpsFeature | Refusal:
        recordings = gps_recordings(telemetry)
        streams = [stream for stream in telemetry.streams if stream.key in KEYS]
        found = [
            feature
            for recording in recordings
            for feature in [self._of_recording(recording, streams, telemetry.lapse)]
            if feature is not None
        ]
        if found:
            # A date per sample before a date per payload; of one kind the longer one.
            return max(found, key=lambda f: (f.clock is not None, f.source, len(f.times_s)))
        if recordings:
            return self._refuse("no_fix", "its receiver had no fix")
        return self._refuse("no_telemetry", "it has no satellite receiver")

    def _of_recording(
        self, recording: GpsRecording, streams: list[TelemetryStream], lapse: float
    ) -> GpsFeature | None:
        fixed = recording.fixed & np.isfinite(recording.lat_deg)
        if fixed.sum() < LEAST_FIXES:
            return None
        stream = next(
            s for s in streams if s.key == recording.source and s.count == len(recording.times_s)
        )
        clip_lapse = lapse if abs(lapse - 1) > LAPSE_TOLERANCE else 1.0
        at_s, dates_s = _dates(recording, stream)
        clock = utc_clock(
            at_s,
            dates_s,
            source=recording.source,
            first_s=float(recording.times_s[0]),
            lapse=clip_lapse,
        )
        keep = np.flatnonzero(fixed)
        keep = keep[:: max(1, round(stream.rate_hz / (2 * RATE_HZ)))]
        speed = 1 / Fraction(clip_lapse).limit_denominator(1000)
        return GpsFeature(
            clip=self._clip,
            source=recording.source,
            times_s=recording.times_s[keep],
            lat_deg=recording.lat_deg[keep],
            lon_deg=recording.lon_deg[keep],
            time_std_s=float(np.hypot(stream.time_std_s, LATENCY_STD_S)),
            clock=clock,
            speed=speed,
        )

    def _from_track(self, path: Path) -> GpsFeature | Refusal:
        tracks = [track for track in read_tracks(path).tracks if track.timed]
        source = "FIT" if path.suffix.lower() == ".fit" else "GPX"
        own = self._from_camera(self._reader(self._clip))
        if isinstance(own, GpsFeature):
            if own.clock is not None and TRACK_BY_TIME in self._clip.metadata:
                # Nobody named the track: the camera's own receiver goes before it.
                return replace(own, track=str(path))
            # The camera's own way says when the clip was on the track, whatever the file says.
            for track in tracks:
                clock = _by_movement(own, track, source)
                if clock is not None:
                    return replace(own, clock=clock, track=str(path))
        speed = clip_speed(self._clip)
        duration_s = float(self._clip.duration_s / speed)
        at = attach(tracks, created_s=created_s(self._clip), duration_s=duration_s)
        if at is None:
            return self._refuse(
                "track_elsewhere",
                f"no single track in {printable_name(path)} covers the time at which the clip "
                "says it was made",
            )
        return GpsFeature(
            clip=self._clip,
            source=source,
            times_s=(at.track.utc_s - at.start_utc_s) * float(speed),
            lat_deg=at.track.lat_deg,
            lon_deg=at.track.lon_deg,
            time_std_s=at.std_s,
            clock=UtcClock(
                zero_s=at.start_utc_s,
                std_s=float(np.hypot(at.std_s, LAG_STD_S[source])),
                doubt="the clip has its place on the track by its length alone"
                if at.by == "length"
                else "",
                by_file=at.by != "length",
            ),
            speed=speed,
            track=str(path),
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal=SIGNAL, code=code, reason=reason)


def _by_movement(own: GpsFeature, track: Track, source: str) -> UtcClock | None:
    """Return the clip's UTC by where its own way lies on a track, None where that is not sure."""
    zero_s = track.span_s[0]
    other = replace(
        own,
        times_s=track.utc_s - zero_s,
        lat_deg=track.lat_deg,
        lon_deg=track.lon_deg,
        speed=Fraction(1),
    )
    found = common_way(other, own)
    if found is None:
        return None
    return UtcClock(
        zero_s=zero_s + found.lag_s,
        std_s=float(np.hypot(LAG_STD_S[source], np.hypot(found.std_s, own.time_std_s))),
    )


def _dates(recording: GpsRecording, stream: TelemetryStream) -> tuple[Floats, Floats]:
    """Return the dates as the receiver wrote them, and when: per sample, or per payload."""
    if recording.source == "GPS9":
        return recording.times_s, recording.utc_s
    none = np.full(stream.payload_first.size, np.nan)
    dates_s = np.asarray(stream.stated.get("GPSU", none), np.float64)
    fix = np.asarray(stream.stated.get("GPSF", none), np.float64)
    counts = np.diff(np.append(stream.payload_first, stream.count))
    at_s = stream.times_s[np.minimum(stream.payload_first, stream.count - 1)]
    return at_s, np.where((fix >= 2) & (counts > 0), dates_s, np.nan)
