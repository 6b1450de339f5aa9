#!/usr/bin/env python3
"""Give Clapless an environment of its own and put it where you work; or take it all away again.

    python3 install/private.py                  environment, Resolve's menu, file manager
    python3 install/private.py --uninstall      all of that away

    --system      for all users of this machine (as administrator; without the file manager)
    --at-login    start the app that the free edition of Resolve needs with each session
    --dry-run     only say what would be done

The installers beside this file find a Python and run it. Like bootstrap.py it is readable to old
Pythons, so that they can say what is wrong.
"""

import os
import shutil
import subprocess
import sys
from xml.sax.saxutils import escape

import bootstrap

ROOT = bootstrap.ROOT
ACTIONS = os.path.join(ROOT, "install", "shell_actions")
TITLE = "Sync with Clapless"
ARRIVING = "Clapless - sync what arrives"
SCRIPT = "sync_and_export.py"
OPTIONS = ("--uninstall", "--system", "--at-login", "--dry-run")


class Machine:
    """The folders that an installation goes to.

    Parameters
    ----------
    platform
        As `sys.platform`.
    home
        The user's home.
    environment
        The environment variables.
    system
        Whether all users are meant.
    """

    def __init__(
        self, platform: str, home: str, environment: "dict[str, str]", system: bool
    ) -> None:
        self.platform, self.home, self.system = platform, home, system
        self.environment = environment
        self.folder = self.choose_folder()

    def choose_folder(self) -> str:
        """Return where Clapless keeps what is its own (the user's is Machine.clapless_folder)."""
        given = self.environment
        if self.platform == "win32":
            name = "PROGRAMDATA" if self.system else "LOCALAPPDATA"
            default = "C:\\ProgramData" if self.system else os.path.join(self.appdata(), "Local")
            base = given.get(name) or default
        elif self.platform == "darwin":
            base = os.path.join("/" if self.system else self.home, "Library/Application Support")
        else:
            said = given.get("XDG_DATA_HOME", "")
            own = said if os.path.isabs(said) else os.path.join(self.home, ".local", "share")
            base = "/opt" if self.system else own
        return os.path.join(base, "clapless")

    def appdata(self) -> str:
        """Return the folder of the folders of programs' data, on Windows."""
        return os.path.join(self.home, "AppData")

    def roaming(self) -> str:
        """Return ``%APPDATA%``."""
        return self.environment.get("APPDATA") or os.path.join(self.appdata(), "Roaming")

    @property
    def venv(self) -> str:
        """The private environment."""
        return os.path.join(self.folder, "environment")

    @property
    def script(self) -> str:
        """What a right click runs."""
        return os.path.join(self.folder, "shell", SCRIPT)

    def action_files(self) -> "dict[str, str]":
        """Return the templates of the file manager's actions, by where they go."""
        if self.platform == "darwin":
            bundle = os.path.join(self.home, "Library/Services", TITLE + ".workflow", "Contents")
            source = os.path.join("macos", TITLE + ".workflow", "Contents")
            found = {
                os.path.join(bundle, name): os.path.join(source, name)
                for name in ("Info.plist", "document.wflow")
            }
            text = ARRIVING + ".applescript"
            found[os.path.join(self.folder, "shell", text)] = os.path.join("macos", text)
            return found
        if self.platform == "win32":
            send = os.path.join(self.roaming(), "Microsoft", "Windows", "SendTo")
            reg = os.path.join(self.folder, "shell", "right_click.reg")
            return {
                os.path.join(send, TITLE + ".cmd"): os.path.join("windows", TITLE + ".cmd"),
                reg: os.path.join("windows", "right_click.reg"),
            }
        source = os.path.join("linux", TITLE + ".sh")
        found = {os.path.join(self.home, ".local/share/nautilus/scripts", TITLE): source}
        for folder in (".local/share/nemo", ".config/caja"):
            if os.path.isdir(os.path.join(self.home, folder)):
                found[os.path.join(self.home, folder, "scripts", TITLE)] = source
        menu = os.path.join(self.home, ".local/share/kio/servicemenus/clapless-sync.desktop")
        found[menu] = os.path.join("linux", "clapless-sync.desktop")
        return found


def main(arguments: "list[str]") -> int:
    """Install or uninstall; return the exit code."""
    unknown = [one for one in arguments if one not in OPTIONS]
    if unknown:
        print(__doc__ or "")
        return 0 if unknown[0] in ("-h", "--help") else 2
    try:
        if not bootstrap.is_suitable(sys.version_info[:2]):
            python = bootstrap.find_python()
            return bootstrap.hand_over(python + [os.path.abspath(__file__)] + arguments)
        machine = Machine(
            sys.platform, os.path.expanduser("~"), dict(os.environ), "--system" in arguments
        )
        work = uninstall if "--uninstall" in arguments else install
        return work(machine, arguments)
    except bootstrap.SetupError as problem:
        print(str(problem), file=sys.stderr)
        return 1
    except OSError as problem:
        print(
            "{} cannot be written ({}): run this as the user who works with it, or with --system "
            "as administrator.".format(problem.filename or "A folder", problem.strerror),
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def install(machine: Machine, arguments: "list[str]") -> int:
    """Make the environment, put Clapless into Resolve and into the file manager."""
    use(machine)
    python = bootstrap.venv_python()
    resolve = [python, "-I", "-m", "clapless", "resolve", "install"]
    resolve += [one for one in arguments if one in ("--system", "--at-login", "--dry-run")]
    if "--dry-run" in arguments:
        print("would make the environment {}".format(machine.venv))
        if os.path.exists(python):
            bootstrap.hand_over(resolve)
        else:
            print("would put entries into Resolve's menu")
        for path in [] if machine.system else sorted(machine.action_files()):
            print("would write {}".format(path))
        return 0
    print("Making the environment {} (a minute or two).".format(machine.venv), flush=True)
    os.makedirs(machine.folder, exist_ok=True)
    bootstrap.make_environment()
    bootstrap.pip_install([ROOT])
    code = bootstrap.hand_over(resolve)
    if not machine.system:
        write_actions(machine, python)
        register(machine)
    print("Clapless is in {}. Run this again with --uninstall to remove it.".format(machine.folder))
    return code


def uninstall(machine: Machine, arguments: "list[str]") -> int:
    """Take everything away that `install` made; sessions stay."""
    use(machine)
    dry = "--dry-run" in arguments
    code = 0
    python = bootstrap.venv_python()
    if os.path.exists(python):
        command = [python, "-I", "-m", "clapless", "resolve", "uninstall"]
        code = bootstrap.hand_over(command + (["--dry-run"] if dry else []))
    elif not dry:
        print("There is no environment in {}.".format(machine.venv))
    gone = [one for one in action_traces(machine) if os.path.lexists(one)]
    gone += [one for one in (machine.venv, os.path.dirname(machine.script)) if os.path.isdir(one)]
    if not dry and not machine.system:
        unregister(machine)
    for path in gone:
        print("{} {}".format("would remove" if dry else "removed", path))
        if not dry:
            remove(path)
    mailbox = os.path.join(machine.folder, "mailbox")
    if not dry and os.path.isdir(mailbox):
        shutil.rmtree(mailbox)
    if not dry and os.path.isdir(machine.folder):
        for name in os.listdir(machine.folder):
            if name.endswith((".lock", ".log")):
                remove(os.path.join(machine.folder, name))
        left = os.listdir(machine.folder)
        if left:
            print("Kept in {}: {}.".format(machine.folder, ", ".join(sorted(left))))
        else:
            os.rmdir(machine.folder)
    return code


def use(machine: Machine) -> None:
    """Have bootstrap's functions work on the private environment in place of the clone's."""
    bootstrap.VENV = machine.venv
    bootstrap.LOG = os.path.join(machine.venv, "install.log")


def write_actions(machine: Machine, python: str) -> None:
    """Write what a right click runs, and the file manager's actions with its paths in them."""
    os.makedirs(os.path.dirname(machine.script), exist_ok=True)
    shutil.copyfile(os.path.join(ACTIONS, SCRIPT), machine.script)
    for path, source in sorted(machine.action_files().items()):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(action_text(source, python, machine.script))
        if machine.platform not in ("darwin", "win32"):
            os.chmod(path, 0o755)
        print("wrote {}".format(path))


def action_text(source: str, python: str, script: str) -> bytes:
    """Return an action with its paths, written as its language wants them."""
    with open(os.path.join(ACTIONS, source), encoding="utf-8", newline="") as file:
        text = file.read()
    suffix = os.path.splitext(source)[1]
    for mark, path in (("@PYTHON@", python), ("@SCRIPT@", script)):
        text = text.replace(mark, in_language(suffix, path))
    # regedit takes other letters than ASCII from UTF-16 alone.
    return text.encode("utf-16" if suffix == ".reg" else "utf-8")


def in_language(suffix: str, path: str) -> str:
    """Return a path as it stands between the quotes of a language."""
    if suffix == ".sh":
        return path.replace("'", "'\\''")
    if suffix == ".wflow":
        return escape(path.replace("'", "'\\''"))
    if suffix in (".applescript", ".reg"):
        return path.replace("\\", "\\\\").replace('"', '\\"')
    if suffix == ".cmd":
        return path.replace("%", "%%")
    for one in '\\"`$':
        path = path.replace(one, "\\" + one)
    return path.replace("\\", "\\\\").replace("%", "%%")


def register(machine: Machine) -> None:
    """Do what writing files does not: compile the folder action, fill the registry."""
    shell = os.path.dirname(machine.script)
    if machine.platform == "darwin":
        compiled = folder_action(machine)
        os.makedirs(os.path.dirname(compiled), exist_ok=True)
        source = os.path.join(shell, ARRIVING + ".applescript")
        tell(["osacompile", "-o", compiled, source], "The folder action was not compiled")
    if machine.platform == "win32":
        path = os.path.join(shell, "right_click.reg")
        tell(["reg", "import", path], "The right-click entry was not registered")


def unregister(machine: Machine) -> None:
    """Take the registry's keys away."""
    if machine.platform == "win32":
        path = os.path.join(ACTIONS, "windows", "right_click_remove.reg")
        tell(["reg", "import", path], "The right-click entry was not removed")


def tell(command: "list[str]", otherwise: str) -> None:
    """Run a program of the system; say so where it fails, and go on."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
    except OSError as problem:
        print("{}: {}.".format(otherwise, problem), file=sys.stderr)
        return
    if done.returncode != 0:
        print("{}: {}.".format(otherwise, done.stdout.strip()), file=sys.stderr)


def folder_action(machine: Machine) -> str:
    """Return where the compiled folder action lies on macOS."""
    return os.path.join(machine.home, "Library/Scripts/Folder Action Scripts", ARRIVING + ".scpt")


def action_traces(machine: Machine) -> "list[str]":
    """Return what the file manager's actions leave on the disk."""
    if machine.system:
        return []
    traces = []
    for path in sorted(machine.action_files()):
        bundle = os.path.dirname(os.path.dirname(path))
        traces.append(bundle if bundle.endswith(".workflow") else path)
    if machine.platform == "darwin":
        traces.append(folder_action(machine))
    return sorted(set(traces))


def remove(path: str) -> None:
    """Remove a file, or a folder with all that is in it."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)
    except OSError as problem:
        raise bootstrap.SetupError(
            "{} cannot be removed ({}): close Clapless for Resolve and Resolve itself, and run "
            "this again.".format(path, problem.strerror)
        ) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
