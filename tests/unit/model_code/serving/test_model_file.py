import ast
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.boosters import booster_of, load_booster
from model_code.errors import InputError
from model_code.serving.flatten import flatten
from model_code.serving.model_file import ModelFileError, read_model
from model_code.serving.tree_checks import ARRAYS
from tests.unit.model_code.serving import crafted
from tests.unit.model_code.serving.boosters import booster
from tests.unit.model_code.serving.crafted import CRAFTED, dumps, model_of, thawed

ROOT = Path(__file__).resolve().parents[4]
GENUINE = crafted.genuine()


def test_a_genuine_model_is_written_as_it_was_read() -> None:
    assert dumps(read_model(GENUINE)) == GENUINE
    assert load_booster(GENUINE).num_features() == 4


@pytest.mark.parametrize(
    ("objective", "shape"),
    [
        ("binary:logistic", {"num_parallel_tree": 3}),
        ("reg:squarederror", {"tree_method": "exact", "gamma": 0.5}),  # with deleted nodes
        ("reg:squarederror", {"gamma": 1e6}),  # leaves alone
        ("multi:softmax", {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 60}),
        ("rank:ndcg", {}),
        ("count:poisson", {"max_depth": 16}),
        ("reg:pseudohubererror", {}),
    ],
)
def test_what_xgboost_writes_is_read(objective: str, shape: dict[str, object]) -> None:
    content = bytes(booster(5, objective, 3, **shape).save_raw("ubj"))
    assert dumps(read_model(content)) == content
    assert load_booster(content)


@pytest.mark.parametrize("harm", CRAFTED.values(), ids=CRAFTED)
def test_a_crafted_model_never_reaches_xgboost(harm: crafted.Harm, monkeypatch: pytest.MonkeyPatch) -> None:
    content = crafted.crafted(GENUINE, harm)
    monkeypatch.setattr("model_code.boosters._load", lambda _: pytest.fail("XGBoost was asked."))
    for door in (read_model, load_booster, flatten):
        with pytest.raises(ModelFileError, match="isn't a model that XGBoost can read"):
            door(content)


def test_a_document_changed_in_memory_goes_through_the_same_checks() -> None:
    model = booster(5, "binary:logistic", 3)
    document = json.loads(bytes(model.save_raw("json")))
    assert booster_of(document).num_features() == 3
    model_of(document)["trees"][0]["split_indices"][0] = 3
    with pytest.raises(ModelFileError, match="split_indices isn't one of 3 features"):
        booster_of(document)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GENUINE + b"Z", "the content at"),
        (GENUINE[:-1], "within a value"),
        (GENUINE.replace(b"L" + struct.pack(">q", 5) + b"trees", b"L" + struct.pack(">q", 5) + b"cats!"), "its order"),
        (GENUINE.replace(b"version[#L", b"version[#l"), "isn't of the type"),
        (GENUINE.replace(b"i\x03i\x02i\x00", b"I\x00\x03i\x02i\x00"), "isn't of the type that XGBoost gives it"),
        (b"[#L" + struct.pack(">q", 1), "leads out of the content"),
        (b"[$d#L" + struct.pack(">q", -1), "leads out of the content"),
        (b"[#L\0\0\0\0\0\0\0\1" * 2000 + b"Z", "within each other"),
        (b"{L\0\0\0\0\0\0\0\1\xffZ}", "codec can't decode"),
        (b"", "within a value"),
    ],
)
def test_another_spelling_of_a_file_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ModelFileError, match=reason):
        read_model(content)


def test_of_two_equal_names_no_reader_gets_another_value() -> None:
    """XGBoost takes the first, Python would take the last."""
    twice = GENUINE[:-1] + dumps("version")[1:] + dumps([3, 2, 0]) + b"}"
    with pytest.raises(ModelFileError, match="comes twice"):
        read_model(twice)


INTEGERS = [name for name, kind in ARRAYS.items() if kind != ">f4"]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_passes_can_be_followed_by_xgboost_and_scores_as_the_flat_forest(data: st.DataObject) -> None:
    """Any numbers in place of others: what isn't refused, XGBoost survives (a crash would end this test's process)."""
    document = thawed(GENUINE)
    trees = model_of(document)["trees"]
    for _ in range(data.draw(st.integers(1, 3))):
        field = data.draw(st.sampled_from(INTEGERS))
        array = trees[data.draw(st.integers(0, len(trees) - 1))][field]
        if len(array):
            small = data.draw(st.sampled_from([0, 1, 2, 3, 4, 5, 7, 8, 12, 40, 65_535, 255]))
            array[data.draw(st.integers(0, len(array) - 1))] = min(small, np.iinfo(array.dtype).max)
    content = dumps(document)
    try:
        forest = flatten(content)
    except InputError:
        return
    rows = np.random.default_rng(1).integers(-1, 50, (20, 4)).astype(np.float64)
    model = load_booster(content)
    assert model.inplace_predict(rows).shape == (20, len(forest.base_margins))
    assert np.isfinite(model.predict(crafted.matrix(rows), pred_contribs=True)).all()


def _loads(tree: ast.Module) -> list[int]:
    """Where a file or a document may become XGBoost's model."""
    found = []
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"Booster", "XGBClassifier", "XGBRegressor", "XGBRanker", "unserialize"}:
                found.append(node.lineno)
        elif name in {"load_model", "load_raw"} and isinstance(node, ast.Attribute):
            found.append(node.lineno)
        elif isinstance(node, ast.keyword) and node.arg in {"model_file", "xgb_model"}:
            found.append(node.value.lineno)
    return found


def test_no_room_loads_a_model_but_through_the_reader() -> None:
    """benchmarks/ load what the same run has trained, by the servers that they compare with."""
    rooms = ("model_code", "local", "lambdas", "releases", "compliance", "images", "mlflow_server", "stacks")
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix(): _loads(ast.parse(path.read_text("utf-8"))) for path in sources}
    assert {path for path, lines in found.items() if lines} == {"model_code/boosters.py"}
