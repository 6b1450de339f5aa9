"""A shoot without media: the pipeline is played by a script, the command line is the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

import clapless.pipeline
from clapless.cli import main
from clapless.cli.progress import ConsoleProgress
from clapless.model import (
    AudioStream,
    Candidate,
    Clip,
    Device,
    Group,
    MediaFile,
    Pin,
    Placement,
    Session,
    Unplaced,
)
from clapless.pipeline import Progress, SyncOptions, SyncResult


@pytest.fixture(autouse=True)
def no_progress_on_a_slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep progress, which comes after two seconds, out of what runs say; its tests ask for it."""
    defaults = ConsoleProgress.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "quiet_s", 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Script:
    """What the pipeline shall answer, and what it was asked."""

    result: SyncResult
    asked: list[tuple[list[Path], SyncOptions]] = field(default_factory=list)
    act: Callable[[Progress], None] | None = None

    def sync_paths(
        self, paths: list[Path], *, options: SyncOptions, progress: Progress
    ) -> SyncResult:
        """Stand in for `clapless.pipeline.sync_paths`."""
        self.asked.append((list(paths), options))
        if self.act is not None:
            self.act(progress)
        return self.result


def clip(number: int, folder: Path, *, name: str = "", rate: Fraction | None = None) -> Clip:
    """A clip of 60 s whose file need not exist."""
    name = name or f"C{number:04d}"
    suffix = ".wav" if rate is None else ".mp4"
    return Clip(
        id=f"c{number}",
        name=name,
        files=(MediaFile(path=folder / f"{name}{suffix}"),),
        device="A" if rate else "ZOOM",
        kind="video" if rate else "audio",
        duration_s=Fraction(60),
        frame_rate=rate,
        audio=(AudioStream(index=0, channels=2, sample_rate_hz=48000, names=("Boom", "Lav")),),
    )


def shoot(folder: Path) -> Session:
    """Three clips: a reference, one synced, one not synced."""
    clips = (
        clip(1, folder, name="ZOOM0001"),
        clip(2, folder, rate=Fraction(25)),
        clip(3, folder, rate=Fraction(25)),
    )
    second = Placement(
        clip="c2",
        offset_s=12.254,
        drift_ppm=10.0,
        offset_std_s=0.0001,
        confidence=0.998,
        signals=("audio",),
    )
    group = Group(id="g1", reference="c1", placements=(Placement(clip="c1", offset_s=0.0), second))
    loose = Unplaced(
        clip="c3",
        code="no_match",
        reason="no sound in common with any other clip",
        candidates=(Candidate(a="c1", offset_s=30.0, confidence=0.2),),
        suggested_pins=(Pin(a="c1", a_s=1.5, b="c3", b_s=2.25),),
    )
    return Session(
        devices=(Device(id="A", source="folder"),), clips=clips, groups=(group,), unplaced=(loose,)
    )


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """The pipeline's part; change `script.result` before the run."""
    played = Script(result=SyncResult(session=shoot(tmp_path)))
    monkeypatch.setattr(clapless.pipeline, "sync_paths", played.sync_paths, raising=False)
    return played


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line in this process."""

    def run_once(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Ran(code=code, out=said.out, err=said.err)

    return run_once
