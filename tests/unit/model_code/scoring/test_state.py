"""A day scored by the state equals one scored by the whole history, bit by bit; one that doesn't fit is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.container import etl
from model_code.errors import InputError
from model_code.etl.files import files_of, ledger_sha256
from model_code.etl.generate import to_csv
from model_code.etl.state import MANIFEST, Made, State, mapping_sha256, named
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import put, scored_by, trained

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]

SAME = ("statuses", "history_from", "until", "rows", "new_sha256", "columns", "own")
OWN = """
currency = "USD"
[own.hours]
kind = "number"
known_at = "authorisation"
meaning = "hours"
[own.grade]
kind = "category"
known_at = "authorisation"
meaning = "pay grade"
[features.grade_number]
what = "number"
by = ["grade"]
days = 60
[features.hours_unusual]
what = "unusual"
of = "hours"
by = ["office"]
days = 90
"""


def mixed(ledger: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The ledger with ids that are other rows' cards, and with blanks wherever owners may be blank."""
    random = np.random.default_rng(seed)
    made = ledger.head(900).reset_index(drop=True)
    made["transaction_id"] = [str(number) for number in random.permutation(len(made)) + 1]
    made["card"] = [str(number) for number in random.integers(1, 40, len(made))]
    for name in ("card", "office", "cost_centre", "mcc"):
        made.loc[random.random(len(made)) < 0.1, name] = ""
    made["hours"] = [str(number) if number else "" for number in random.integers(0, 40, len(made))]
    made["grade"] = random.choice(["GS-7", "SES", ""], len(made))
    return made


def delivered(ledger: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """A history and the files after it: cut anywhere, with late rows, corrected rows and rows that come again."""
    random, ledger = np.random.default_rng(seed), ledger.copy()
    ledger.loc[0, "transaction_date"] -= pd.Timedelta(days=20)
    ledger.loc[1, "transaction_date"] = ledger["transaction_date"].max() + pd.Timedelta(days=3)
    cuts = np.sort(random.integers(600, len(ledger), 2))
    late = random.random(len(ledger)) < 0.05
    came = np.where(late, 2, np.searchsorted(cuts, np.arange(len(ledger)), side="right"))
    came[:2], came[-1] = 0, 2
    history, files = ledger[came == 0], []
    for number in (1, 2):
        before = ledger[came < number]
        again = before.sample(16, random_state=seed + number)
        # The first day's and the last day's only rows, too: what lies between the days changes.
        edges = before.sort_values("transaction_date").iloc[[0, -1]]
        again = pd.concat([again, edges]).drop_duplicates("transaction_id", keep="last")
        corrected = pd.concat([edges, again.drop(edges.index).head(10)])
        days = [before["transaction_date"].iloc[at] for at in random.integers(20, len(before) - 20, 4)]
        changes = [("transaction_date", day) for day in days]
        changes += [("amount", 77.1), ("merchant", "ANOTHER VENDOR"), ("office", ""), ("card", "3")] * 2
        for at, (name, value) in enumerate(changes):
            corrected.iloc[at, corrected.columns.get_loc(name)] = value
        file = pd.concat([ledger[came == number], corrected, again.drop(edges.index).tail(4)])
        files.append(file.sample(frac=1, random_state=seed))
    return history, files


@pytest.mark.parametrize("view", ["realtime", "batch"])
@pytest.mark.share(1, among="cuts of a ledger")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_file_by_the_state_equals_it_by_the_whole_history_however_rows_come(
    seed: int, view: str, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    rows = mixed(ledger, seed)
    history, files = delivered(rows, seed)
    archive = trained(tmp_path / "model", rows, OWN, view)  # of all: the history's few hundred hold too few anomalies
    state, truth = tmp_path / "none", history
    state.mkdir()
    for number, new in enumerate(files):
        one, other = tmp_path / f"{number}-state", tmp_path / f"{number}-whole"
        given = history if number == 0 else None
        by_state, told = scored_by(one, archive, new, ledger=given, mapping=OWN, state=state)
        whole, expected = scored_by(other, archive, new, ledger=truth, mapping=OWN)
        assert by_state.schema == whole.schema
        assert by_state.equals(whole)
        assert {name: told[name] for name in SAME} == {name: expected[name] for name in SAME}
        assert told["statuses"]["changed"] >= 4
        truth = pd.concat([truth, new]).drop_duplicates("transaction_id", keep="last")
        state = one / "processing/output/state"
    assert json.loads((state / MANIFEST).read_bytes())["accepted"] == len(truth)


def spoilt(state: Path, how: str) -> None:
    """Do to a state what makes it unfit."""
    manifest, part = state / MANIFEST, state / "000000/keys.parquet"
    told = json.loads(manifest.read_bytes())
    if how == "damaged":
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.unlink()
        part.write_bytes(content)
    elif how == "missing":
        part.unlink()
    elif how == "no json":
        manifest.write_bytes(b"{")
    elif how == "changed":
        manifest.write_text(json.dumps(told | {"next_at": 3}))
    else:
        manifest.write_text(json.dumps(told | {"version": 0}))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("damaged", "its file 000000/keys.parquet is damaged.*hand in the ledger"),
        ("missing", "its file 000000/keys.parquet is missing.*hand in the ledger"),
        ("no json", "its manifest.json can't be read.*delete it"),
        ("changed", "its manifest.json was changed.*delete it"),
        ("old", "its manifest.json is of version 0.*delete it"),
    ],
)
def test_a_state_that_was_damaged_is_named_and_without_a_ledger_refused(
    how: str, said: str, first: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    shutil.copytree(first / "processing/output/state", state)
    spoilt(state, how)
    with pytest.raises(InputError, match=f"The state can't be used: {said}"):
        scored_by(tmp_path / "job", archive, ledger.iloc[640:660], ledger=None, mapping="", state=state)


def test_what_a_mapping_lets_pass_makes_no_other_state_and_what_it_says_of_rows_does(tmp_path: Path) -> None:
    texts = ('currency = "USD"', '# later\ncurrency="USD"\n[limits]\nall = 0.2\n', 'currency = "EUR"')
    for number, text in enumerate(texts):
        (tmp_path / str(number)).write_text(text)
    one, same, other = (mapping_sha256(tmp_path / str(number)) for number in range(len(texts)))
    assert one == same
    assert len({one, other, mapping_sha256(None)}) == 3


@pytest.mark.share(1, among="days by a state")
def test_make_score_keeps_the_state_in_its_folder_and_a_failed_run_leaves_it_as_it_was(
    archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    for name, rows in {"ledger": ledger.head(600), "a": ledger.iloc[600:640], "b": ledger.iloc[640:660]}.items():
        (tmp_path / f"{name}.csv").write_bytes(to_csv(rows))
    state, said = tmp_path / "kept/state", []
    order = Order(tmp_path / "ledger.csv", tmp_path / "a.csv", tmp_path / "out", model=archive, state=state)
    deliver(order, said.append)
    before = (state / MANIFEST).read_bytes()
    (tmp_path / "bad.csv").write_text("nothing\n1\n")
    with pytest.raises(InputError):
        deliver(Order(None, tmp_path / "bad.csv", tmp_path / "out", model=archive, state=state), said.append)
    assert (state / MANIFEST).read_bytes() == before
    deliver(Order(None, tmp_path / "b.csv", tmp_path / "out", model=archive, state=state), said.append)
    assert any(line.startswith("the state fits: 640 rows") for line in said)
    assert json.loads((state / MANIFEST).read_bytes())["accepted"] == 660
    assert [path.name for path in state.parent.iterdir()] == ["state"]
    assert not state.stat().st_mode & 0o077
    with pytest.raises(InputError, match=r"STATE is .*, which holds other things than a state"):
        deliver(Order(tmp_path / "ledger.csv", tmp_path / "a.csv", tmp_path / "out", state=tmp_path), said.append)
    with pytest.raises(InputError, match="LEDGER is missing"):
        deliver(Order(None, tmp_path / "a.csv", tmp_path / "out", state=state), said.append)


@pytest.mark.share(1, among="days by a state")
def test_many_days_leave_few_parts_of_equal_bytes(
    first: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    state = first / "processing/output/state"
    for day in range(4):
        roots = [tmp_path / str(day), *([tmp_path / "again"] if day == 3 else [])]
        for root in roots:
            scored_by(root, archive, ledger.iloc[640 + 10 * day :][:10], ledger=None, mapping="", state=state)
        state = roots[0] / "processing/output/state"
    states = [state, tmp_path / "again/processing/output/state"]
    one, two = (
        {str(path.relative_to(state)): path.read_bytes() for path in state.rglob("*.parquet")} for state in states
    )
    assert one == two
    told = json.loads((states[0] / MANIFEST).read_bytes())
    assert [part["rows"] for part in told["parts"]] == [600, 80]
    assert sorted(path.name for path in states[0].iterdir()) == sorted(
        [MANIFEST, *(part["name"] for part in told["parts"])]
    )


def test_a_state_asks_for_scoring_by_duckdb(tmp_path: Path) -> None:
    for arguments in (["--state"], ["--state", "--score", "--engine", "spark"]):
        with pytest.raises(InputError, match="--state goes with --score"):
            etl.main(arguments, tmp_path)


def test_a_states_ledger_has_the_sha256_of_a_folder_of_its_files_in_whatever_order_they_came(tmp_path: Path) -> None:
    for name in ("2025/b.csv", "2025.csv", "a.csv"):
        put(tmp_path / Path(name).parent, Path(name).name, name.encode())
    with files_of(tmp_path) as files:
        expected, by_name = ledger_sha256(files), named(files)
    one, *others = by_name.items()
    made = Made("", "", "")
    for history, added in ((by_name, {}), (dict(others[::-1]), dict([one]))):
        assert State(made, history, added, [], 0, "", "", 0, {}, None).ledger_sha256 == expected
