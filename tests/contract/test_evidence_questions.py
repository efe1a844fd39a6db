"""The commands that the ledger asks an account, run on the local AWS and compared as a person would compare."""

import json
import time

import jmespath
import pytest

from evidence.questions import QUESTIONS, Question
from local.cloud import LocalCloud
from tests.contract.test_local_cloud import execute, request_release
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def executed(cloud: LocalCloud, approver: str) -> LocalCloud:
    """An account in which somebody executed a release."""
    request_release(cloud, "evidence", "r-by-alice-333333333333")
    execute(cloud.as_person(approver, "bob"), "evidence", "r-by-alice-333333333333")
    return cloud


def answered(cloud: LocalCloud, question: Question) -> object:
    call = getattr(cloud.client(question.service), question.operation)
    text = json.dumps(call(**question.parameters), default=lambda moment: moment.isoformat())
    return jmespath.search(question.query, json.loads(text))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.name)
def test_the_account_answers_as_the_ledger_expects(question: Question, executed: LocalCloud) -> None:
    deadline = time.monotonic() + PATIENCE
    while question.missing(answered(executed, question)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert question.missing(answered(executed, question)) == []


def test_an_account_without_a_release_does_not_answer(cloud: LocalCloud) -> None:
    silent = Question(
        name="silent",
        service="cloudtrail",
        operation="lookup_events",
        parameters={"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "DeleteTrail"}]},
        query="Events[0].CloudTrailEvent",
        expected=("eventName",),
        says="",
        statements=(),
    )
    assert silent.missing(answered(cloud, silent)) == ["an answer"]
