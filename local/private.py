"""The one door to the emulator's private names: each is listed with the parameters relied on, and checked on use.

ministack offers no extension points, so our typed modules use its private functions and tables. Whatever is
not listed here can't be reached, and whatever changed its parameters fails at once, both when the
emulator starts and in tests/contract/test_ministack_pins.py.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

MINISTACK_VERSION = "1.5.33"
"""The one version whose private names were read. Another version means: read them again."""

TABLE = None
"""Stands for a dictionary or another object of the emulator, where a string stands for a function's parameters."""

_ADD_EVENT = "stack_id stack_name logical_id resource_type status reason physical_id detailed_status"

PRIVATE_NAMES: dict[str, str | None] = {
    "ministack.core.iam_actions.extract_iam_action": "service method path headers body query_params",
    "ministack.core.iam_actions.request_tag_context": "service iam_action body params",
    "ministack.core.iam_actions.s3_service_context": "iam_action query_params path headers",
    "ministack.core.iam_actions.identity_denial_message": "action principal_arn resource explicit_deny",
    "ministack.core.iam_actions.access_denied_response": (
        "service action principal_arn request_id error_code message headers resource_arn explicit_deny "
        "resource_policy_arn"
    ),
    "ministack.core.iam_evaluator.enforce": "access_key_id iam_action service region resource_arn service_context",
    "ministack.core.iam_evaluator._first_match": "ctx stmts effect",
    "ministack.core.iam_evaluator._conditions_met": "conditions ctx",
    "ministack.core.iam_evaluator._resolve_condition_key": "key ctx",
    "ministack.core.iam_evaluator._gather_role_policies": "role_name account_id",
    "ministack.core.iam_evaluator._permissions_boundary": "store name account_id",
    "ministack.core.iam_evaluator.caller_arn": "",
    "ministack.core.iam_evaluator.is_root_access_key": "access_key_id",
    "ministack.core.iam_evaluator.resolve_principal": "access_key_id account_id credential",
    "ministack.core.iam_evaluator.AuthError": TABLE,
    "ministack.core.iam_evaluator.EvalResult": TABLE,
    "ministack.core.lambda_runtime.zipfile": TABLE,
    "ministack.core.responses.error_response_json": "code message status extra message_key content_type",
    "ministack.core.responses.get_account_id": "",
    "ministack.core.responses.get_region": "",
    "ministack.app._port_is_bindable": "host port",
    "ministack.app._routing_params": "method path headers body query_params",
    "ministack.app._maybe_record_cloudtrail": "service method path headers body query_params request_id region",
    "ministack.services.alb._lb_attrs": TABLE,
    "ministack.services.backup._vaults": TABLE,
    "ministack.services.cloudwatch_logs._log_groups": TABLE,
    "ministack.services.ec2._vpcs": TABLE,
    "ministack.services.ecr._repositories": TABLE,
    "ministack.services.ecs._ACTION_MAP": TABLE,
    "ministack.services.ecs._put_cluster": "data",
    "ministack.services.iam._IAM_HANDLERS": TABLE,
    "ministack.services.iam._create_service_linked_role": "p",
    "ministack.services.iam._roles": TABLE,
    "ministack.services.rds._instances": TABLE,
    "ministack.services.cloudtrail._get_event_queue": "",
    "ministack.services.eventbridge._dispatch_to_lambda": "arn payload",
    "ministack.services.eventbridge._matches_pattern": "pattern_str event",
    "ministack.services.eventbridge._put_events": "data allow_aws_source",
    "ministack.services.lambda_svc._execute_function_with_config_scope": "func event",
    "ministack.services.lambda_svc._execution_record_for_config": "func config",
    "ministack.services.lambda_svc._functions": TABLE,
    "ministack.services.lambda_svc._get_func_record_for_ref": "function_ref",
    "ministack.services.lambda_svc._execute_function_dispatch": "func config event request_id started",
    "ministack.services.lambda_svc._invoke": "name event headers path_qualifier query_params",
    "ministack.services.cloudformation._ACTION_HANDLERS": TABLE,
    "ministack.services.cloudformation._stacks": TABLE,
    "ministack.services.cloudformation.changesets._create_stack_task_in_region": "coro stack stack_id",
    "ministack.services.cloudformation.changesets._find_change_set": "cs_name stack_name",
    "ministack.services.cloudformation.handlers._create_stack_task_in_region": "coro stack stack_id",
    "ministack.services.cloudformation.helpers._p": "params key default",
    "ministack.services.cloudformation.stacks.CLIENT_REQUEST_TOKEN": TABLE,
    "ministack.services.cloudformation.stacks._add_event": _ADD_EVENT,
    "ministack.services.cloudformation.changesets._add_event": _ADD_EVENT,
    "ministack.services.cloudformation.handlers._add_event": _ADD_EVENT,
    "ministack.services.cloudformation.stacks._delete_resource": (
        "resource_type physical_id props stack_name logical_id"
    ),
    "ministack.services.cloudformation.stacks._provision_resource": "resource_type logical_id props stack_name",
    "ministack.services.cloudformation.stacks._replacing_change": "resource_type old_props new_props",
    "ministack.services.cloudformation.stacks._revert_update": (
        "stack_id stack_name logical_id rtype physical_id applied_props previous_props attrs record"
    ),
    "ministack.services.cloudformation.stacks._runs_on_worker_thread": "resource_type",
    "ministack.services.cloudformation.stacks._update_resource": (
        "resource_type physical_id old_props new_props stack_name logical_id old_attrs"
    ),
    "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS": TABLE,
    "ministack.services.cloudformation.provisioners._normalize_container_defs": "cdefs",
    "ministack.services.cloudformation.provisioners._cw_metric_alarm_record": "name props",
}


class EmulatorChangedError(RuntimeError):
    """The installed emulator isn't the one that this code was written against."""


def require_pinned_version() -> None:
    """Refuse to start on another emulator than the one whose private names were read."""
    if (found := version("ministack")) != MINISTACK_VERSION:
        raise EmulatorChangedError(f"ministack {found} is installed; the local AWS needs exactly {MINISTACK_VERSION}.")


def find(name: str, known: Mapping[str, str | None] = PRIVATE_NAMES) -> Any:  # noqa: ANN401 - it hands out what the emulator has
    """Give the emulator's function or table called `name` (dotted).

    Raises:
        EmulatorChangedError: `name` isn't listed, doesn't exist, or has other parameters.
    """
    if name not in known:
        raise EmulatorChangedError(f"{name} is not listed in PRIVATE_NAMES: list it with its parameters.")
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute, None)
    if found is None:
        raise EmulatorChangedError(f"ministack has no {name} any more; Atoll was written against {MINISTACK_VERSION}.")
    expected = known[name]
    if expected is not TABLE and (actual := " ".join(inspect.signature(found).parameters)) != expected:
        raise EmulatorChangedError(
            f"{name} takes ({actual}), but ({expected}) was expected. Atoll was written against ministack "
            f"{MINISTACK_VERSION}: pin that version, or read the function anew and adapt the caller."
        )
    return found


def wrap(name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `around(original)` in the place of the emulator's function `name`."""
    original = find(name)
    put(name, functools.wraps(original)(around(original)))


def put(name: str, replacement: object) -> None:
    """Put `replacement` in the place of what the emulator has under `name`."""
    find(name)
    module, _, attribute = name.rpartition(".")
    setattr(import_module(module), attribute, replacement)


def problems(known: Mapping[str, str | None]) -> Iterable[str]:
    """Say what is wrong with the emulator for each name of `known`; nothing when all is as expected."""
    for name in known:
        try:
            find(name, known)
        except (EmulatorChangedError, ImportError) as error:
            yield str(error)
