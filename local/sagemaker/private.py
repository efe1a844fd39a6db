"""The names of ministack that this package uses although nobody promised them, as `local.private` checks them."""

from typing import Any

from local import private

TABLE = private.TABLE

PRIVATE_NAMES: dict[str, str | None] = {
    "ministack.app.SERVICE_HANDLERS": TABLE,
    "ministack.app._enforce_data_plane": (
        "service iam_action headers query_params request_id resource_arn service_context auth_error_response "
        "named_resource"
    ),
    "ministack.app.call_service_handler_sync": "handler method path headers body query_params timeout",
    "ministack.core.iam_evaluator._service_principal_matches": "principal service",
    "ministack.core.iam_evaluator._evaluate_single_condition": "operator actual expected_values",
    "ministack.core.responses.get_account_id": "",
    "ministack.core.responses.get_region": "",
    "ministack.core.router.SERVICE_PATTERNS": TABLE,
    "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS": TABLE,
    "ministack.services.cloudformation.provisioners._REPLACING_PROPERTIES": TABLE,
    "ministack.services.cloudformation.provisioners._STACK_TAG_PROPERTY": TABLE,
    "ministack.services.ecr._images": TABLE,
    "ministack.services.iam._roles": TABLE,
    "ministack.services.sts.register_session": "access_key session",
}
"""Dotted name -> its parameters (None for tables); a contract test fails when one changed after an upgrade."""


def find(name: str) -> Any:  # noqa: ANN401 - it hands out what the emulator has
    """The emulator's function or table called `name`, one of `PRIVATE_NAMES`."""
    return private.find(name, PRIVATE_NAMES)
