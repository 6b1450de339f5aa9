"""The verbs ``clapless resolve ...``.

What a verb needs is imported when it runs: every start of the command line loads this module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from clapless.errors import UsageError
from clapless_resolve.install_commands import install_verb, uninstall_verb

resolve = typer.Typer(no_args_is_help=True)
app = typer.Typer()
app.add_typer(resolve, name="resolve", help="Work with DaVinci Resolve.")

MARKS = {"good": "ok", "absent": "--", "bad": "no"}


@resolve.callback()
def _verbs() -> None:
    """Work with DaVinci Resolve."""


resolve.command("install")(install_verb)
resolve.command("uninstall")(uninstall_verb)


@resolve.command("apply")
def apply_verb(
    session: Annotated[
        Path | None, typer.Argument(help="The session document that sync wrote.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Undo: take away what Clapless made in the project.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="Name of the new timeline.")] = "Sync",
    groups: Annotated[
        str, typer.Option("--groups", help="One timeline for all groups, or separate ones.")
    ] = "one",
    drift: Annotated[
        str, typer.Option("--drift", help="Clock drift: auto, none, retime, slices, wav.")
    ] = "auto",
    fps: Annotated[float | None, typer.Option("--fps", help="Frame rate of the timeline.")] = None,
    multicam: Annotated[
        bool, typer.Option("--multicam", help="Make multicam clips too, where Resolve can.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results for machines.")] = False,
) -> None:
    """Place a session on a new timeline of the project that is open in Resolve Studio.

    Ends with 0 where every item stands as planned, else with 3.
    """
    from clapless_resolve.applying_verb import apply_document, remove_all

    if remove:
        if session is not None:
            raise UsageError("--remove takes everything of Clapless away: name no session with it.")
        shown = remove_all()
    elif session is None:
        raise UsageError("Name the session document that sync wrote, or say --remove.")
    else:
        shown = apply_document(
            session, name=name, groups=groups, drift=drift, fps=fps, multicam=multicam
        )
    if as_json:
        typer.echo(json.dumps(shown.document, ensure_ascii=False, indent=2))
    else:
        for line in shown.lines:
            typer.echo(line)
    if not shown.whole:
        raise typer.Exit(3)


@resolve.command("run")
def run_verb(
    entry: Annotated[str, typer.Argument(help="sync, multicam, markers, remove or selftest.")],
    result: Annotated[
        Path | None, typer.Option("--result", help="Write the outcome to this file too.")
    ] = None,
    cancel: Annotated[
        Path | None, typer.Option("--cancel", help="Stop as soon as this file is there.")
    ] = None,
    session: Annotated[
        Path | None, typer.Option("--session", help="Place this session; sync nothing.")
    ] = None,
) -> None:
    """Do what an entry of Resolve's menu asks for: started by the entry, not by hand.

    It asks for calls of Resolve's scripting on stdout and reads the answers on stdin, a JSON object
    a line.
    """
    import sys

    from clapless_resolve.folders import Machine
    from clapless_resolve.mailbox import ENTRIES
    from clapless_resolve.run_verb import own_stdout, run

    known = next((one for one in ENTRIES if one == entry), None)
    if known is None:
        raise UsageError(f"There is no entry {entry!r}; there are {', '.join(ENTRIES)}.")
    if sys.stdin.isatty():
        raise UsageError("This is for the entries in Resolve's menu: choose one there.")
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    raise typer.Exit(
        run(
            known,
            machine=Machine.this(),
            reading=sys.stdin,
            writing=own_stdout(),
            result=result,
            cancel=cancel,
            session=session,
        )
    )


@resolve.command("serve")
def serve_verb(
    once: Annotated[bool, typer.Option("--once", help="End after one entry.")] = False,
) -> None:
    """Wait for the Lua entries of Resolve's menu, and do what they ask for.

    The free edition from 21.1 on needs it: its entries cannot start programs. Ctrl-C ends it.
    """
    from clapless_resolve.folders import Machine
    from clapless_resolve.notify import show
    from clapless_resolve.serving import serve

    serve(Machine.this(), once=once, tell=lambda text: typer.echo(text, err=True), show=show)


@resolve.command("doctor")
def doctor_verb(
    as_json: Annotated[bool, typer.Option("--json", help="Print findings for machines.")] = False,
) -> None:
    """Say what works between Clapless and DaVinci Resolve on this machine.

    Ends with 0 where Resolve answers and all is well, else with 3.
    """
    from clapless_resolve.doctor import examine
    from clapless_resolve.folders import Machine

    findings = examine(Machine.this())
    if as_json:
        shown = [
            {"subject": one.subject, "state": one.state, "sentence": one.sentence}
            for one in findings
        ]
        typer.echo(json.dumps({"findings": shown}, ensure_ascii=False, indent=2))
    else:
        for one in findings:
            typer.echo(f"{MARKS[one.state]}  {one.subject}: {one.sentence}")
    if any(one.state == "bad" for one in findings):
        raise typer.Exit(3)
