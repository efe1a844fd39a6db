"""What an operator does alone: go back to the former release, and pull the kill switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.story.attack_steps import ask_again
from local.story.decision_steps import challenger, expect_state
from local.story.outside import (
    audited,
    expect_champion_serves,
    expect_other_scores,
    expect_serves,
    is_restored,
    serving,
)
from local.story.scene import MODEL, OPERATOR, expect
from local.story.typed import WAIT, releases
from local.story.waiting import StoryError, wait_for

if TYPE_CHECKING:
    from local.story.mailbox import Mailbox
    from local.story.narrator import Facts
    from local.story.scene import Scene

DOUBTS, LEAK, MENDED = "Alerts doubled since it serves", "Scores leaked", "The leak is closed"


def rollback(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """The operator takes the new champion back: in one step, the former release serves again."""
    number, _ = challenger(scene, 1)
    before = expect_serves(scene, number)
    answer = go_back(scene, mailbox, DOUBTS)
    expect_state(scene, number, "superseded")
    expect_other_scores(scene, before, expect_champion_serves(scene))
    facts.update(from_version=number, champion=scene.champion_version(), reason=DOUBTS, **made(answer))
    facts["told"] = f"{OPERATOR.uid} alone: v{facts['champion']} serves again in place of v{number}"


def made(answer: dict[str, str]) -> dict[str, str]:
    """The change set by which the platform did what somebody asked, and the id of the call."""
    return {"change_set": answer["change_set"], "request": answer["request"]}


def go_back(scene: Scene, mailbox: Mailbox, reason: str) -> dict[str, str]:
    """The operator has the story's first release restored; returns the command's answer.

    Raises:
        StoryError: it does not serve, is not the champion, or the deed is not in the record and the mailbox.
    """
    answer = releases(scene, OPERATOR, "rollback", "--reason", reason, "--yes", *WAIT)
    release = scene.narrator.facts("register")["release"]
    expect(answer["serving"] == release, f"`releases rollback` answered {answer}, expected {release} to serve.")
    expect_told(scene, mailbox, answer, reason)
    expect_state(scene, scene.narrator.facts("settle")["champion"], "released")
    return answer


def expect_told(scene: Scene, mailbox: Mailbox, answer: dict[str, str], reason: str) -> None:
    """What the operator asked for is in the audit record, with the operator's name by the trail; an alarm went out.

    Raises:
        StoryError: one of it is not so.
    """
    change_set, request = answer["change_set"], answer["request"]
    asked = audited(scene, request, "way_back_asked")["details"]
    expect(asked["reason"] == reason and f"changeSet/{change_set}/" in asked["change_set"], f"Asked was: {asked}")
    who = audited(scene, request, "asked_by")["who"]
    expect(who == OPERATOR.uid, f"The audit record says that {who} asked for {change_set}.")
    audited(scene, change_set, "way_back_executed")
    mailbox.wait_for(lambda m: m["subject"].startswith(f"ALARM: {change_set}"), f"the alarm about {change_set}")


def stop(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """The operator takes the endpoint away at once, and later brings the same release back."""
    champion = scene.narrator.facts("settle")["champion"]
    answer = releases(scene, OPERATOR, "stop", "--reason", LEAK, "--yes", *WAIT)
    expect(not serving(scene), f"The endpoint still exists after {answer}.")
    refusal = refused_call(scene)
    expect_told(scene, mailbox, answer, LEAK)
    expect_state(scene, champion, "superseded")
    wait_for(lambda: True if "champion" not in aliases(scene) else None, "MLflow to know no champion")
    back = go_back(scene, mailbox, MENDED)
    expect_champion_serves(scene)
    facts.update(refusal=refusal, back=back["change_set"], champion=scene.champion_version(), **made(answer))
    facts["told"] = (
        f"{OPERATOR.uid} alone: no endpoint answered and no version was champion, until v{champion} came back"
    )


def cut_off(scene: Scene, mailbox: Mailbox, facts: Facts) -> None:
    """The operator stops without CloudFormation; the platform brings the stack along, and a release serves again.

    The reconciler is called at once; its timetable would, within a quarter of an hour.
    """
    champion = scene.narrator.facts("settle")["champion"]
    answer = releases(scene, OPERATOR, "stop", "--now", "--reason", LEAK, "--yes")
    expect(answer["endpoint"] == "not found" and not serving(scene), f"The endpoint still exists after {answer}.")
    refusal = refused_call(scene)
    ask_again(scene)
    wait_for(lambda: True if is_restored(scene, "") else None, "the stack to agree that nothing serves")
    halted = audited(scene, "halt-cut-off-", "way_back_executed", begins=True)["subject"]
    expect_state(scene, champion, "superseded")
    back = go_back(scene, mailbox, MENDED)
    expect_champion_serves(scene)
    facts.update(refusal=refusal, halted=halted, back=back["change_set"], champion=scene.champion_version())
    facts["told"] = f"the endpoint was gone at once, the platform ran {halted}, and v{facts['champion']} came back"


def refused_call(scene: Scene) -> str:
    """The words with which IAM refuses to call an endpoint that is gone: no tag of it admits callers any more.

    Raises:
        StoryError: it answers.
    """
    runtime = scene.person(OPERATOR).client("sagemaker-runtime")
    name = scene.outputs["EndpointName"]
    try:
        runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body="0")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        expect(code == "AccessDeniedException", f"Expected that nobody may call {name}, got: {error}")
        return error.response["Error"]["Message"]
    raise StoryError(f"{name} still answers after the kill switch.")


def aliases(scene: Scene) -> dict[str, str]:
    """The aliases of the registered model in MLflow."""
    return dict(scene.registry.get_registered_model(MODEL).aliases)
