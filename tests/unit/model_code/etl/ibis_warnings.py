"""Ibis 12 calls DuckDB 2 functions that are to go; our code can't avoid these calls. Delete this with Ibis 13."""

import pytest

IBIS_IS_BEHIND_DUCKDB = pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning")
