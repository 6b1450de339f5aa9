#!/usr/bin/env python3
"""Sync what was given by a right click, and write a timeline for Final Cut Pro and Premiere Pro.

    python3 sync_and_export.py [--quiet] PATH...

Runs in Clapless's own environment. The results lie in a folder "NAME synced" beside what was given,
never inside of it: cards are checked against their hash lists, and a watched folder would start
again for its own results. Where nothing may be written there, they lie in Documents/Clapless.
Ends with 0 where all is synced, 3 where something is not, 1 where nothing was usable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TIMELINES = {
    "timeline for Final Cut Pro.fcpxml": "File > Import > XML in Final Cut Pro",
    "timeline for Premiere Pro.xml": "File > Import in Premiere Pro",
}
REPORT = "report.txt"
SYNCED, PARTLY = 0, 3


def main(arguments: list[str]) -> int:
    """Sync and export, say how it went in a window of the system, return the exit code."""
    quiet = "--quiet" in arguments
    paths = [Path(one).absolute() for one in arguments if one != "--quiet"]
    if not paths:
        tell("Select folders or recordings first.", quiet=quiet)
        return 2
    folder = results_folder(paths)
    if not claim(folder):
        return SYNCED
    code = run(paths, folder)
    while (folder / ".again").exists():
        (folder / ".again").unlink()
        code = run(paths, folder)
    (folder / ".running").unlink()
    if code in (SYNCED, PARTLY):
        if not quiet:
            show(folder)
        words = "All is synced." if code == SYNCED else f"Not all is synced: see {REPORT}."
        tell(f"{words} The timelines are in {folder}.", quiet=quiet)
    else:
        tell(last_line(folder / REPORT), quiet=quiet)
    return code


def results_folder(paths: list[Path]) -> Path:
    """Return the folder of the results, made where it is missing.

    It is named after the only thing given, or the folder of several, and lies beside it.
    """
    named = paths[0] if len(paths) == 1 else paths[0].parent
    name = f"{named.stem if named.is_file() else named.name or 'Card'} synced"
    for place in (named.parent, Path.home() / "Documents" / "Clapless"):
        folder = place / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:  # a card that is locked, the top of a disk: the next place is tried
            continue
    return Path(tempfile.mkdtemp(prefix=name + " "))


def claim(folder: Path) -> bool:
    """Return whether this run is the only one; else the one that runs is asked to run again."""
    mark = folder / ".running"
    for _ in range(2):
        try:
            with mark.open("x") as file:
                file.write(str(os.getpid()))
            return True
        except FileExistsError:
            if is_alive(mark.read_text().strip()):
                (folder / ".again").touch()
                return False
            mark.unlink(missing_ok=True)
    return False


def is_alive(process: str) -> bool:
    """Return whether a process of this number runs; an unreadable one is taken as ended."""
    if not process.isdigit():
        return False
    if os.name == "nt":
        found = subprocess.run(
            ["tasklist", "/FI", f"PID eq {process}", "/NH"], capture_output=True, text=True
        )
        return process in found.stdout
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as somebody else
        return True
    return True


def run(paths: list[Path], folder: Path) -> int:
    """Sync and export once; what was said is kept beside the results."""
    session = folder / "session.json"
    with (folder / REPORT).open("w", encoding="utf-8") as report:
        code = clapless(["sync", *map(str, paths), "-o", str(session)], report)
        if code not in (SYNCED, PARTLY):
            return code
        for name, use in TIMELINES.items():
            done = clapless(["export", str(session), "-o", str(folder / name)], report)
            if done not in (SYNCED, PARTLY):
                return done
            report.write(f"\n{name}: {use}.\n")
            report.flush()
    return code


def clapless(arguments: list[str], report: object) -> int:
    """Run a verb of Clapless with its words in the report."""
    environment = dict(os.environ, PYTHONUTF8="1", NO_COLOR="1", COLUMNS="100")
    for name in ("PYTHONHOME", "PYTHONPATH"):
        environment.pop(name, None)
    return subprocess.call(
        [sys.executable, "-m", "clapless", *arguments],
        stdout=report,  # type: ignore[arg-type]
        stderr=subprocess.STDOUT,
        env=environment,
    )


def last_line(report: Path) -> str:
    """Return the sentence that Clapless ended with."""
    lines = [line for line in report.read_text(encoding="utf-8").splitlines() if line.strip()]
    return lines[-1] if lines else "Clapless ended without a word."


def tell(sentence: str, *, quiet: bool) -> None:
    """Say a sentence on the terminal, and in a window where there is one."""
    print(sentence, flush=True)
    if quiet:
        return
    # Known to the environment that this runs in; a wait, since Windows shows it in this process.
    from clapless_resolve import notify

    notify.show(sentence).join()


def show(folder: Path) -> None:
    """Open a folder in the file manager."""
    if os.name == "nt":
        os.startfile(folder)  # type: ignore[attr-defined]
    else:
        start(["open" if sys.platform == "darwin" else "xdg-open", str(folder)])


def start(command: list[str]) -> None:
    """Run a program of the desktop; where there is none, the terminal has said it already."""
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as problem:
        print(f"{command[0]} did not run: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
