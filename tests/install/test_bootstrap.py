"""The two commands of the README, from a folder that was never touched."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "install" / "bootstrap.py"
posix = pytest.mark.skipif(sys.platform == "win32", reason="makes shell scripts")


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, for a clone in a folder whose name has spaces and more."""
    clone = tmp_path / "my clone ü"
    (clone / "install").mkdir(parents=True)
    shutil.copy(SCRIPT, clone / "install")
    shutil.copy(ROOT / "pyproject.toml", clone)
    spec = importlib.util.spec_from_file_location("bootstrap", clone / "install" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the script would run; the environment is made of empty files."""
    made: list[list[str]] = []
    python = Path(bootstrap.venv_python())

    def make() -> None:
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    def note(command: list[str]) -> int:
        made.append(command)
        return 0

    monkeypatch.setattr(bootstrap, "make_environment", make)
    monkeypatch.setattr(bootstrap, "call_quietly", note)
    monkeypatch.setattr(bootstrap, "hand_over", note)
    return made


def test_old_pythons_can_read_it_far_enough():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 4))
    top = ast.parse(SCRIPT.read_text(encoding="utf-8")).body
    imported = {a.name for node in top if isinstance(node, ast.Import) for a in node.names}
    assert imported == {"hashlib", "os", "shutil", "subprocess", "sys", "tempfile", "time"}


@pytest.mark.parametrize(
    ("version", "suitable"),
    [((3, 6), False), ((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)],
)
def test_it_knows_the_pythons_that_pyproject_names(bootstrap, version, suitable):
    assert bootstrap.is_suitable(version) is suitable
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()


def test_an_unsuitable_python_alone_is_one_sentence(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setenv("PATH", "")
    assert bootstrap.main(["demo"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Clapless needs Python 3.11, 3.12 or 3.13, but this is Python 3.9")
    assert said.err.count("\n") == 1


@posix
def test_an_unsuitable_python_looks_for_another(bootstrap, monkeypatch, tmp_path, calls):
    other = tmp_path / "bin" / "python3.12"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 0\n")
    other.chmod(0o755)
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", str(other.parent))
    assert bootstrap.main(["demo", "x y"]) == 0
    assert calls == [[str(other), bootstrap.__file__, "demo", "x y"]]


@posix
def test_a_python_that_does_not_start_is_passed_over(bootstrap, monkeypatch, tmp_path, capsys):
    broken = tmp_path / "bin" / "python3.13"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "version_info", (3, 8, 0))
    monkeypatch.setenv("PATH", str(broken.parent))
    assert bootstrap.main([]) == 1
    assert "no other was found" in capsys.readouterr().err


def test_any_verb_is_passed_on_and_the_second_run_installs_nothing(bootstrap, calls):
    assert bootstrap.main(["sync", "a b.wav", "--json"]) == 0
    install, verb = calls
    assert install[1:4] == ["-m", "pip", "install"]
    assert install[-2:] == ["--editable", bootstrap.ROOT]
    assert verb == [bootstrap.venv_python(), "-m", "clapless", "sync", "a b.wav", "--json"]
    calls.clear()
    bootstrap.main(["demo"])
    assert calls == [[bootstrap.venv_python(), "-m", "clapless", "demo"]]


def test_tests_need_the_dev_group_and_serve_the_verbs_too(bootstrap, calls):
    bootstrap.prepare(dev=True)
    (install,) = calls
    assert any(requirement.startswith("pytest") for requirement in install)
    assert any(requirement.startswith("import-linter") for requirement in install)
    bootstrap.prepare(dev=False)
    bootstrap.prepare(dev=True)
    assert calls == [install]


def test_verbs_do_not_need_the_dev_group(bootstrap, calls):
    bootstrap.prepare(dev=False)
    (install,) = calls
    assert not any(requirement.startswith("pytest") for requirement in install)
    bootstrap.prepare(dev=True)
    assert len(calls) == 2


def test_a_changed_pyproject_installs_again(bootstrap, calls):
    bootstrap.prepare(dev=False)
    with Path(bootstrap.ROOT, "pyproject.toml").open("a") as file:
        file.write("\n# one more dependency\n")
    bootstrap.prepare(dev=False)
    assert len(calls) == 2


def test_an_interrupted_install_is_done_again(bootstrap, calls, monkeypatch, capsys):
    def interrupt(_command: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "call_quietly", interrupt)
    assert bootstrap.main(["demo"]) == 130
    assert "Stopped." in capsys.readouterr().err
    monkeypatch.setattr(bootstrap, "call_quietly", lambda command: calls.append(command) or 0)
    assert bootstrap.main(["demo"]) == 0
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("WARNING: Retrying after NewConnectionError\nERROR: No matching", "check the network"),
        ("ERROR: No space left on device", "Installing failed: ERROR: No space left on device"),
        ("", "Installing failed: pip gave no reason"),
    ],
)
def test_a_failed_install_is_one_sentence(bootstrap, monkeypatch, capsys, log, sentence):
    monkeypatch.setattr(bootstrap, "make_environment", lambda: None)

    def fail(_command: list[str]) -> int:
        Path(bootstrap.VENV).mkdir(exist_ok=True)
        Path(bootstrap.LOG).write_text(log)
        return 1

    monkeypatch.setattr(bootstrap, "call_quietly", fail)
    assert bootstrap.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not list(Path(bootstrap.VENV).glob("*.stamp"))


def test_a_folder_that_cannot_be_written_is_one_sentence(bootstrap, capsys):
    Path(bootstrap.VENV).write_text("a file where the folder should be")
    assert bootstrap.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert "cannot be" in said
    assert said.count("\n") == 1


def test_without_a_network_a_real_run_is_one_sentence(bootstrap):
    environment = dict(
        os.environ, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0"
    )
    environment.pop("PIP_FIND_LINKS", None)
    done = subprocess.run(
        [sys.executable, bootstrap.__file__, "demo"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("The packages Clapless needs could not be fetched: check the")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout


@posix
def test_ctrl_c_waits_for_the_verb_to_clean_up(bootstrap):
    verb = (
        "import os, signal, time; os.kill(os.getppid(), signal.SIGINT);"
        "time.sleep(1); raise SystemExit(7)"
    )
    code = (
        "import importlib.util as u, sys;"
        f"s = u.spec_from_file_location('b', {bootstrap.__file__!r});"
        "b = u.module_from_spec(s); s.loader.exec_module(b);"
        f"sys.exit(b.hand_over([sys.executable, '-c', {verb!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, start_new_session=True)
    assert done.returncode == 7


class TestChecks:
    """`test` runs every check, tells what failed, and closes with pytest's summary."""

    @pytest.fixture
    def checked(self, bootstrap, monkeypatch):
        commands: list[list[str]] = []
        failing: set[str] = set()

        def call(command: list[str], **_options: object) -> int:
            commands.append(command)
            return int(any(word in " ".join(command) for word in failing))

        monkeypatch.setattr(bootstrap.subprocess, "call", call)
        return commands, failing

    def test_every_check_runs_and_pytest_is_last(self, bootstrap, checked, capsys):
        commands, _ = checked
        assert bootstrap.test(["-k", "x"]) == 0
        run = [" ".join(command) for command in commands]
        for word in ("ruff check", "ruff format --check", "mypy", "lint-imports", "build --wheel"):
            assert sum(word in command for command in run) == 1, word
        assert "check-wheel-contents" in run[-2]
        assert "pytest" in run[-1]
        assert run[-1].endswith("-k x")
        assert capsys.readouterr().out.splitlines()[-1] == "== pytest"

    def test_what_failed_is_named_and_the_rest_still_runs(self, bootstrap, checked, capsys):
        commands, failing = checked
        failing.update({"mypy", "lint-imports"})
        assert bootstrap.test([]) == 1
        assert len(commands) == 7
        last = capsys.readouterr().out.splitlines()[-1]
        assert last == "Failed before the tests: mypy, lint-imports"

    def test_failing_tests_give_their_own_code(self, bootstrap, checked):
        _, failing = checked
        failing.add("pytest")
        assert bootstrap.test([]) == 1


def test_ci_runs_what_a_contributor_runs():
    text = (ROOT / ".ci" / "run").read_text()
    assert "python3 install/bootstrap.py test" in text
    if sys.platform != "win32":
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
