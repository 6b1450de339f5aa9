"""Real recordings with known truth: right within tolerance, or refused where nothing is shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from clapless.media import probe, read_once
from clapless.model import Match, Refusal
from clapless.signals.audio import AudioFeature, AudioSignal

MAY_REFUSE = ("olaf_ota", "multi_mic1")
"""Over the air with lost samples, and files of 2 s."""


def feature(path: Path) -> AudioFeature:
    clip = probe(path)
    extractor = AudioSignal().extractor(clip)
    read_once(clip, [extractor])
    found = extractor.finish()
    assert isinstance(found, AudioFeature)
    return found


@pytest.mark.real
def test_every_pair_of_real_sound(shared_data: Path) -> None:
    rows = [
        line.split("\t")
        for line in (shared_data / "PAIRS.tsv").read_text().splitlines()
        if line.startswith("audio_multidevice")
    ]
    assert len(rows) >= 10
    for a, b, offset_s, tolerance_s, *_ in rows:
        one, two = (feature(shared_data / name) for name in (a, b))
        answer = AudioSignal().match(one, two)
        if offset_s == "NONE":
            assert isinstance(answer, Refusal), (b, answer)
        elif isinstance(answer, Match):
            assert answer.offset_s == pytest.approx(float(offset_s), abs=float(tolerance_s)), b
        else:
            assert any(name in b for name in MAY_REFUSE), (b, answer)
        for used in (one, two):
            used.forget()
