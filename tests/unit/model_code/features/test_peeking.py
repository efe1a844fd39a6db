"""That a feature which peeks would be found: the check of the real-time view, turned on features that do look ahead."""

from datetime import date

import pandas as pd
import pytest

from model_code.etl.generator import generate
from model_code.features.batch import BATCH_FEATURES
from model_code.features.centred import number_around
from model_code.features.feature import Feature
from model_code.features.units import PURCHASES
from model_code.features.views import BATCH, REALTIME, View
from model_code.features.windows import Expression, Window, found
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.features.test_batch import features_of

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
OWN_DAY = Window("count", "day", ("card",), -3, 0)
TOMORROW = Window("sum", "size", ("merchant",), -30, 1)
PEEKING = (
    Feature("own_day", "", ("card",), Expression((OWN_DAY,), lambda table: found(table, OWN_DAY), PURCHASES)),
    Feature("tomorrow", "", ("merchant",), Expression((TOMORROW,), lambda table: found(table, TOMORROW), PURCHASES)),
    Feature("same_day_alone", "", ("office",), number_around("office", days=0)),
    *(feature for feature in BATCH_FEATURES if feature.ahead or feature.name.endswith("same_day")),
)


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    """Few cards, cost centres, merchants and amounts: each purchase has others on its own day and soon after."""
    made = generate(500, seed=6, end=date(2025, 4, 30))
    few = {
        "merchant": ["MUIR PAPER", "HARBOR GRILL"],
        "card": ["A", "B"],
        "cost_centre": ["C", "D"],
        "amount": [9.0, 8.0],
    }
    repeated = {name: [values[row % 2] for row in range(len(made))] for name, values in few.items()}
    return made.assign(**repeated, mcc=["5111" if row % 3 else "5251" for row in range(len(made))])


def moved_by_what_comes_later(ledger: pd.DataFrame, view: View) -> set[str]:
    """The features that some purchase has otherwise when the ledger ends with it."""
    every = features_of(ledger, view)
    moved: set[str] = set()
    for last, day in ledger["transaction_date"].sample(6, random_state=1).items():
        known = ledger[(ledger["transaction_date"] < day) | (ledger.index == last)]
        then = features_of(known, view)
        moved |= {name for name in view.columns if not then[name].equals(every.loc[then.index, name])}
    return moved


def test_what_comes_later_moves_no_feature_of_the_real_time_view(ledger: pd.DataFrame) -> None:
    assert moved_by_what_comes_later(ledger, REALTIME) == set()


def test_what_comes_later_moves_every_feature_that_peeks(ledger: pd.DataFrame) -> None:
    peeking = View("peeking", BATCH.known_at, PEEKING)
    assert moved_by_what_comes_later(ledger, peeking) == set(peeking.columns)
