import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.forecasting import models
from model_code.forecasting.__main__ import main
from model_code.forecasting.forecasts import forecast, run
from model_code.forecasting.models import MODELS, OneStep, Series
from model_code.forecasting.weekly import weekly_spend
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB

WEEKS = 90


def ledger(**offices: Series) -> pd.DataFrame:
    """A purchase a week, on Wednesdays, of the given log amounts."""
    days = pd.date_range("2024-01-03", periods=WEEKS + 1, freq="7D")
    parts = [
        pd.DataFrame({"transaction_date": days[: len(logs)], "office": name, "amount": np.expm1(logs)})
        for name, logs in offices.items()
    ]
    return pd.concat(parts, ignore_index=True)


def noise(level: float, seed: int = 1) -> Series:
    return np.random.default_rng(seed).normal(level, 0.3, WEEKS + 1)


def test_only_complete_weeks_count_and_a_quiet_week_is_a_zero() -> None:
    days = ["2024-01-03", "2024-01-09", "2024-01-09", "2024-01-22", "2024-01-30"]
    rows = pd.DataFrame({"transaction_date": days, "office": "a", "amount": [1.0, 2.0, -5.0, 4.0, 8.0]})
    spend = weekly_spend(rows, "office")
    assert [f"{week:%F}" for week in spend.index] == ["2024-01-08", "2024-01-15", "2024-01-22"]
    assert spend.columns.empty, "a purchase in two weeks of three is too few"
    busy = weekly_spend(ledger(a=noise(6)), "office")
    assert len(busy) == WEEKS - 1  # of ninety-one Wednesdays, the first and the last week aren't whole
    assert all(day.day_of_week == 0 for day in busy.index)


def test_a_rare_series_is_left_out() -> None:
    both = ledger(a=noise(6), b=noise(5)[: WEEKS // 2])
    assert list(weekly_spend(both, "office").columns) == ["a"]


@pytest.mark.long
@pytest.mark.parametrize("days", [["2019-06-03"], ["2031-06-03"], ["2018-01-03", "2019-06-03"]])
def test_a_stray_row_empties_no_forecast_and_is_named(days: list[str]) -> None:
    rows = ledger(a=noise(6)).assign(agency="", mcc="")
    strays = pd.DataFrame(
        {"transaction_date": pd.to_datetime(days), "office": "a", "amount": 9.0, "agency": "", "mcc": ""}
    )
    spoilt = pd.concat([strays, rows], ignore_index=True)
    assert list(weekly_spend(spoilt, "office").columns) == [], "what it would be without leaving them out"
    document = forecast(spoilt, ("office",))
    assert document["left_out"] == [{"day": day, "rows": 1} for day in days]
    assert document["series"] == forecast(rows, ("office",))["series"] != []


@pytest.mark.long
@pytest.mark.parametrize("name", ["ETS", "ARIMA"])
def test_a_model_beats_last_week_where_weeks_are_noise_around_a_level(name: str) -> None:
    spend = weekly_spend(ledger(a=noise(6), b=noise(8, 2)), "office")
    assert run(spend, MODELS[name], 26).error() < 0.85 * run(spend, MODELS["naive"], 26).error()


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_a_forecast_of_a_week_never_knows_that_week_or_a_later_one(name: str) -> None:
    values = noise(6)
    changed = values.copy()
    changed[80:] += 3
    first, second = (MODELS[name](series[:60], series[60:]) for series in (values, changed))
    assert first.expected[:21] == pytest.approx(second.expected[:21])
    assert first.expected[21] != pytest.approx(second.expected[21])
    assert first.deviation == second.deviation


def test_one_failed_series_never_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def picky(past: Series, later: Series) -> OneStep:
        if past.mean() > 7:
            raise np.linalg.LinAlgError("singular")
        return models.naive(past, later)

    monkeypatch.setitem(MODELS, "ETS", picky)
    document = forecast(ledger(good=noise(6), odd=noise(9), fine=noise(5)), ("office",))
    assert [failed["key"] for failed in document["failed"]] == ["odd"]
    assert document["failed"][0]["reason"] == "LinAlgError: singular"
    assert {series["key"] for series in document["series"]} == {"good", "fine"}


@pytest.mark.parametrize("values", [np.zeros(WEEKS + 1) + 5, np.concatenate([noise(6)[:30], noise(6)[:61] * 1e3])])
def test_an_odd_series_gives_a_forecast_or_a_reason(values: Series) -> None:
    with np.errstate(over="ignore"):
        document = forecast(ledger(a=np.minimum(values, 600)), ("office",))
    assert len(document["series"]) + len(document["failed"]) == 1


def test_a_week_out_of_bounds_is_an_alert_with_what_was_expected() -> None:
    values = noise(6)
    values[-4] += 4
    alerts = forecast(ledger(a=values), ("office",))["alerts"]
    worst = max(alerts, key=lambda alert: alert["spend"])
    assert worst["spend"] > worst["high"] > worst["expected"] > worst["low"]
    assert len(alerts) <= 2


def test_about_nineteen_weeks_of_twenty_lie_within_the_interval() -> None:
    step = MODELS["ETS"](noise(6)[:50], noise(6)[50:])
    within = np.abs(step.expected[:-1] - noise(6)[50:]) <= 1.96 * step.deviation
    assert 0.85 <= within.mean() <= 1


@pytest.mark.long
def test_the_artifact_is_json_and_names_next_week(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes(to_csv(generate(6000, seed=3, start=date(2025, 1, 1), end=date(2026, 3, 31))))
    assert main(["--ledger", str(path), "--out", str(tmp_path / "f.json")]) == 0
    document = json.loads((tmp_path / "f.json").read_text())
    assert {series["by"] for series in document["series"]} >= {"agency"}
    assert {series["week"] for series in document["series"]} == {"2026-03-30"}
    for series in document["series"]:
        assert 0 <= series["low"] <= series["expected"] <= series["high"]


@pytest.mark.long
def test_a_row_that_etl_would_set_aside_is_in_no_forecast(tmp_path: Path) -> None:
    good = generate(3000, seed=3, start=date(2025, 1, 1), end=date(2026, 3, 31))
    odd = {"amount": "1e12", "transaction_date": "2199-01-01", "currency": "EUR", "label": "maybe"}
    bad = pd.concat([good.head(1).assign(transaction_id=name, **{name: value}) for name, value in odd.items()])
    documents = []
    for rows in (good, pd.concat([good, bad, good.tail(5)])):
        rows.to_csv(tmp_path / "ledger.csv", index=False)
        assert main(["--ledger", str(tmp_path / "ledger.csv"), "--out", str(tmp_path / "f.json")]) == 0
        documents.append(json.loads((tmp_path / "f.json").read_text()))
    assert documents[1].pop("set_aside") == {
        "amount is no number": 1,
        "transaction_date is in the future": 1,
        "currency is not USD": 1,
        "label is neither yes nor no": 1,
        "duplicate transaction_id": 5,
    }
    assert documents[0].pop("set_aside") == {}
    assert documents[0] == documents[1]
    assert documents[0]["series"]


@pytest.mark.long
def test_a_field_that_the_ledger_lacks_has_no_series_and_the_others_have(tmp_path: Path) -> None:
    made = generate(3000, seed=3, start=date(2025, 1, 1), end=date(2026, 3, 31))
    made.drop(columns="agency").to_csv(tmp_path / "ledger.csv", index=False)
    assert main(["--ledger", str(tmp_path / "ledger.csv"), "--out", str(tmp_path / "f.json")]) == 0
    assert {series["by"] for series in json.loads((tmp_path / "f.json").read_text())["series"]} == {"office", "mcc"}


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "transaction_date,amount,agency\n"])
def test_a_ledger_that_can_not_be_used_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "l.csv").write_text(content)
    assert main(["--ledger", str(tmp_path / "l.csv"), "--out", str(tmp_path / "f.json")]) == 1
    assert capsys.readouterr().err.startswith("l.csv ")
    assert not (tmp_path / "f.json").exists()


def test_a_ledger_without_a_field_says_which() -> None:
    with pytest.raises(InputError, match="no column mcc"):
        weekly_spend(ledger(a=noise(6)), "mcc")
