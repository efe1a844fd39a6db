"""The emulator's private names that the local AWS stands on: fails when another version is installed."""

from importlib.metadata import version

import ministack.app
import pytest

from local import private
from local.sagemaker import PRIVATE_NAMES as SAGEMAKER_NAMES


def test_the_emulator_is_the_version_that_was_read() -> None:
    assert version("ministack") == private.MINISTACK_VERSION == "1.5.33"


@pytest.mark.parametrize("name", private.PRIVATE_NAMES)
def test_each_private_name_exists_with_the_parameters_relied_on(name: str) -> None:
    assert private.find(name) is not None


@pytest.mark.parametrize("name", SAGEMAKER_NAMES)
def test_each_private_name_of_the_sagemaker_extension_does_too(name: str) -> None:
    assert private.find(name, SAGEMAKER_NAMES) is not None


def test_a_changed_signature_is_named() -> None:
    changed = {"ministack.app._port_is_bindable": "host port family"}
    assert "takes (host port), but (host port family) was expected" in "".join(private.problems(changed))


def test_a_vanished_name_is_named() -> None:
    assert "no ministack.app.gone any more" in "".join(private.problems({"ministack.app.gone": private.TABLE}))


def test_an_unlisted_name_cant_be_used() -> None:
    with pytest.raises(private.EmulatorChangedError, match="not listed"):
        private.find("ministack.app.main")


def test_the_listener_on_443_is_still_decided_by_the_function_that_is_replaced() -> None:
    assert "_port_is_bindable" in ministack.app.main.__code__.co_names
