"""Both engines make the same of the same files: what is refused, set aside and reported, and each row, bit by bit."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from model_code.features.views import BATCH
from tests.contract.etl import naive
from tests.contract.etl.outputs import ROWS, lay_out, odd_ledger, rows_of, run_etl, unlike
from tests.contract.etl.spark import EXECUTORS, small_spark
from tests.unit.model_code.own_ledgers import FEATURES, MAPPING

pytestmark = pytest.mark.timeout(900)


class Made(NamedTuple):
    """What an engine left of a ledger that it refused and of one that it used, and its log."""

    refused: Path
    output: Path
    log: str


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    """What DuckDB and what Spark made of the same two ledgers, Spark as a driver and two executors."""
    folder = tmp_path_factory.mktemp("engines")
    lay_out(odd_ledger(), folder / "ledger")
    shutil.copytree(folder / "ledger", folder / "refused")
    for name in ("open.csv", "year=2025/open.csv"):
        lines = (folder / "ledger/late.csv").read_text().splitlines()
        (folder / "refused" / name).write_text("\n".join([*lines[:4], f'"{lines[4]}', *lines[5:]]))
    return _made(folder, "duckdb", {}), _made(folder, "spark", small_spark(folder / "conf"))


def _made(folder: Path, engine: str, environment: dict[str, str]) -> Made:
    roots = [folder / engine / which for which in ("refused", "ledger")]
    for root in roots:
        given = root / "processing/input"
        shutil.copytree(folder / root.name, given / "ledger")
        (given / "mapping").mkdir()
        (given / "mapping/columns.toml").write_text(MAPPING)
    log = run_etl(naive.__name__, engine, roots, environment)
    return Made(roots[0], roots[1] / "processing/output", log)


def test_a_feature_differs_between_the_engines_only_where_it_was_written_for_one(both: tuple[Made, Made]) -> None:
    expected, actual = (rows_of(made.output) for made in both)
    naives = [feature.name for feature in naive.NAIVE]
    columns = ["transaction_id", "label", "kind", *BATCH.columns, *naives, *FEATURES]
    assert list(actual.columns) == columns
    assert len(actual) > 0.8 * ROWS
    assert (actual[list(FEATURES)].nunique() > 1).all()
    assert np.isfinite(actual[list(BATCH.columns)]).all(axis=None)
    assert unlike(expected, actual) == set(naives)


def test_the_engines_set_the_same_rows_aside_and_report_the_same(both: tuple[Made, Made]) -> None:
    for name in ("quarantine.csv", "report.json", "data-report.json", "data-report.html"):
        expected, actual = ((made.output / "quarantine" / name).read_text() for made in both)
        assert actual == expected, name
    report = json.loads((both[1].output / "quarantine/report.json").read_text())
    assert report["reasons"].keys() == {"amount is no number", "duplicate transaction_id"}
    assert {file["encoding"] for file in report["files"]} == {"utf-8", "parquet"}


def test_the_engines_refuse_the_same_file_with_the_same_sentence(both: tuple[Made, Made]) -> None:
    expected, actual = ((made.refused / "output/message").read_text() for made in both)
    assert "open.csv, line 7: a quotation mark ends a value and text follows it; it was opened in line 5" in expected
    assert actual == expected


def test_every_executor_took_part(both: tuple[Made, Made]) -> None:
    told = [json.loads(line)["tasks"] for line in both[1].log.splitlines() if '"tasks of Spark by executor"' in line]
    assert len(told) == 2  # the ledger that was refused, and the other
    for tasks in told:
        assert len(tasks.keys() - {"driver"}) == EXECUTORS
