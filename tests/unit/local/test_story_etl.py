"""What the story shows are rows of the ledger it was given: what is injected serves to measure, apart from them."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.story.data_steps import etl_runs, processing_request
from local.story.scene import Scene
from local.story.serving_steps import alert, ranked

OUTPUTS = {
    "DataBucket": "data",
    "JobKeyArn": "key",
    "EtlJobRoleArn": "role",
    "EtlImageUri": "image",
    "EtlEngine": "duckdb",
    "JobSubnetIds": "subnet-1,subnet-2",
    "JobSecurityGroupId": "sg-1",
}


def scene(*, inject: bool) -> Scene:
    ledger = SimpleNamespace(inject=inject, mapping=None)
    return cast("Scene", SimpleNamespace(ledger=ledger, run="r1", outputs=OUTPUTS))


def places(request: dict[str, Any]) -> dict[str, str]:
    outputs = request["ProcessingOutputConfig"]["Outputs"]
    return {output["OutputName"]: output["S3Output"]["S3Uri"] for output in outputs}


def test_rows_that_are_scored_come_from_a_job_that_invents_none() -> None:
    given = scene(inject=True)
    requests = [processing_request(given, run) for run in etl_runs(given)]
    scored = [request for request in requests if places(request)["live"] == "s3://data/live/r1"]
    assert len(requests) == 2
    assert [request["AppSpecification"]["ContainerArguments"] for request in scored] == [["etl", "--engine", "duckdb"]]


def test_a_model_is_trained_and_measured_on_what_was_injected() -> None:
    given = scene(inject=True)
    requests = [processing_request(given, run) for run in etl_runs(given)]
    learnt = next(request for request in requests if places(request)["features"] == "s3://data/features/r1")
    assert learnt["AppSpecification"]["ContainerArguments"][-2:] == ["--inject", "7"]
    written = [place for request in requests for place in places(request).values()]
    assert len(set(written)) == len(written) == 6


def test_a_ledger_with_labels_needs_one_job_and_nothing_is_injected() -> None:
    (run,) = etl_runs(scene(inject=False))
    assert run.seed is None
    assert set(run.places.values()) == {"r1"}


@pytest.mark.parametrize(("unlabelled", "kind"), [(True, "unknown"), (False, "none")])
def test_an_alert_says_why_in_words_and_claims_no_label_that_nobody_gave(*, unlabelled: bool, kind: str) -> None:
    reason = {"feature": "amount_log", "value": 6.0, "words": "the size of the purchase: 412.50 USD", "contribution": 1}
    row = cast("Any", {"transaction_id": "T1", "kind": ""})
    told = alert(row, {"score": 0.9, "reasons": [reason]}, unlabelled=unlabelled)
    assert told["kind"] == kind
    assert told["reasons"] == ["the size of the purchase: 412.50 USD (+1.00)"]


@pytest.mark.parametrize(("kinds", "kind"), [({"T1": ""}, "none"), ({"T1": "split"}, "split"), ({}, "unknown")])
def test_a_ranked_purchase_says_why_and_claims_no_label_that_nobody_gave(kinds: dict[str, str], kind: str) -> None:
    row = {"transaction_id": "T1", "score": 0.91234, "reason_1": "much", "reason_2": "new", "reason_3": ""}
    bought = {"transaction_date": date(2026, 6, 13), "amount": 412.5, "currency": "USD", "merchant": "ACME"}
    assert ranked(cast("Any", row | bought | {"card": "C-7", "office": "Parks"}), kinds) == {
        "transaction": "T1",
        "purchase": "2026-06-13, 412.50 USD, card C-7, Parks at ACME",
        "score": 0.9123,
        "reasons": ["much", "new"],
        "kind": kind,
    }
