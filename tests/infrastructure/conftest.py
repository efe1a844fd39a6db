"""Each environment is synthesized once per test session, by the pinned CLI in its own process; tests read JSON."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from compliance.synth import SynthError, environments, synthesize
from compliance.templates import Template, read_templates

ENVIRONMENTS = environments()
HARDENED = 0o077
"""The umask of a hardened workstation (DISA's STIG for RHEL 10, V-281079)."""


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    @cache
    def outcome(environment: str) -> Path | SynthError:
        folder = tmp_path_factory.mktemp("synth") / environment
        usual = os.umask(HARDENED)
        try:
            synthesize(environment, folder)
        except SynthError as error:
            return error
        finally:
            os.umask(usual)
        return folder

    def synthesized(environment: str) -> Path:
        result = outcome(environment)
        if isinstance(result, SynthError):
            pytest.fail(str(result), pytrace=False)
        return result

    return synthesized


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def templates(assembly: Callable[[str], Path], environment: str) -> dict[str, Template]:
    return read_templates(assembly(environment))
