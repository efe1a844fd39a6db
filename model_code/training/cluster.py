"""The hosts of one training, and XGBoost's own collective between them.

SageMaker names the hosts in /opt/ml/input/config/resourceconfig.json. The first one runs the tracker that brings them
together; after that, hosts talk to each other directly, on ports that the system picks (the jobs' security group lets
its members talk to each other, and network isolation allows it between the peers of one training).
"""

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xgboost import collective
from xgboost.core import XGBoostError
from xgboost.tracker import RabitTracker

from model_code.errors import InputError
from model_code.hosts import JOIN_SECONDS, address_of, read_hosts

PORT = 9099
SILENCE_SECONDS = 600
"""How long a host waits for the others while trees grow: no step between two messages takes so long."""


class ClusterError(InputError):
    """The hosts of a training lost each other; the message says so to a person."""


@dataclass(frozen=True)
class Cluster:
    """The hosts in SageMaker's order, and which of them this is."""

    hosts: Sequence[str] = ("localhost",)
    number: int = 0
    port: int = PORT
    join_seconds: int = JOIN_SECONDS

    @contextlib.contextmanager
    def joined(self) -> Generator[None]:
        """Within this block, what XGBoost trains is trained by all hosts together; alone, nothing happens.

        Raises:
            ClusterError: another host didn't come, or was lost.
        """
        if len(self.hosts) == 1:
            yield
            return
        try:
            address = self._address()
            tracker = self._tracker(address) if self.number == 0 else None
            with collective.CommunicatorContext(
                dmlc_communicator="rabit",
                dmlc_tracker_uri=address,
                dmlc_tracker_port=self.port,
                dmlc_task_id=f"{self.number:06d}",
                # XGBoost waits two seconds longer before each try.
                dmlc_retry=int(self.join_seconds**0.5),
                dmlc_timeout=SILENCE_SECONDS,
            ):
                yield
            if tracker:
                tracker.wait_for(self.join_seconds)
        except XGBoostError as error:
            raise ClusterError(
                f"Host {self.hosts[self.number]} lost the other hosts of this training ({', '.join(self.hosts)}): one "
                f"ended, or the network between them did. Each host's log says what it saw last; a new job can be "
                f"started as it is. XGBoost says: {_last_line(error)}"
            ) from error

    def _address(self) -> str:
        address = address_of(self.hosts[0], seconds=self.join_seconds)
        if address is None:
            raise ClusterError(
                f"The first host of this training, {self.hosts[0]}, has no address after {self.join_seconds} s."
            )
        return address

    def _tracker(self, address: str) -> RabitTracker:
        tracker = RabitTracker(
            n_workers=len(self.hosts), host_ip=address, port=self.port, sortby="task", timeout=self.join_seconds
        )
        tracker.start()
        return tracker


ALONE = Cluster()


def read_cluster(path: Path, *, join_seconds: int = JOIN_SECONDS) -> Cluster:
    """Return the hosts that SageMaker's resourceconfig.json names; without the file this machine is alone.

    Raises:
        InputError: it isn't SageMaker's.
    """
    hosts = read_hosts(path, join_seconds=join_seconds)
    return Cluster(hosts.names, hosts.number, join_seconds=hosts.join_seconds)


def _last_line(error: XGBoostError) -> str:
    lines = [line.strip("- ") for line in str(error).splitlines() if line.startswith("- ")]
    return lines[-1] if lines else str(error).splitlines()[0]
