"""The image's entry point, a job after the other, with features more as one writes them who knows but one engine."""

import os
import sys

import ibis
from ibis.expr.types import Table, Value

from model_code.container.__main__ import main
from model_code.features.feature import Feature
from model_code.features.views import BATCH, VIEWS
from model_code.features.windows import own


def last_three(table: Table) -> Value:
    """ROWS where RANGE is meant: which of a day's purchases come first is each engine's own choice."""
    return table["size"].sum().over(ibis.window(group_by="card", order_by="day", preceding=(3, 1))).coalesce(0)


NAIVE = (
    Feature("rounded", "halves as binary or as decimal", ("amount",), own(lambda t: (t["amount"] * 1.005).round(2))),
    Feature("whole", "rounded by DuckDB, cut by Spark", ("amount",), own(lambda t: t["amount"].cast("int64"))),
    Feature("spelled", "1E9 or 1000000000", ("amount",), own(lambda t: t["amount"].cast("string").length())),
    Feature("last_three", "ROWS, not RANGE", ("amount",), own(last_three)),
)
VIEW = BATCH._replace(name="naive", features=(*BATCH.features, *NAIVE))

if __name__ == "__main__":
    VIEWS[VIEW.name] = VIEW
    engine, *roots = sys.argv[1:]
    for root in roots:
        os.environ["ATOLL_ML_ROOT"] = root
        main(["etl", "--view", VIEW.name, "--engine", engine])
