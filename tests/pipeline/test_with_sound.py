"""The whole of a sync and its verification on real sound, in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from clapless.media.reading import SoundBlock, Subscriber
from clapless.model import AudioStream, Clip, Pin
from clapless.numerics.sound import ArraySound
from clapless.pipeline import SyncOptions, sync_clips, verify
from clapless.signals.audio import AudioSignal
from clapless.synth.recording import record
from clapless.synth.sound import RATE_HZ, draw_microphone, make_event
from tests.solve.worlds import make_clip, place

Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def event() -> Sound:
    return make_event(np.random.default_rng(11), "speech", 90.0)


def heard(event: Sound, start_s: float, seconds: float, seed: int, **clock) -> Sound:
    microphone = draw_microphone(np.random.default_rng(seed), snr_db=20.0, room=True)
    return record(
        event,
        RATE_HZ,
        start_s=start_s,
        duration_s=seconds,
        microphone=microphone,
        seed=(seed,),
        **clock,
    )


class Tape:
    """Clips whose sound lies in memory."""

    def __init__(self) -> None:
        self.sounds: dict[str, NDArray[np.int16]] = {}
        self.clips: list[Clip] = []
        self.signal = AudioSignal(
            opener=lambda clip, _stream, _channel: ArraySound(self.sounds[clip.id], RATE_HZ)
        )

    def add(
        self, name: str, sound: Sound, *, audio: bool = False, device: str | None = None
    ) -> None:
        self.sounds[name] = np.clip(np.rint(sound * 32768.0), -32768, 32767).astype(np.int16)
        seconds = Fraction(sound.size, RATE_HZ)
        clip = make_clip(name, float(seconds), device=device or name, audio=audio)
        stream = AudioStream(index=0, channels=1, sample_rate_hz=RATE_HZ)
        self.clips.append(dataclasses.replace(clip, duration_s=seconds, audio=(stream,)))

    def reader(self, clip: Clip, subscribers: Sequence[Subscriber]) -> Sequence[str]:
        for subscriber in subscribers:
            samples = self.sounds[clip.id][None, :]
            subscriber.feed(SoundBlock(stream=0, start_s=0.0, rate_hz=RATE_HZ, samples=samples))
        return ()

    def sync(self, **options):
        return sync_clips(
            self.clips,
            [],
            options=SyncOptions(**options),
            signals=[self.signal],
            reader=self.reader,
        ).session

    def verify(self, session):
        return verify(session, signals=[self.signal], reader=self.reader)


def test_three_recordings_are_synced_and_pass_verification(event):
    tape = Tape()
    tape.add("R", heard(event, 0.0, 85.0, 1), audio=True)
    tape.add("A", heard(event, 2.5, 80.0, 2, drift_ppm=40.0))
    tape.add("B", heard(event, 50.25, 35.0, 3, drift_ppm=-25.0))
    session = tape.sync()
    assert session.groups[0].reference == "R"
    placed = place(session, "A")
    assert placed.offset_s == pytest.approx(2.5, abs=1e-3)
    assert placed.drift_ppm == pytest.approx(40.0, abs=2.5)
    assert place(session, "B").offset_s == pytest.approx(50.25, abs=1e-3)
    assert len([m for m in session.matches if m.accepted]) >= 2
    answers = {p.clip: p.verification for p in tape.verify(session).groups[0].placements}
    assert answers["A"] is not None
    assert answers["A"].verdict == "pass"
    assert abs(answers["A"].median_s) < 1e-3


def test_a_placement_that_was_spoiled_fails_verification(event):
    tape = Tape()
    tape.add("R", heard(event, 0.0, 85.0, 1), audio=True)
    tape.add("A", heard(event, 2.5, 80.0, 2))
    session = tape.sync()
    (group,) = session.groups
    spoiled = tuple(
        dataclasses.replace(p, offset_s=p.offset_s + 0.045) if p.clip == "A" else p
        for p in group.placements
    )
    session = dataclasses.replace(session, groups=(dataclasses.replace(group, placements=spoiled),))
    answer = place(tape.verify(session), "A").verification
    assert answer is not None
    assert answer.verdict == "fail"
    assert answer.median_s == pytest.approx(-0.045, abs=2e-3)


def test_each_side_of_dropped_samples_is_placed():
    event = make_event(np.random.default_rng(11), "speech", 140.0)
    tape = Tape()
    tape.add("R", heard(event, 0.0, 130.0, 1), audio=True)
    whole = heard(event, 12.5, 100.0, 2)
    cut, lost = int(45.0 * RATE_HZ), int(0.3 * RATE_HZ)
    tape.add("A", np.concatenate([whole[:cut], whole[cut + lost :]]))
    session = tape.sync()
    placed = place(session, "A")
    assert session.groups[0].reference == "R"
    assert placed.to_group(20.0) == pytest.approx(32.5, abs=2e-3)
    assert placed.to_group(80.0) == pytest.approx(92.8, abs=2e-3)
    assert placed.time_map is not None
    answer = place(tape.verify(session), "A").verification
    assert answer is not None
    assert answer.verdict != "fail"


def test_a_clip_played_at_another_speed_keeps_the_exact_fraction(event):
    tape = Tape()
    tape.add("R", heard(event, 0.0, 85.0, 1), audio=True)
    tape.add("A", heard(event, 20.0, 40.0, 2, speed=Fraction(25, 24)))
    placed = place(tape.sync(), "A")
    assert placed.speed == Fraction(25, 24)
    assert placed.offset_s == pytest.approx(20.0, abs=2e-3)


def test_two_events_stay_two_groups_and_a_stranger_is_told_why(event):
    other = make_event(np.random.default_rng(12), "speech", 50.0)
    tape = Tape()
    tape.add("R1", heard(event, 0.0, 45.0, 1), audio=True, device="R")
    tape.add("A1", heard(event, 5.0, 30.0, 2), device="A")
    tape.add("R2", heard(other, 0.0, 45.0, 3), audio=True, device="R")
    tape.add("A2", heard(other, 9.0, 30.0, 4), device="A")
    tape.add("X", heard(event, 60.0, 25.0, 5), device="A")
    session = tape.sync()
    assert [{p.clip for p in g.placements} for g in session.groups] in (
        [{"R1", "A1"}, {"R2", "A2"}],
        [{"R2", "A2"}, {"R1", "A1"}],
    )
    (left,) = session.unplaced
    assert left.clip == "X"
    assert left.reason


def test_a_pin_places_what_sound_cannot(event):
    tape = Tape()
    tape.add("R", heard(event, 0.0, 60.0, 1), audio=True)
    tape.add("mute", np.zeros(20 * RATE_HZ, np.float32))
    session = tape.sync(pins=(Pin(a="R", a_s=31.0, b="mute", b_s=1.0),))
    placed = place(session, "mute")
    assert placed.status == "manual"
    assert placed.offset_s == pytest.approx(30.0, abs=1e-6)
