from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.evaluation.handbook import PUBLISHED, card_precision, features, main, split

COLUMNS = ["TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]


def simulated(rows: int = 4000, seed: int = 1) -> pd.DataFrame:
    """Not the book's data: its format, with terminals that turn bad, so that something can be found."""
    random = np.random.default_rng(seed)
    seconds = np.sort(random.integers(0, 75 * 86_400, rows))
    terminal = random.integers(0, 60, rows)
    times = pd.Timestamp("2018-06-01") + pd.to_timedelta(seconds, "s")
    fraud = (terminal < 4) & (random.random(rows) < 0.6)
    values = [times, random.integers(0, 300, rows), terminal, random.lognormal(3, 1, rows).round(2), fraud.astype(int)]
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def test_windows_are_those_of_the_book_counted_by_hand() -> None:
    rows = simulated(1500)
    table = features(rows)
    at = 1400
    row = rows.loc[at]
    before = rows.loc[:at]
    age = (row["TX_DATETIME"] - before["TX_DATETIME"]) / pd.Timedelta(days=1)
    mine = (before["CUSTOMER_ID"] == row["CUSTOMER_ID"]) & (age < 30)
    assert table.loc[at, "customer_number_30d"] == mine.sum()
    assert table.loc[at, "customer_mean_30d"] == pytest.approx(before.loc[mine, "TX_AMOUNT"].mean())
    there = (before["TERMINAL_ID"] == row["TERMINAL_ID"]) & (age >= 7) & (age < 37)
    assert table.loc[at, "terminal_number_30d"] == there.sum()
    assert table.loc[at, "terminal_risk_30d"] == pytest.approx(before.loc[there, "TX_FRAUD"].mean())


def test_no_feature_knows_a_label_of_the_last_seven_days() -> None:
    rows = simulated(1500)
    changed = rows.copy()
    recent = changed["TX_DATETIME"] > rows["TX_DATETIME"].iloc[-1] - pd.Timedelta(days=7)
    changed.loc[recent, "TX_FRAUD"] = 1
    assert features(changed).iloc[-1].equals(features(rows).iloc[-1])


def test_a_card_known_as_compromised_is_not_judged() -> None:
    days = ["2018-07-26", "2018-08-02", "2018-08-09", "2018-08-08", "2018-08-09", "2018-08-15"]
    rows = pd.DataFrame({"TX_DATETIME": pd.to_datetime(days), "CUSTOMER_ID": [1, 2, 1, 2, 2, 3], "TX_FRAUD": 0})
    rows.loc[:1, "TX_FRAUD"] = 1
    train, judged = split(rows)
    assert train.tolist() == [True, False, False, False, False, False]
    # Card 2's fraud of 2 August is known a week later: it is judged on the 8th and 9th, not thereafter.
    assert judged.tolist() == [False, False, False, True, True, False]


def test_a_card_counts_once_a_day_and_leaves_when_found() -> None:
    rows = pd.DataFrame(
        {
            "TX_DATETIME": pd.to_datetime(["2018-08-08"] * 3 + ["2018-08-09"] * 2),
            "CUSTOMER_ID": [1, 1, 2, 1, 2],
            "TX_FRAUD": [1, 0, 0, 1, 1],
        }
    )
    scores = np.array([0.9, 0.8, 0.5, 0.9, 0.4], dtype=np.float32)
    assert card_precision(rows, scores, cards=1) == 1.0
    assert card_precision(rows, scores, cards=2) == 0.5


def test_one_command_prints_ours_beside_the_published_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = simulated()
    rows[:2000].to_csv(tmp_path / "a.csv", index=False)
    rows[2000:].to_parquet(tmp_path / "b.parquet")
    assert main(["--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:22].strip() for line in lines[1:]] == list(PUBLISHED)
    assert "/ 0.639" in lines[1]
    ours = float(lines[1][22:].split("/")[0])
    assert ours > 0.7


ROW = "{},1,1,{},0\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "holds no .csv"),
        ("", "x.csv can't be read as the handbook's transactions"),
        ("a,b\n1,2\n", "no column TX_DATETIME"),
        (",".join(COLUMNS) + "\n" + ROW.format("soon", 5), "x.csv can't be read as the handbook's transactions"),
        (",".join(COLUMNS) + "\n" + ROW.format("2018-07-26", "much"), "x.csv can't be read as the handbook's"),
        (",".join(COLUMNS) + "\n" + ROW.format("2018-07-26", 5), "1 are there and 0 are frauds; expected both"),
        (",".join(COLUMNS) + "\n" + ROW.format("2019-07-26", 5), "0 are there and 0 are frauds; expected both"),
    ],
)
def test_a_folder_without_the_books_format_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / "x.csv").write_text(content)
    assert main(["--data", str(tmp_path)]) == 1
    assert expected in capsys.readouterr().err
