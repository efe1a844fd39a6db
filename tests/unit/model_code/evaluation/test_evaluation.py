"""The whole of `make evaluate`, small: a generated ledger in, JSON, Markdown and plots out."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import grimp
import numpy as np
import pytest
from matplotlib.image import imread

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.evaluation import extras
from model_code.evaluation.__main__ import evaluate, main
from model_code.evaluation.comparison import compare_weak
from model_code.evaluation.extras import TRIALS
from model_code.evaluation.ledgers import generated
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
MODELS = {
    "rules",
    "isolation forest",
    "xgboost, raw fields",
    "xgboost before calibration",
    "xgboost, real-time view",
    "xgboost, tuned",
    "xgboost ranker",
    "xgboost + text surprise",
    "xgboost + weekly residuals",
    "xgboost + isolation forest",
    "random split (a mistake)",
    "xgboost, batch view",
    "xgboost, batch without cost centre",
}


@pytest.fixture(scope="module", autouse=True)
def few_series() -> Iterator[None]:
    """Forecasts of the two largest series of each field: of 60 they take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extras, "LARGEST_SERIES", 2)
        yield


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    evaluate(folder, rows=1500, data=folder / "nowhere", say=said.append)
    return folder


def test_every_model_is_judged_with_intervals_by_kind_and_without_each_kind(output: Path) -> None:
    facts = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))["ledgers"]["generated"]
    assert set(facts["models"]) == MODELS
    for model in facts["models"].values():
        assert set(model["figures"]) == {
            "average_precision",
            "precision_at_100",
            "recall_at_1pct_fpr",
            "recall_at_1pct_budget",
        }
        assert all(0 <= figure["low"] <= figure["high"] <= 1 for figure in model["figures"].values())
    kinds = set(facts["models"]["rules"]["recall_at_1pct_fpr_by_kind"])
    assert set(facts["leave_one_kind_out"]) == kinds
    for name, mean in facts["leave_one_kind_out_mean"].items():
        assert mean["value"] == pytest.approx(np.mean([found[name] for found in facts["leave_one_kind_out"].values()]))
        assert mean["low"] <= mean["value"] <= mean["high"]
    assert facts["leave_one_kind_out_above_isolation_forest"].keys() == facts["leave_one_kind_out_mean"].keys()
    assert list(facts["reasons"].values()) == sorted(facts["reasons"].values(), reverse=True)


def test_a_study_s_best_trial_is_the_tuned_model(output: Path) -> None:
    facts = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))["ledgers"]["generated"]
    assert 1 < len(facts["tuning"]) <= TRIALS
    assert facts["tuning"][0]["max_depth"] == Hyperparameters().max_depth, "the defaults are the first trial"


def test_the_ratios_are_those_of_the_figures(output: Path) -> None:
    facts = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))["ledgers"]["generated"]
    precision = {name: model["figures"]["average_precision"]["value"] for name, model in facts["models"].items()}
    for baseline, times in facts["times_average_precision"].items():
        assert times["value"] == pytest.approx(precision["xgboost, real-time view"] / precision[baseline])
        assert times["low"] <= times["value"] <= times["high"]


def test_too_few_rows_end_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--rows", "10", "--output", str(tmp_path)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("A ledger needs at least 500 rows")
    assert "Traceback" not in said


def test_the_page_names_every_model_and_says_what_the_figures_are_not(output: Path) -> None:
    text = (output / "evaluation.md").read_text(encoding="utf-8")
    assert all(f"| {model} |" in text for model in MODELS)
    assert "no claim of finding fraud" in text


def test_calibration_and_weekly_forecasts_are_told(output: Path) -> None:
    facts = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))["ledgers"]["generated"]
    before, after = (facts["models"][name] for name in ("xgboost before calibration", "xgboost, real-time view"))
    assert before["figures"]["average_precision"]["value"] == after["figures"]["average_precision"]["value"]
    assert before["brier"] != after["brier"]
    for field in ("agency", "office", "mcc"):
        assert set(facts["weekly_forecasts"][field]["errors"]) == {"naive", "ETS", "ARIMA"}
        assert set(facts["weekly_forecasts"][field]["gains"]["ETS"]) == {"value", "low", "high"}
    text = (output / "evaluation.md").read_text(encoding="utf-8")
    assert "| xgboost before calibration | 0.0" in text
    assert "Weekly spend, one week ahead" in text


def test_every_plot_is_drawn_and_none_is_empty(output: Path) -> None:
    plots = sorted(output.glob("evaluation/*.png"))
    assert [path.stem.removeprefix("generated-") for path in plots] == [
        "calibration",
        "pr-curve",
        "reason-codes",
        "recall-by-kind",
        "review-budget",
        "unseen-kinds",
        "weekly-forecasts",
    ]
    for path in plots:
        pixels = imread(path)[..., :3]
        assert pixels.shape[0] > 400
        assert np.mean(pixels.min(axis=2) < 0.9) > 0.01, path.name


def test_a_real_ledger_that_is_not_there_is_said_so(output: Path, said: list[str]) -> None:
    assert output.exists()
    assert any("The real ledger was left out" in line and "inject.py" in line for line in said)
    assert all(any(f"generated: {model}: average_precision" in line for line in said) for model in MODELS)


def test_weak_labels_are_judged_against_the_same_baselines() -> None:
    whole = generated(1500)
    train, _, test = whole.periods
    comparison = compare_weak(dataclasses.replace(whole, periods=[train, test]), lambda _line: None)
    baselines = {"rules", "isolation forest", "xgboost, raw fields", "random split (a mistake)"}
    assert set(comparison.models) == baselines | {"xgboost, real-time view"}
    assert set(comparison.forecasts) == {"agency", "office", "mcc"}


def test_the_container_needs_neither_the_evaluation_nor_what_it_draws_with() -> None:
    graph = grimp.build_graph("model_code", include_external_packages=True)
    shell = [module for module in graph.modules if module.startswith("model_code.container")]
    assert "model_code.container.train" in shell
    for module in shell:
        reached = graph.find_upstream_modules(module)
        assert not [name for name in reached if name.startswith("model_code.evaluation")]
        assert not {"sklearn", "matplotlib", "model_code.algorithms.isolation_forest"} & reached
    assert "sklearn" in graph.find_upstream_modules("model_code.evaluation.comparison")
