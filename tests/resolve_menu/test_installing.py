"""``clapless resolve install``, ``uninstall`` and ``doctor`` in fake homes of every system."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clapless_resolve import launchers
from clapless_resolve.commands import app
from clapless_resolve.deploy import FOLDER, PLUGIN, carry_out
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import (
    Machine,
    System,
    menu_folders,
    native_module,
    own_python,
    plugin_folders,
)
from clapless_resolve.installed import installed_findings
from clapless_resolve.installing import plan_install, plan_uninstall
from clapless_resolve.mailbox import ALIVE_FILE, mailbox_folder, serve_command
from clapless_resolve.menu_entries import TITLES

pytestmark = pytest.mark.resolve

SYSTEMS: tuple[System, ...] = ("macOS", "Windows", "Linux")


def fake(system: System, tmp_path: Path, *, studio: bool = True) -> Machine:
    """A machine with Resolve on it, all of it below a folder whose name has spaces."""
    root = tmp_path / f"disk of {system}"
    home = root / "Users" / "Ann B é"
    home.mkdir(parents=True, exist_ok=True)
    environment = {}
    if system == "Windows":
        environment = {
            "APPDATA": str(home / "AppData" / "Roaming"),
            "LOCALAPPDATA": str(home / "AppData" / "Local"),
            "PROGRAMDATA": str(root / "ProgramData"),
            "PROGRAMFILES": str(root / "Program Files"),
        }
    machine = Machine(system=system, home=home, environment=environment, root=root)
    for folder in menu_folders(machine):
        if folder.whose == "system":
            # Resolve's installer makes these for all users.
            Path(folder.path).parents[1].mkdir(parents=True, exist_ok=True)
    if studio:
        module = Path(native_module(machine))
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_bytes(b"\x00\x01native")
    return machine


@pytest.fixture(params=SYSTEMS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return fake(request.param, tmp_path)


def ours(machine: Machine, whose: str) -> list[Path]:
    return [Path(one.path) / FOLDER for one in menu_folders(machine) if one.whose == whose]


def tree(machine: Machine) -> dict[str, bytes]:
    assert machine.root is not None
    root = Path(machine.root)
    return {
        str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*") if one.is_file()
    }


class TestInstall:
    def test_entries_the_panel_and_a_launcher_come_and_go(self, machine: Machine):
        before = tree(machine)
        plan = plan_install(machine, panel=False)
        assert tree(machine) == before
        carry_out(plan.steps)
        (folder,) = ours(machine, "user")
        assert sorted(one.name for one in folder.glob("*.lua")) == sorted(
            f"{title}.lua" for title in TITLES.values()
        )
        assert len(list((folder / "Python").glob("*.py"))) == len(TITLES)
        assert plan_install(machine, panel=False).steps == ()
        plugins = [Path(one.path) / PLUGIN for one in plugin_folders(machine)]
        if machine.system == "Linux":
            assert "no plugins on Linux" in str(plan.notices)
        else:
            assert (plugins[0] / "WorkflowIntegration.node").read_bytes() == b"\x00\x01native"
            settings = json.loads((plugins[0] / "settings.json").read_text())
            assert settings["clapless"][0] == sys.executable
        carry_out(plan_uninstall(machine).steps)
        assert tree(machine) == before
        assert plan_uninstall(machine).steps == ()

    def test_for_all_users_paths_are_worked_out_by_each(self, machine: Machine):
        plan = plan_install(machine, system=True, panel=False)
        carry_out(plan.steps)
        folders = ours(machine, "system")
        assert folders
        assert not any(one.exists() for one in ours(machine, "user"))
        variable = "LOCALAPPDATA" if machine.system == "Windows" else "HOME"
        for folder in folders:
            for path in folder.rglob("*.*"):
                text = path.read_text()
                assert "Ann B" not in text
                assert f'"{variable}"' in text

    def test_an_old_copy_elsewhere_goes(self, machine: Machine):
        carry_out(plan_install(machine, system=True, panel=False).steps)
        for folder in ours(machine, "system"):
            (folder / "Older entry.lua").write_text("old")
        carry_out(plan_install(machine, panel=False).steps)
        assert not any(one.exists() for one in ours(machine, "system"))
        (folder,) = ours(machine, "user")
        (folder / "Older entry.lua").write_text("old")
        carry_out(plan_install(machine, panel=False).steps)
        assert not (folder / "Older entry.lua").exists()

    def test_an_old_copy_that_cannot_be_removed_is_told(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ):
        carry_out(plan_install(machine, system=True, panel=False).steps)
        shared = ours(machine, "system")
        real = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path) not in shared and real(path, mode)
        )
        plan = plan_install(machine, panel=False)
        assert "cannot be removed without an administrator" in str(plan.notices)
        assert not [one for one in plan.steps if one.what == "remove"]

    def test_others_scripts_and_plugins_stay(self, machine: Machine):
        others = [Path(one.path) / "Theirs.lua" for one in menu_folders(machine)]
        others += [Path(one.path) / "com.their.plugin" / "x" for one in plugin_folders(machine)]
        for one in others:
            one.parent.mkdir(parents=True, exist_ok=True)
            one.write_text("theirs")
        carry_out(plan_install(machine, panel=False).steps)
        carry_out(plan_uninstall(machine).steps)
        assert all(one.read_text() == "theirs" for one in others)

    def test_the_review_entry_comes_with_its_window(self, machine: Machine):
        carry_out(plan_install(machine, panel=True).steps)
        (folder,) = ours(machine, "user")
        review = folder / "Python" / "Review last sync.py"
        assert review.is_file()
        carry_out(plan_install(machine, panel=False).steps)
        assert not review.exists()


class TestWhatIsMissing:
    def test_no_folder_for_all_users(self, tmp_path: Path):
        machine = Machine(system="Linux", home=tmp_path, environment={}, root=tmp_path / "no")
        with pytest.raises(ResolveError, match="without --system"):
            plan_install(machine, system=True)

    @pytest.mark.parametrize("system", ["macOS", "Windows"])
    def test_without_studio_there_is_no_panel(self, system: System, tmp_path: Path):
        plan = plan_install(fake(system, tmp_path, studio=False), panel=False)
        assert "Install Resolve Studio, then install Clapless again" in str(plan.notices)
        assert not any(PLUGIN in step.path.parts for step in plan.steps)

    @pytest.mark.parametrize("system", ["macOS", "Windows"])
    def test_a_plugin_folder_that_is_the_administrators(
        self, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        machine = fake(system, tmp_path)
        home = Path(machine.home)
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).is_relative_to(home))
        plan = plan_install(machine, panel=False)
        targets = {step.path.parent for step in plan.steps if PLUGIN in step.path.parts}
        if system == "macOS":
            assert "versions before 21 do not look into" in str(plan.notices)
            assert all(one.is_relative_to(home) for one in targets)
        else:
            assert "Install with --system as an administrator" in str(plan.notices)
            assert targets == set()

    def test_a_read_only_scripts_folder(self, machine: Machine, monkeypatch: pytest.MonkeyPatch):
        def refuse(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        plan = plan_install(machine, panel=False)
        monkeypatch.setattr(Path, "write_bytes", refuse)
        with pytest.raises(ResolveError, match=r"cannot be written \(Permission denied\): allow"):
            carry_out(plan.steps)

    def test_two_users_of_one_machine_do_not_meet(self, tmp_path: Path):
        for system in SYSTEMS:
            ann = fake(system, tmp_path)
            assert ann.root is not None
            home = Path(ann.root) / "Users" / "Bob"
            environment = {
                name: value.replace(str(ann.home), str(home))
                for name, value in ann.environment.items()
            }
            bob = Machine(system=system, home=home, environment=environment, root=ann.root)
            carry_out(plan_install(ann, panel=False).steps)
            hers = {one: one.read_bytes() for one in ours(ann, "user")[0].rglob("*.*")}
            carry_out(plan_install(bob, panel=False).steps)
            carry_out(plan_uninstall(bob).steps)
            assert {one: one.read_bytes() for one in ours(ann, "user")[0].rglob("*.*")} == hers


class TestLaunchers:
    def test_they_start_the_app(self, machine: Machine):
        steps = launchers.launcher_steps(machine, at_login=True)
        assert len(steps) == 2
        carry_out(steps)
        assert launchers.starts_at_login(machine)
        by_hand, at_login = (step.path for step in steps)
        text = by_hand.read_text()
        assert sys.executable in text
        assert "clapless" in text
        assert (
            text.rstrip()
            .splitlines()[-1 if machine.system != "Linux" else 4]
            .endswith("resolve serve")
        )
        if machine.system == "macOS":
            agent = plistlib.loads(at_login.read_bytes())
            assert agent["ProgramArguments"] == serve_command()
            assert os.access(by_hand, os.X_OK)
        # Installing again without the option leaves the login start alone.
        assert launchers.launcher_steps(machine, at_login=False) == ()
        carry_out(launchers.launcher_removal(machine))
        assert not launchers.starts_at_login(machine)

    @pytest.mark.skipif(os.name == "nt", reason="runs sh")
    def test_the_one_of_macos_runs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        program = tmp_path / "an $odd 'one'"
        program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
        program.chmod(0o755)
        monkeypatch.setattr(launchers, "serve_command", lambda: [str(program), "resolve", "serve"])
        steps = launchers.launcher_steps(fake("macOS", tmp_path), at_login=False)
        carry_out(steps)
        done = subprocess.run([steps[0].path], capture_output=True, text=True, check=True)
        assert done.stdout == "resolve|serve|"


class TestVerbs:
    def run(self, *words: str) -> Any:
        return CliRunner().invoke(app, ["resolve", *words])

    @pytest.fixture(autouse=True)
    def this(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Machine, "this", classmethod(lambda _: machine))

    def test_dry_runs_say_what_would_be_done(self, machine: Machine):
        before = tree(machine)
        done = self.run("install", "--dry-run")
        assert done.exit_code == 0, done.output
        assert "would write" in done.stdout
        assert tree(machine) == before
        assert self.run("install").exit_code == 0
        between = tree(machine)
        told = json.loads(self.run("uninstall", "--dry-run", "--json").stdout)
        assert told["dry_run"] is True
        assert {one["what"] for one in told["steps"]} == {"remove"}
        assert tree(machine) == between
        assert "removed" in self.run("uninstall").stdout
        assert tree(machine) == before
        assert "There is nothing of Clapless in Resolve." in self.run("uninstall").stdout

    def test_installing_again_changes_nothing(self):
        first = self.run("install")
        assert "Workspace > Scripts > Clapless" in first.stdout
        assert "is as it should be already" in self.run("install").stdout


class TestDoctor:
    def said(self, machine: Machine) -> dict[str, tuple[str, str]]:
        return {one.subject: (one.state, one.sentence) for one in installed_findings(machine)}

    def test_nothing_is_installed(self, machine: Machine):
        assert "run `clapless resolve install`" in self.said(machine)["entries"][1]

    def test_all_is_installed(self, machine: Machine):
        carry_out(plan_install(machine).steps)
        said = self.said(machine)
        assert said["entries (user)"][0] == "good"
        if machine.system != "Linux":
            assert said["panel"][0] == "good"

    def test_what_is_of_another_version_is_told(self, machine: Machine):
        carry_out(plan_install(machine).steps)
        (folder,) = ours(machine, "user")
        (folder / "Self test.lua").write_text("old")
        assert self.said(machine)["entries (user)"][0] == "bad"
        if machine.system != "Linux":
            Path(native_module(machine)).write_bytes(b"of an update")
            assert "Resolve was updated since" in self.said(machine)["panel"][1]

    def test_entries_that_are_listed_twice(self, machine: Machine):
        carry_out(plan_install(machine, system=True).steps)
        (folder,) = ours(machine, "user")
        folder.mkdir(parents=True)
        (folder / "old.lua").write_text("old")
        assert "listed twice" in self.said(machine)["entries"][1]

    def test_the_app(self, machine: Machine):
        subject = "app for the Lua entries"
        assert "has it start by itself" in self.said(machine)[subject][1]
        carry_out(launchers.launcher_steps(machine, at_login=True))
        assert "It starts at login." in self.said(machine)[subject][1]
        alive = Path(mailbox_folder(machine)) / ALIVE_FILE
        alive.parent.mkdir(parents=True)
        alive.write_text("return {}")
        assert self.said(machine)[subject] == ("good", "It is running.")
        os.utime(alive, (0, 0))
        assert self.said(machine)[subject][0] == "absent"

    def test_preferences(self, machine: Machine):
        subject = "preferences of Fusion"
        assert "start Resolve once" in self.said(machine)[subject][1]
        user = next(one for one in menu_folders(machine) if one.whose == "user")
        profile = Path(user.path).parents[1] / "Profiles" / "Default"
        profile.mkdir(parents=True)
        (profile / "Fusion.prefs").write_text("{}")
        assert subject not in self.said(machine)

    def test_letters_that_lua_may_not_read(self, machine: Machine):
        assert ("mailbox" in self.said(machine)) == (machine.system == "Windows")

    def test_python(self, machine: Machine):
        subject = "Python entries"
        state, sentence = self.said(machine)[subject]
        assert state == ("absent" if machine.system == "macOS" else "good")
        assert "Resolve up to 21.0" in sentence
        told = Machine(
            system=machine.system,
            home=machine.home,
            environment={**machine.environment, "PYTHON3HOME": "/gone"},
            root=machine.root,
        )
        assert self.said(told)[subject][0] == "bad"
        Path(own_python(machine)).mkdir(parents=True)
        assert "brings its own Python" in self.said(machine)[subject][1]

    def test_the_app_store(self, tmp_path: Path):
        machine = fake("macOS", tmp_path)
        container = Path(machine.home) / (
            "Library/Containers/com.blackmagic-design.DaVinciResolveLite"
        )
        container.mkdir(parents=True)
        assert "Blackmagic's own site" in self.said(machine)["App Store"][1]
        plan = plan_install(machine, panel=False)
        assert "from the App Store" in str(plan.notices)
        assert sum(step.path.is_relative_to(container) for step in plan.steps) == 4 * len(TITLES)
