from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from model_code.evaluation import extras
from model_code.evaluation.extras import forecasts, with_surprise, with_weeks
from model_code.evaluation.ledgers import Ledger, generated
from model_code.evaluation.protocol import Sample
from model_code.training.channel import Split


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return generated(3000)


def sample_of(ledger: Ledger) -> Sample:
    """One feature and the ids: what `take` gives, without its queries."""
    splits = {}
    for period in ledger.periods:
        inside = ledger.rows["transaction_date"].between(pd.Timestamp(period.first), pd.Timestamp(period.last))
        rows = ledger.rows[inside]
        labels = rows["label"].to_numpy(dtype=np.float32)
        ids = {"transaction_id": rows["transaction_id"].tolist()}
        splits[period.name] = Split(rows[["amount"]].to_numpy(), labels, rows["kind"].tolist(), ids)
    return Sample(("amount",), splits)


@pytest.mark.parametrize("extend", [with_surprise, with_weeks])
def test_more_features_leave_the_others_the_labels_and_the_order_alone(extend, ledger: Ledger) -> None:  # noqa: ANN001 - one of the two
    before = sample_of(ledger)
    after = extend(before, ledger)
    assert after.columns[0] == "amount"
    assert len(after.columns) > 1
    for name, part in before.splits.items():
        more = after.splits[name]
        assert np.array_equal(more.rows[:, :1], part.rows)
        assert np.array_equal(more.labels, part.labels)
        assert more.rows.shape == (len(part.labels), len(after.columns))
        assert np.isfinite(more.rows).all()


@pytest.mark.parametrize("extend", [with_surprise, with_weeks])
def test_what_happens_after_training_changes_no_feature_of_training(extend, ledger: Ledger) -> None:  # noqa: ANN001 - one of the two
    train = next(period for period in ledger.periods if period.name == "train")
    rows = ledger.rows.copy()
    later = rows["transaction_date"] > pd.Timestamp(train.last)
    rows.loc[later, "amount"] *= 50
    rows.loc[later, "mcc"] = "0000"
    first, second = (extend(sample_of(one), one).splits["train"].rows for one in (ledger, replace(ledger, rows=rows)))
    assert np.array_equal(first, second)


@pytest.mark.long
def test_forecasts_are_told_for_every_field_with_their_failures(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "LARGEST_SERIES", 4)
    found = forecasts(ledger)
    assert set(found) == {"agency", "office", "mcc"}
    for field in found.values():
        assert set(field.errors) == set(field.failed) == {"naive", "ETS", "ARIMA"}
        assert field.series >= 1
        assert all(error > 0 for error in field.errors.values())
        assert not any(field.failed.values())
        assert all(gain.low <= gain.value <= gain.high for gain in field.gains.values())
        assert field.gains["naive"] == (0, 0, 0)
        assert field.gains["ETS"].value == pytest.approx(1 - field.errors["ETS"] / field.errors["naive"])
        assert all(0.8 < within <= 1 for within in field.within_95.values())
