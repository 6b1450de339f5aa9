"""The verbs ``clapless resolve install`` and ``uninstall``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from clapless_resolve.installing import Installation


def install_verb(
    system: Annotated[
        bool, typer.Option("--system", help="For all users; needs an administrator.")
    ] = False,
    at_login: Annotated[
        bool,
        typer.Option(
            "--at-login", help="Start the app that the free edition needs with each session."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be written and removed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps for machines.")] = False,
) -> None:
    """Put Clapless into Resolve's menu, and its panel into Resolve Studio.

    Older copies are removed; nothing that is not Clapless's own is touched.
    """
    from clapless_resolve.folders import Machine
    from clapless_resolve.installing import plan_install

    plan = plan_install(Machine.this(), system=system, at_login=at_login)
    _do(plan, dry_run=dry_run, as_json=as_json, done="Resolve's menu is as it should be already.")
    if not (dry_run or as_json):
        typer.echo("In Resolve: Workspace > Scripts > Clapless. Older versions want a restart.")


def uninstall_verb(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps for machines.")] = False,
) -> None:
    """Take Clapless out of Resolve's menu and plugins, of this user and of all."""
    from clapless_resolve.folders import Machine
    from clapless_resolve.installing import plan_uninstall

    plan = plan_uninstall(Machine.this())
    _do(plan, dry_run=dry_run, as_json=as_json, done="There is nothing of Clapless in Resolve.")


def _do(plan: Installation, *, dry_run: bool, as_json: bool, done: str) -> None:
    from clapless_resolve.deploy import carry_out

    if not dry_run:
        carry_out(plan.steps)
    if as_json:
        steps = [{"what": one.what, "path": str(one.path)} for one in plan.steps]
        shown = {"dry_run": dry_run, "steps": steps, "notices": list(plan.notices)}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    words = {"write": "would write", "remove": "would remove"}
    if not dry_run:
        words = {"write": "wrote", "remove": "removed"}
    for step in plan.steps:
        typer.echo(f"{words[step.what]} {step.path}")
    if not plan.steps:
        typer.echo(done)
    for notice in plan.notices:
        typer.echo(notice)
