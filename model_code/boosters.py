"""The one door to XGBoost's loader: nothing is handed to it unread (`model_code.serving.model_file`)."""

import json
from typing import Any

import xgboost

from model_code.errors import InputError
from model_code.serving.model_file import check_model, read_model, typed


def load_booster(content: bytes) -> xgboost.Booster:
    """Return the model of a file in UBJSON, to be run on one thread.

    Raises:
        InputError: it isn't one, or an index in it leads out of the model.
    """
    read_model(content)
    return _load(content)


def booster_of(document: dict[str, Any]) -> xgboost.Booster:
    """Return the model of a document as `json.loads` returns it: a model that was changed in memory.

    Raises:
        InputError: an index in it leads out of the model.
    """
    check_model(typed(document))
    return _load(json.dumps(document).encode())


def _load(content: bytes) -> xgboost.Booster:
    model = xgboost.Booster({"nthread": 1})
    try:
        model.load_model(bytearray(content))
    except xgboost.core.XGBoostError:
        raise InputError("model.ubj isn't a model that XGBoost can read, though it is written like one.") from None
    return model
