"""Pictures of real cameras with frames cut from their heads: pairs, beside a group, all at once.

The recordings are the two sessions of four cameras under multicam_video of the shared data; frames
are numbered by a common trigger, so that k frames cut are a known offset. The difference into a
keyframe is missing, else the equal keyframe distance of all cameras would tell the offset.
Run with: python tests/benchmarks/picture_heads.py ../shared/data [draws [PART...]]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np

from clapless.media import frame_blocks, probe
from clapless.model import Match, Placement
from clapless.numerics.picture_joint import solve_jointly
from clapless.signals.picture import PictureFeature, PictureSignal
from clapless.signals.picture.extractor import PictureExtractor
from clapless.signals.picture.group import beside_group
from clapless.signals.picture.pairs import best_of, compare

SESSIONS = ("caliscope_post_optimization", "caliscope_4_cam_recording")
LEAST = 24


def load(folder: Path) -> dict[tuple[int, int], PictureFeature]:
    """Return the feature of each camera, by session and number."""
    found = {}
    for session, name in enumerate(SESSIONS):
        for camera in range(4):
            clip = replace(probe(folder / name / f"cam_{camera}.mp4"), id=f"s{session}c{camera}")
            extractor = PictureExtractor(clip)
            for block in frame_blocks(clip, extractor.frame_wish):
                extractor.feed(block)
            feature = extractor.finish()
            assert isinstance(feature, PictureFeature)
            found[session, camera] = feature
    return found


def cut(feature: PictureFeature, frames: int) -> PictureFeature:
    """Return the feature of the clip without its first frames; its clip time starts anew."""
    start_s = frames * feature.interval_s
    return replace(
        feature,
        times_s=feature.times_s[frames:] - start_s,
        valid=feature.valid[frames:],
        energy=feature.energy[frames:],
        flow=feature.flow[frames:],
        light=feature.light[frames:],
    )


def backwards(feature: PictureFeature) -> PictureFeature:
    """Return the feature of the clip played backwards."""
    return replace(
        feature,
        valid=feature.valid[::-1].copy(),
        energy=feature.energy[::-1].copy(),
        flow=feature.flow[::-1].copy(),
        light=feature.light[::-1].copy(),
    )


def quantiles(name: str, right: list[float], wrong: list[float], asked: int) -> None:
    """Print how a lead separates."""
    bad = np.sort(np.array(wrong or [0.0]))
    good = np.array(right)
    print(
        f"{name}: {len(right)} of {asked} right ({len(right) / asked:.0%}); wrong or unrelated "
        f"{len(bad)}, leads of the best {bad[-4:].round(2).tolist()}, "
        f"99 % below {np.quantile(bad, 0.99):.2f}; right and above all "
        f"{(good > bad[-1]).sum() / asked:.0%}",
        flush=True,
    )


def pairs(found: dict[tuple[int, int], PictureFeature]) -> None:  # noqa: C901 - one table
    """Pairs of one session, and of two, and backwards."""
    signal = PictureSignal()
    right: list[float] = []
    wrong: list[float] = []
    synced, bad, asked = 0, 0, 0
    for s in (0, 1):
        for a, b in permutations(range(4), 2):
            for k in range(1, 41, 3):
                if len(found[s, b].times_s) - k < LEAST:
                    continue
                asked += 1
                one, two = found[s, a], cut(found[s, b], k)
                compared = compare(one, two, one.interval_s)
                assert compared is not None
                peak = best_of(compared)
                assert peak is not None
                error = compared.offset_s(peak.lag) / one.interval_s - k
                (right if abs(error) <= 1 else wrong).append(peak.margin)
                answer = signal.match(one, two)
                if isinstance(answer, Match) and answer.confidence >= 0.9:
                    ok = abs(answer.offset_s / one.interval_s - k) <= 1
                    synced, bad = synced + ok, bad + (not ok)
    unrelated = 0
    for a in range(4):
        for b in range(4):
            for k in range(1, 34, 4):
                for x, y in ((0, 1), (1, 0)):
                    if len(found[y, b].times_s) - k < LEAST:
                        continue
                    one, two = found[x, a], cut(found[y, b], k)
                    others = [two, backwards(cut(found[x, b], k))] if a != b else [two]
                    for other in others:
                        compared = compare(one, other, one.interval_s)
                        peak = None if compared is None else best_of(compared)
                        if peak is not None:
                            unrelated += 1
                            wrong.append(peak.margin)
                            answer = signal.match(one, other)
                            bad += isinstance(answer, Match) and answer.confidence >= 0.9
    quantiles("pairs", right, wrong, asked)
    print(f"  synced {synced / asked:.0%} of {asked}, wrong {bad} (of {unrelated} unrelated)")


def beside(found: dict[tuple[int, int], PictureFeature]) -> None:
    """One camera against the three others, which are aligned."""
    rng = np.random.default_rng(200_001)
    right: list[float] = []
    wrong: list[float] = []
    synced, bad, asked = 0, 0, 0
    import clapless.signals.picture.group as group_module

    judged = group_module.beside_confidence
    for s in (0, 1):
        for c in range(4):
            for k in range(1, 41, 3):
                if len(found[s, c].times_s) - k < LEAST:
                    continue
                cuts = rng.integers(0, 6, 4)
                group = {
                    found[s, m].clip.id: (cut(found[s, m], int(cuts[m])), int(cuts[m]))
                    for m in range(4)
                    if m != c
                }
                step_s = found[s, c].interval_s
                zero = next(iter(group.values()))[1]
                aligned = {
                    name: Placement(clip=name, offset_s=(n - zero) * step_s)
                    for name, (_, n) in group.items()
                }
                for kind, loose in (
                    ("own", cut(found[s, c], k)),
                    ("other", cut(found[1 - s, c], min(k, 20))),
                    ("back", backwards(cut(found[s, c], min(k, 20)))),
                ):
                    features = {n: f for n, (f, _) in group.items()}
                    features["loose"] = replace(loose, clip=replace(loose.clip, id="loose"))
                    group_module.beside_confidence = lambda peak: 1.0  # noqa: ARG005 - everything is shown
                    joints = list(beside_group(features, [aligned]))
                    group_module.beside_confidence = judged
                    asked += kind == "own"
                    if not joints:
                        continue
                    joint = joints[0]
                    at = joint.compared.offset_s(joint.peak.lag) + aligned[joint.a].offset_s
                    ok = kind == "own" and abs(at / step_s - (k - zero)) <= 1.0
                    (right if ok else wrong).append(joint.peak.margin)
                    sure = judged(joint.peak) >= 0.9
                    synced, bad = synced + (sure and ok), bad + (sure and not ok)
    quantiles("beside three aligned", right, wrong, asked)
    print(f"  synced {synced / asked:.0%} of {asked}, wrong {bad}")


def all_at_once(  # noqa: C901 - one table
    found: dict[tuple[int, int], PictureFeature], draws: int
) -> None:
    """Four clips at once."""
    rng = np.random.default_rng(200_000)
    good = total = synced = bad = 0
    leads_right: list[float] = []
    leads_wrong: list[float] = []
    off: list[float] = []
    for s in (0, 1):
        length = min(len(found[s, c].times_s) for c in range(4))
        most = length - LEAST
        for _ in range(draws):
            cuts = rng.integers(1, most + 1, 4)
            features = {
                f"c{c}": replace(
                    cut(found[s, c], int(cuts[c])), clip=replace(found[s, c].clip, id=f"c{c}")
                )
                for c in range(4)
            }
            step_s = found[s, 0].interval_s
            names = list(features)
            curves = {}
            for i in range(4):
                for j in range(i + 1, 4):
                    compared = compare(features[names[i]], features[names[j]], step_s)
                    if compared is not None:
                        curves[i, j] = compared.curve
            at = solve_jointly(curves, [0, 1, 2, 3])
            fits = len(at) == 4 and all(
                abs((at[c] - at[0]) - (cuts[c] - cuts[0])) <= 1 for c in range(1, 4)
            )
            good, total = good + fits, total + 1
            for match in PictureSignal().match_group(features):
                if isinstance(match, Match):
                    i, j = names.index(match.a), names.index(match.b)
                    ok = abs(match.offset_s / step_s - (cuts[j] - cuts[i])) <= 1
                    (leads_right if ok else leads_wrong).append(float(str(match.details["margin"])))
                    if match.confidence >= 0.9:
                        synced, bad = synced + ok, bad + (not ok)
                        if not ok:
                            off.append(round(match.offset_s / step_s - (cuts[j] - cuts[i]), 2))
    mixed = 0
    for draw in range(draws):
        picks = [(draw % 2, 0), (1 - draw % 2, 1), (draw % 2, 2), (1 - draw % 2, 3)]
        features = {}
        for n, (s, c) in enumerate(picks):
            feature = cut(found[s, c], int(rng.integers(0, 16)))
            feature = backwards(feature) if n > 1 else feature
            features[f"c{n}"] = replace(feature, clip=replace(feature.clip, id=f"c{n}"))
        for match in PictureSignal().match_group(features):
            if isinstance(match, Match):
                leads_wrong.append(float(str(match.details["margin"])))
                mixed += match.confidence >= 0.9
    print(f"  errors of wrong pairs in frames: {off}")
    print(f"four at once: {good} of {total} wholly right ({good / total:.0%})")
    print(
        f"  pairs synced {synced} right, {bad} wrong; of {draws} unrelated fours {mixed} synced; "
        f"leads of wrong {np.sort(leads_wrong)[-5:].round(2).tolist()}"
    )


def main() -> None:
    """Print the figures."""
    folder = Path(sys.argv[1]) / "multicam_video"
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    found = load(folder)
    parts = sys.argv[3:] or ["pairs", "beside", "together"]
    if "pairs" in parts:
        pairs(found)
    if "beside" in parts:
        beside(found)
    if "together" in parts:
        all_at_once(found, draws)


if __name__ == "__main__":
    main()
