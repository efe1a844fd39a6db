"""What people get: scores.parquet and scores.csv with every row, review.xlsx with the ranked ones, report.json.

They hold the purchases as published, and so what is personal in them: only their owner may read the files.
"""

import csv
import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.arrays import Vector
from model_code.scoring.cells import cell
from model_code.scoring.rows import RowsToScore
from model_code.scoring.workbook import write_workbook

FIELDS = ("transaction_id", "transaction_date", "office", "card", "merchant", "mcc", "amount", "currency", "status")
REASONS = ("reason_1", "reason_2", "reason_3")
OWN = "atoll.own_columns"
"""In the schema of scores.parquet: which of its columns are own ones as read; all others are as published."""
FILES, REPORT = ("review.xlsx", "scores.csv", "scores.parquet"), "report.json"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclasses.dataclass(frozen=True)
class Results:
    """The rows with what the model says of each: score, place in the review (0: none), reasons."""

    rows: RowsToScore
    scores: Vector
    ranks: np.ndarray
    reasons: Sequence[Sequence[str]]
    about: Mapping[str, Any]

    def table(self, own: Sequence[str] = ()) -> pa.Table:
        """All rows, those to review first and in their order, then by score; published columns at the end.

        `own` are an agency's own columns as they were read, beside what they were published as.
        """
        first = np.where(self.ranks > 0, self.ranks, np.iinfo(np.int32).max)
        order = pa.array(np.lexsort((-self.scores, first)))
        fields = self.rows.table.select(FIELDS)
        reasons = [[told[at] if at < len(told) else "" for told in self.reasons] for at in range(len(REASONS))]
        ours = {
            "rank": pa.array(self.ranks, pa.int32(), mask=self.ranks == 0),
            "score": pa.array(self.scores, pa.float32()),
            **{name: fields[name] for name in FIELDS},
            **{name: pa.array(column, pa.string()) for name, column in zip(REASONS, reasons, strict=True)},
            **{name: self.rows.table[name] for name in own},
        }
        published = self.rows.published
        theirs = {
            name if name not in ours else f"{name} (published)": published[name] for name in published.column_names
        }
        return pa.table(ours | theirs).take(order)

    def review(self) -> pa.Table:
        """The ranked rows alone."""
        table = self.table()
        return table.filter(table["rank"].is_valid())


def write_results(results: Results, folder: Path) -> None:
    """Write the files into `folder`, readable by their owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    table, review = results.table(), results.review()
    about = dict(results.about) | {
        "rows": table.num_rows,
        "ranked": review.num_rows,
        "statuses": results.rows.manifest["statuses"],
        "until": results.rows.manifest["until"],
        "lowest_ranked_score": review["score"][-1].as_py() if review.num_rows else None,
    }
    own = results.rows.manifest["own_columns"]
    pq.write_table(results.table(own).replace_schema_metadata({OWN: json.dumps(own)}), folder / "scores.parquet")
    write_csv(folder / "scores.csv", table)
    write_workbook(folder / "review.xlsx", review, about)
    about["files"] = {name: _sha256(folder / name) for name in FILES}
    (folder / REPORT).write_text(json.dumps(about, sort_keys=True), encoding="ascii")
    for name in (*FILES, REPORT):
        (folder / name).chmod(PRIVATE_FILE)


def write_csv(path: Path, table: pa.Table) -> None:
    """Write a table as CSV that no spreadsheet program takes for formulas."""
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        lines = csv.writer(target, lineterminator="\r\n")
        lines.writerow([cell(name) for name in table.column_names])
        for batch in table.to_batches():
            columns = [[cell(value) for value in column.to_pylist()] for column in batch.columns]
            lines.writerows(zip(*columns, strict=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
