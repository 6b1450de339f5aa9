#!/usr/bin/env python3
"""Set Clapless up in this folder and run it, with nothing but Python.

    python3 install/bootstrap.py demo           a synthetic shoot, synced and exported
    python3 install/bootstrap.py test           everything that must hold before a change is good
    python3 install/bootstrap.py VERB ...       any verb of clapless

The first run makes .venv and installs into it; later runs start at once, until pyproject.toml
changes. The syntax is that of old Pythons on purpose: they shall read far enough to say what is
wrong.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOG = os.path.join(VENV, "install.log")
OLDEST, NEWEST = (3, 11), (3, 13)
VERSIONS = ("3.13", "3.12", "3.11")

OFFLINE_SIGNS = (
    "newconnectionerror",
    "nameresolutionerror",
    "name resolution",
    "getaddrinfo",
    "connection refused",
    "connection to ",
    "network is unreachable",
    "timed out",
    "proxyerror",
    "cannot connect to proxy",
    "sslerror",
    "could not fetch url",
    "could not find a version",
)
"""What pip writes, in lower case, when it reaches no package index."""


class SetupError(Exception):
    """Something the person at the keyboard has to change; the message is one sentence."""


def main(arguments: "list[str]") -> int:
    """Install what the verb needs, run it, return its exit code."""
    try:
        if not is_suitable(sys.version_info[:2]):
            return hand_over(find_python() + [os.path.abspath(__file__)] + arguments)
        if arguments[:1] == ["test"]:
            prepare(dev=True)
            return test(arguments[1:])
        prepare(dev=False)
        return hand_over([venv_python(), "-m", "clapless"] + arguments)
    except SetupError as problem:
        print(str(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def is_suitable(version: "tuple[int, ...]") -> bool:
    """Return whether Clapless runs on this Python, given as (major, minor)."""
    return OLDEST <= version <= NEWEST


def find_python() -> "list[str]":
    """Return the command of another Python on this machine that Clapless runs on."""
    for version in VERSIONS:
        commands = [["python" + version]]
        if os.name == "nt":
            commands.append(["py", "-" + version])
        for command in commands:
            found = shutil.which(command[0])
            if found and runs([found] + command[1:], version):
                return [found] + command[1:]
    raise SetupError(
        "Clapless needs Python 3.11, 3.12 or 3.13, but this is Python {}.{} and no other was "
        "found: install Python 3.13 from https://www.python.org/downloads/ and run this "
        "again.".format(*sys.version_info[:2])
    )


def runs(command: "list[str]", version: str) -> bool:
    """Return whether the command starts a Python of this version (Windows has empty aliases)."""
    question = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '" + version + "')"
    try:
        with open(os.devnull, "w") as nowhere:
            return subprocess.call(command + ["-c", question], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def hand_over(command: "list[str]") -> int:
    """Run a command in the foreground and return its exit code.

    Ctrl-C reaches the command itself, which cleans up and ends: it is waited for, not killed.
    """
    process = subprocess.Popen(command)
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


def venv_python() -> str:
    """Return the path of the environment's interpreter."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", "python.exe")
    return os.path.join(VENV, "bin", "python")


def prepare(dev: bool) -> None:
    """Make .venv what pyproject.toml asks for, unless it is already."""
    whole = os.path.join(VENV, "clapless-dev.stamp")
    stamp = whole if dev else os.path.join(VENV, "clapless.stamp")
    wanted = fingerprint()
    if os.path.exists(venv_python()) and wanted in (read(stamp), read(whole)):
        return
    began = time.time()
    print("Installing into .venv (a minute or two); later runs start at once.", flush=True)
    try:
        make_environment()
        pip_install(["--editable", ROOT] + (dev_requirements() if dev else []))
        with open(stamp, "w") as file:
            file.write(wanted)
    except OSError as error:
        raise SetupError(
            "The folder {} cannot be written ({}): put Clapless where you may write and run this "
            "again.".format(VENV, error)
        ) from None
    print("Ready after {:.0f} s.".format(time.time() - began), flush=True)


def fingerprint() -> str:
    """Return what the installation depends on: pyproject.toml and where the clone lies."""
    digest = hashlib.sha256()
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        digest.update(file.read())
    digest.update(ROOT.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read(path: str) -> str:
    """Return a small file's text, empty where there is none."""
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def make_environment() -> None:
    """Make .venv, or make it anew where it is broken or the folder has moved since."""
    place = os.path.join(VENV, "clapless-place.stamp")
    here = hashlib.sha256(ROOT.encode("utf-8", "surrogateescape")).hexdigest()
    if os.path.exists(venv_python()) and read(place) in ("", here):
        if call_quietly([venv_python(), "-c", "import pip"]) == 0:
            return
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu leave it out)
        import venv
    except ImportError:
        raise SetupError(
            "This Python cannot make a virtual environment: install its venv package (on Debian "
            "and Ubuntu: sudo apt install python{}.{}-venv) and run this "
            "again.".format(*sys.version_info[:2])
        ) from None
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(VENV)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            "Making the virtual environment {} failed ({}): remove that folder and run this "
            "again.".format(VENV, error)
        ) from None
    with open(place, "w") as file:
        file.write(here)


def dev_requirements() -> "list[str]":
    """Return the dev group of pyproject.toml (pip reads groups itself only since 25.1)."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        groups = tomllib.load(file)["dependency-groups"]
    return [str(requirement) for requirement in groups["dev"]]


def pip_install(requirements: "list[str]") -> None:
    """Install into .venv; what pip says goes to a log, of which a failure tells one sentence."""
    command = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "2", "--timeout", "20"]
    if call_quietly(command + requirements) == 0:
        return
    text = read(LOG)
    if any(sign in text.lower() for sign in OFFLINE_SIGNS):
        raise SetupError(
            "The packages Clapless needs could not be fetched: check the network connection and "
            "run this again (pip's own words are in {}).".format(LOG)
        )
    errors = [line for line in text.splitlines() if "error" in line.lower()]
    raise SetupError(
        "Installing failed: {} (pip's own words are in {}).".format(
            errors[-1].strip() if errors else "pip gave no reason", LOG
        )
    )


def call_quietly(command: "list[str]") -> int:
    """Run a command with its words in the log; return its exit code."""
    environment = dict(os.environ, PIP_USER="0", PYTHONUTF8="1")
    environment.pop("PYTHONHOME", None)
    with open(LOG, "w") as log:
        return subprocess.call(command, stdout=log, stderr=subprocess.STDOUT, env=environment)


def test(arguments: "list[str]") -> int:
    """Run every check, the tests last so that their summary closes; return 0 if all hold."""
    python = [venv_python(), "-m"]
    scripts = os.path.dirname(venv_python())
    wheels = tempfile.mkdtemp(prefix="clapless-wheel-")
    checks = [
        ("ruff check", python + ["ruff", "check", "."]),
        ("ruff format", python + ["ruff", "format", "--check", "."]),
        ("mypy", python + ["mypy"]),
        ("lint-imports", [os.path.join(scripts, "lint-imports")]),
        ("build", python + ["build", "--wheel", "--no-isolation", "--outdir", wheels]),
        ("check-wheel-contents", [os.path.join(scripts, "check-wheel-contents"), wheels]),
    ]
    # One thread per process: the test processes already fill the machine.
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    failed = []
    try:
        for name, command in checks:
            print("== " + name, flush=True)
            if subprocess.call(command, cwd=ROOT, env=environment) != 0:
                failed.append(name)
    finally:
        shutil.rmtree(wheels, ignore_errors=True)
    print("== pytest", flush=True)
    pytest = python + ["pytest", "-q", "-n", "auto", "--maxprocesses", "4"] + arguments
    code = subprocess.call(pytest, cwd=ROOT, env=environment)
    if failed:
        print("Failed before the tests: " + ", ".join(failed), flush=True)
    return 1 if failed else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
