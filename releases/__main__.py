"""`python -m releases`: list, show, approve, reject, rollback, stop, rebuild-registry, adopt, ask-again."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from rich.console import Console

from releases import commands
from releases.account import Account, CommandError
from releases.tables import render

_EPILOG = """\
Credentials and region are yours, as for the aws command (AWS_PROFILE, --profile, --region): IAM decides.
  list, show          every role that reads audit entries: approver, operator, auditor
  approve, reject     an approver, and never of the own work
  rollback, stop      an operator, alone; each raises an alarm and leaves an audit entry
  rebuild-registry    an operator: MLflow shows what the record says again, whatever was done to it
  adopt               two approvers: a record that can't decide goes on with what serves
  ask-again           an approver: a model that was moved here; another one approves its release
Examples:
  python -m releases list
  python -m releases show r-by-alice-0123456789ab
  python -m releases approve r-by-alice-0123456789ab --wait 1800
  python -m releases reject r-by-alice-0123456789ab --reason "Recall of duplicates fell by half"
  python -m releases rollback --reason "Alerts doubled since Monday"
  python -m releases stop --reason "Scores leaked"
  python -m releases stop --now --reason "Scores leaked while a release runs"
"""


def arguments(words: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m releases",
        description="Releases of a model: see them, approve or reject one, go back, stop the endpoint.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--region", help="AWS region of the deployment")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _verb(verbs, "list", commands.list_releases, "the newest releases").add_argument(
        "--limit", type=int, default=20, help="how many (default 20)"
    )
    _verb(verbs, "show", commands.show, "one release: its timeline from the job to the endpoint").add_argument(
        "release"
    )
    approve = _verb(verbs, "approve", commands.approve, "execute a release of another person", acts=True)
    approve.add_argument("release")
    reject = _verb(verbs, "reject", commands.reject, "refuse a release; its reason is kept", acts=True)
    reject.add_argument("release")
    back = _verb(verbs, "rollback", commands.rollback, "restore the former release, at once", acts=True)
    back.add_argument("--to", metavar="RELEASE", help="another release that was a champion")
    halt = _verb(verbs, "stop", commands.stop, "the kill switch: no endpoint any more", acts=True)
    halt.add_argument(
        "--now", action="store_true", help="without CloudFormation, also while a release runs: refuse callers, delete"
    )
    anew = _verb(verbs, "rebuild-registry", commands.rebuild_registry, "write MLflow anew from the record", acts=True)
    adopt = _verb(verbs, "adopt", commands.adopt, "have a broken record go on with what serves", acts=True)
    adopt.add_argument("--confirms", metavar="REQUEST", default="", help="what another approver's `adopt` printed")
    moved = _verb(verbs, "ask-again", commands.ask_again, "ask for a model that was moved here", acts=True)
    moved.add_argument("--manifest", required=True, metavar="SHA256", help="of its manifest, which names its archive")
    for verb in (reject, back, halt, anew, adopt, moved):
        verb.add_argument("--reason", required=True, help="why, in a sentence: it is recorded")
    for verb in (approve, back, halt):
        verb.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="wait for the stack so long")
    return parser.parse_args(words)


def _verb(verbs: Any, name: str, act: Callable[..., Any], text: str, *, acts: bool = False) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse's own action has no public type
    verb = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    verb.set_defaults(act=act)
    verb.add_argument("--model", help="the model, where several are deployed")
    verb.add_argument("--json", action="store_true", help="print JSON instead of a table")
    if acts:
        verb.add_argument("--yes", action="store_true", help="do it without asking")
    return verb


def main(words: list[str]) -> int:
    """Carry a command out; returns the exit code: 0 done, 1 not done."""
    chosen = arguments(words)
    try:
        account = Account(boto3.Session(profile_name=chosen.profile, region_name=chosen.region), chosen.model)
        shown = chosen.act(account, chosen)
    except (CommandError, ClientError, BotoCoreError, WaiterError) as error:
        Console(stderr=True, highlight=False).print(f"Not done: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    if chosen.json:
        sys.stdout.write(json.dumps(shown, indent=2, sort_keys=True, default=str) + "\n")
    else:
        Console(highlight=False, emoji=False).print(render(shown))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
