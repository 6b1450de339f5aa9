from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import clapless.synth.shoot
from clapless.session import read_session
from clapless.synth.plan import DevicePlan, EventPlan, Take
from clapless.synth.scoring import score
from clapless.synth.shoot import Report, write_shoot
from clapless.synth.truth import Shoot, read_shoot

pytestmark = pytest.mark.media


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo of one camera and a recorder; the camera's second clip is of something else."""
    here, elsewhere = Take(start_s=4.0, duration_s=20.0), Take(start_s=0.0, duration_s=8.0, event=1)
    camera = DevicePlan(
        name="CAM_A",
        files="CAM_A/C{n:04d}.MP4",
        frame_rate=Fraction(25),
        drift_ppm=20.0,
        takes=(here, elsewhere),
    )
    recorder = DevicePlan(
        name="REC", files="REC/R{n:03d}.WAV", takes=(Take(start_s=0.0, duration_s=28.0),)
    )
    events = (EventPlan(kind="speech", duration_s=30.0), EventPlan(kind="speech", duration_s=10.0))

    def demo_shoot(folder: Path, *, report: Report) -> Shoot:
        return write_shoot(
            folder, events=events, devices=(camera, recorder), seed=3, size=(64, 36), report=report
        )

    monkeypatch.setattr(clapless.synth.shoot, "demo_shoot", demo_shoot)


def test_it_makes_syncs_exports_and_compares(run, short, tmp_path):
    folder = tmp_path / "my demo"
    ran = run("demo", folder)
    assert (ran.code, ran.err) == (0, "") or ran.err.startswith("clapless: "), ran.err
    for words in ("Against the truth", "Every clip is on the right frame.", "rightly left out"):
        assert words in ran.out
    for name in ("session.json", "timeline.fcpxml", "timeline.otio"):
        assert (folder / name).stat().st_size > 1000
        assert name in ran.out
    scores = score(read_shoot(folder / "shoot"), read_session(folder / "session.json"))
    assert [one.right for one in scores] == [True, False, True]
    assert not any(one.wrong for one in scores)


def test_a_folder_with_something_else_is_left_alone(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    ran = run("demo", tmp_path / "mine")
    assert ran.code == 2
    assert "holds something else than a demo: name an empty folder." in ran.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_file_in_its_place_is_left_alone(run, tmp_path):
    (tmp_path / "file").write_text("x")
    assert run("demo", tmp_path / "file").code == 2
    ran = run("demo", tmp_path / "file" / "below")
    assert ran.code == 1
    assert "cannot be written to" in ran.err
    assert (tmp_path / "file").read_text() == "x"


def test_an_older_demo_is_made_anew(run, tmp_path, monkeypatch):
    (tmp_path / "demo" / "shoot").mkdir(parents=True)
    (tmp_path / "demo" / "shoot" / "truth.json").write_text("{}")
    asked = []

    def stop(folder: Path, **_options: object) -> None:
        asked.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(clapless.synth.shoot, "demo_shoot", stop)
    assert run("demo", tmp_path / "demo").code == 130
    assert asked == [tmp_path / "demo" / "shoot"]
