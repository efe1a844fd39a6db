import asyncio
import dataclasses
import logging
import threading
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_code.arrays import Matrix, Vector
from model_code.serving.answers import Service
from model_code.serving.app import EXPLAINED_BYTES, INLINE_BYTES, Application
from model_code.serving.model import ServedModel
from model_code.serving.requests import Request
from tests.patience import PATIENCE
from tests.unit.model_code.serving.exchange import Response, call, request
from tests.unit.model_code.training.features_folder import COLUMNS

CSV, JSON = "text/csv", "application/json"
ROWS = np.array([[2.0, 0.1, 0.2, np.nan], [0.0, 0.1, -0.2, 1.0], [0.5, 2.0, 1.5, 0.0]], dtype=np.float64)
CSV_BODY = b"2.0,0.1,0.2,\n0.0,0.1,-0.2,1.0\n0.5,2.0,1.5,0.0\n"
JSON_BODY = b'{"instances": [[2.0, 0.1, 0.2, null], [0.0, 0.1, -0.2, 1.0], [0.5, 2.0, 1.5, 0.0]]}'


@pytest.fixture(scope="module")
def app(model: ServedModel) -> Application:
    return Application(Service(model), max_body_bytes=300_000)


def invoke(app: Application, body: bytes, content_type: str = CSV, **headers: str) -> Response:
    return call(app, "POST", "/invocations", body, content_type=content_type, **headers)


def test_ping_says_that_the_model_is_there(app: Application) -> None:
    answer = call(app, "GET", "/ping")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-atoll-model-version"] == "7"


@pytest.mark.parametrize(("body", "content_type"), [(CSV_BODY, CSV), (JSON_BODY, JSON)])
def test_the_scores_are_the_models_own(app: Application, model: ServedModel, body: bytes, content_type: str) -> None:
    expected = model.reference.scores(ROWS)
    as_csv = invoke(app, body, content_type, accept=CSV)
    assert np.array_equal(np.array(as_csv.body.split(b"\n"), dtype=np.float32), expected)
    assert as_csv.headers["content-type"] == CSV
    as_json = invoke(app, body, content_type, accept=JSON)
    assert as_json.json() == {"predictions": [{"score": float(str(score))} for score in expected], "model_version": "7"}
    assert as_json.headers["content-length"] == str(len(as_json.body))


@pytest.mark.parametrize("accept", ["", "*/*", "image/png, */*;q=0.1"])
def test_an_answer_comes_as_its_question_by_default(app: Application, accept: str) -> None:
    assert invoke(app, CSV_BODY, CSV, accept=accept).headers["content-type"] == CSV
    assert invoke(app, JSON_BODY, JSON, accept=accept).headers["content-type"] == JSON
    assert invoke(app, CSV_BODY, "Text/CSV; charset=utf-8").headers["content-type"] == CSV


def test_reasons_are_the_features_that_raised_the_score_most(app: Application, model: ServedModel) -> None:
    answer = invoke(app, CSV_BODY, accept=JSON, x_amzn_sagemaker_custom_attributes="trace=1;reasons=2").json()
    shares = model.reference.contributions(ROWS)
    for prediction, share, row in zip(answer["predictions"], shares, ROWS, strict=True):
        assert len(prediction["reasons"]) == 2
        first, second = prediction["reasons"]
        assert first["contribution"] == pytest.approx(float(share.max()))
        assert first["contribution"] >= second["contribution"]
        column = COLUMNS.index(first["feature"])
        assert first["value"] == (None if np.isnan(row[column]) else float(row[column]))


def test_more_reasons_than_features_are_all_features(app: Application) -> None:
    answer = invoke(app, CSV_BODY, accept=JSON, x_amzn_sagemaker_custom_attributes="reasons=999").json()
    assert {reason["feature"] for reason in answer["predictions"][0]["reasons"]} == set(COLUMNS)
    assert None in [reason["value"] for reason in answer["predictions"][0]["reasons"]]


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [
        ("GET", "/", 404, "/ doesn't exist; expected /ping or /invocations"),
        ("GET", "/execution-parameters", 404, "/execution-parameters doesn't exist"),
        ("POST", "/ping", 405, "/ping takes GET, not POST"),
        ("GET", "/invocations", 405, "/invocations takes POST"),
    ],
)
def test_other_paths_and_methods_are_refused(
    app: Application, method: str, path: str, status: int, expected: str
) -> None:
    answer = call(app, method, path)
    assert answer.status == status
    assert expected in answer.json()["error"]
    assert answer.headers.get("allow") == {"/ping": "GET", "/invocations": "POST"}.get(path)


@pytest.mark.parametrize(
    ("headers", "body", "status", "expected"),
    [
        ({}, CSV_BODY, 415, "Content-Type is ''; expected text/csv"),
        ({"content_type": "application/x-numpy"}, b"", 415, "application/x-numpy"),
        (
            {"content_type": CSV, "content_encoding": "gzip"},
            b"\x1f\x8b",
            415,
            "Content-Encoding is 'gzip'; send it as it is",
        ),
        ({"content_type": CSV, "accept": "image/png"}, CSV_BODY, 406, "image/png"),
        ({"content_type": CSV}, b"1,2\n", 400, "Row 1 has 2 columns; the model takes 4"),
        ({"content_type": CSV}, b"1,2,3,x", 400, "column 4 (refunds)"),
        ({"content_type": JSON}, b"{", 400, "no JSON"),
        ({"content_type": CSV}, b"1" * 300_001, 413, "at most 300,000"),
    ],
)
def test_what_can_not_be_scored_is_refused_with_a_sentence(
    app: Application, headers: dict[str, str], body: bytes, status: int, expected: str
) -> None:
    answer = call(app, "POST", "/invocations", body, **headers)
    assert answer.status == status
    assert expected in answer.json()["error"]


def test_too_many_rows_are_refused(model: ServedModel) -> None:
    app = Application(Service(model), max_body_bytes=1_000_000)
    answer = invoke(app, b",,,\n" * 100_001)
    assert answer.status == 413
    assert "100,001 rows; expected at most 100,000" in answer.json()["error"]


@pytest.mark.parametrize("attributes", ["reasons=", "reasons=0", "reasons=x", "reasons=1000", "reasons=-1"])
def test_reasons_that_can_not_be_given_are_refused(app: Application, attributes: str) -> None:
    answer = invoke(app, CSV_BODY, accept=JSON, x_amzn_sagemaker_custom_attributes=attributes)
    assert answer.status == 400
    assert "expected a whole number from 1 to 999" in answer.json()["error"]


def test_reasons_are_refused_in_csv_answers(app: Application) -> None:
    answer = invoke(app, CSV_BODY, x_amzn_sagemaker_custom_attributes="reasons=3")
    assert answer.status == 400
    assert "send Accept: application/json" in answer.json()["error"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), content_type=st.sampled_from([CSV, JSON]))
def test_no_body_makes_the_server_fail(app: Application, body: bytes, content_type: str) -> None:
    assert invoke(app, body, content_type).status in {200, 400}


def test_a_body_in_pieces_is_one_body(app: Application) -> None:
    whole = asyncio.run(request(app, "POST", "/invocations", CSV_BODY, {"Content-Type": CSV}, parts=7))
    assert whole == invoke(app, CSV_BODY)


def test_a_declared_length_over_the_limit_is_refused_unread(app: Application) -> None:
    answer = invoke(app, b"", content_length="300001")
    assert answer.status == 413


def test_pieces_over_the_limit_are_refused(app: Application) -> None:
    headers = {"Content-Type": CSV}
    answer = asyncio.run(request(app, "POST", "/invocations", b"1" * 400_000, headers, parts=10))
    assert answer.status == 413


def of(model: ServedModel) -> list[Any]:
    return [getattr(model, field.name) for field in dataclasses.fields(model)]


class SlowModel(ServedModel):
    """Scores only when it is let, and says in which thread."""

    started = threading.Event()
    go_on = threading.Event()

    def scores(self, rows: Matrix) -> Vector:
        self.started.set()
        assert self.go_on.wait(PATIENCE)
        return super().scores(rows)


def test_ping_answers_while_a_large_body_is_scored(model: ServedModel) -> None:
    app = Application(Service(SlowModel(*of(model))), max_body_bytes=10 * INLINE_BYTES)
    rows = np.zeros((2 * INLINE_BYTES // 16, 4))
    body = orjson.dumps(rows.tolist())
    assert len(body) > INLINE_BYTES

    async def both() -> tuple[Response, Response]:
        large = asyncio.create_task(request(app, "POST", "/invocations", body, {"Content-Type": JSON}))
        await asyncio.to_thread(SlowModel.started.wait, 20)
        ping = await request(app, "GET", "/ping")
        assert not large.done()
        SlowModel.go_on.set()
        return ping, await large

    ping, large = asyncio.run(both())
    assert ping.status == 200
    assert len(large.json()["predictions"]) == len(rows)


class BrokenModel(ServedModel):
    """Fails with the payload in its message."""

    def scores(self, rows: Matrix) -> Vector:
        raise RuntimeError(f"can't score {rows}")


def test_an_error_of_ours_is_a_500_and_no_log_holds_the_payload(
    model: ServedModel, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(Service(BrokenModel(*of(model))), max_body_bytes=1_000_000)
    with caplog.at_level(logging.INFO):
        broken = invoke(app, b"4242.0,1,1,1")
        refused = invoke(app, b"4242.0,1,secret,1")
    assert (broken.status, refused.status) == (500, 400)
    assert broken.json() == {"error": "unexpected RuntimeError; see the log."}
    logged = "".join(f"{record.getMessage()} {record.__dict__.get('facts')}" for record in caplog.records)
    assert "RuntimeError" in logged
    assert "4242" not in logged
    assert "secret" not in logged


class CountingModel(ServedModel):
    """Counts the rows that are explained."""

    explained = 0

    @property
    def reference(self) -> Any:  # noqa: ANN401
        return self

    def scores(self, rows: Matrix) -> Vector:
        return np.zeros(len(rows), np.float32)

    def contributions(self, rows: Matrix) -> np.ndarray:
        CountingModel.explained += len(rows)
        return np.zeros(rows.shape, np.float32)


@pytest.fixture
def counting(model: ServedModel, monkeypatch: pytest.MonkeyPatch) -> CountingModel:
    monkeypatch.setattr(CountingModel, "explained", 0)
    return CountingModel(*of(dataclasses.replace(model, leaves=50_000)))


def explain(app: Application, rows: int) -> Response:
    return call(app, "POST", "/invocations?reasons=2", b"1,2,3,4\n" * rows, content_type=CSV, accept=JSON)


def test_reasons_have_a_price_in_rows_and_leaves(counting: CountingModel) -> None:
    app = Application(Service(counting), max_body_bytes=300_000)
    assert explain(app, 200).status == 200
    assert CountingModel.explained == 200
    answer = explain(app, 201)
    assert answer.status == 400
    assert "expected at most 200 rows in a request with reasons" in answer.json()["error"]
    assert CountingModel.explained == 200


def test_reasons_in_steps_are_those_of_all_rows_at_once(model: ServedModel) -> None:
    small = dataclasses.replace(model, leaves=400_000)  # a row a step
    scores = model.scores(ROWS)
    assert small.reasons(ROWS, scores, 3) == model.reasons(ROWS, scores, 3)


def test_reasons_end_when_their_caller_has_left(counting: CountingModel) -> None:
    app = Application(Service(counting), max_body_bytes=300_000)
    request = app.open(b"POST", b"/invocations?reasons=2", {b"content-type": CSV.encode(), b"accept": JSON.encode()})
    assert isinstance(request, Request)
    looks = iter([True, True, True, False])  # before the work, and before each of its steps of ten rows
    assert app.answer(request, b"1,2,3,4\n" * 200, lambda: next(looks)).status == 400
    assert CountingModel.explained == 20
    assert app.answer(request, b"1,2,3,4\n" * 200, lambda: False).status == 400
    assert CountingModel.explained == 20


def test_many_who_wait_for_reasons_are_asked_to_come_back(counting: CountingModel) -> None:
    app = Application(Service(counting), max_body_bytes=EXPLAINED_BYTES * 2)
    head = {b"content-type": CSV.encode(), b"accept": JSON.encode()}
    explaining, plain = app.open(b"POST", b"/invocations?reasons=2", head), app.open(b"POST", b"/invocations", head)
    assert isinstance(explaining, Request)
    assert isinstance(plain, Request)
    assert app.take(explaining, EXPLAINED_BYTES + 1) is None  # alone
    refusal = app.take(explaining, 1)
    assert refusal
    assert (refusal.status, refusal.headers) == (429, ((b"retry-after", b"1"),))
    assert app.take(plain, EXPLAINED_BYTES) is None
    app.leave(plain, EXPLAINED_BYTES)
    app.leave(explaining, EXPLAINED_BYTES + 1)
    assert [app.take(explaining, EXPLAINED_BYTES // 2) for _ in range(2)] == [None, None]
