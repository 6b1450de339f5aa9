"""What of Clapless is installed on this machine, and what its entries can count on."""

from __future__ import annotations

import time
from pathlib import Path

from clapless_resolve.deploy import FOLDER, PLUGIN, install_steps, present
from clapless_resolve.findings import Finding
from clapless_resolve.folders import (
    Machine,
    MenuFolder,
    menu_folders,
    native_module,
    own_python,
    plugin_folders,
)
from clapless_resolve.installing import NATIVE, plugin_files
from clapless_resolve.launchers import starts_at_login
from clapless_resolve.mailbox import ALIVE_FILE, BEAT_S, mailbox_folder, preference_files
from clapless_resolve.menu_entries import by_hand, menu_entries

INSTALL = "run `clapless resolve install`"


def installed_findings(machine: Machine) -> list[Finding]:
    """Return how Clapless's entries, its app and its panel stand on this machine."""
    return [
        *_entries(machine),
        _python(machine),
        *_app(machine),
        *_panel(machine),
        *_store(machine),
    ]


def _entries(machine: Machine) -> list[Finding]:
    ours = [one for one in menu_folders(machine) if present(Path(one.path) / FOLDER)]
    if not ours:
        return [
            Finding(
                subject="entries",
                state="absent",
                sentence=f"Nothing of Clapless is in Resolve's menu: {INSTALL}.",
            )
        ]
    found = [_entries_in(machine, one) for one in ours]
    if len({one.whose for one in ours}) > 1 and any(one.whose == "system" for one in ours):
        found.append(
            Finding(
                subject="entries",
                state="bad",
                sentence="They are installed for this user and for all users, so that each is "
                f"listed twice: {INSTALL} with --system as an administrator, or take the others "
                "away.",
            )
        )
    return found


def _entries_in(machine: Machine, menu: MenuFolder) -> Finding:
    folder = Path(menu.path) / FOLDER
    entries = menu_entries(machine, system=menu.whose == "system")
    if install_steps([folder], entries):
        return Finding(
            subject=f"entries ({menu.whose})",
            state="bad",
            sentence=f"What is in {folder} is of another installation or version: {INSTALL}.",
        )
    return Finding(
        subject=f"entries ({menu.whose})",
        state="good",
        sentence="They are in Workspace > Scripts > Clapless.",
    )


def _python(machine: Machine) -> Finding:
    subject = "Python entries"
    own = Path(own_python(machine))
    if own.exists():
        return Finding(
            subject=subject,
            state="good",
            sentence="This Resolve brings its own Python; only Studio lists Python entries.",
        )
    home = machine.environment.get("PYTHON3HOME")
    if home and not Path(home).is_dir():
        return Finding(
            subject=subject,
            state="bad",
            sentence=f"PYTHON3HOME is {home}, which is not there: correct it or take it away.",
        )
    if home:
        return Finding(
            subject=subject, state="good", sentence=f"Resolve uses the Python in {home}."
        )
    usual = {
        "macOS": "/usr/local/bin/python3, as python.org's installer puts it there",
        "Windows": "the Python that python.org's installer registers",
        "Linux": "the python3 of the system",
    }[machine.system]
    if machine.system == "macOS" and not Path(machine.top("/usr/local/bin/python3")).exists():
        return Finding(
            subject=subject,
            state="absent",
            sentence=f"Resolve up to 21.0 looks for {usual}: it is not there, so that only the "
            "Lua entries are listed. They need no Python.",
        )
    return Finding(
        subject=subject,
        state="good",
        sentence=f"Resolve up to 21.0 uses {usual}. Where the entries under Clapless > Python are "
        "missing, it found none; the Lua entries need none.",
    )


def _app(machine: Machine) -> list[Finding]:
    subject = "app for the Lua entries"
    found = []
    if not preference_files(machine):
        found.append(
            Finding(
                subject="preferences of Fusion",
                state="absent",
                sentence="Resolve has written none for this user yet, and the Lua entries speak "
                "through them: start Resolve once.",
            )
        )
    mailbox = Path(mailbox_folder(machine))
    if machine.system == "Windows" and not str(mailbox).isascii():
        found.append(
            Finding(
                subject="mailbox",
                state="absent",
                sentence=f"{mailbox} has letters in it that Resolve's Lua may not read: if the Lua "
                "entries find no app, use those under Clapless > Python.",
            )
        )
    alive = mailbox / ALIVE_FILE
    if alive.is_file() and time.time() - alive.stat().st_mtime < 5 * BEAT_S:
        return [*found, Finding(subject=subject, state="good", sentence="It is running.")]
    more = (
        "It starts at login."
        if starts_at_login(machine)
        else "`clapless resolve install --at-login` has it start by itself."
    )
    return [
        *found,
        Finding(
            subject=subject,
            state="absent",
            sentence=f"It is not running. The free edition needs it from 21.1 on; elsewhere the "
            f"entries start it. By hand: {by_hand(machine)}. {more}",
        ),
    ]


def _panel(machine: Machine) -> list[Finding]:
    subject = "panel"
    folders = [Path(one.path) / PLUGIN for one in plugin_folders(machine)]
    if not folders:
        return []
    module = Path(native_module(machine))
    there = [one for one in folders if present(one)]
    if not module.is_file():
        return [
            Finding(
                subject=subject,
                state="absent",
                sentence="Resolve Studio's example plugin is not installed, which the panel needs "
                f"({module}). The menu entries do without.",
            )
        ]
    if not there:
        return [
            Finding(
                subject=subject,
                state="absent",
                sentence=f"It is not installed: {INSTALL}, with --system where it says so.",
            )
        ]
    if install_steps(there, plugin_files(), copies={NATIVE: module}):
        return [
            Finding(
                subject=subject,
                state="bad",
                sentence=f"It is of another version, or Resolve was updated since: {INSTALL}.",
            )
        ]
    return [
        Finding(
            subject=subject,
            state="good",
            sentence="It is in Workspace > Workflow Integrations > Clapless, in Studio.",
        )
    ]


def _store(machine: Machine) -> list[Finding]:
    for menu in menu_folders(machine):
        if menu.whose != "App Store":
            continue
        container = next(
            one for one in Path(menu.path).parents if one.name.startswith("com.blackmagic-design.")
        )
        if container.is_dir():
            return [
                Finding(
                    subject="App Store",
                    state="absent",
                    sentence="A Resolve from the App Store is here, too. Those are not known to "
                    "let scripts in: if the entries do not work, take Resolve from Blackmagic's "
                    "own site.",
                )
            ]
    return []
