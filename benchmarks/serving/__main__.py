"""`python -m benchmarks.serving [--rounds 7] [--seconds 2]`: writes build/bench/serving.{json,md,png}."""

import argparse
import dataclasses
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.serving.contenders import MLFLOW, OURS, PROGRAMS, Contender, contenders
from benchmarks.serving.environments import ROOT, install, python, site_packages_mb
from benchmarks.serving.model import DEPTH, FEATURES, TREES, make_subject
from benchmarks.serving.plot import draw
from benchmarks.serving.rounds import Bench, Round, medians, quiet
from benchmarks.serving.servers import Running, check_scores, start
from benchmarks.serving.targets import Footprint, table, targets

OUTPUT = ROOT / "build" / "bench"
CHECKED_ROWS = 50
STARTS = 3


def main() -> None:
    """Install, train, start, check, measure, write. Exit code 1 if a target isn't reached or no round was quiet."""
    options = _options()
    install()
    folder = OUTPUT / "serving"
    subject = make_subject(folder / "subject")
    _save_for_mlflow(subject.bare, folder / "mlflow")
    servers: list[Running] = []
    try:
        footprints: dict[str, Footprint] = {}
        for contender in contenders(subject, folder):
            running, seconds = _start(contender, folder)
            servers.append(running)
            check_scores(running, subject.rows[:CHECKED_ROWS], subject.scores[:CHECKED_ROWS].astype(float))
            _say(f"{contender.name}: up in {seconds:.2f} s, same scores")
            if contender.package:
                footprints[contender.name] = Footprint(seconds, 0.0, site_packages_mb(contender.package))
        bench = Bench(servers, subject, folder / "bodies", options.seconds)
        bench.warm_up()
        for each in servers:  # what a worker has once it has seen every kind of body
            kept = footprints[each.contender.name]
            footprints[each.contender.name] = dataclasses.replace(kept, worker_mb=each.worker_pss_mb())
        rounds = []
        for number in range(options.rounds):
            rounds.append(bench.one_round(backwards=number % 2 == 1))
            noise = max(cell["foreign"] for cell in rounds[-1].values())
            _say(f"round {number + 1} of {options.rounds}: others took up to {noise:.0%} of a core")
    finally:
        for each in servers:
            each.stop()
    _write(rounds, footprints, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=7, help="rounds over all cells (default 7; fewer than 5 rehearse)"
    )
    parser.add_argument("--seconds", type=int, default=2, help="seconds of a cell (default 2)")
    return parser.parse_args()


def _save_for_mlflow(model: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    argv = [python(MLFLOW), PROGRAMS / "save_for_mlflow.py", model, folder]
    subprocess.run(argv, check=True, timeout=120, capture_output=True)


def _start(contender: Contender, folder: Path) -> tuple[Running, float]:
    """Start a server; the two that a target compares are started three times, and the median counts."""
    seconds = []
    for _ in range(STARTS - 1 if contender.name in {OURS, MLFLOW} else 0):
        running = start(contender, folder / f"{contender.name}.log")
        seconds.append(running.start_seconds)
        running.stop()
    running = start(contender, folder / f"{contender.name}.log")
    return running, statistics.median([*seconds, running.start_seconds])


def _write(rounds: list[Round], footprints: dict[str, Footprint], options: argparse.Namespace) -> None:
    counted = quiet(rounds)
    rehearsal = not counted or options.rounds < 5  # noqa: PLR2004 - serving.md's protocol
    used = counted or rounds
    found = targets(used, footprints)
    report = {
        "rehearsal": rehearsal,
        "model": {"features": FEATURES, "trees": TREES, "depth": DEPTH, "xgboost": "3.2.0"},
        "rounds": len(rounds),
        "quiet_rounds": len(counted),
        "seconds": options.seconds,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "targets": [dataclasses.asdict(each) | {"reached": each.reached} for each in found],
        "footprints": {name: dataclasses.asdict(each) for name, each in footprints.items()},
        "medians": medians(used),
        "cells": rounds,
        "aws_container": "not measured: its server is in no package registry",
    }
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "serving.json").write_text(json.dumps(report, indent=1, default=np.ndarray.tolist) + "\n")
    text = table(medians(used), footprints, found)
    (OUTPUT / "serving.md").write_text(text)
    draw(medians(used), OUTPUT / "serving.png")
    _say(text)
    if rehearsal:
        sys.exit(
            f"A rehearsal: {len(counted)} quiet rounds of {len(rounds)}; a result needs at least 5 rounds, some quiet."
        )
    if missed := [each.name for each in found if not each.reached]:
        sys.exit(f"Not reached: {', '.join(missed)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
