"""What a right click runs: sync and export beside what was given, one run at a time."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clapless_resolve import notify

SCRIPT = Path(__file__).resolve().parents[2] / "install" / "shell_actions" / "sync_and_export.py"


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("sync_and_export_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return module


@pytest.fixture
def ran(action: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Clapless was asked, what it answers, and what the desktop was told."""
    told: dict[str, Any] = {"asked": [], "code": 0, "words": "All well.\n", "during": lambda: None}

    def clapless(arguments: list[str], report: Any) -> int:
        told["asked"].append(arguments)
        report.write(told["words"])
        told["during"]()
        if arguments[0] == "export":
            Path(arguments[-1]).write_text("timeline")
            return 0
        return int(told["code"])

    def show(sentence: str) -> threading.Thread:
        told["said"] = sentence
        thread = threading.Thread()
        thread.start()
        return thread

    monkeypatch.setattr(notify, "show", show)
    monkeypatch.setattr(action, "clapless", clapless)
    monkeypatch.setattr(
        action, "start", lambda command: told.setdefault("shown", []).append(command)
    )
    return told


def test_a_folder_is_synced_into_one_beside_it(action: Any, ran: dict[str, Any], tmp_path: Path):
    card = tmp_path / "Card 1"
    card.mkdir()
    assert action.main([str(card)]) == 0
    results = tmp_path / "Card 1 synced"
    assert ran["asked"][0] == ["sync", str(card), "-o", str(results / "session.json")]
    assert sorted(one.name for one in results.iterdir()) == [
        "report.txt",
        "timeline for Final Cut Pro.fcpxml",
        "timeline for Premiere Pro.xml",
    ]
    assert list(card.iterdir()) == []
    assert ran["said"] == f"All is synced. The timelines are in {results}."
    assert ran["shown"][0][-1] == str(results)


def test_several_files_are_named_after_their_folder(
    action: Any, ran: dict[str, Any], tmp_path: Path
):
    files = [tmp_path / "Day" / name for name in ("a.mov", "b.wav")]
    files[0].parent.mkdir()
    for one in files:
        one.touch()
    ran["code"] = 3
    assert action.main(["--quiet", *map(str, files)]) == 3
    assert (tmp_path / "Day synced" / "report.txt").is_file()
    assert not {"shown", "said"} & set(ran)


def test_where_nothing_is_usable_the_reason_is_told(
    action: Any, ran: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    ran["code"], ran["words"] = 1, "Reading.\nThere is no media in Card.\n\n"
    card = tmp_path / "Card"
    card.mkdir()
    assert action.main(["--quiet", str(card)]) == 1
    assert capsys.readouterr().out == "There is no media in Card.\n"
    assert [one[0] for one in ran["asked"]] == ["sync"]


def test_nothing_selected(action: Any, capsys: pytest.CaptureFixture[str]):
    assert action.main(["--quiet"]) == 2
    assert "Select folders or recordings first." in capsys.readouterr().out


def test_what_arrives_during_a_run_is_synced_after_it(
    action: Any, ran: dict[str, Any], tmp_path: Path
):
    """A folder action starts once for each card that is copied into the folder."""
    card = tmp_path / "Card"
    card.mkdir()
    second: list[int] = []

    def arrive() -> None:
        if not second:
            second.append(action.main(["--quiet", str(card)]))

    ran["during"] = arrive
    assert action.main(["--quiet", str(card)]) == 0
    assert second == [0]
    assert [one[0] for one in ran["asked"]] == ["sync", "export", "export"] * 2
    assert not list((tmp_path / "Card synced").glob(".*"))


def test_a_mark_of_a_run_that_died_is_no_obstacle(action: Any, ran: dict[str, Any], tmp_path: Path):
    card = tmp_path / "Card"
    card.mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "Card synced").mkdir()
    (tmp_path / "Card synced" / ".running").write_text(str(dead.pid))
    assert action.main(["--quiet", str(card)]) == 0
    assert len(ran["asked"]) == 3


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_beside_a_locked_card_the_results_go_to_documents(
    action: Any, ran: dict[str, Any], tmp_path: Path
):
    card = tmp_path / "disk" / "Card"
    card.mkdir(parents=True)
    # A file in the way stands for a place that cannot be written; root may write everywhere.
    (tmp_path / "disk" / "Card synced").touch()
    assert action.main(["--quiet", str(card)]) == 0
    assert (tmp_path / "home" / "Documents" / "Clapless" / "Card synced" / "report.txt").is_file()


def test_the_real_command_line_answers(tmp_path: Path):
    card = tmp_path / "Empty card"
    card.mkdir()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quiet", str(card)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Empty card" in (tmp_path / "Empty card synced" / "report.txt").read_text()
    assert done.stdout.strip()
