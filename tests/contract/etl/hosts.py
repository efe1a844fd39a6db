"""Processes on loopback as the hosts of one ETL job, each with a folder for temporary files that no other one sees."""

from pathlib import Path

from tests.contract import hosts

ALONE_WITH_ITS_FILES = (
    *("unshare", "--mount", "--propagation", "private"),
    *("sh", "-euc", 'mount -t tmpfs tmpfs "$TMPDIR"; exec "$@"', "sh"),
)
"""The path is the same on all hosts and the files aren't; needs root, as CI has it."""


class Hosts(hosts.Hosts):
    """The container's `etl`, once a host. As on SageMaker, each has got the ledger as it was handed in."""

    def __init__(self, folder: Path, ledger: bytes, environment: dict[str, str], number: int = 2) -> None:
        super().__init__(folder, number, config="config")
        (folder / "tmp").mkdir()
        self._environment = {"TMPDIR": str(folder / "tmp"), "ATOLL_JOIN_SECONDS": "60"} | environment
        for root in self.roots:
            (root / "processing/input/ledger").mkdir(parents=True)
            (root / "processing/input/ledger/ledger.csv").write_bytes(ledger)

    def start_etl(self, *arguments: str) -> None:
        """Start the next host's."""
        self.start(["model_code.container", "etl", *arguments], self._environment, within=ALONE_WITH_ITS_FILES)

    def output(self, host: int) -> Path:
        """What a host's upload would take."""
        return self.roots[host] / "processing/output"

    def message(self, host: int) -> str:
        """The sentence that SageMaker shows of a host."""
        return (self.roots[host] / "output/message").read_text()
