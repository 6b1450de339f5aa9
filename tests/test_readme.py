"""What the README says is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer.main

import clapless
from clapless.cli.app import build
from clapless.signals import SIGNALS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verbs() -> dict[str, set[str]]:
    """Each verb with its options, and with those of its own verbs."""
    group = typer.main.get_command(build())
    assert hasattr(group, "commands")
    return {
        name: {
            option
            for one in (command, *getattr(command, "commands", {}).values())
            for parameter in one.params
            for option in parameter.opts
        }
        for name, command in group.commands.items()
    }


def test_it_begins_with_the_two_commands_and_a_picture_that_exists():
    lines = [line for line in README.splitlines() if line]
    assert lines[1:3] == [
        "    python3 install/bootstrap.py demo",
        "    python3 install/bootstrap.py test",
    ]
    picture = re.fullmatch(r"!\[.+\]\((.+)\)", lines[3])
    assert picture is not None
    assert (ROOT / picture[1]).read_bytes().startswith(b"\x89PNG")


def test_every_command_has_its_verb_and_its_options(verbs):
    commands = re.findall(r"^ {4}clapless (\w+)(.*)$", README, re.MULTILINE)
    assert {"sync", "verify", "export"} <= {verb for verb, _ in commands}
    for verb, rest in commands:
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest):
            assert option in verbs[verb], option
    for option in re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE):
        assert option in verbs["sync"], option


def test_the_table_of_signals_is_that_of_sync():
    (table,) = re.findall(r"^\| signal \|.*\n\|.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(one.name for one in SIGNALS if one.proves == "moment")


def test_links_lead_to_what_is_there():
    for page in [ROOT / "README.md", *(ROOT / "install" / "guides").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_benchmark_it_names_exists():
    for name in re.findall(r"tests/benchmarks/\w+\.py", README):
        assert (ROOT / name).is_file(), name


def test_files_it_names_exist():
    for name in re.findall(r"`([\w/]+/|[A-Z]+(?:\.md)?)`", README):
        if "/" in name or name.endswith(".md") or name == "LICENSE":
            assert (ROOT / name).exists(), name


def test_its_python_names_what_the_library_has():
    blocks = re.findall(r"(?:^ {4}.*\n|^\n)+", README, re.MULTILINE)
    (code,) = (block for block in blocks if "import clapless" in block)
    tree = ast.parse("\n".join(line.removeprefix("    ") for line in code.splitlines()))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "clapless"
    }
    assert used == {"sync", "offset", "write_session"}
    assert used <= set(clapless.__all__)
