"""What a review finds is counted on the same purchases for all ways, with intervals that hold the figure."""

import json
from pathlib import Path

import numpy as np
import pytest

from model_code.evaluation.ledgers import TORONTO_FILE
from model_code.evaluation.lift import AMOUNT, FOREST, RULES, main, summary, table
from model_code.training.lift import among_first

ROOT = Path(__file__).resolve().parents[4]


def test_a_review_finds_what_scores_within_the_first_hundredth() -> None:
    scores = np.arange(200, dtype=np.float32)
    labels = np.zeros(200, np.float32)
    labels[[199, 198, 197]] = 1
    assert sorted(among_first(scores, labels)) == [0, 1, 1]


def test_what_is_found_more_is_drawn_on_the_same_purchases() -> None:
    found = np.array([1, 1, 1, 0, 0, 0, 0, 0], np.float32)
    measured = summary({FOREST: found, AMOUNT: found, RULES: np.zeros(8, np.float32)})
    assert measured["more"][AMOUNT] == {"value": 0, "low": 0, "high": 0}
    assert measured["more"][RULES]["value"] == measured["found"][FOREST]["value"] == pytest.approx(3 / 8)
    assert measured["more"][RULES]["low"] < 3 / 8 < measured["more"][RULES]["high"]


def test_the_documents_figures_are_one_runs() -> None:
    measured = json.loads((ROOT / "docs/score.json").read_text(encoding="ascii"))
    for each in measured["found"].values():
        assert each["low"] <= each["value"] <= each["high"]
        assert each["value"] == pytest.approx(each["purchases"] / measured["disputed"])
    assert table(measured) in (ROOT / "docs/score.md").read_text(encoding="utf-8")


def test_without_the_real_ledger_nothing_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path), "--output", str(tmp_path / "score.json")])
    assert ended.value.code == 1
    assert f"holds no {TORONTO_FILE}; expected the real ledger" in capsys.readouterr().err
    assert not (tmp_path / "score.json").exists()


@pytest.mark.long
@pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning")
def test_the_documents_figures_come_out_again_on_the_real_ledger(tmp_path: Path) -> None:
    data = ROOT.parent / "shared/data"
    if not (data / TORONTO_FILE).is_file():
        pytest.skip(f"{TORONTO_FILE} doesn't lie beside the project")
    main(["--data", str(data), "--output", str(tmp_path / "score.json")])
    measured, told = (json.loads(path.read_bytes()) for path in (tmp_path / "score.json", ROOT / "docs/score.json"))
    assert table(measured) == table(told)
