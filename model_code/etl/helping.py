"""What the other hosts of a job do: compute for the first one until that is gone."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.handover import LEDGER, fetch, news, shared_folder
from model_code.etl.spark_cluster import worker
from model_code.hosts import Hosts


def help_first(hosts: Hosts) -> None:
    """Fetch the first host's ledger as soon as there is one, and run a Worker beside it to the end of the job.

    Returns also when the first host ends early: what went wrong there is said there.

    Raises:
        InputError: the first host doesn't answer, its ledger arrives damaged, or the Worker ends before the job.
    """
    process = None
    with ExitStack() as running:
        scratch = Path(running.enter_context(tempfile.TemporaryDirectory()))
        for sha256 in news(hosts):
            if process and process.poll() is not None:
                raise InputError(
                    f"Spark's Worker on {hosts.own} ended with {process.returncode} before the job did; "
                    "its log says why."
                )
            if sha256 and not process:
                fetch(hosts, sha256)
                running.callback((shared_folder() / LEDGER).unlink, missing_ok=True)
                process = running.enter_context(worker(hosts, scratch))
