"""How a process of ours starts another one of ours."""

import sys


def own_program(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours as this process runs: isolated from the environment if it is."""
    isolated = ["-I"] if sys.flags.isolated else []
    return [sys.executable, *isolated, "-m", module, *arguments]


def own_environment() -> dict[str, str]:
    """Return the smallest environment in which `own_program` finds our modules, with one thread for each library."""
    return {"PYTHONPATH": ":".join(filter(None, sys.path)), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
