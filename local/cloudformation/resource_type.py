"""How a CloudFormation type of ours is described, and put into the emulator."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from local import private

Props = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id (`Ref`) and attributes (`Fn::GetAtt`)."""

_PROVISIONERS = "ministack.services.cloudformation.provisioners"
_STACKS = "ministack.services.cloudformation.stacks"


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A type that the local AWS knows; a property outside of `properties` fails the stack.

    Args:
        name: CloudFormation's name of the type.
        properties: The properties it understands.
        create: `(properties, stable name)` -> physical id and attributes. Raise `ValueError` to fail the stack.
        delete: `(physical id, properties)`; a resource that's gone already is no error.
        update: `(physical id, properties)` for a change in place. Without it a change creates the resource anew,
            and the emulator deletes the former one when the stack's update is through.
    """

    name: str
    properties: frozenset[str]
    create: Callable[[Props, str], Made]
    delete: Callable[[str, Props], None]
    update: Callable[[str, Props], Made] | None = None

    def checked(self, logical_id: str, props: Props) -> Props:
        """`props`, or the stack's failure when they hold something unknown."""
        unknown = sorted(set(props) - self.properties)
        if unknown:
            raise ValueError(
                f"{logical_id} ({self.name}): the local AWS doesn't know {', '.join(unknown)}; "
                f"it knows {', '.join(sorted(self.properties))}. Extend local/cloudformation."
            )
        return props

    def handlers(self) -> dict[str, Callable[..., object]]:
        """The type in the emulator's form."""

        def create(logical_id: str, props: Props, stack_name: str) -> Made:
            return self.create(self.checked(logical_id, props), f"{stack_name}-{logical_id}")

        def update(physical_id: str, _old: Props, props: Props, _stack_name: str) -> Made:
            return self.update(physical_id, self.checked(physical_id, props)) if self.update else ("", {})

        handlers: dict[str, Callable[..., object]] = {"create": create, "delete": self.delete}
        return handlers | ({"update": update} if self.update else {})


def register_types(types: Iterable[ResourceType]) -> None:
    """Make the emulator know `types`; they run on worker threads, so they may call the emulator over HTTP.

    Raises:
        EmulatorChangedError: The emulator knows one of them by itself.
    """
    ours = {each.name: each.handlers() for each in types}
    known = private.find(f"{_PROVISIONERS}._RESOURCE_HANDLERS")
    if already := sorted(set(ours) & set(known)):
        raise private.EmulatorChangedError(f"ministack knows {', '.join(already)} by itself now: drop ours.")
    known.update(ours)
    run_on_worker_threads(ours)


def run_on_worker_threads(names: Iterable[str]) -> None:
    """Provision these types off the event loop: whatever waits for the emulator's own answer would deadlock on it."""
    ours = frozenset(names)
    private.wrap(f"{_STACKS}._runs_on_worker_thread", lambda original: lambda name: name in ours or original(name))


@cache
def aws(service: str) -> Any:  # noqa: ANN401 - a boto3 client
    """A client of this very emulator, as its root; only for worker threads."""
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
