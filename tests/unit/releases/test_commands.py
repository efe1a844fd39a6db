"""What the commands do, over an account that remembers what was asked of it."""

from __future__ import annotations

import io
import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

import pytest

from releases import commands
from releases.account import CommandError
from releases.tables import render
from tests.fakes.change_sets import arn_of
from tests.unit.releases.fake_account import FIRST, SECOND, THIRD, FakeAccount, parameters

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def account() -> FakeAccount:
    """First was the champion, second serves now, a third waits."""
    account = FakeAccount()
    for digit, version, release in (("a", "1", FIRST), ("b", "2", SECOND)):
        tags = {"version": version, "atoll.training_job_arn": f"arn:x:sagemaker:r:1:training-job/job-{version}"}
        job = {"job_started": "2026-11-23T08:59:00+00:00", "job_ended": "2026-11-23T09:59:00+01:00"}
        account.happen(release, "requested", "alice", **tags, **job, **parameters(digit, version))
        account.happen(release, "executed", "bob")
        account.happen(release, "released", "bob")
    account.happen("job-2", "training_retried", "alice")
    account.parameters = parameters("b", "2")
    account.create("r-by-alice-cccccccccccc", parameters("c", "3"), "")
    account.happen("r-by-alice-cccccccccccc", "requested", "alice", version="3", change_set=arn_of(THIRD))
    return account


def run(act: Callable[..., Any], account: FakeAccount, **given: object) -> Any:  # noqa: ANN401 - rows or values
    return act(
        account,
        Namespace(**{"yes": True, "wait": 0, "limit": 20, "to": None, "now": False, "reason": "it is worse"} | given),
    )


def test_the_list_says_what_waits_and_what_serves(account: FakeAccount) -> None:
    rows = {row["release"]: row for row in run(commands.list_releases, account)}

    assert [row["serving"] for row in rows.values()] == [False, True, False]
    assert rows["r-by-alice-cccccccccccc"]["state"] == "requested"
    assert rows[SECOND] == {
        **rows[SECOND],
        "version": "2",
        "state": "released",
        "submitter": "alice",
        "approver": "bob",
    }


def test_a_request_whose_change_set_vanished_is_shown_as_such(account: FakeAccount) -> None:
    account.sets.clear()

    newest = run(commands.list_releases, account, limit=1)

    assert newest[0]["state"] == "requested, change set gone"


def test_a_timeline_goes_from_the_job_to_the_endpoint(account: FakeAccount) -> None:
    shown = run(commands.show, account, release=SECOND)

    job, told = shown["timeline"][:2], shown["timeline"][2:]
    assert [(step["at"], step["what"], step["who"]) for step in job] == [
        ("20261123T085900Z", "training_started", "alice"),
        ("20261123T085900Z", "training_completed", "alice"),
    ]
    assert [step["what"] for step in told] == ["requested", "executed", "released", "training_retried"]
    assert shown["parameters"] == parameters("b", "2")
    assert shown["job"] == "job-2"


def test_an_unknown_release_is_a_clear_error(account: FakeAccount) -> None:
    with pytest.raises(CommandError, match="r-by-x-1"):
        run(commands.show, account, release="r-by-x-1")


def test_approving_executes_exactly_that_change_set(account: FakeAccount) -> None:
    run(commands.approve, account, release="r-by-alice-cccccccccccc")

    assert account.parameters == parameters("c", "3")


def test_who_approves_sees_the_four_parameters_of_the_change_set_itself(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RT-18: the description is a text; the parameters are what will serve."""
    asked: list[str] = []
    monkeypatch.setattr(commands, "_ask", lambda _, question: asked.append(question))
    run(commands.approve, account, release="r-by-alice-cccccccccccc")
    for name, value in parameters("c", "3").items():
        assert f"{name} = {value}\n" in asked[0]
    account.create("r-by-alice-cccccccccccc", parameters("c", "3"), "")
    shown = run(commands.show, account, release="r-by-alice-cccccccccccc")
    assert shown["request"]["parameters"] == parameters("c", "3")


@pytest.mark.parametrize("asked", [{}, {"change_set": arn_of(SECOND)}])
def test_what_the_platform_did_not_ask_for_cannot_be_approved(account: FakeAccount, asked: dict[str, str]) -> None:
    """Somebody else's change set of a release's name: with the right parameters, but no request names its ARN."""
    account.log.pop()
    account.happen(THIRD, "asked", "alice", version="3", **asked)
    account.happen(THIRD, "requested", "alice", version="3", **asked)
    with pytest.raises(CommandError, match=f"{arn_of(THIRD)} waits, and no request on record names it"):
        run(commands.approve, account, release=THIRD)

    assert account.parameters == parameters("b", "2")


@pytest.mark.parametrize("name", ["home-to-v1", "halt-v1", "r-by-alice-xyz", ""])
def test_only_a_release_can_be_approved_or_rejected(account: FakeAccount, name: str) -> None:
    account.create(name, parameters("d", "4"), "")
    for act in (commands.approve, commands.reject):
        with pytest.raises(CommandError, match="is no release id"):
            run(act, account, release=name)

    assert account.parameters == parameters("b", "2")


def test_a_rejection_keeps_its_reason_and_deletes_the_change_set(account: FakeAccount) -> None:
    run(commands.reject, account, release="r-by-alice-cccccccccccc")

    assert account.reasons == {"r-by-alice-cccccccccccc": "it is worse"}
    assert account.sets == {}


def test_a_rollback_restores_the_former_champion_in_one_step(account: FakeAccount) -> None:
    done = run(commands.rollback, account)

    assert account.parameters == parameters("a", "1")
    assert account.asked == [(FIRST, "it is worse")]
    assert done["change_set"].startswith("home-")


def test_there_is_no_rollback_to_what_never_was_a_champion(account: FakeAccount) -> None:
    with pytest.raises(CommandError, match="never a champion"):
        run(commands.rollback, account, to="r-by-alice-cccccccccccc")

    assert account.parameters == parameters("b", "2")


def test_the_kill_switch_empties_every_parameter(account: FakeAccount) -> None:
    done = run(commands.stop, account)

    assert set(account.parameters.values()) == {""}
    assert account.asked == [("", "it is worse")]
    assert done["change_set"].startswith("halt-")
    with pytest.raises(CommandError, match="nothing to stop"):
        run(commands.stop, account)


def test_a_stop_is_only_said_to_be_done_when_the_endpoint_is_not_found(account: FakeAccount) -> None:
    account.outlives = True

    with pytest.raises(CommandError, match=r"still there \(InService\).*stop --now"):
        run(commands.stop, account, wait=1)


def test_who_does_not_wait_is_not_told_that_it_is_done(account: FakeAccount) -> None:
    told = run(commands.stop, account)
    assert told["done"] == "stopped: under way"
    assert "30 to 40 minutes" in told["takes"]
    assert "stop --now" in told["takes"]


def test_an_endpoint_that_outlived_its_stop_can_be_deleted(account: FakeAccount) -> None:
    account.outlives = True
    run(commands.stop, account)

    assert run(commands.stop, account)["done"] == "the endpoint is gone"
    assert account.there is None


def test_callers_are_refused_and_the_deletion_is_asked_for_until_the_endpoint_is_gone(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_POLL_SECONDS", 0.01)
    account.refusals = ["Cannot delete endpoint in status Creating."] * 3
    done = run(commands.stop, account, now=True)

    assert account.refuses
    assert done["endpoint"] == "not found"
    assert account.operations == 0


def test_a_deletion_that_does_not_come_through_is_no_success(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_POLL_SECONDS", 0.01)
    account.refusals = ["Cannot delete endpoint in status SystemUpdating."] * 1000

    with pytest.raises(CommandError, match=r"Callers are refused, but the endpoint is still there .*SystemUpdating"):
        run(commands.stop, account, now=True, wait=0.05)


def test_a_stack_that_still_tells_of_the_operation_before_is_waited_for(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(account, "execute", lambda name: {"change_set": name})  # CloudFormation hasn't begun yet

    with pytest.raises(CommandError, match="not settled within"):
        run(commands.approve, account, release="r-by-alice-cccccccccccc", wait=0.05)


def test_without_a_terminal_nothing_is_done_unasked(account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())

    with pytest.raises(CommandError, match="--yes"):
        run(commands.stop, account, yes=False)

    assert account.parameters == parameters("b", "2")


def test_waiting_ends_in_an_error_and_not_in_a_hang(account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_POLL_SECONDS", 0.01)
    account.settled = False

    with pytest.raises(CommandError, match="not settled within"):
        run(commands.approve, account, release="r-by-alice-cccccccccccc", wait=0.05)


@pytest.mark.parametrize(
    ("act", "serves"), [(commands.approve, "r-by-alice-cccccccccccc"), (commands.rollback, FIRST), (commands.stop, "")]
)
def test_who_waits_is_told_what_serves_then(account: FakeAccount, act: Callable[..., Any], serves: str) -> None:
    done = run(act, account, release="r-by-alice-cccccccccccc", wait=1)

    assert (done["stack"], done["serving"]) == ("UPDATE_COMPLETE", serves)


@pytest.mark.parametrize("act", [commands.approve, commands.rollback, commands.stop])
def test_who_waits_is_told_that_it_did_not_hold(account: FakeAccount, act: Callable[..., Any]) -> None:
    account.status = "UPDATE_ROLLBACK_COMPLETE"

    with pytest.raises(CommandError, match=f"did not hold: the stack is UPDATE_ROLLBACK_COMPLETE and serves {SECOND}"):
        run(act, account, release="r-by-alice-cccccccccccc", wait=1)


def test_a_first_champion_has_nothing_to_go_back_to(account: FakeAccount) -> None:
    account.log = [entry for entry in account.log if entry.subject == SECOND]

    with pytest.raises(CommandError, match="no other one was ever a champion"):
        run(commands.rollback, account)


def test_what_is_shown_as_a_table_can_be_printed_as_json(account: FakeAccount) -> None:
    from rich.console import Console  # noqa: PLC0415 - used here only

    console = Console(record=True, width=160, force_terminal=False)
    shown = run(commands.show, account, release="r-by-alice-cccccccccccc")
    console.print(render(shown), render(run(commands.list_releases, account)))

    assert "AP 0.8 against 0.7 [champion]" in console.export_text()
    assert json.loads(json.dumps(shown))["request"]["changes"] == ["Modify Endpoint (AWS::SageMaker::Endpoint)"]


def test_an_adoption_is_asked_for_by_one_and_confirmed_under_its_id_by_another(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = run(commands.adopt, account, confirms="")
    assert "python -m releases adopt --confirms c5a3" in shown["another approver runs"]
    with pytest.raises(CommandError, match="Nobody asked"):
        run(commands.adopt, account, confirms="c5a4")
    asked: list[str] = []
    monkeypatch.setattr(commands, "_ask", lambda _, question: asked.append(question))
    adopts: Any = {"version": "2", "atoll.release_id": SECOND}
    account.happen("c5a3", "adoption_asked", "unnamed", adopts=adopts, broken="The entry x is gone.")
    assert run(commands.adopt, account, confirms="c5a3")["done"].startswith("confirmed")
    assert asked[0].startswith(f"The entry x is gone.\natoll.release_id = {SECOND}\nversion = 2\n")
    assert account.asked == [("", "it is worse"), ("c5a3", "it is worse")]


def test_a_moved_model_is_asked_for_in_the_callers_name_who_is_told_so(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(commands, "_ask", lambda _, question: asked.append(question))
    shown = run(commands.ask_again, account, manifest="a" * 64)
    assert (shown["request"], shown["asks"]) == ("c5a3", "moved.c5a3")
    assert asked == [f"Ask for the release of card-anomaly {'a' * 64} in your name? You can't approve it then."]
    assert account.asked == [("a" * 64, "it is worse")]
