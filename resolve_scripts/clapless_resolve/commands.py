"""The verbs ``clapless resolve ...``.

What a verb needs is imported when it runs: every start of the command line loads this module.
"""

from __future__ import annotations

import json
from typing import Annotated

import typer

resolve = typer.Typer(no_args_is_help=True)
app = typer.Typer()
app.add_typer(resolve, name="resolve", help="Work with DaVinci Resolve.")

MARKS = {"good": "ok", "absent": "--", "bad": "no"}


@resolve.callback()
def _verbs() -> None:
    """Work with DaVinci Resolve."""


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
