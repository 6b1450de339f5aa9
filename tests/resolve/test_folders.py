"""Folders of every system, installing into them, and what the doctor says."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from typer.testing import CliRunner

from clapless_resolve.commands import app
from clapless_resolve.deploy import carry_out, install_steps, menu_targets, uninstall_steps
from clapless_resolve.doctor import examine
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine, menu_folders, scripting_library, scripting_modules
from tests.fakes.resolve.world import World

pytestmark = pytest.mark.resolve

MAC = Machine(system="macOS", home=PurePosixPath("/Users/ann b"), environment={})
WINDOWS = Machine(
    system="Windows",
    home=PureWindowsPath("C:/Users/ann b"),
    environment={"APPDATA": r"D:\Roaming", "PROGRAMDATA": r"C:\ProgramData"},
)
LINUX = Machine(system="Linux", home=PurePosixPath("/home/ann"), environment={})


class TestFolders:
    def test_macos(self):
        store = "/Users/ann b/Library/Containers/com.blackmagic-design.DaVinciResolveLite/Data"
        shared = "Library/Application Support/Blackmagic Design/DaVinci Resolve"
        assert [str(one.path) for one in menu_folders(MAC)] == [
            f"/Users/ann b/{shared}/Fusion/Scripts/Utility",
            f"/{shared}/Fusion/Scripts/Utility",
            f"{store}/{shared}/Fusion/Scripts/Utility",
            f"{store}/Library/Application Support/Fusion/Scripts/Utility",
        ]
        assert str(scripting_modules(MAC)) == f"/{shared}/Developer/Scripting/Modules"

    def test_windows(self):
        resolve = r"Blackmagic Design\DaVinci Resolve"
        assert [str(one.path) for one in menu_folders(WINDOWS)] == [
            rf"D:\Roaming\{resolve}\Support\Fusion\Scripts\Utility",
            rf"C:\ProgramData\{resolve}\Fusion\Scripts\Utility",
        ]
        assert str(scripting_modules(WINDOWS)) == (
            rf"C:\ProgramData\{resolve}\Support\Developer\Scripting\Modules"
        )
        assert str(scripting_library(WINDOWS)) == rf"C:\Program Files\{resolve}\fusionscript.dll"

    def test_linux(self):
        assert [str(one.path) for one in menu_folders(LINUX)] == [
            "/home/ann/.local/share/DaVinciResolve/Fusion/Scripts/Utility",
            "/opt/resolve/Fusion/Scripts/Utility",
            "/home/resolve/Fusion/Scripts/Utility",
        ]

    def test_the_environment_decides_where_it_speaks(self):
        told = Machine(
            system="Linux",
            home=PurePosixPath("/home/ann"),
            environment={"RESOLVE_SCRIPT_API": "/x", "RESOLVE_SCRIPT_LIB": "/y/f.so"},
        )
        assert str(scripting_modules(told)) == "/x/Modules"
        assert str(scripting_library(told)) == "/y/f.so"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home of ann"
    home.mkdir()
    environment = {
        "RESOLVE_SCRIPT_API": str(tmp_path / "api"),
        "RESOLVE_SCRIPT_LIB": str(tmp_path / "fusionscript.so"),
    }
    return Machine(system="macOS", home=home, environment=environment)


class TestDeploy:
    def test_planning_writes_nothing_and_carrying_out_is_whole(self, machine: Machine):
        (target,) = menu_targets(machine)
        steps = install_steps([target], {"Sync.py": "1", "Test.lua": "2"})
        assert [(step.what, step.path.name) for step in steps] == [
            ("write", "Sync.py"),
            ("write", "Test.lua"),
        ]
        assert not target.exists()
        carry_out(steps)
        assert (target / "Sync.py").read_text() == "1"
        assert install_steps([target], {"Sync.py": "1", "Test.lua": "2"}) == ()

    def test_old_copies_go_and_others_scripts_stay(self, machine: Machine):
        (target,) = menu_targets(machine)
        carry_out(install_steps([target], {"Old.py": "1"}))
        other = target.parent / "Theirs.py"
        other.write_text("x")
        carry_out(install_steps([target], {"New.py": "2"}))
        assert [path.name for path in target.iterdir()] == ["New.py"]
        carry_out(uninstall_steps(machine))
        assert not target.exists()
        assert other.read_text() == "x"
        assert uninstall_steps(machine) == ()

    def test_the_app_store_container_is_used_where_it_is(self, machine: Machine):
        container = Path(machine.home) / (
            "Library/Containers/com.blackmagic-design.DaVinciResolveLite"
        )
        container.mkdir(parents=True)
        inside = [path for path in menu_targets(machine) if path.is_relative_to(container)]
        assert len(inside) == 2
        carry_out(install_steps(inside, {"Sync.py": "1"}))
        assert len(uninstall_steps(machine)) == 2

    def test_a_folder_that_cannot_be_written_is_named(self, machine: Machine):
        (target,) = menu_targets(machine)
        target.parent.mkdir(parents=True)
        target.write_text("a file in the way")
        with pytest.raises(ResolveError, match=r"Sync.py cannot be written .*: allow writing to"):
            carry_out(install_steps([target], {"Sync.py": "1"}))


class TestDoctor:
    def test_a_running_studio(self, machine: Machine):
        found = examine(machine, load=lambda _: World("21.1").scriptapp)
        by_subject = {one.subject: one for one in found}
        assert by_subject["scripting module"].state == "absent"
        assert by_subject["connection"].sentence == (
            "Resolve 21.1.0.0001 (Studio) answers; the project is Shoot."
        )
        assert by_subject["multicam"].state == "good"

    def test_an_older_one_is_told_what_it_lacks(self, machine: Machine):
        found = examine(machine, load=lambda _: World("18.6").scriptapp)
        assert [one.subject for one in found if one.state == "absent"][-2:] == [
            "selection",
            "multicam",
        ]

    def test_no_resolve(self, machine: Machine):
        *_, last = examine(machine)
        assert (last.subject, last.state) == ("connection", "bad")
        assert "install Resolve" in last.sentence

    @pytest.mark.parametrize("as_json", [False, True])
    def test_the_verb(self, machine: Machine, monkeypatch: pytest.MonkeyPatch, as_json: bool):
        monkeypatch.setattr(Machine, "this", classmethod(lambda _: machine))
        done = CliRunner().invoke(app, ["resolve", "doctor", *(["--json"] if as_json else [])])
        assert done.exit_code == 3
        if as_json:
            assert json.loads(done.stdout)["findings"][-1]["state"] == "bad"
        else:
            assert "no  connection: Resolve's scripting module is not in" in done.stdout
