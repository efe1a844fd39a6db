"""The hosts of one job: SageMaker names them in resourceconfig.json, the same list on each host."""

import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_code.errors import InputError

JOIN_SECONDS = 300
"""How long a host waits for the others at the beginning and at the end."""


@dataclass(frozen=True)
class Hosts:
    """The names in SageMaker's order, and which of them this host is: 0 is the first one, which leads."""

    names: Sequence[str] = ("localhost",)
    number: int = 0
    join_seconds: int = JOIN_SECONDS

    @property
    def several(self) -> bool:
        """Whether this host isn't alone."""
        return len(self.names) > 1

    @property
    def first(self) -> str:
        """The leading host's name."""
        return self.names[0]

    @property
    def own(self) -> str:
        """This host's name."""
        return self.names[self.number]


ALONE = Hosts()


def read_hosts(path: Path, *, join_seconds: int = JOIN_SECONDS) -> Hosts:
    """Return the hosts that SageMaker's resourceconfig.json names; without the file this machine is alone.

    Raises:
        InputError: it isn't SageMaker's.
    """
    if not path.is_file():
        return ALONE
    try:
        config = json.loads(path.read_bytes())
        names = [str(name) for name in config["hosts"]]
        return Hosts(names, names.index(config["current_host"]), join_seconds)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f'{path.name} isn\'t SageMaker\'s ({error!r}); expected {{"current_host": "algo-1", "hosts": ["algo-1"]}}.'
        ) from None


def address_of(name: str, *, seconds: float) -> str | None:
    """Return a host's address as soon as its name is known (its container may start later); None after `seconds`."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return socket.gethostbyname(name)
        except OSError:
            if time.monotonic() > ends:
                return None
            time.sleep(1)
