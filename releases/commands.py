"""What the commands do: each takes the account and the parsed arguments, and returns what is shown."""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.prompt import Confirm
from rich.text import Text

from lambdas.release.records import is_release_id
from releases.account import Account, CommandError
from releases.history import CROWNS, History, former, newest_releases

Shown = dict[str, Any]
_STDERR = Console(stderr=True, highlight=False)
_POLL_SECONDS = 2
_CUT_OFF_SECONDS = 300
_NAMED = "up to half an hour; a message tells"
_TAKES = "30 to 40 minutes on AWS, in which `stop --now` alone stops (docs/runbooks/release-hangs.md)"


def list_releases(account: Account, chosen: argparse.Namespace) -> list[Shown]:
    """Return the newest releases, one row each."""
    transitions, waiting, serving = account.transitions(), account.waiting(), account.serving().get("ReleaseId", "")
    names = newest_releases(transitions, chosen.limit)
    entries = account.entries(t for t in transitions if t.subject in names)
    histories = (History(name, [e for e in entries if e.subject == name]) for name in names)
    return [_row(history, waiting=history.release in waiting, serving=serving) for history in histories]


def _row(history: History, *, waiting: bool, serving: str) -> Shown:
    lost = history.state == "requested" and not waiting
    return {
        "release": history.release,
        "version": history.version,
        "state": "requested, change set gone" if lost else history.state,
        "serving": history.release == serving,
        "submitter": history.submitter,
        "approver": history.approver,
        "last": history.entries[-1].at,
    }


def show(account: Account, chosen: argparse.Namespace) -> Shown:
    """Return one release with its timeline from the job to the endpoint."""
    history, waiting = _history(account, chosen.release), chosen.release in account.waiting()
    row = _row(history, waiting=waiting, serving=account.serving().get("ReleaseId", ""))
    request = history.request
    return row | {
        "job": history.job,
        "parameters": request.parameters() if request else {},
        "timeline": [
            *_job(history),
            *(_moment(e.at, e.what, e.who, e.details.get("reason", "")) for e in history.entries),
        ],
        "request": _request(account, chosen.release) if waiting else None,
    }


def _moment(at: str, what: str, who: str, reason: str = "") -> Shown:
    return {"at": at, "what": what, "who": who, "reason": reason}


def _job(history: History) -> list[Shown]:
    known = history.request.details if history.request else {}
    times = {"training_started": known.get("job_started"), "training_completed": known.get("job_ended")}
    return [_moment(_stamp(time), what, history.submitter) for what, time in times.items() if time]


def _stamp(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _history(account: Account, release: str) -> History:
    transitions = account.transitions()
    own = [t for t in transitions if t.subject == release]
    if not own:
        raise CommandError(f"No release {release!r} of {account.model} is known. `python -m releases list` shows all.")
    history = History(release, account.entries(own))
    job = account.entries(t for t in transitions if t.subject == history.job)
    return History(release, sorted([*job, *history.entries], key=lambda entry: entry.at))


def _request(account: Account, release: str) -> Shown:
    found = account.change_set(release)
    changes = [item["ResourceChange"] for item in found.get("Changes", [])]
    return {
        "change_set": found["ChangeSetId"],
        "description": found.get("Description", ""),
        "parameters": {item["ParameterKey"]: item.get("ParameterValue", "") for item in found.get("Parameters", [])},
        "changes": [f"{c['Action']} {c['LogicalResourceId']} ({c['ResourceType']})" for c in changes],
    }


def approve(account: Account, chosen: argparse.Namespace) -> Shown:
    """Execute a release's change set, once a person has said yes to what it is.

    Raises:
        CommandError: it is no release, none that waits, or none that the platform asked for; or the person said no.
    """
    _must_be_release(chosen.release)
    request = _request(account, chosen.release)
    _must_be_asked_for(account, chosen.release, request["change_set"])
    parameters = [f"{name} = {value}" for name, value in sorted(request["parameters"].items())]
    told = [request["description"], "The change set's parameters:", *parameters, *request["changes"]]
    _ask(chosen, "\n".join([*told, f"Approve {chosen.release}?"]))
    return _carry_out(account, chosen, "approved", lambda: account.execute(chosen.release), serves=chosen.release)


def reject(account: Account, chosen: argparse.Namespace) -> Shown:
    """Keep the reason, then delete the change set: CloudTrail's event of that records the rejection in MLflow.

    Raises:
        CommandError: it is no release, or none that waits; or the person said no.
    """
    _must_be_release(chosen.release)
    request = _request(account, chosen.release)
    _ask(chosen, f"{request['description']}\nReject {chosen.release} because {chosen.reason!r}?")
    account.give_reason(chosen.release, chosen.reason)
    account.delete(chosen.release)
    return {"done": "rejected", "release": chosen.release, "reason": chosen.reason}


def rollback(account: Account, chosen: argparse.Namespace) -> Shown:
    """Have the platform restore the former release, or `--to` another one that was a champion.

    Raises:
        CommandError: there is nothing to go back to; or the person said no.
    """
    serving, transitions = account.serving(), account.transitions()
    target = chosen.to or former(transitions, serving.get("ReleaseId", ""))
    champions = {t.subject for t in transitions if t.what in CROWNS}
    if target not in champions:
        why = f"{target} was never a champion" if target else "no other one was ever a champion"
        raise CommandError(f"There is no release to restore: {why}.")
    history = History(target, account.entries(t for t in transitions if t.subject == target))
    _ask(chosen, f"Put {target} (version {history.version}) in the place of {serving.get('ReleaseId') or 'nothing'}?")
    return _carry_out(account, chosen, "rolled back", lambda: account.ask(target, chosen.reason), serves=target)


def stop(account: Account, chosen: argparse.Namespace) -> Shown:
    """Have the platform take the endpoint away: the kill switch.

    With `--now` without CloudFormation, which takes no change set while a release runs (`cut_off`).

    Raises:
        CommandError: nothing serves; or the person said no; or the endpoint is still there at the end of `--wait`.
    """
    serving, there = account.serving(), account.endpoint()
    if there is None and not serving.get("ManifestSha256"):
        raise CommandError(f"{account.model} has no endpoint: there is nothing to stop.")
    what = serving.get("ReleaseId") or "no release that its stack knows of"
    _ask(chosen, f"Take the endpoint of {account.model} away? It serves {what}.")
    if chosen.now or not serving.get("ManifestSha256"):
        return _cut_off(account, chosen)
    return _carry_out(account, chosen, "stopped", lambda: account.ask("", chosen.reason), serves="")


def rebuild_registry(account: Account, chosen: argparse.Namespace) -> Shown:
    """Have the platform write MLflow's copy of the record anew; nothing that serves changes.

    Raises:
        CommandError: the platform refuses; or the person said no.
    """
    _ask(chosen, f"Put {account.model} in MLflow aside, and write it anew from the record?")
    versions = account.rebuild_registry(chosen.reason)
    return {"done": "written anew", "versions": ", ".join(versions) or "none", "reason": chosen.reason}


def adopt(account: Account, chosen: argparse.Namespace) -> Shown:
    """Ask, or confirm, that a record which can't decide goes on with what serves; two approvers must.

    Raises:
        CommandError: nobody asked under this id; the platform refuses; or the person said no.
    """
    if chosen.confirms:
        steps = [t for t in account.transitions() if (t.subject, t.what) == (chosen.confirms, "adoption_asked")]
        found = account.entries(steps)
        if not found:
            raise CommandError(f"Nobody asked for an adoption under {chosen.confirms!r}.")
        told = [f"{name} = {value}" for name, value in sorted(found[0].details["adopts"].items())]
        _ask(chosen, "\n".join([found[0].details["broken"], *told, f"Does {account.model} go on with this?"]))
    else:
        _ask(chosen, f"Ask that {account.model} goes on with what it serves? Nothing on record before counts then.")
    made = account.adopt(chosen.confirms, chosen.reason)
    if chosen.confirms:
        return {"done": "confirmed: it counts when the trail has named both of you", "takes": _NAMED, **made["adopts"]}
    another = f"python -m releases adopt --confirms {made['request']} --reason ..."
    return {"done": "asked for", "another approver runs": another, **made["adopts"]}


def ask_again(account: Account, chosen: argparse.Namespace) -> Shown:
    """Ask for the release of a model that was moved here, from its sealed archive; another approver approves it.

    Raises:
        CommandError: the platform refuses; or the person said no.
    """
    _ask(chosen, f"Ask for the release of {account.model} {chosen.manifest} in your name? You can't approve it then.")
    made = account.ask_again(chosen.manifest, chosen.reason)
    return {"done": "asked for: it is opened when the trail has named you", "takes": _NAMED, **made}


def _cut_off(account: Account, chosen: argparse.Namespace) -> Shown:
    """Refuse all callers at once, then ask for the endpoint's deletion until it isn't found.

    The platform then runs a stop, so that the stack agrees.
    """
    account.refuse_callers()
    end, refusal = time.monotonic() + (chosen.wait or _CUT_OFF_SECONDS), ""
    with _STDERR.status(f"Callers are refused. Deleting the endpoint of {account.model} ..."):
        while (there := account.endpoint()) is not None:
            refusal = account.delete_endpoint() or refusal
            if time.monotonic() > end:
                raise CommandError(
                    f"Callers are refused, but the endpoint is still there ({there}). {refusal} Run the command again, "
                    "until it says that the endpoint is gone."
                )
            time.sleep(_POLL_SECONDS)
    return {"done": "the endpoint is gone", "endpoint": "not found", "reason": chosen.reason}


def _must_be_release(name: str) -> None:
    if not is_release_id(name):
        raise CommandError(f"{name!r} is no release id, expected r-by-<submitter>-<12 hex digits>.")


def _must_be_asked_for(account: Account, release: str, change_set: str) -> None:
    """Refuse a change set whose ARN no request on record names: whoever made it, it wasn't verified and gated."""
    steps = [step for step in account.transitions() if (step.subject, step.what) == (release, "requested")]
    asked = {entry.details.get("change_set", "") for entry in account.entries(steps)}
    if change_set not in asked:
        raise CommandError(
            f"{change_set} waits, and no request on record names it, but {sorted(asked) or 'none'}. The platform "
            "writes its request right after it made the change set: try again in a minute, then call the platform team."
        )


def _ask(chosen: argparse.Namespace, question: str) -> None:
    if chosen.yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for your consent: add --yes. Nothing was done.")
    if not Confirm.ask(Text(question), console=_STDERR):
        raise CommandError("You said no. Nothing was done.")


def _carry_out(
    account: Account, chosen: argparse.Namespace, what: str, act: Callable[[], Shown], *, serves: str
) -> Shown:
    """Do what executes a change set; with `--wait`, say that it is done only when the stack and SageMaker say so."""
    before = account.last_operation()
    done = act()
    if not chosen.wait:
        return {"done": f"{what}: under way", **done, "takes": _TAKES}
    with _STDERR.status(f"Waiting for the stack of {account.model}: {_TAKES} ..."):
        _until(lambda: account.is_settled(before), seconds=chosen.wait)
    status, serving = account.stack()["StackStatus"], account.serving().get("ReleaseId", "")
    if status != "UPDATE_COMPLETE" or serving != serves:
        raise CommandError(
            f"{done['change_set']} was executed and did not hold: "
            f"the stack is {status} and serves {serving or 'nothing'}. "
            "Look into docs/runbooks/release-rolled-back.md."
        )
    there = account.endpoint()
    if not serves and there is not None:
        raise CommandError(
            f"{done['change_set']} is through, and the endpoint is still there ({there}): "
            "CloudFormation could not delete it. "
            "`python -m releases stop --now` does."
        )
    return {"done": what, **done, "stack": status, "serving": serving}


def _until(condition: Callable[[], bool], *, seconds: int) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise CommandError(
                f"The stack has not settled within {seconds} seconds. `python -m releases list` follows it."
            )
        time.sleep(_POLL_SECONDS)
