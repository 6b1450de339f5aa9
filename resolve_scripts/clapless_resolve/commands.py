"""The verbs ``clapless resolve ...``.

What a verb needs is imported when it runs: every start of the command line loads this module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

resolve = typer.Typer(no_args_is_help=True)
app = typer.Typer()
app.add_typer(resolve, name="resolve", help="Work with DaVinci Resolve.")

MARKS = {"good": "ok", "absent": "--", "bad": "no"}


@resolve.callback()
def _verbs() -> None:
    """Work with DaVinci Resolve."""


@resolve.command("apply")
def apply_verb(
    session: Annotated[Path, typer.Argument(help="The session document that sync wrote.")],
    name: Annotated[str, typer.Option("--name", help="Name of the new timeline.")] = "Sync",
    as_json: Annotated[bool, typer.Option("--json", help="Print results for machines.")] = False,
) -> None:
    """Place a session on a new timeline of the project that is open in Resolve Studio.

    Ends with 0 where every item stands as planned, else with 3.
    """
    from clapless.session import read_session
    from clapless_resolve import connect
    from clapless_resolve.applying import apply_session
    from clapless_resolve.folders import Machine, scripting_modules

    read = read_session(session)
    scriptapp = connect.load_scriptapp(Path(scripting_modules(Machine.this())))
    results = apply_session(
        connect.connect_from_outside(scriptapp),
        read,
        name=name,
        progress=lambda done, of: typer.echo(f"Placed {done} of {of} clips.", err=True),
    )
    if as_json:
        shown = [
            {
                "timeline": one.timeline,
                "placed": one.placed,
                "differences": [difference.sentence for difference in one.differences],
                "notices": list(one.notices),
            }
            for one in results
        ]
        typer.echo(json.dumps({"timelines": shown}, ensure_ascii=False, indent=2))
    else:
        for one in results:
            total = one.placed + len(one.differences)
            typer.echo(f"{one.timeline}: {one.placed} of {total} items stand as planned.")
            for sentence in [*(d.sentence for d in one.differences), *one.notices]:
                typer.echo(f"  {sentence}")
    if any(one.differences for one in results):
        raise typer.Exit(3)


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
