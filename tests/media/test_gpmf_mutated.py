"""10,000 mutated payloads: none crashes, none hangs, none gives a wrong number without a word.

A changed byte inside a sample is a changed sample: nothing can know. Everything else, a length, a
scale, a count, a type, must either change nothing or be said in a note.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from clapless.media.gpmf import Telemetry, gps_recordings
from clapless.media.gpmf.assembly import TimedPayload, assemble
from clapless.media.gpmf.payload import Payload, read_payload
from clapless.synth.gpmf import Stream, Writer
from tests.media.gpmf_making import gps_stream, grid, turning

COUNT = 6
STEP_S = 1.001


def recording() -> list[bytes]:
    """Return a small recording: 8 turns and 9 positions per payload, with stamps."""
    gyro_s = grid(7.97, COUNT * STEP_S)
    gyro = Stream(
        key="GYRO",
        times_s=gyro_s,
        values=turning(gyro_s),
        name="Gyroscope",
        scale=(3755,),
        unit="rad/s",
        order="ZXY",
        stamped=True,
    )
    gps = gps_stream("GPS5", COUNT * STEP_S, rate_hz=8.83)
    return Writer(device="HERO9 Black").payloads([gyro, gps], count=COUNT)


def parse(contents: list[Payload]) -> Telemetry:
    notes = [problem for content in contents for problem in content.problems]
    timed = [
        TimedPayload(time_s=k * STEP_S, duration_s=STEP_S, content=content)
        for k, content in enumerate(contents)
    ]
    streams, lapse = assemble(timed, notes.append)
    return Telemetry(streams=streams, lapse=lapse, notes=tuple(notes))


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    kind = rng.integers(5)
    at = int(rng.integers(len(out)))
    if kind == 0:
        return bytes(out[:at])
    if kind == 1:
        del out[at : at + int(rng.integers(1, 9))]
    elif kind == 2:
        out[at:at] = rng.bytes(int(rng.integers(1, 9)))
    else:
        for place in rng.integers(len(out), size=int(rng.integers(1, 4))):
            out[place] = int(rng.integers(256))
    return bytes(out)


def changed_samples(telemetry: Telemetry, whole: Telemetry, key: str) -> int:
    """Return how many samples have another value than the whole recording at their time."""
    stream, truth = telemetry.find(key), whole.find(key)
    assert truth is not None
    if stream is None or stream.count == 0:
        return 0
    assert stream.values.shape[1] == truth.values.shape[1]
    nearest = np.abs(stream.times_s[:, None] - truth.times_s).argmin(axis=1)
    same = np.isclose(stream.values, truth.values[nearest], rtol=0, atol=1e-12).all(axis=1)
    return int((~same).sum())


@pytest.mark.parametrize(
    ("seed", "runs"), [(11, 2_500), pytest.param(12, 7_500, marks=pytest.mark.slow)]
)
def test_mutated_payloads(seed: int, runs: int) -> None:
    payloads = recording()
    contents = [read_payload(payload) for payload in payloads]
    whole = parse(contents)
    assert whole.notes == ()
    rng = np.random.default_rng(seed)
    begin = time.process_time()
    noted = silent = 0
    for _ in range(runs):
        number = int(rng.integers(COUNT))
        data = mutated(payloads[number], rng)
        telemetry = parse([*contents[:number], read_payload(data), *contents[number + 1 :]])
        for stream in telemetry.streams:
            assert np.isfinite(stream.times_s).all()
            assert (np.diff(stream.times_s) > 0).all()
            assert stream.times_s.size == stream.values.shape[0]
        if telemetry.notes:
            noted += 1
            continue
        for found in gps_recordings(telemetry):
            assert not (np.abs(found.lat_deg[found.fixed]) > 90).any()
        for key in ("GYRO", "GPS5"):
            # At most the samples that the changed bytes themselves lie in.
            changed = changed_samples(telemetry, whole, key)
            silent += changed > 0
            assert changed <= 3, (number, data, key, changed)
    assert noted > runs / 2
    assert silent > runs / 20
    assert time.process_time() - begin < 120
