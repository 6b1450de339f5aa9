"""``clapless demo``: a shoot whose truth is known, synced, exported and compared with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from clapless.cli import outcome
from clapless.cli.console import safe, stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.cli.sync import run
from clapless.cli.tables import add_number_column, plain_table, print_session
from clapless.cli.words import signed
from clapless.errors import ClaplessError, UsageError, printable, reason_of
from clapless.session import write_session

if TYPE_CHECKING:
    from clapless.synth.scoring import ClipScore
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
    from clapless.synth.scoring import score

    _check_folder(folder)
    shoot = _write(folder / SHOOT)
    result = run([shoot.folder], SyncOptions())
    session_path = folder / SESSION
    write_session(result.session, session_path)
    console = stdout()
    print_session(console, result.session)
    scores = score(shoot, result.session)
    console.print(truth_table(shoot, scores))
    warn(result.warnings)
    warn((failure.message for failure in result.failures), "red")
    exported = [
        path for path in (folder / name for name in TIMELINES) if _export(session_path, path)
    ]
    right = not result.failures and all(is_right(shoot, one) for one in scores)
    console.print(_next_steps(session_path, exported, right), soft_wrap=True)
    raise typer.Exit(outcome.ALL_WELL if right else outcome.INCOMPLETE)


def is_right(shoot: Shoot, found: ClipScore) -> bool:
    """Return whether a clip is on the right frame, or rightly left out."""
    return found.right if shoot.overlap_s(found.clip) else found.placement is None


def truth_table(shoot: Shoot, scores: Iterable[ClipScore]) -> Table:
    """Return how far each clip lies from where it was made to lie."""
    table = plain_table(Text("Against the truth"))
    for heading in ("Clip", "Camera"):
        table.add_column(heading, overflow="fold")
    for heading in ("Off at start", "At end", "Frames", "Drift off"):
        add_number_column(table, heading)
    table.add_column("")
    for found in scores:
        verdict = Text(_verdict(shoot, found), "green" if is_right(shoot, found) else "red")
        name, device = found.clip.path.stem, found.clip.device
        table.add_row(safe(name), safe(device), *_figures(shoot, found), verdict)
    return table


def _figures(shoot: Shoot, found: ClipScore) -> Iterator[str]:
    if found.placement is None or found.reference is None or found.errors_s is None:
        yield from [""] * 4
        return
    for error_s in found.errors_s:
        yield f"{signed(error_s * 1000, 3)} ms"
    yield f"{found.frames:.4f}" if found.clip.frame_rate else ""
    drift_ppm = found.placement.drift_ppm - shoot.drift_ppm(found.clip, found.reference)
    yield f"{signed(drift_ppm, 2)} ppm"


def _verdict(shoot: Shoot, found: ClipScore) -> str:
    partner = shoot.overlap_s(found.clip) > 0
    if found.placement is None:
        return "not placed, though it could be" if partner else "rightly left out"
    if not partner:
        return "wrong: nothing else recorded it"
    return "right" if found.right else "wrong"


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
            why = reason_of(error)
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
