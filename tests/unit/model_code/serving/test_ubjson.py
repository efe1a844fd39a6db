import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.serving.ubjson import loads
from tests.unit.model_code.serving.boosters import booster

MODEL = bytes(booster(3, "multi:softprob", 4, trees=2).save_raw("ubj"))


def alike(found: Any, expected: Any) -> bool:  # noqa: ANN401 - any JSON value
    """The same value; numbers to the single precision that XGBoost writes."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    return found == expected or bool(np.float32(found) == np.float32(expected))


@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "rank:ndcg"])
def test_a_model_reads_as_its_json(objective: str) -> None:
    model = booster(3, objective, 4)
    assert alike(loads(bytes(model.save_raw("ubj"))), json.loads(bytes(model.save_raw("json"))))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"{L\0\0\0\0\0\0\0\1ai\xff}", {"a": -1}),
        (b"[#L\0\0\0\0\0\0\0\2i\x7e[#L\0\0\0\0\0\0\0\0", [126, []]),
        (b"I\1\0", 256),
        (b"I\xff\x80", -128),  # XGBoost keeps a byte's first and last number for the longer type
        (b"{}", {}),
    ],
)
def test_each_type_is_read(content: bytes, value: object) -> None:
    assert loads(content) == value


@pytest.mark.parametrize(
    "content",
    [b"", b"i", b"[#i\1i\1", b"[$d#L\0\0\0\0\0\0\0\1\0\0\0", b"[i\1]", b"H", b"{i\xffa", b"T", b"U\1", b"i\x7f"],
)
def test_what_xgboost_does_not_write_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"type|within a value|without its length|out of the content"):
        loads(content)


@given(st.integers(0, len(MODEL) - 1))
def test_a_model_cut_anywhere_is_refused(end: int) -> None:
    with pytest.raises(ValueError, match=r"no type|within a value|without its length|out of the content"):
        loads(MODEL[:end])
