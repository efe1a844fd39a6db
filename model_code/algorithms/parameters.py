"""Every parameter of XGBoost that a training uses, written out.

Measured on the Fraud Detection Handbook's data: XGBoost's own defaults moved between versions and cost 0.075 average
precision without a word. So nothing is left to a default, and the artifact names the version.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from model_code.algorithms.hyperparameters import CLASSIFIER, COMBINED, ISOLATION, RANKER, Hyperparameters

OBJECTIVE = "binary:logistic"
"""Of every model that is saved: calibration turns a ranker's sums into log-odds, too."""
WINDOW = 2048
"""A ranker orders the rows within windows of so many rows, in order of time: what a review budget is shared by."""
FIXED_PARAMETERS: dict[str, Any] = {
    "eval_metric": "aucpr",
    "booster": "gbtree",
    "device": "cpu",
    "tree_method": "hist",
    "max_bin": 256,
    "grow_policy": "depthwise",
    "max_leaves": 0,
    "max_delta_step": 0.0,
    "sampling_method": "uniform",
    "colsample_bylevel": 1.0,
    "colsample_bynode": 1.0,
    "num_parallel_tree": 1,
    "gamma": 0.0,
    "reg_lambda": 1.0,
    "reg_alpha": 0.0,
    "base_score": 0.5,
    "seed_per_iteration": False,
    "validate_parameters": True,
}
OBJECTIVES: dict[str, dict[str, Any]] = {
    CLASSIFIER: {"objective": OBJECTIVE, "scale_pos_weight": 1.0},
    COMBINED: {"objective": OBJECTIVE, "scale_pos_weight": 1.0},
    ISOLATION: {"objective": OBJECTIVE, "scale_pos_weight": 1.0},
    RANKER: {
        "objective": "rank:ndcg",
        "lambdarank_pair_method": "topk",
        "lambdarank_num_pair_per_sample": WINDOW // 100,
        "lambdarank_normalization": True,
        "lambdarank_score_normalization": True,
        "lambdarank_unbiased": False,
        "lambdarank_bias_norm": 1.0,
        "ndcg_exp_gain": True,
    },
}
MONOTONE: dict[str, int] = {
    # Another purchase of the very same amount within a fortnight can't make a duplicate less likely.
    "office_same_amount_15d": 1,
    "pair_same_amount_15d": 1,
    "same_amount_15d": 1,
}
"""Feature -> 1: a larger value never lowers the score; -1: never raises it."""


def all_parameters(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """Return every parameter of a training but the features' constraints, for the record."""
    return FIXED_PARAMETERS | OBJECTIVES[hyperparameters.algorithm] | dataclasses.asdict(hyperparameters)


def constraints(columns: Sequence[str]) -> dict[str, int]:
    """Return the monotone constraints among these features."""
    return {name: MONOTONE[name] for name in columns if name in MONOTONE}


def kept_constraints(algorithm: str, columns: Sequence[str]) -> dict[str, int]:
    """Return the constraints that the finished model keeps: none with a forest among its trees, cut at random."""
    return {} if algorithm in {COMBINED, ISOLATION} else constraints(columns)
