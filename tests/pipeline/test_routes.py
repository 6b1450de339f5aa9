"""Two runs of one route from files to a session: the map, its gates, anchors and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from route_gps import answers, at, from_files, made, nearness
from route_gps import copy as perturbed
from route_gps import ride as real_ride

from clapless.errors import ClaplessError, UsageError
from clapless.numerics.route_warp import warp_routes
from clapless.numerics.routes import by_distance
from clapless.pipeline.routes import AlignOptions, AlignResult, Gates, align, gathering
from clapless.pipeline.routes.anchors import ANCHOR_STD_S, anchors_alone, through_anchors
from clapless.pipeline.routes.evidence import Evidence
from clapless.pipeline.routes.line import sampled
from clapless.pipeline.routes.quality import map_quality, with_residuals
from clapless.pipeline.routes.runs import read_run
from clapless.session import read_session, write_session
from clapless.synth.tracks import gpx_text
from clapless.timing import Segment, TimeMap
from tests.numerics.test_route_warp import mapped, ride, truth, wander

Floats = NDArray[np.float64]


def gpx(path: Path, times_s: Floats, places_m: Floats) -> Path:
    """Write places in metres about 47 N 8 E as a GPX track of 2026-05-01."""
    lat = 47.0 + places_m[:, 1] / 111_177.0
    lon = 8.0 + places_m[:, 0] / 76_057.0
    stamps = np.datetime64("2026-05-01T10:00:00") + np.rint(times_s).astype("timedelta64[s]")
    points = "".join(
        f'<trkpt lat="{y:.7f}" lon="{x:.7f}"><time>{t}Z</time></trkpt>'
        for y, x, t in zip(lat, lon, stamps, strict=True)
    )
    path.write_text(
        '<?xml version="1.0"?><gpx version="1.1" creator="t" '
        f'xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{points}</trkseg></trk></gpx>',
        "utf-8",
    )
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Callable[..., tuple[Path, Path, Floats]]:
    def make(*, backwards: bool = False, elsewhere: bool = False) -> tuple[Path, Path, Floats]:
        way = wander(31)
        ref = ride(way, speed_mps=5.0, seed=32, noise_m=1.0)
        other = way[::-1] if backwards else wander(33) if elsewhere else way
        new = ride(other, speed_mps=6.5, seed=34, noise_m=1.0)
        clean = ride(other, speed_mps=6.5, seed=34)
        return (
            gpx(tmp_path / "first run.gpx", *ref),
            gpx(tmp_path / "second run.gpx", *new),
            truth(way, ride(way, speed_mps=5.0, seed=32), clean[1]),
        )

    return make


def test_a_second_run_is_placed_with_a_time_map(
    runs: Callable[..., tuple[Path, Path, Floats]], tmp_path: Path
) -> None:
    ref, new, wanted = runs()
    result = align(ref, new)
    (group,) = result.session.groups
    placement = group.placements[1]
    assert placement.status == "synced"
    assert placement.time_map is not None
    got = [placement.time_map.to_group(float(t)) for t in range(len(wanted))]
    error = np.array([abs(g - w) for g, w in zip(got, wanted, strict=True) if g is not None])
    assert len(error) > 0.95 * len(wanted)
    assert np.median(error) < 0.6
    assert result.quality is not None
    assert result.quality.on_route is not None
    assert result.quality.on_route > 0.97
    assert result.quality.std_p50_s <= result.quality.std_p95_s
    assert all(gate.passed for gate in result.gates)
    path = tmp_path / "s.json"
    write_session(result.session, path)
    assert read_session(path).groups == result.session.groups


IMPOSSIBLE = {
    "least_on_route": 1.01,
    "most_apart_m": 1e-3,
    "least_coverage": 1.01,
    "least_inlier_share": 1.01,
    "most_mae_s": 1e-6,
    "most_p50_s": 1e-6,
    "most_p90_s": 1e-6,
    "most_p95_s": 1e-6,
    "most_unsure_s": 1e-3,
    "most_ppm": 1e-3,
}


@pytest.mark.parametrize("gate", IMPOSSIBLE)
def test_every_gate_is_the_users_and_makes_the_answer_one_to_check(
    gate: str, runs: Callable[..., tuple[Path, Path, Floats]]
) -> None:
    ref, new, _ = runs()
    result = align(ref, new, options=AlignOptions(gates=Gates(**{gate: IMPOSSIBLE[gate]})))
    assert [one.gate for one in result.gates if not one.passed] == [gate]
    assert result.session.groups[0].placements[1].status == "check"


def test_residuals_are_those_of_single_places_on_the_map() -> None:
    times_s = np.arange(20.0, 120.0)
    off_s = np.where(np.arange(100) % 2, 0.2, -0.4)
    off_s[:10] = 30.0
    singles = np.stack([times_s, sampled(MAP, times_s)[0] + off_s], axis=-1)
    quality = with_residuals(map_quality(MAP, duration_s=400.0), MAP, [(MAP, singles)])
    assert (quality.singles, quality.inlier_share) == (100, 0.9)
    assert quality.residual_mae_s == pytest.approx(0.3)
    assert quality.residual_p90_s == pytest.approx(0.4)
    assert quality.coverage == 0.5
    assert with_residuals(quality, MAP, [(MAP, np.array([[1e4, 5.0]]))]) == quality
    # A kind of evidence that is rougher than the map may lie farther off.
    rough = TimeMap((replace(MAP.longest, std_s=(12.0, 12.0, 12.0)),))
    assert with_residuals(quality, MAP, [(rough, singles)]).inlier_share == 1.0


def test_a_run_the_other_way_and_another_route_are_refused_in_words(
    runs: Callable[..., tuple[Path, Path, Floats]],
) -> None:
    ref, new, _ = runs(backwards=True)
    left = align(ref, new).session.unplaced
    assert {one.code for one in left} == {"reversed"}
    assert left[0].reason == "the second run goes the route the other way"
    ref, new, _ = runs(elsewhere=True)
    assert {one.code for one in align(ref, new).session.unplaced} == {"other_route"}


def circuit(laps: int) -> Floats:
    """Return a closed course ridden so often, a place every metre."""
    angle = np.linspace(0, 2 * np.pi, 2000)
    once = np.stack([150 * np.cos(angle) + 20 * np.cos(3 * angle), 140 * np.sin(angle)], axis=-1)
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(once, axis=0).T))])
    along = np.arange(0.0, laps * gone[-1]) % gone[-1]
    return np.stack([np.interp(along, gone, once[:, axis]) for axis in (0, 1)], axis=-1)


def aligned(folder: Path, ref: Floats, new: Floats, seed: int = 60) -> AlignResult:
    """Align two ways ridden at two speeds."""
    one = ride(ref, speed_mps=5.0, seed=seed, noise_m=2.0)
    two = ride(new, speed_mps=5.5, seed=seed + 1, noise_m=2.0)
    return align(gpx(folder / "one.gpx", *one), gpx(folder / "two.gpx", *two))


def long_gaps(result: AlignResult) -> list[str]:
    """Return the kinds of gaps that are more than noise about a start or an end."""
    return [gap.kind for gap in result.gaps if gap.end_s - gap.start_s > 5.0]


def test_laps_more_and_laps_less_are_gaps(tmp_path: Path) -> None:
    more = aligned(tmp_path, circuit(2), circuit(3))
    assert long_gaps(more) == ["again"]
    assert more.quality is not None
    assert more.quality.on_route == pytest.approx(2 / 3, abs=0.03)
    less = aligned(tmp_path, circuit(3), circuit(2))
    assert less.quality is not None
    assert less.quality.coverage > 0.97


def test_a_run_that_begins_before_and_ends_behind_is_aligned_where_it_is_on_the_route(
    tmp_path: Path,
) -> None:
    way = wander(61)
    result = aligned(tmp_path, way[600:1200], way)
    assert result.quality is not None
    assert result.quality.on_route == pytest.approx(1 / 3, abs=0.04)
    assert long_gaps(result) == ["detour", "detour"]
    # It is mostly elsewhere, which the gates say.
    assert result.session.groups[0].placements[1].status == "check"
    assert [gate.gate for gate in result.gates if not gate.passed] == ["least_on_route"]
    wider = AlignOptions(gates=Gates(least_on_route=0.3))
    again = align(tmp_path / "one.gpx", tmp_path / "two.gpx", options=wider)
    assert again.session.groups[0].placements[1].status == "synced"


def test_out_and_back_on_a_way_out_is_aligned_on_the_way_out(tmp_path: Path) -> None:
    way = wander(62)
    result = aligned(tmp_path, way, np.concatenate([way[:900], way[898::-1]]))
    time_map = result.session.groups[0].placements[1].time_map
    assert time_map is not None
    (segment,) = time_map.segments
    assert segment.knots[0][0] < 2.0
    assert result.gaps[-1].end_s - result.gaps[-1].start_s > 100.0


def test_a_short_run_the_other_way_is_refused_in_those_words(tmp_path: Path) -> None:
    way = wander(63)
    for ref, new in ((way, way[1200:600:-1]), (way[600:1200], way[::-1])):
        (left, _) = aligned(tmp_path, ref, new).session.unplaced
        assert left.code == "reversed"


def test_ways_that_cross_and_keep_near_by_chance_are_no_route(tmp_path: Path) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        one, two = (wander(1000 * n + seed, float(rng.integers(200, 2500))) for n in (1, 2))
        met = two + one[rng.integers(len(one))] - two[rng.integers(len(two))]
        assert not aligned(tmp_path, one, met, seed).session.groups


@pytest.mark.parametrize("length_m", [3, 8, 20, 40])
def test_a_run_of_a_few_metres_is_refused_or_aligned_and_never_breaks(
    length_m: int, tmp_path: Path
) -> None:
    way = wander(64)
    for ref, new in ((way, way[300 : 300 + length_m]), (way[300 : 300 + length_m], way)):
        result = aligned(tmp_path, ref, new)
        if length_m < 27:
            assert result.session.unplaced[0].code in ("no_movement", "no_positions")


def test_anchors_alone_place_what_nothing_else_does(
    runs: Callable[..., tuple[Path, Path, Floats]],
) -> None:
    ref, new, _ = runs(elsewhere=True)
    result = align(ref, new, options=AlignOptions(anchors=((10.0, 5.0), (50.0, 25.0))))
    placement = result.session.groups[0].placements[1]
    assert placement.status == "manual"
    assert placement.to_group(15.0) == pytest.approx(30.0)


def test_an_anchor_refits_the_map_near_it(
    runs: Callable[..., tuple[Path, Path, Floats]],
) -> None:
    ref, new, _ = runs()
    free = align(ref, new).session.groups[0].placements[1].time_map
    assert free is not None
    at_s = 120.0
    before, far = free.to_group(at_s), free.to_group(20.0)
    assert before is not None
    options = AlignOptions(anchors=((before + 2.0, at_s),))
    tied = align(ref, new, options=options).session.groups[0].placements[1].time_map
    assert tied is not None
    assert tied.to_group(at_s) == pytest.approx(before + 2.0, abs=0.05)
    assert tied.to_group(20.0) == pytest.approx(far, abs=0.1)


def test_anchors_that_contradict_or_cannot_help_are_told(
    runs: Callable[..., tuple[Path, Path, Floats]],
) -> None:
    ref, new, _ = runs()
    free = align(ref, new).session.groups[0].placements[1].time_map
    assert free is not None
    before = free.to_group(120.0)
    assert before is not None
    near = AlignOptions(anchors=((before + 0.1, 120.0),))
    assert not align(ref, new, options=near).warnings
    far = AlignOptions(anchors=((before - 9.0, 120.0),))
    (told,) = align(ref, new, options=far).warnings
    assert "lies 9.00 s before what was found there" in told
    ref, new, _ = runs(elsewhere=True)
    alone = align(ref, new, options=AlignOptions(anchors=((10.0, 5.0),)))
    assert not alone.session.groups
    assert "One anchor says nothing by itself" in alone.warnings[0]


def test_a_recording_is_not_aligned_with_itself_or_its_copy(
    runs: Callable[..., tuple[Path, Path, Floats]], tmp_path: Path
) -> None:
    ref, _, _ = runs()
    with pytest.raises(UsageError, match=r"first run\.gpx was named twice"):
        align(ref, ref)
    copied = tmp_path / "copy.gpx"
    copied.write_bytes(ref.read_bytes())
    with pytest.raises(UsageError, match="are the same recording"):
        align(ref, copied)


def test_the_interval_of_two_track_files_holds_as_often_as_it_says(tmp_path: Path) -> None:
    held = []
    for seed in range(6):
        seconds, true_s, result = from_files(made(seed), noise_m=3.0, seed=seed, folder=tmp_path)
        time_map = result.session.groups[0].placements[1].time_map
        assert time_map is not None
        got, std = sampled(time_map, seconds)
        ok = np.isfinite(got)
        held += list(np.abs(got - true_s)[ok] < 1.96 * std[ok])
    assert 0.90 <= np.mean(held) <= 0.98


def test_files_that_cannot_serve_are_one_sentence(
    runs: Callable[..., tuple[Path, Path, Floats]], tmp_path: Path
) -> None:
    ref, new, _ = runs()
    bare = tmp_path / "bare.gpx"
    bare.write_text(ref.read_text("utf-8").replace("<time>", "<x>").replace("</time>", "</x>"))
    assert "its track has no times" in align(ref, bare).session.unplaced[0].reason
    with pytest.raises(UsageError, match="is a track file already"):
        align(ref, new, options=AlignOptions(new_gpx=ref))
    (tmp_path / "broken.gpx").write_text("no track here", "utf-8")
    with pytest.raises(ClaplessError, match=r"broken\.gpx"):
        align(ref, tmp_path / "broken.gpx")


MAP = TimeMap((Segment(((0.0, 10.0), (100.0, 130.0), (200.0, 220.0)), (0.4, 0.4, 0.4)),))


@given(st.lists(st.tuples(st.floats(5, 195), st.floats(-0.5, 0.5)), min_size=1, max_size=4))
def test_the_map_goes_through_every_anchor_and_still_rises(
    wanted: list[tuple[float, float]],
) -> None:
    wanted = [
        w for n, w in enumerate(sorted(wanted)) if all(w[0] - o[0] > 20 for o in sorted(wanted)[:n])
    ]
    anchors = [(float(MAP.to_group(t) or 0.0) + off, t) for t, off in wanted]
    tied = through_anchors(MAP, anchors)
    for ref_s, new_s in anchors:
        assert tied.to_group(new_s) == pytest.approx(ref_s, abs=4 * ANCHOR_STD_S)
    for segment in tied.segments:
        values = np.array(segment.knots)
        assert (np.diff(values, axis=0) > 0).all()
        assert min(segment.std_s) > 0


def test_a_stretch_that_is_moved_into_the_one_before_loses_only_the_overlap() -> None:
    stop = TimeMap(
        (
            Segment(((0.0, 0.0), (30.0, 30.0)), (0.05, 0.05)),
            Segment(((40.0, 30.0), (60.0, 50.0)), (0.05, 0.05)),
        )
    )
    tied = through_anchors(stop, [(20.8, 20.0)])
    assert len(tied.segments) == 2
    assert tied.segments[1].knots[-1][0] == 60.0
    assert tied.segments[1].knots[0][0] < 46.0
    assert tied.segments[1].knots[0][1] >= tied.segments[0].knots[-1][1]


def test_anchors_that_go_back_in_time_or_lie_in_a_gap_are_refused() -> None:
    with pytest.raises(UsageError, match="go back in time"):
        through_anchors(MAP, [(50.0, 40.0), (40.0, 50.0)])
    with pytest.raises(UsageError, match="nothing was aligned"):
        through_anchors(MAP, [(500.0, 400.0)])
    with pytest.raises(UsageError, match="Two anchors"):
        anchors_alone([(1.0, 1.0)])
    assert through_anchors(MAP, []) is MAP


@pytest.mark.real
def test_real_courses(shared_data: Path) -> None:
    tracks = shared_data / "gps_tracks" / "regatta"
    one = align(tracks / "track1.gpx", tracks / "track2.gpx")
    assert one.gaps
    # Off the course, or on a leg that the other boat sailed at another time.
    assert {gap.kind for gap in one.gaps} <= {"detour", "again"}
    for first, second in (("track1", "track2"), ("track2", "track1")):
        matched_m, nearest_m, _ = nearness(tracks / f"{first}.gpx", tracks / f"{second}.gpx")
        assert len(matched_m) > 1500
        # Boats tack apart: nothing is nearer than the nearest point of the other's track.
        assert np.median(matched_m) <= 1.3 * np.median(nearest_m)
    time_map = one.session.groups[0].placements[1].time_map
    assert time_map is not None
    for segment in time_map.segments:
        assert (np.diff(np.array(segment.knots), axis=0) > 0).all()
    two = align(tracks / "osm-demo-Alex.gpx", tracks / "osm-demo-Yury.gpx")
    assert {left.code for left in two.session.unplaced} == {"other_route"}


def test_mapped_helper_leaves_gaps_open() -> None:
    # What the other tests lean on: no answer is no answer.
    from tests.numerics.test_route_warp import route

    way = wander(35)
    run = route(*ride(way, speed_mps=5.0, seed=36))
    got, _ = mapped(warp_routes(run, run), np.array([-50.0, 1e6]))
    assert np.isnan(got).all()


@pytest.mark.real
def test_a_real_ride_against_copies_with_noise_stops_and_another_speed(shared_data: Path) -> None:
    times_s, places_m = real_ride(shared_data / "gps_tracks" / "race_katka" / "jukka.gpx", 0)
    seconds, noisy, true_s = perturbed(times_s, places_m, noise_m=5.0, seed=7)
    ref, new = by_distance(places_m, times_s=times_s), by_distance(noisy, times_s=seconds)
    assert ref is not None
    assert new is not None
    got_s, _ = answers(warp_routes(ref, new), seconds)
    ok = np.isfinite(got_s)
    apart_m = np.hypot(*(at(times_s, places_m, got_s[ok]) - at(times_s, places_m, true_s[ok])).T)
    assert ok.mean() > 0.8
    assert np.median(apart_m) <= 5.0
    assert np.percentile(apart_m, 95) <= 15.0
    assert np.median(np.abs(got_s[ok] - true_s[ok])) <= 1.0


@pytest.mark.real
def test_a_cameras_own_positions_are_aligned_with_a_log_of_the_same_way(
    shared_data: Path, tmp_path: Path
) -> None:
    video = shared_data / "gopro" / "hero5_karma.mp4"
    seen = read_run(video, track=None, clip_id="c1").positions
    assert seen is not None
    assert seen.source not in ("GPX", "FIT")
    # The same way again, at three quarters of the pace, each second of the log.
    log_s = np.arange(0.0, (seen.times_s[-1] - seen.times_s[0]) / 0.75)
    when_s = seen.times_s[0] + 0.75 * log_s
    places = np.stack([np.interp(when_s, seen.times_s, d) for d in (seen.lat_deg, seen.lon_deg)])
    points = zip((1.78e9 + log_s).tolist(), *places.tolist(), strict=True)
    log = tmp_path / "log.gpx"
    log.write_text(gpx_text(points), "utf-8")
    time_map = align(video, log).session.groups[0].placements[1].time_map
    assert time_map is not None
    got, _ = sampled(time_map, log_s)
    assert np.nanmedian(np.abs(got - when_s)) < 0.2
    assert np.isfinite(got).mean() > 0.9


def test_a_contradiction_is_told_and_the_answer_is_to_be_checked(
    runs: Callable[..., tuple[Path, Path, Floats]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, new, _ = runs()
    by_gps = align(ref, new).session.groups[0].placements[1].time_map
    assert by_gps is not None
    segment = by_gps.longest
    elsewhere = Segment(tuple((t, g + 30.0) for t, g in segment.knots), segment.std_s)
    wrong = Evidence(signal="scenery", time_map=TimeMap((elsewhere,)), confidence=0.7)
    monkeypatch.setattr(gathering, "by_scenery", lambda *_args, **_options: wrong)
    result = align(ref, new, options=AlignOptions(signals=("gps", "scenery")))
    placement = result.session.groups[0].placements[1]
    assert (placement.signals, placement.status) == (("gps",), "check")
    assert placement.time_map == by_gps
    (told,) = placement.disagreements
    assert told.difference_s == pytest.approx(30.0, abs=0.1)
    assert [(m.signal, m.accepted) for m in result.session.matches] == [
        ("gps", True),
        ("scenery", False),
    ]
    assert any("disagree" in sentence for sentence in result.warnings)
