"""Each environment is synthesized once per test session, by the pinned CLI in its own process; tests read JSON."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from compliance.synth import environments, synthesize
from compliance.templates import Template, read_templates

ENVIRONMENTS = environments()


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    @cache
    def synthesized(environment: str) -> Path:
        folder = tmp_path_factory.mktemp("synth") / environment
        synthesize(environment, folder)
        return folder

    return synthesized


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def templates(assembly: Callable[[str], Path], environment: str) -> dict[str, Template]:
    return read_templates(assembly(environment))
