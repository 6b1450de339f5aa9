"""Verbs of outer packages: a broken one is a sentence and takes only its own verbs away."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
import typer

from clapless.cli import plugins

good = typer.Typer()


@good.callback()
def _good() -> None:
    pass


@good.command("greet")
def _greet() -> None:
    typer.echo("hello")


@good.command("stumble")
def _stumble() -> None:
    from clapless.errors import ExportError

    raise ExportError("The format cannot hold two groups: choose --groups separate.")


double = typer.Typer()


@double.command("sync")
def _sync() -> None:
    pass


no_app = "not a Typer app"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Announce plug-ins, as `module:attribute` strings of this file."""

    def install(*values: str) -> None:
        points = [
            EntryPoint(name=f"p{i}", value=value, group=plugins.GROUP)
            for i, value in enumerate(values)
        ]
        monkeypatch.setattr(plugins, "entry_points", lambda **_group: points)

    return install


HERE = "tests.cli.test_plugins"


def test_its_verbs_stand_among_the_others(installed, run):
    installed(f"{HERE}:good")
    assert run("greet").out == "hello\n"
    helped = run("--help").out
    assert "greet" in helped
    assert "sync" in helped


def test_its_errors_are_sentences_too(installed, run):
    installed(f"{HERE}:good")
    ran = run("stumble")
    assert ran.code == 1
    assert ran.err == "The format cannot hold two groups: choose --groups separate.\n"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("clapless_nowhere:app", "ModuleNotFoundError: No module named 'clapless_nowhere'"),
        (f"{HERE}:missing", "AttributeError"),
        (f"{HERE}:no_app", "is no Typer app"),
        (f"{HERE}:double", "there is a verb sync already"),
    ],
)
def test_a_broken_one_is_one_sentence_and_the_rest_works(installed, run, value, words):
    installed(value, f"{HERE}:good")
    ran = run("greet")
    assert (ran.code, ran.out) == (0, "hello\n")
    assert ran.err.startswith("The verbs 'p0' of ")
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_without_any_the_engine_has_its_verbs(installed, run):
    installed()
    ran = run("--help")
    assert ran.code == 0
    for verb in ("sync", "align", "markers", "verify", "probe", "demo", "cache"):
        assert verb in ran.out
    for later in ("review", "batch", "edit", "resolve", "render"):
        assert f" {later} " not in ran.out
