"""Properties are judged by their outcome: on a busy machine the time of one example says nothing.

Examples are new ones in each run; a failure prints the blob that repeats it (`@reproduce_failure`). Of what is long a
share runs, which the seed draws (`tests.share`).
"""

import pytest
from hypothesis import settings

from tests import share

settings.register_profile("atoll", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("atoll")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the seed didn't draw; who names a case gets it."""
    if any("::" in argument for argument in config.args):
        return
    if gone := set(share.left_out(items)):
        config.hook.pytest_deselected(items=list(gone))
        items[:] = [item for item in items if item not in gone]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which share it was, and how to have it again, or all."""
    gone = terminalreporter.stats.get("deselected", [])
    if count := sum(item.get_closest_marker(share.MARK) is not None for item in gone):
        again = f"{share.SEED}={share.seed()} draws this share again, {share.WHOLE}=1 runs all"
        terminalreporter.line(f"{count} cases of what is long were not drawn; {again}")
