"""Requests measured against AWS's own description of its API (botocore's service model)."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from local.sagemaker.errors import InvalidRequestError


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def _input(service: str, operation: str) -> StructureShape:
    shape = _model(service).operation_model(operation).input_shape
    if shape is None:
        raise InvalidRequestError(f"{operation} takes no members.")
    return shape


def output_members(service: str, operation: str) -> frozenset[str]:
    """The members that AWS's answer to `operation` can have."""
    shape = _model(service).operation_model(operation).output_shape
    return frozenset(shape.members) if shape else frozenset()


def summary_members(service: str, operation: str, member: str) -> frozenset[str]:
    """The members of one item of the list `member` in AWS's answer to `operation`."""
    return frozenset(_model(service).operation_model(operation).output_shape.members[member].member.members)


def check(service: str, operation: str, params: dict[str, Any]) -> None:
    """Refuse a request that AWS's model of `operation` doesn't allow.

    Raises:
        InvalidRequestError: A member is unknown, missing, of a wrong type, out of range or not an allowed value.
    """
    shape = _input(service, operation)
    surprises = list(_surprises(shape, params, operation))
    if surprises:
        raise InvalidRequestError("The local AWS doesn't know " + "; ".join(surprises) + ".")
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise InvalidRequestError(f"{operation}: {report.generate_report()}")


def cast(service: str, operation: str, value: dict[str, Any]) -> dict[str, Any]:
    """Give template values the types that `operation` takes (CloudFormation hands over "1" and "true").

    Raises:
        InvalidRequestError: A member is unknown or its text isn't a number or a truth value.
    """
    shape = _input(service, operation)
    surprises = list(_surprises(shape, value, operation))
    if surprises:
        raise InvalidRequestError("The local AWS doesn't know " + "; ".join(surprises) + ".")
    return _cast(shape, value, operation)


def _surprises(shape: Shape, value: object, path: str) -> Iterator[str]:
    """What AWS's model doesn't have: unknown members, and values outside of an enumeration."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from (f"the member {path}.{name}" for name in value if name not in shape.members)
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"the value {value!r} of {path}"
    for member, item, name in _parts(shape, value):
        yield from _surprises(member, item, path + name)


def _parts(shape: Shape, value: object) -> Iterator[tuple[Shape, object, str]]:
    """The known members, items or entries of a value, each with its shape and its step in the path."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from ((shape.members[name], item, f".{name}") for name, item in value.items() if name in shape.members)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from ((shape.member, item, f"[{index}]") for index, item in enumerate(value))
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from ((shape.value, item, f".{name}") for name, item in value.items())


def _cast(shape: Shape, value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(shape, StructureShape):
        return {name: _cast(shape.members[name], item, f"{path}.{name}") for name, item in value.items()}
    if isinstance(shape, ListShape):
        return [_cast(shape.member, item, path) for item in value]
    if isinstance(shape, MapShape):
        return {name: _cast(shape.value, item, f"{path}.{name}") for name, item in value.items()}
    try:
        return _SCALARS.get(shape.type_name, str)(value)
    except (KeyError, ValueError):
        raise InvalidRequestError(f"{path} is {value!r}; expected {shape.type_name}.") from None


def _boolean(value: object) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


_SCALARS = {"integer": int, "long": int, "float": float, "double": float, "boolean": _boolean}
