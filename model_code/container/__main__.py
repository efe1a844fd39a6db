"""The image's entry point: `python -m model_code.container <train|serve|etl|score>`."""

import argparse
import contextlib
import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from model_code.container.logs import log_json_lines
from model_code.container.privileges import drop_root
from model_code.errors import InputError

IMAGE_ROOT = Path("/opt/ml")
ROOM = "model_code.container"
COMMANDS = {
    "train": f"{ROOM}.train",
    "serve": f"{ROOM}.serve",
    "etl": f"{ROOM}.etl",
    "score": f"{ROOM}.score",
}
PROCESSING = {"etl", "score"}
"""Jobs whose sentence SageMaker reads from <root>/output/message."""
HELP = """\
commands:
  etl [--inject SEED] [--view realtime|batch] [--engine duckdb|spark]
                       a ledger in <root>/processing/input/ledger becomes features, a live period and a quarantine in
                       <root>/processing/output (SageMaker Processing)
  etl --score          a ledger, new rows in <root>/processing/input/new and a model's archive in .../input/model become
                       rows that `score` takes; scores given before (Parquet) may stand in .../input/earlier
  score [--budget SHARE]
                       these rows (.../input/rows) and the archive (.../input/model) become scores, ranks and reasons in
                       words in <root>/processing/output/scores: CSV, Parquet and Excel
  train                features in <root>/input/data/features and <root>/input/config/hyperparameters.json become a
                       model's artifact in <root>/model (SageMaker Training)
  serve                the artifact in <root>/model answers GET /ping and POST /invocations (SageMaker hosting)

environment:
  ATOLL_ML_ROOT            <root>, an absolute folder in SageMaker's layout (default: /opt/ml)
  SAGEMAKER_BIND_TO_PORT   port of the server (default: 8080)
  ATOLL_BIND_ADDRESS       address of the server (default: all)
  ATOLL_MANIFEST_SHA256    serve only the artifact whose manifest has this sha256
  ATOLL_MAX_MODEL_BYTES    serve no larger model than this (default: 64 MB)
  ATOLL_MODEL_VERSION      the version that answers name
  ATOLL_OUT_OF_DISTRIBUTION     flag (default) rows unlike the training's, or refuse them
  ATOLL_SCORE_DECIMALS          round scores to so many decimals, 0 to 9 (default: as they are)
  ATOLL_LABEL_ONLY              1: answer labels, neither scores nor reasons (default: 0)
  ATOLL_LABEL_THRESHOLD         the probability from which on a label is 1 (default: 0.5)
  ATOLL_CALLER_ROWS_PER_MINUTE  what one caller may ask for (default: no limit)
  ATOLL_CALLER_HEADER           where a trusted front names the caller (default: X-Atoll-Caller)
  ATOLL_METRICS                 1: answer GET /metrics (default: 0)
  SAGEMAKER_MODEL_SERVER_WORKERS  server processes (default: one for each CPU that it may use)
  SAGEMAKER_MAX_PAYLOAD_IN_MB     largest body in MB (default: 6; 0: as large as the model's guard.json allows)
  OMP_NUM_THREADS          threads of a training (default: the CPUs it may use)
  ATOLL_JOIN_SECONDS       how long the instances of a job wait for each other (default: 300)

on failure: exit code 1 and one sentence in <root>/output/failure (etl, score: <root>/output/message)
"""

logger = logging.getLogger("model_code.container")


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code: 0, or 1 with a sentence for a person in the failure file."""
    parser = argparse.ArgumentParser(
        prog="python -m model_code.container", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the command takes besides")
    chosen = parser.parse_args(arguments)
    root = Path(os.environ.get("ATOLL_ML_ROOT", IMAGE_ROOT))
    if not root.is_absolute():
        parser.error(f"ATOLL_ML_ROOT is {str(root)!r}; expected an absolute folder.")
    log_json_lines()
    signal.signal(signal.SIGTERM, _stop)
    return _carry_out(chosen, root)


def _carry_out(chosen: argparse.Namespace, root: Path) -> int:
    if chosen.command in {"serve", "score"}:
        os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy is imported
    try:
        if os.geteuid() == 0 and "ATOLL_ML_ROOT" not in os.environ:
            drop_root(chosen.command, root)
        importlib.import_module(COMMANDS[chosen.command]).main(chosen.arguments, root)
    except InputError as error:
        _report(chosen.command, root, str(error))
    except SystemExit as end:
        if not end.code:
            return 0
        _report(chosen.command, root, f"{chosen.command} ended with {end.code}; its log says why.")
    except BaseException as error:
        logger.exception("unexpected")
        _report(chosen.command, root, f"unexpected: {type(error).__name__}: {error}")
    else:
        return 0
    return 1


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an ordinary end: as the first process of a container there is no default action."""
    raise SystemExit("SIGTERM")


def _report(command: str, root: Path, sentence: str) -> None:
    logger.error(sentence)
    name = "message" if command in PROCESSING else "failure"
    with contextlib.suppress(OSError):  # a server's root may be read-only; the log has the sentence
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / name).write_text(sentence)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
