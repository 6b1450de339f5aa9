"""``clapless demo``: a shoot whose truth is known, synced, exported and compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from clapless.cli import outcome
from clapless.cli.console import safe, stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.cli.sync import run
from clapless.cli.tables import plain_table, print_session
from clapless.errors import ClaplessError, UsageError, printable
from clapless.model import Clip, Placement, Session
from clapless.session import write_session

if TYPE_CHECKING:
    from clapless.synth.truth import Shoot

DEFAULT_FOLDER = Path("clapless-demo")
SHOOT, SESSION = "shoot", "session.json"
TIMELINES = ("timeline.fcpxml", "timeline.otio")


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where to put it; made where it is missing.")
    ] = DEFAULT_FOLDER,
) -> None:
    """Make a synthetic shoot, sync it, export it, print the error against the truth."""
    from clapless.pipeline import SyncOptions

    _check_folder(folder)
    shoot = _write(folder / SHOOT)
    result = run([shoot.folder], SyncOptions())
    session_path = folder / SESSION
    write_session(result.session, session_path)
    console = stdout()
    print_session(console, result.session)
    errors = list(measure(result.session, shoot))
    console.print(truth_table(errors))
    warn(result.warnings)
    warn((failure.message for failure in result.failures), "red")
    exported = [
        path for path in (folder / name for name in TIMELINES) if _export(session_path, path)
    ]
    right = not result.failures and all(error.is_right for error in errors)
    console.print(_next_steps(session_path, exported, right), soft_wrap=True)
    raise typer.Exit(outcome.ALL_WELL if right else outcome.INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipError:
    """How far one clip lies from where it was made to lie.

    Parameters
    ----------
    clip
        The clip.
    placement
        Where it was placed, None where it was not.
    start_s, end_s
        Placed minus true group time at both ends of the clip, in seconds.
    drift_ppm
        Placed minus true drift.
    has_partner
        Whether anything else recorded the same moment, so that it can be placed at all.
    """

    clip: Clip
    placement: Placement | None
    start_s: float = 0.0
    end_s: float = 0.0
    drift_ppm: float = 0.0
    has_partner: bool = True

    @property
    def worst_s(self) -> float:
        """The larger of the errors at both ends, in seconds."""
        return max(abs(self.start_s), abs(self.end_s))

    @property
    def is_right(self) -> bool:
        """On the right frame (half a frame, 20 ms where there is none), or rightly left out."""
        if self.placement is None:
            return not self.has_partner
        half_s = 0.5 / float(self.clip.frame_rate) if self.clip.frame_rate else 0.02
        return self.has_partner and self.worst_s <= half_s


def measure(session: Session, shoot: Shoot) -> Iterator[ClipError]:
    """Yield the error of each clip against the truth of the shoot."""
    for clip in session.clips:
        truth = shoot.clip(clip.path)
        partner = shoot.overlap_s(truth) > 0
        found = session.placement(clip.id)
        if found is None:
            yield ClipError(clip=clip, placement=None, has_partner=partner)
            continue
        group, placement = found
        reference = shoot.clip(session.clip(group.reference).path)
        if reference.event != truth.event:
            yield ClipError(clip=clip, placement=placement, has_partner=False)
            continue
        ends_s = (0.0, float(clip.duration_s))
        start_s, end_s = (
            placement.to_group(t_s) - shoot.group_time_s(truth, reference, t_s) for t_s in ends_s
        )
        yield ClipError(
            clip=clip,
            placement=placement,
            start_s=start_s,
            end_s=end_s,
            drift_ppm=placement.drift_ppm - shoot.drift_ppm(truth, reference),
            has_partner=partner,
        )


def truth_table(errors: list[ClipError]) -> Table:
    """Return the errors as a table."""
    table = plain_table(Text("Against the truth"))
    for heading in ("Clip", "Camera or recorder"):
        table.add_column(heading, overflow="fold")
    for heading in ("Off at its start", "At its end", "Frames", "Drift off by"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for error in errors:
        table.add_row(safe(error.clip.name), safe(error.clip.device or ""), *_cells(error))
    return table


def _cells(error: ClipError) -> Iterator[str | Text]:
    if error.placement is None or not error.has_partner:
        yield from [""] * 4
    else:
        yield f"{error.start_s * 1000:+.3f} ms"
        yield f"{error.end_s * 1000:+.3f} ms"
        rate = error.clip.frame_rate
        yield f"{error.worst_s * float(rate):.4f}" if rate else ""
        yield f"{error.drift_ppm:+.2f} ppm"
    yield Text(_verdict(error), style="green" if error.is_right else "red")


def _verdict(error: ClipError) -> str:
    if error.placement is None:
        return "not placed, though it could be" if error.has_partner else "rightly left out"
    if not error.has_partner:
        return "wrong: nothing else recorded it"
    return "right" if error.is_right else "wrong"


def _check_folder(folder: Path) -> None:
    from clapless.synth.truth import TRUTH_NAME

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{printable(str(folder))} is no folder: name another for the demo.")
    ours = (folder / SHOOT / TRUTH_NAME).exists()
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        raise UsageError(
            f"{printable(str(folder))} holds something else than a demo: name an empty folder."
        )


def _write(folder: Path) -> Shoot:
    from clapless.synth.shoot import demo_shoot

    with ConsoleProgress() as progress:
        done = 0

        def report(count: int, total: int, name: str) -> None:
            nonlocal done
            if not done:
                progress.stage("making the shoot", total)
            progress.advance(count - done, detail=name)
            done = count

        try:
            folder.mkdir(parents=True, exist_ok=True)
            shoot = demo_shoot(folder, report=report)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ClaplessError(
                f"The demo cannot be written to {printable(str(folder))}: {why}; name another "
                "folder."
            ) from error
    return shoot


def _export(session: Path, target: Path) -> bool:
    """Write a timeline through the verb that another package brings; return whether it did."""
    from clapless.cli.app import run as run_verb

    return run_verb(["export", str(session), "-o", str(target)]) == outcome.ALL_WELL


def _next_steps(session: Path, exported: list[Path], right: bool) -> str:
    lines = [
        "",
        "Every clip is on the right frame." if right else "Not every clip is on the right frame.",
        f"The shoot lies in {printable(str(session.parent / SHOOT))}, what was found in "
        f"{printable(str(session))}.",
    ]
    lines += [f"Open in your editor: {printable(str(path))}" for path in exported]
    lines += [
        f"Measure it again: clapless verify {printable(str(session))}",
        "With your own recordings: clapless sync FOLDER -o session.json",
    ]
    return "\n".join(lines)
