"""The page on own columns and features does what it says: its blocks are run, and the sentences that it shows come."""

import os
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/your-features.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A block of the page as it stands, but for the folder."""
    asked = script.replace("build/own", str(folder))
    return subprocess.run(
        ["bash", "-e", "-c", asked], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )


@pytest.mark.long
def test_the_page_on_own_features_does_what_it_says(tmp_path: Path) -> None:
    make, first, second = blocks("sh")
    [mapping] = blocks("toml")
    reasons, refusal = blocks("text")
    assert run(make, tmp_path).returncode == 0
    (tmp_path / "columns.toml").write_text(mapping)
    ended = run(first, tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]
    scores = pd.read_parquet(tmp_path / "first/scores.parquet").set_index("Pay grade")
    odd = scores.loc["SES"]
    assert odd["rank"] == 1
    assert (odd["Billed hours"], odd["Contract ends"]) == ("190", "30/09/2025")
    told = "\n".join(odd[[f"reason_{number}" for number in (1, 2, 3)]])
    for said in reasons.splitlines():
        assert said in told, told
    assert "own_hours" not in (tmp_path / "first/scores.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    corrected = first.replace("new.csv", "corrected.csv").replace("/first", "/again")
    state = f"--model {tmp_path}/first/model.tar.gz --earlier {tmp_path}/first/scores.parquet"
    new = pd.read_csv(tmp_path / "new.csv", dtype=str, keep_default_na=False)
    new.loc[3, "Billed hours"] = "71"
    new.to_csv(tmp_path / "corrected.csv", index=False)
    ended = run(f"{corrected.strip()} {state}", tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]
    again = pd.read_parquet(tmp_path / "again/scores.parquet").set_index("transaction_id")["status"]
    assert again.pop(new.loc[3, "transaction_id"]) == "changed"
    assert set(again) == {"scored before"}
    refused = run(second, tmp_path)
    assert refused.returncode == 1
    assert refusal.strip() in refused.stderr
