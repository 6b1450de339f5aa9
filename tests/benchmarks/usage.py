"""What a command costs: CPU with all its children, peak memory of the whole tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Usage:
    """CPU seconds (user and system, children included), peak megabytes, wall seconds, exit code."""

    cpu_s: float
    peak_mb: float
    wall_s: float
    code: int
    output: str


def measure(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Usage:
    """Run a command and return what it cost.

    Memory is the sum over the tree of what is in RAM and not shared (proportional set size), asked
    for every 20 ms and never below the kernel's own peak of the biggest process. Linux only.
    """
    begin = time.monotonic()
    with subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        stream = process.stdout
        pieces: list[str] = []
        reader = threading.Thread(target=lambda: pieces.append(stream.read()))
        reader.start()
        peak_kb = 0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak_kb = max(peak_kb, sum(map(_memory_kb, _tree(process.pid))))
            time.sleep(POLL_S)
        reader.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=max(peak_kb, usage.ru_maxrss) / 1024.0,
        wall_s=time.monotonic() - begin,
        code=process.returncode,
        output="".join(pieces),
    )


def _tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue  # it ended while it was looked at
    return found


def _memory_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0  # it ended while it was looked at
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
