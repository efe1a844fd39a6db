"""The one reader of model files: what XGBoost would follow leads nowhere but into the model itself.

XGBoost 3.2 believes its files: children, parents, features, segments of categories and the groups of trees are indices
for reading and writing that nothing compares with anything (src/tree/tree_model.cc, src/gbm/gbtree_model.cc). A crafted
file writes into the memory of whoever loads it. So every file is read here first, and XGBoost gets what passes
(`model_code.boosters`). Nothing is imported but NumPy: a server starts with this.
"""

import re
from typing import Any

import numpy as np

from model_code.errors import InputError
from model_code.serving import ubjson
from model_code.serving.tree_checks import ARRAYS, BrokenError, check_trees, demand, whole

MOST_FEATURES = 100_000
MOST_CLASSES = 1_000
MOST_TREES = 100_000
LOG_ODDS = {"binary:logistic", "reg:logistic"}
"""The objectives whose base score is a probability."""
OBJECTIVES = LOG_ODDS | {
    "binary:logitraw", "multi:softprob", "multi:softmax", "reg:squarederror", "reg:squaredlogerror",
    "reg:absoluteerror", "reg:pseudohubererror", "rank:ndcg", "rank:map", "rank:pairwise", "count:poisson",
}  # fmt: skip
"""What such a model may be trained for; each has been read."""
FEATURE_TYPES = {"float", "int", "i", "q", "c"}
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?(E-?[0-9]{1,2})?", re.ASCII)
_WORD = re.compile(r"[ -~]{0,200}", re.ASCII)


class ModelFileError(InputError):
    """The file isn't one that may be handed to XGBoost."""


def read_model(content: bytes) -> dict[str, Any]:
    """Return the document of a model file, safe to be followed by XGBoost and by us.

    Raises:
        ModelFileError: it isn't written as XGBoost writes it, or an index leads out of the model.
    """
    try:
        document = ubjson.loads(content)
    except ValueError as error:
        raise ModelFileError(f"model.ubj isn't a model that XGBoost can read: {error}") from None
    check_model(document)
    return document


def check_model(document: Any) -> None:  # noqa: ANN401 - whatever a file held
    """Check all that XGBoost would follow or allocate by; arrays of trees are NumPy's.

    Raises:
        ModelFileError: says which promise is broken.
    """
    try:
        _check(document)
    except BrokenError as error:
        raise ModelFileError(
            f"model.ubj isn't a model that XGBoost can read: {error}; expected the file of a boosted-tree model as "
            "XGBoost wrote it."
        ) from None


def _check(document: Any) -> None:  # noqa: ANN401 - whatever a file held
    _named(document, "the file", {"learner", "version"})
    _whole_numbers(document["version"], "version", 999)
    demand("version", len(document["version"]) == 3, "three numbers")  # noqa: PLR2004 - major, minor, patch
    learner = document["learner"]
    parts = {"attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"}
    _named(learner, "learner", parts)
    _texts(learner["attributes"], "attributes")
    features, classes = _parameters(learner["learner_model_param"], _objective(learner["objective"]))
    _described(learner, features)
    softmax = learner["objective"].get("softmax_multiclass_param", {"num_class": str(classes)})
    demand("the objective's num_class", softmax == {"num_class": str(classes)}, f"the model's {classes}")
    booster = learner["gradient_booster"]
    _named(booster, "gradient_booster", {"model", "name"})
    demand("the booster", booster["name"] == "gbtree", "gbtree")
    _forest(booster["model"], features, max(1, classes))


def _objective(objective: Any) -> str:  # noqa: ANN401
    demand("objective", isinstance(objective, dict) and "name" in objective, "an object with a name")
    name = objective["name"]
    demand("objective", isinstance(name, str) and name in OBJECTIVES, "one of " + ", ".join(sorted(OBJECTIVES)))
    for key, parameters in objective.items():
        if key != "name":
            _texts(parameters, key)
    return name


def _parameters(given: Any, objective: str) -> tuple[int, int]:  # noqa: ANN401
    """Return how many features and classes (0: none) the model has."""
    _texts(given, "learner_model_param")
    _named(given, "learner_model_param", {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"})
    features = whole(given["num_feature"], "num_feature", 1, MOST_FEATURES)
    classes = whole(given["num_class"], "num_class", 0, MOST_CLASSES)
    whole(given["num_target"], "num_target", 1, 1)
    whole(given["boost_from_average"], "boost_from_average", 0, 1)
    demand("num_class", (classes > 1) == objective.startswith("multi:"), f"what {objective} has")
    scores = given["base_score"].removeprefix("[").removesuffix("]").split(",")
    demand("base_score", all(_NUMBER.fullmatch(score) for score in scores), "numbers in brackets")
    demand("base_score", len(scores) in {1, max(1, classes)}, "one number, or one a class")
    numbers = [float(score) for score in scores]
    low, high = (0.0, 1.0) if objective in LOG_ODDS else (-3e38, 3e38)
    demand("base_score", all(low < number < high for number in numbers), f"between {low:g} and {high:g}")
    return features, classes


def _described(learner: dict[str, Any], features: int) -> None:
    for name in ("feature_names", "feature_types"):
        words = learner[name]
        demand(name, isinstance(words, list) and len(words) in {0, features}, f"none, or {features}")
        demand(name, all(isinstance(word, str) and len(word) <= 1000 for word in words), "texts")  # noqa: PLR2004
    demand("feature_types", set(learner["feature_types"]) <= FEATURE_TYPES, "of " + ", ".join(sorted(FEATURE_TYPES)))


def _forest(model: Any, features: int, groups: int) -> None:  # noqa: ANN401
    _named(model, "model", {"cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"})
    trees = model["trees"]
    demand("trees", isinstance(trees, list) and 0 < len(trees) <= MOST_TREES, f"1 to {MOST_TREES}")
    parameters = model["gbtree_model_param"]
    _texts(parameters, "gbtree_model_param")
    _named(parameters, "gbtree_model_param", {"num_parallel_tree", "num_trees"})
    whole(parameters["num_trees"], "num_trees", len(trees), len(trees))
    whole(parameters["num_parallel_tree"], "num_parallel_tree", 1, len(trees))
    _whole_numbers(model["tree_info"], "tree_info", groups - 1)
    demand("tree_info", len(model["tree_info"]) == len(trees), f"the groups of {len(trees)} trees")
    rounds = model["iteration_indptr"]
    _whole_numbers(rounds, "iteration_indptr", len(trees))
    demand("iteration_indptr", rounds[:1] == [0] and rounds[-1] == len(trees), f"from 0 to {len(trees)}")
    demand("iteration_indptr", sorted(rounds) == rounds, "in order")
    cats = model["cats"]
    _named(cats, "cats", {"enc", "feature_segments", "sorted_idx"})
    demand("cats", not any(len(part) for part in cats.values()), "no texts recoded by XGBoost")
    check_trees(trees, features)


def _named(value: Any, what: str, names: set[str]) -> None:  # noqa: ANN401
    demand(what, isinstance(value, dict) and value.keys() == names, "an object of " + ", ".join(sorted(names)))


def _texts(value: Any, what: str) -> None:  # noqa: ANN401
    texts = isinstance(value, dict) and all(isinstance(each, str) and _WORD.fullmatch(each) for each in value.values())
    demand(what, texts, "an object of short texts")


def _whole_numbers(value: Any, what: str, most: int) -> None:  # noqa: ANN401
    listed = isinstance(value, list) and all(type(each) is int and 0 <= each <= most for each in value)
    demand(what, listed, f"whole numbers from 0 to {most}")


def leaves_of(document: dict[str, Any]) -> int:
    """Return how many leaves the trees of a model have together."""
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    return sum(int((tree["left_children"] < 0).sum()) for tree in trees)


def typed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document that was JSON with its trees' lists as the arrays that a file has."""
    learner = document["learner"]
    model = learner["gradient_booster"]["model"]
    trees = [tree | {name: np.array(tree[name], kind) for name, kind in ARRAYS.items()} for tree in model["trees"]]
    booster = learner["gradient_booster"] | {"model": model | {"trees": trees}}
    return document | {"learner": learner | {"gradient_booster": booster}}
