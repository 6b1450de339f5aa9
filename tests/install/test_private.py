"""The private environment's installer: what it writes on each system, and that all of it goes."""

from __future__ import annotations

import importlib.util
import os
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import ModuleType
from typing import Any

import pytest

from clapless_resolve.folders import Machine

INSTALL = Path(__file__).resolve().parents[2] / "install"
PLATFORMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


@pytest.fixture(scope="module")
def private() -> Any:
    """The module, as Python loads it when it is run."""
    sys.path.insert(0, str(INSTALL))
    try:
        spec = importlib.util.spec_from_file_location("private_under_test", INSTALL / "private.py")
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(INSTALL))


@pytest.fixture
def commands(private: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run: environments, pip and programs of the system are not there in tests."""
    run: list[list[str]] = []

    def make() -> None:
        python = Path(private.bootstrap.venv_python())
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text("")

    def hand_over(command: list[str]) -> int:
        run.append(command)
        return 0

    def tell(command: list[str], _otherwise: str) -> None:
        run.append(command)

    monkeypatch.setattr(private.bootstrap, "make_environment", make)
    monkeypatch.setattr(private.bootstrap, "pip_install", lambda what: run.append(["pip", *what]))
    monkeypatch.setattr(private.bootstrap, "hand_over", hand_over)
    monkeypatch.setattr(private, "tell", tell)
    return run


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def machine(private: Any, platform: str, home: Path, *, system: bool = False) -> Any:
    environment = {}
    if platform == "win32":
        environment = {
            "APPDATA": str(home / "AppData" / "Roaming"),
            "LOCALAPPDATA": str(home / "AppData" / "Local"),
            "PROGRAMDATA": str(home / "ProgramData"),
        }
    return private.Machine(platform, str(home), environment, system)


class TestFolders:
    @pytest.mark.parametrize("variables", [{}, {"XDG_DATA_HOME": "/data"}, {"XDG_DATA_HOME": "x"}])
    @pytest.mark.parametrize("platform", ["linux", "darwin"])
    def test_they_are_those_that_clapless_itself_works_out(
        self, private: Any, platform: str, variables: dict[str, str]
    ):
        ours = private.Machine(platform, "/home/ann b", variables, False)
        kind: Any = PLATFORMS[platform]
        theirs = Machine(system=kind, home=PurePosixPath("/home/ann b"), environment=variables)
        assert ours.folder == str(theirs.clapless_folder)

    def test_on_windows(self, private: Any):
        local = r"D:\Ann B\Local"
        ours = private.Machine("win32", r"C:\Users\ann", {"LOCALAPPDATA": local}, False)
        home = PureWindowsPath(r"C:\Users\ann")
        theirs = Machine(system="Windows", home=home, environment={"LOCALAPPDATA": local})
        assert PureWindowsPath(ours.folder) == theirs.clapless_folder

    def test_for_all_users_it_is_a_shared_one(self, private: Any, tmp_path: Path):
        assert machine(private, "linux", tmp_path, system=True).folder == "/opt/clapless"
        assert machine(private, "darwin", tmp_path, system=True).folder == (
            "/Library/Application Support/clapless"
        )
        assert machine(private, "win32", tmp_path, system=True).folder == str(
            tmp_path / "ProgramData" / "clapless"
        )


@pytest.mark.parametrize("platform", list(PLATFORMS))
class TestInstall:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        made = tmp_path / "Ann B's & <home> 100%"
        made.mkdir()
        (made / "hers.txt").write_text("x")
        return made

    def test_everything_comes_and_goes(
        self, private: Any, commands: list[list[str]], platform: str, home: Path
    ):
        there = machine(private, platform, home)
        assert private.install(there, ["--at-login"]) == 0
        assert ["pip", private.ROOT] in commands
        python = private.bootstrap.venv_python()
        assert python.startswith(there.folder)
        assert [python, "-I", "-m", "clapless", "resolve", "install", "--at-login"] in commands
        written = files(home)
        assert any(name.endswith("sync_and_export.py") for name in written)
        assert any(private.TITLE in name for name in written)
        if platform == "darwin":
            compiled = Path(private.folder_action(there))
            assert ["osacompile", "-o", str(compiled)] == commands[-1][:3]
            assert compiled.parent.is_dir()
            compiled.write_text("")
        if platform == "win32":
            assert commands[-1][:2] == ["reg", "import"]
        (Path(there.folder) / "sessions").mkdir()
        (Path(there.folder) / "mailbox").mkdir()
        (Path(there.folder) / "serve.lock").touch()
        (Path(there.folder) / "last_run.log").touch()
        assert private.uninstall(there, []) == 0
        assert [python, "-I", "-m", "clapless", "resolve", "uninstall"] in commands
        assert files(home) == ["hers.txt"]
        assert [one.name for one in Path(there.folder).iterdir()] == ["sessions"]
        assert private.uninstall(there, []) == 0

    def test_what_is_in_use_is_told(
        self,
        private: Any,
        commands: list[list[str]],
        platform: str,
        home: Path,
        monkeypatch: pytest.MonkeyPatch,
    ):
        there = machine(private, platform, home)
        private.install(there, [])

        def refuse(_path: str) -> None:
            raise PermissionError(13, "in use")

        monkeypatch.setattr(private.shutil, "rmtree", refuse)
        with pytest.raises(private.bootstrap.SetupError, match="close Clapless for Resolve"):
            private.uninstall(there, [])

    def test_a_dry_run_touches_nothing(
        self,
        private: Any,
        commands: list[list[str]],
        platform: str,
        home: Path,
        capsys: pytest.CaptureFixture[str],
    ):
        there = machine(private, platform, home)
        assert private.install(there, ["--dry-run"]) == 0
        assert files(home) == ["hers.txt"]
        assert "would make the environment" in capsys.readouterr().out
        private.install(there, [])
        before = files(home)
        commands.clear()
        assert private.uninstall(there, ["--uninstall", "--dry-run"]) == 0
        assert files(home) == before
        assert all(command[-1] == "--dry-run" for command in commands)
        assert private.TITLE in capsys.readouterr().out

    def test_for_all_users_the_file_manager_is_left_alone(
        self, private: Any, commands: list[list[str]], platform: str, home: Path
    ):
        there = machine(private, platform, home, system=True)
        there.folder = str(home / "shared")
        assert private.install(there, ["--system"]) == 0
        assert commands[-1][-1] == "--system"
        assert [one for one in files(home) if "shell" in one or private.TITLE in one] == []


ODD = '/Users/ann b/O\'Neil "& <co>" 100% $HOME/python'


class TestActions:
    """Paths stand in every language so that it reads them as they are."""

    def text(self, private: Any, source: str, python: str = ODD) -> str:
        raw: bytes = private.action_text(source, python, python + ".py")
        return raw.decode("utf-16" if source.endswith(".reg") else "utf-8")

    def test_shell(self, private: Any, tmp_path: Path):
        python = tmp_path / "O'Neil $HOME 100%"
        python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
        python.chmod(0o755)
        script = tmp_path / "action"
        script.write_text(self.text(private, "linux/Sync with Clapless.sh", str(python)))
        done = subprocess.run(
            ["/bin/sh", str(script), "a b", "c"], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{python}.py|a b|c|"

    def test_quick_action(self, private: Any):
        folder = INSTALL / "shell_actions" / "macos" / "Sync with Clapless.workflow" / "Contents"
        info = plistlib.loads((folder / "Info.plist").read_bytes())
        (service,) = info["NSServices"]
        assert service["NSMenuItem"] == {"default": private.TITLE}
        text = self.text(private, "macos/Sync with Clapless.workflow/Contents/document.wflow")
        (action,) = plistlib.loads(text.encode())["actions"]
        command = action["action"]["ActionParameters"]["COMMAND_STRING"]
        quoted = ODD.replace("'", "'\\''")
        assert command == f"'{quoted}' '{quoted}.py' \"$@\""

    def test_folder_action(self, private: Any):
        text = self.text(private, "macos/Clapless - sync what arrives.applescript")
        assert 'quoted form of "/Users/ann b/O\'Neil \\"& <co>\\" 100% $HOME/python"' in text

    def test_registry(self, private: Any):
        python = r"C:\Users\Ann Bé\python.exe"
        raw = private.action_text("windows/right_click.reg", python, python)
        assert raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = raw.decode("utf-16")
        assert text.startswith("Windows Registry Editor Version 5.00")
        values = re.findall(r'^@="(.*)"\r?$', text, re.MULTILINE)
        commands = [re.sub(r"\\(.)", r"\1", one) for one in values if "python" in one]
        assert commands == [f'"{python}" "{python}" "%1"', f'"{python}" "{python}" "%V"']
        made = set(re.findall(r"^\[(.+?)(?:\\command)?\]", text, re.MULTILINE))
        removal = (INSTALL / "shell_actions/windows/right_click_remove.reg").read_text()
        assert made == set(re.findall(r"^\[-(.+)\]", removal, re.MULTILINE))

    def test_send_to(self, private: Any):
        text = self.text(private, "windows/Sync with Clapless.cmd", r"C:\100%\python.exe")
        assert '"C:\\100%%\\python.exe" "C:\\100%%\\python.exe.py" %*' in text
        assert text.count("\r\n") == text.count("\n")

    def test_service_menu(self, private: Any):
        text = self.text(private, "linux/clapless-sync.desktop", "/home/ann b/100%/python")
        assert 'Exec="/home/ann b/100%%/python" "/home/ann b/100%%/python.py" %F' in text


class TestScripts:
    @pytest.mark.parametrize("name", ["install_linux.sh", "install_macos.command"])
    def test_shellcheck_finds_nothing(self, name: str):
        if shutil.which("shellcheck") is None:
            pytest.skip("shellcheck is not on this machine")
        done = subprocess.run(
            ["shellcheck", str(INSTALL / name)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("name", ["install_linux.sh", "install_macos.command"])
    @pytest.mark.skipif(os.name == "nt", reason="for sh")
    def test_they_find_a_python_and_say_where_there_is_none(self, name: str, tmp_path: Path):
        place = tmp_path / "a clone" / "install"
        place.mkdir(parents=True)
        shutil.copy(INSTALL / name, place)
        (place / "private.py").write_text("import sys; print(sys.argv[1:]); sys.exit(7)")
        tools = tmp_path / "bin"
        tools.mkdir()
        for tool in ("dirname", "sh"):
            (tools / tool).symlink_to(shutil.which(tool) or tool)
        environment = {"PATH": str(tools), "HOME": str(tmp_path)}
        command = ["/bin/sh", str(place / name), "--dry-run", "a b"]
        run: dict[str, Any] = {
            "env": environment,
            "capture_output": True,
            "text": True,
            "stdin": subprocess.DEVNULL,
            "check": False,
        }
        done = subprocess.run(command, **run)
        if done.returncode != 7:  # a Python in a folder that the script itself knows
            assert done.returncode == 1
            assert "Clapless needs Python" in done.stderr
        (tools / "python3.12").symlink_to(sys.executable)
        done = subprocess.run(command, **run)
        assert (done.returncode, done.stdout) == (7, "['--dry-run', 'a b']\n")

    def test_windows_scripts_hand_everything_on(self):
        batch = (INSTALL / "install_windows.bat").read_bytes()
        assert batch.count(b"\r\n") == batch.count(b"\n")
        assert b'-File "%~dp0install_windows.ps1" %*' in batch
        power = (INSTALL / "install_windows.ps1").read_text(encoding="ascii")
        assert power.count("{") == power.count("}")
        assert power.count("$script @args") == 2

    def test_powershell_parses(self):
        shell = shutil.which("pwsh") or shutil.which("powershell")
        if shell is None:
            pytest.skip("PowerShell is not on this machine")
        code = (
            "$e = $null; [System.Management.Automation.Language.Parser]::ParseFile("
            f"'{INSTALL / 'install_windows.ps1'}', [ref]$null, [ref]$e) > $null; exit $e.Count"
        )
        assert subprocess.run([shell, "-NoProfile", "-Command", code], check=False).returncode == 0

    @pytest.mark.parametrize("arguments", [["--help"], ["--nonsense"]])
    def test_help_and_wrong_words(self, arguments: list[str]):
        done = subprocess.run(
            [sys.executable, str(INSTALL / "private.py"), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == (0 if arguments == ["--help"] else 2)
        assert "--uninstall" in done.stdout
