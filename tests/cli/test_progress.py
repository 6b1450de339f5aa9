from __future__ import annotations

import io
import re
import time

from rich.console import Console

from clapless.cli.console import PLAIN_WIDTH, safe, stderr, stdout
from clapless.cli.progress import QUIET_S, ConsoleProgress
from clapless.pipeline import Progress


def screen(*, terminal: bool) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=100, _environ={}), text


def wait_for(text: io.StringIO, words: str) -> None:
    """Wait until the words were shown: the bar is drawn by a clock of its own."""
    ends = time.monotonic() + 10.0
    while words not in text.getvalue():
        assert time.monotonic() < ends, f"{words!r} is not in {text.getvalue()!r}"
        time.sleep(0.01)


def test_it_is_what_the_pipeline_wants():
    progress: Progress = ConsoleProgress()
    progress.done()


def test_quick_work_shows_nothing():
    assert QUIET_S == 2.0
    for terminal in (True, False):
        console, text = screen(terminal=terminal)
        with ConsoleProgress(console) as progress:
            progress.stage("reading", 2)
            progress.advance()
            progress.advance(detail="C0001.MP4")
            progress.done()
        assert text.getvalue() == ""


def test_a_terminal_gets_a_bar_that_goes_away():
    console, text = screen(terminal=True)
    with ConsoleProgress(console, quiet_s=0.0) as progress:
        progress.stage("reading", 4)
        progress.advance(detail="[b]C\n1[/b].MP4")
        wait_for(text, "1/4")
        wait_for(text, "[b]C\\n1[/b].MP4")
        progress.stage("comparing", 0)
        wait_for(text, "comparing")
    # The cursor is shown again, and the last line is erased.
    assert text.getvalue().endswith("\x1b[?25h") or "\x1b[2K" in text.getvalue()[-60:]


def test_elsewhere_each_stage_is_one_plain_line():
    console, text = screen(terminal=False)
    with ConsoleProgress(console, quiet_s=0.0) as progress:
        wait_for(text, "looking")
        progress.stage("reading", 4)
        progress.advance(4)
        progress.stage("comparing", 0)
    lines = text.getvalue().splitlines()
    assert lines == [
        "clapless: looking at the files ...",
        "clapless: reading (4 steps) ...",
        "clapless: comparing ...",
    ]


def test_an_error_inside_ends_the_bar():
    console, text = screen(terminal=True)
    try:
        with ConsoleProgress(console, quiet_s=0.0) as progress:
            progress.stage("reading", 4)
            wait_for(text, "reading")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        shown = text.getvalue()
    time.sleep(0.15)
    assert text.getvalue() == shown


def test_time_left_is_shown():
    console, text = screen(terminal=True)
    with ConsoleProgress(console, quiet_s=0.0) as progress:
        progress.stage("reading", 1000)
        for _ in range(20):
            progress.advance()
            time.sleep(0.01)
        ends = time.monotonic() + 10.0
        while not re.search(r"\d:\d\d:\d\d", text.getvalue()):
            assert time.monotonic() < ends
            progress.advance()
            time.sleep(0.05)


def test_results_and_everything_else_are_apart(capfd):
    stdout().print(safe("result"))
    stderr().print(safe("progress"))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("result\n", "progress\n")


def test_a_pipe_is_wide_enough_for_whole_tables(capfd):
    assert stdout().width == PLAIN_WIDTH
