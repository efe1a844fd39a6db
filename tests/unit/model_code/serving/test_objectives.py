"""Multi-class, ranking and regression, through packaging, loading and answering."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix
from model_code.errors import InputError
from model_code.serving.answers import Service
from model_code.serving.app import Application
from model_code.serving.forest import Forest
from model_code.serving.model import ServedModel, load_model
from model_code.serving.policy import Policy
from model_code.training.artifact import canonical_json, write_artifact
from model_code.training.packaging import server_files
from tests.unit.model_code.serving.boosters import booster
from tests.unit.model_code.serving.exchange import call

COLUMNS = ["a", "b", "c"]
ROWS = np.round(np.random.default_rng(4).normal(size=(6, 3)), 3)
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
BODY = b"\n".join(orjson.dumps(row)[1:-1] for row in ROWS.tolist())
OBJECTIVES = ["multi:softprob", "multi:softmax", "rank:ndcg", "reg:squarederror", "reg:logistic", "count:poisson"]


def packed(folder: Path, objective: str) -> ServedModel:
    model = booster(5, objective, 3)
    scores = gradient_boosting.score(model, ROWS)
    files = {
        "model.ubj": gradient_boosting.to_bytes(model),
        "features.json": canonical_json({"view": "realtime", "columns": COLUMNS, "objective": objective}),
        "golden.json": canonical_json({"rows": ROWS.tolist(), "scores": scores.tolist()}),
        **server_files(model, zip(COLUMNS, ROWS.T, strict=True)),
    }
    facts = {"version": 1, "algorithm": "xgboost", "xgboost_version": gradient_boosting.XGBOOST_VERSION}
    write_artifact(folder, files, facts)
    return load_model(folder, version="3", expected_manifest_sha256=None, max_model_bytes=1_000_000)


@pytest.fixture(params=[(objective, with_kernel) for objective in OBJECTIVES for with_kernel in (True, False)], ids=str)
def model(tmp_path: Path, request: pytest.FixtureRequest) -> ServedModel:
    objective, with_kernel = request.param
    request.getfixturevalue("library")
    loaded = packed(tmp_path / "model", objective)
    assert bool(loaded.kernel) == (objective != "count:poisson")
    return loaded if with_kernel else dataclasses.replace(loaded, kernel=None)


def expected_of(model: ServedModel, rows: Matrix) -> list[dict[str, Any]]:
    scores = model.reference.scores(rows)
    if model.objective == "multi:softprob":
        return [{"scores": row.tolist(), "label": int(row.argmax())} for row in scores]
    if model.objective == "multi:softmax":
        return [{"label": int(label)} for label in scores]
    return [{"score": float(score)} for score in scores]


def test_each_objective_has_its_answer_in_each_form(model: ServedModel) -> None:
    app = Application(Service(model), max_body_bytes=10_000)
    found = call(app, "POST", "/invocations", BODY, content_type=CSV, accept=JSON).json()["predictions"]
    lines = call(app, "POST", "/invocations", BODY, content_type=CSV, accept=JSON_LINES).body.split(b"\n")
    assert [orjson.loads(line) for line in lines] == found
    for row, expected in zip(found, expected_of(model, ROWS), strict=True):
        assert row.keys() == expected.keys()
        assert row.get("label") == expected.get("label")
        assert all(np.allclose(row[name], expected[name], rtol=0, atol=1e-6) for name in row)
    csv = call(app, "POST", "/invocations", BODY, content_type=CSV).body.split(b"\n")
    key = next(iter(found[0]))
    assert [orjson.loads(b"[%b]" % line) for line in csv] == [np.ravel(row[key]).tolist() for row in found]


def test_reasons_are_those_of_the_likeliest_class(model: ServedModel) -> None:
    app = Application(Service(model), max_body_bytes=10_000)
    answer = call(app, "POST", "/invocations?reasons=3", BODY, content_type=CSV, accept=JSON).json()["predictions"]
    shares = model.reference.contributions(ROWS)
    for number, row in enumerate(answer):
        mine = shares[number, row["label"]] if shares.ndim == 3 else shares[number]
        found = {reason["feature"]: reason["contribution"] for reason in row["reasons"]}
        assert found == pytest.approx(dict(zip(COLUMNS, mine.tolist(), strict=True)), abs=1e-6)


@pytest.mark.parametrize("objective", ["multi:softprob", "multi:softmax"])
@pytest.mark.usefixtures("library")
def test_labels_alone_of_a_model_with_classes_are_its_classes(tmp_path: Path, objective: str) -> None:
    model = packed(tmp_path / "model", objective)
    app = Application(Service(model, Policy(label_only=True)), max_body_bytes=10_000)
    answer = call(app, "POST", "/invocations", BODY, content_type=CSV, accept=JSON).json()["predictions"]
    assert answer == [{"label": row["label"]} for row in expected_of(model, ROWS)]
    csv = call(app, "POST", "/invocations", BODY, content_type=CSV).body.split(b"\n")
    assert [int(line) for line in csv] == [row["label"] for row in answer]


@pytest.mark.parametrize("with_library", [True, False])
def test_a_forest_of_another_model_never_serves(
    tmp_path: Path, request: pytest.FixtureRequest, *, with_library: bool
) -> None:
    if with_library:
        request.getfixturevalue("library")
    packed(tmp_path / "one", "reg:squarederror")
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir() if path.name != "manifest.json"}
    other = server_files(booster(6, "reg:squarederror", 3), zip(COLUMNS, ROWS.T, strict=True))["forest.bin"]
    named = other[:8] + files["forest.bin"][8:40] + other[40:]  # the other's trees, and this model's hash
    facts = {"version": 1, "algorithm": "xgboost", "xgboost_version": gradient_boosting.XGBOOST_VERSION}
    for number, forest in enumerate((other, named)):
        folder = tmp_path / str(number)
        write_artifact(folder, files | {"forest.bin": forest}, facts)
        with pytest.raises(InputError, match=r"forest.bin isn't what model.ubj gives"):
            load_model(folder, version=None, expected_manifest_sha256=None, max_model_bytes=1_000_000)


def test_a_forest_changed_where_no_golden_row_shows_it_never_serves(tmp_path: Path, library: object) -> None:
    """RT-13: a change of trees that is smaller than what golden rows and probes are compared to."""
    assert library
    packed(tmp_path / "one", "reg:squarederror")
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir() if path.name != "manifest.json"}
    forest = Forest.from_bytes(files["forest.bin"])
    nodes = forest.nodes.copy()
    nodes["leaf"][np.flatnonzero(np.isnan(nodes["split"]))[-1]] += np.float32(1e-7)
    files["forest.bin"] = dataclasses.replace(forest, nodes=nodes).to_bytes()
    facts = {"version": 1, "algorithm": "xgboost", "xgboost_version": gradient_boosting.XGBOOST_VERSION}
    write_artifact(tmp_path / "two", files, facts)
    with pytest.raises(InputError, match=r"forest.bin isn't what model.ubj gives"):
        load_model(tmp_path / "two", version=None, expected_manifest_sha256=None, max_model_bytes=1_000_000)
