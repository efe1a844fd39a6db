"""Policy variables (`${aws:PrincipalTag/uid}`) for the emulator's policy evaluator, which takes them literally.

A variable without a value and without a default makes its statement match nothing, as on AWS.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ministack.core.iam_evaluator import EvalContext, ParsedStatement

from local import private

EVALUATOR = "ministack.core.iam_evaluator"
_VARIABLE = re.compile(r"\$\{([^},]+?)(?:\s*,\s*'([^']*)')?\}")

ValueOf = Callable[[str], object]
FirstMatch = Callable[[EvalContext, Sequence[ParsedStatement], str], ParsedStatement | None]
ConditionsMet = Callable[[Mapping[str, Mapping[str, object]], EvalContext], bool]


class UnsupportedPolicyError(ValueError):
    """A policy uses something that AWS evaluates and this evaluator can't evaluate faithfully."""


def expand_variables(text: str, value_of: ValueOf) -> str | None:
    """Replace the policy variables in `text`; None where one has neither a value nor a default.

    Raises:
        UnsupportedPolicyError: A value holds `*` or `?`, which AWS takes literally and the emulator's matcher can't.
    """
    values: list[str] = []
    for name, default in _VARIABLE.findall(text):
        value = value_of(name) or default
        if not value or not isinstance(value, str):
            return None
        if "*" in value or "?" in value:
            raise UnsupportedPolicyError(
                f"The policy variable {name} in {text!r} has the value {value!r}. The local AWS can't match "
                "* or ? literally, as AWS does: use letters and digits."
            )
        values.append(value)
    replacements = iter(values)
    return _VARIABLE.sub(lambda _: next(replacements), text)


def register() -> None:
    """Have the emulator expand policy variables in Resource, NotResource and Condition values."""
    private.wrap(f"{EVALUATOR}._first_match", _with_concrete_resources)
    private.wrap(f"{EVALUATOR}._conditions_met", _with_concrete_conditions)


def _with_concrete_resources(first_match: FirstMatch) -> FirstMatch:
    def extended(ctx: EvalContext, stmts: Sequence[ParsedStatement], effect: str) -> ParsedStatement | None:
        concrete = [_concrete_statement(statement, _values_in(ctx)) for statement in stmts]
        return first_match(ctx, [statement for statement in concrete if statement is not None], effect)

    return extended


def _with_concrete_conditions(conditions_met: ConditionsMet) -> ConditionsMet:
    def extended(conditions: Mapping[str, Mapping[str, object]], ctx: EvalContext) -> bool:
        concrete = _concrete_conditions(conditions, _values_in(ctx))
        return concrete is not None and conditions_met(concrete, ctx)

    return extended


def _values_in(ctx: EvalContext) -> ValueOf:
    resolve = private.find(f"{EVALUATOR}._resolve_condition_key")
    return lambda name: resolve(name, ctx)


def _concrete_statement(statement: ParsedStatement, value_of: ValueOf) -> ParsedStatement | None:
    """`statement` with its resources expanded, or None when it can't match."""
    resources = [expand_variables(pattern, value_of) for pattern in statement.resources]
    excluded = [expand_variables(pattern, value_of) for pattern in statement.not_resources]
    matchable = [pattern for pattern in resources if pattern is not None]
    if None in excluded or (resources and not matchable):
        return None
    return replace(statement, resources=matchable, not_resources=[str(pattern) for pattern in excluded])


def _concrete_conditions(
    conditions: Mapping[str, Mapping[str, object]], value_of: ValueOf
) -> dict[str, dict[str, object]] | None:
    """`conditions` with their values expanded, or None when a variable has no value."""
    concrete: dict[str, dict[str, object]] = {}
    for operator, block in conditions.items():
        concrete[operator] = {}
        for key, expected in block.items():
            values = expected if isinstance(expected, list) else [expected]
            expanded = [expand_variables(_text(value), value_of) for value in values]
            if None in expanded:
                return None
            concrete[operator][key] = expanded
    return concrete


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
