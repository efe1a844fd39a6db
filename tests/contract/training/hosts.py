"""Processes on loopback as the hosts of one training."""

import json
from pathlib import Path

from tests.contract import hosts
from tests.patience import PATIENCE

__all__ = ["PATIENCE", "Hosts"]


class Hosts(hosts.Hosts):
    """The container's `train`, once a host; they wait for each other so long."""

    def __init__(
        self, folder: Path, features: Path, number: int, hyperparameters: dict[str, str], *, join_seconds: int = 60
    ) -> None:
        super().__init__(folder, number, config="input/config")
        for root in self.roots:
            (root / "input/data").mkdir()
            (root / "input/data/features").symlink_to(features)
            (root / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
            own = {"OMP_NUM_THREADS": "1", "ATOLL_JOIN_SECONDS": str(join_seconds)}
            self.start(["model_code.container", "train"], own)
