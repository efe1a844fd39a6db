"""`train`: SageMaker Training's contract around model_code.training."""

import json
import logging
import os
import sys
from pathlib import Path

from model_code.algorithms.hyperparameters import parse_hyperparameters
from model_code.container.environment import whole_number
from model_code.container.member import is_member, run_member
from model_code.errors import InputError
from model_code.hosts import JOIN_SECONDS
from model_code.training.cluster import read_cluster
from model_code.training.training import Trained, assist, train

logger = logging.getLogger(__name__)


def main(arguments: list[str], root: Path) -> None:
    """Train on `<root>/input/data/features` and leave the artifact in `<root>/model`.

    Where `<root>/input/data/champion` holds the present champion's model.tar.gz, it is judged on the same rows.

    Over several instances each host trains on its part of the rows; the first one writes the artifact. Prints
    `<metric>=<value>;` lines, which a training job's MetricDefinitions pick up.

    Raises:
        InputError: an argument, the hyperparameters or the features can't be used.
    """
    if arguments:
        raise InputError(f"train takes no arguments and was given {arguments}; use hyperparameters.json.")
    hyperparameters = parse_hyperparameters(_read(root / "input/config/hyperparameters.json"))
    cluster = read_cluster(
        root / "input/config/resourceconfig.json", join_seconds=whole_number("ATOLL_JOIN_SECONDS", JOIN_SECONDS)
    )
    if len(cluster.hosts) > 1 and not is_member():
        run_member(cluster, root)
        return
    threads = whole_number("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))
    logger.info("training", extra={"facts": {"hyperparameters": vars(hyperparameters), "hosts": cluster.hosts}})
    data = root / "input/data"
    if cluster.number > 0:
        assist(data / "features", hyperparameters, threads=threads, cluster=cluster)
        return
    champion = data / "champion"
    _tell(
        train(data / "features", root / "model", hyperparameters, threads=threads, champion=champion, cluster=cluster)
    )


def _tell(trained: Trained) -> None:
    """Print `<metric>=<value>;` lines for MetricDefinitions, and log the facts."""
    for name, value in trained.metrics.items():
        if isinstance(value, float):
            sys.stdout.write(f"{name}={value:.6f};\n")
    sys.stdout.flush()
    shown = {name: value for name, value in trained.metrics.items() if isinstance(value, int | float)}
    facts = {"manifest_sha256": trained.manifest_sha256, "model_bytes": trained.model_bytes, **shown}
    logger.info("trained", extra={"facts": facts})


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        given = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"hyperparameters.json is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise InputError('hyperparameters.json holds no object; expected {"max_depth": "6", ...}.')
    return given
