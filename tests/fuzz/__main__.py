"""`python -m tests.fuzz [seconds]` fuzzes each target so long and writes build/fuzz.json; ends with 1 on a finding.

`python -m tests.fuzz <target> <corpus> <libFuzzer's options>` is one target's process.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "build" / "fuzz.json"
SECONDS, SEED = 30, 11


def fuzz(target: str, corpus: Path, seconds: int) -> dict[str, Any]:
    """Fuzz one target in a process of its own; return how many inputs it had and what it found."""
    limits = [f"-max_total_time={seconds}", f"-seed={SEED}", "-max_len=8192", "-print_final_stats=1"]
    command = [sys.executable, "-m", "tests.fuzz", target, str(corpus), *limits, f"-artifact_prefix={corpus}/finding-"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", cwd=ROOT)
    runs = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    found = "" if done.returncode == 0 else done.stderr[-3000:]
    return {"inputs": int(runs[1]) if runs else 0, "covered": int(covered[-1]) if covered else 0, "finding": found}


def campaign(seconds: int) -> dict[str, Any]:
    """Fuzz every target and return the report."""
    from tests.fuzz.seeds import write_seeds  # noqa: PLC0415 - XGBoost, which a target's process does without
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - a target's process instruments it first

    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder))
        targets = {target: fuzz(target, Path(folder) / target, seconds) for target in TARGETS}
    passed = all(result["inputs"] and not result["finding"] for result in targets.values())
    return {"seconds_each": seconds, "seed": SEED, "targets": targets, "passed": passed}


def one(target: str, arguments: list[str]) -> None:
    """Be the process of one target."""
    import atheris  # noqa: PLC0415 - only here

    with atheris.instrument_imports(include=["model_code.serving"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented
    atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        one(sys.argv[1], sys.argv[2:])
    else:
        report = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
        sys.exit(0 if report["passed"] else 1)
