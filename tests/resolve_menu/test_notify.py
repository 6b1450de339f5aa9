"""Words on the desktop: no text of a clip ever becomes part of a command."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from clapless_resolve import notify

ODD = 'a" & do shell script "x" -- $HOME `id`'


@pytest.mark.parametrize("there", ["notify-send", "kdialog", "xmessage"])
def test_linux_takes_what_is_there(there: str):
    command = notify.dialog_command(ODD, platform="linux", which={there: f"/bin/{there}"}.get)
    assert command is not None
    assert (command[0], command[-1]) == (f"/bin/{there}", ODD)


def test_macos_gives_the_words_as_an_argument():
    command = notify.dialog_command(ODD, platform="darwin")
    assert command is not None
    assert command[-1] == ODD
    assert ODD not in command[-2]


def test_a_desktop_without_dialogs_is_no_error():
    assert notify.dialog_command("words", platform="linux", which=lambda _: None) is None


@pytest.mark.parametrize("problem", [OSError("none"), subprocess.TimeoutExpired("x", 1)])
def test_a_dialog_that_fails_is_no_error(monkeypatch: pytest.MonkeyPatch, problem: Exception):
    run: list[Any] = []

    def refuse(command: list[str], **_: Any) -> None:
        run.append(command)
        raise problem

    monkeypatch.setattr(notify, "dialog_command", lambda words: ["dialog", words])
    monkeypatch.setattr(subprocess, "run", refuse)
    thread = notify.show("Some words.", ["And more."])
    thread.join(timeout=10)
    assert run == [["dialog", "Some words.\nAnd more."]]
