"""What a caller may choose of an answer, and what an endpoint's policy lets out."""

import io
import logging

import numpy as np
import orjson
import pytest

from model_code.arrays import Matrix
from model_code.serving.answers import Service
from model_code.serving.app import HELD_BODIES, Application
from model_code.serving.budget import Budget
from model_code.serving.model import ServedModel
from model_code.serving.policy import Policy
from tests.unit.model_code.serving.exchange import call
from tests.unit.model_code.serving.test_app import CSV, CSV_BODY, JSON, JSON_BODY, ROWS, app, invoke

__all__ = ["app"]


def test_each_body_gives_the_same_scores_in_each_answer(app: Application) -> None:
    bodies = {
        CSV: CSV_BODY,
        JSON: JSON_BODY,
        "application/jsonlines": b"\n".join(orjson.dumps(row) for row in orjson.loads(JSON_BODY)["instances"]),
        "application/x-npy": npy(ROWS),
    }
    expected = orjson.loads(invoke(app, CSV_BODY, accept=JSON).body)["predictions"]
    for content_type, body in bodies.items():
        assert invoke(app, body, content_type, accept=JSON).json()["predictions"] == expected
        lines = invoke(app, body, content_type, accept="application/jsonlines")
        assert lines.headers["content-type"] == "application/jsonlines"
        assert [orjson.loads(line) for line in lines.body.split(b"\n")] == expected
        assert [float(line) for line in invoke(app, body, content_type, accept=CSV).body.split()] == [
            row["score"] for row in expected
        ]


def npy(rows: Matrix) -> bytes:
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()


def test_the_version_comes_in_the_header_that_sagemaker_hands_on(app: Application) -> None:
    for asked in (
        call(app, "POST", "/invocations?version=1", CSV_BODY, content_type=CSV),
        invoke(app, CSV_BODY, x_amzn_sagemaker_custom_attributes="version=1"),
    ):
        assert asked.headers["x-amzn-sagemaker-custom-attributes"] == "model_version=7"
    assert "x-amzn-sagemaker-custom-attributes" not in invoke(app, CSV_BODY).headers


def test_options_may_stand_in_the_query(app: Application) -> None:
    answer = call(app, "POST", "/invocations?reasons=1&version=0", CSV_BODY, content_type=CSV, accept=JSON).json()
    assert [len(row["reasons"]) for row in answer["predictions"]] == [1, 1, 1]
    bad = call(app, "POST", "/invocations?version=yes", CSV_BODY, content_type=CSV)
    assert (bad.status, "version=yes says nothing" in bad.json()["error"]) == (400, True)


FAR = b"0.0,0.1,-0.2,1.0\n2.0,4200.0,0.2,\n"


def test_rows_unlike_the_trainings_are_flagged_by_column_counted_and_scored(
    model: ServedModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = Service(model)
    answer = invoke(Application(service, max_body_bytes=1000), FAR, accept=JSON,
                    x_amzn_sagemaker_custom_attributes="out_of_distribution=1")  # fmt: skip
    assert [row["out_of_distribution"] for row in answer.json()["predictions"]] == [[], ["hour"]]
    assert answer.headers["x-amzn-sagemaker-custom-attributes"] == "out_of_distribution_rows=1"
    assert b"atoll_out_of_distribution_rows_total 1\n" in service.metrics.text()
    assert b"atoll_rows_total 2\n" in service.metrics.text()
    [record] = caplog.records
    assert (record.getMessage(), record.__dict__["facts"]) == ("out of distribution", {"rows": 2, "unusual": 1})


def test_rows_unlike_the_trainings_are_refused_where_the_endpoint_says_so(model: ServedModel) -> None:
    app = Application(Service(model, Policy(refuse_unusual=True)), max_body_bytes=1000)
    answer = invoke(app, FAR)
    assert answer.status == 400
    assert "Row 2, column 2 (hour): 4200 isn't like the training's; expected from -" in answer.json()["error"]
    missing = invoke(app, b"0.0,,-0.2,1.0")
    assert "Row 1, column 2 (hour): no value isn't like the training's" in missing.json()["error"]
    assert invoke(app, b"0.0,0.1,-0.2,").status == 200


def test_an_endpoint_of_labels_tells_neither_scores_nor_reasons(model: ServedModel) -> None:
    app = Application(Service(model, Policy(label_only=True, threshold=0.2)), max_body_bytes=1000)
    expected = (model.reference.scores(ROWS) >= 0.2).astype(int).tolist()
    assert set(expected) == {0, 1}
    assert invoke(app, CSV_BODY).body.split() == [b"%d" % label for label in expected]
    assert invoke(app, CSV_BODY, accept=JSON).json()["predictions"] == [{"label": label} for label in expected]
    refused = invoke(app, CSV_BODY, accept=JSON, x_amzn_sagemaker_custom_attributes="reasons=1")
    assert (refused.status, "labels only" in refused.json()["error"]) == (400, True)


def test_scores_have_no_more_decimals_than_may_be_told(model: ServedModel) -> None:
    app = Application(Service(model, Policy(decimals=2)), max_body_bytes=1000)
    expected = np.round(model.reference.scores(ROWS).astype(float), 2).tolist()
    assert [float(line) for line in invoke(app, CSV_BODY).body.split()] == expected


def test_a_caller_whose_budget_is_spent_is_asked_to_come_back(model: ServedModel) -> None:
    app = Application(
        Service(model, Policy(rows_per_minute=3), budget=Budget(3, clock=lambda: 0.0)), max_body_bytes=1000
    )
    assert invoke(app, CSV_BODY, x_atoll_caller="a").status == 200
    refused = invoke(app, CSV_BODY, x_atoll_caller="a")
    assert (refused.status, refused.headers["retry-after"]) == (429, "61")
    assert "3 rows a minute" in refused.json()["error"]
    assert invoke(app, CSV_BODY, x_atoll_caller="b").status == 200


def test_metrics_are_there_where_they_are_wanted(model: ServedModel) -> None:
    assert call(Application(Service(model), max_body_bytes=1000), "GET", "/metrics").status == 404
    app = Application(Service(model, Policy(metrics=True)), max_body_bytes=1000)
    invoke(app, CSV_BODY)
    invoke(app, b"x")
    text = call(app, "GET", "/metrics")
    assert text.headers["content-type"].startswith("text/plain")
    lines = text.body.decode().splitlines()
    assert {'atoll_requests_total{status="200"} 1', 'atoll_requests_total{status="400"} 1'} <= set(lines)
    assert "atoll_request_seconds_count 2" in lines


def test_more_bodies_than_the_server_holds_are_sent_away(model: ServedModel) -> None:
    app = Application(Service(model), max_body_bytes=1000)
    app._held = HELD_BODIES * 1000
    refused = invoke(app, CSV_BODY)
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    app._held = 0
    assert invoke(app, CSV_BODY).status == 200
    assert invoke(app, b"1" * 2000).status == 413
    assert app._held == 0
