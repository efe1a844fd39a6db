"""Before the emulator's CloudFormation deletes a resource: whoever looks first may refuse, by raising."""

from collections.abc import Callable
from typing import Any, NamedTuple

from local import private

_DELETE = "ministack.services.cloudformation.stacks._delete_resource"


class Deletion(NamedTuple):
    """A resource that is about to go, as the emulator names it."""

    resource_type: str
    physical_id: str
    props: dict[str, Any]
    stack_name: str | None = None
    logical_id: str | None = None


def look_first(look: Callable[[Deletion], None]) -> None:
    """Have `look` see each deletion; what it raises fails the deletion. Call before the emulator's main."""

    def wrapped(original: Callable[..., None]) -> Callable[..., None]:
        def delete(*given: Any, **named: Any) -> None:  # noqa: ANN401 - the emulator's own
            look(Deletion(*given, **named))
            original(*given, **named)

        return delete

    private.wrap(_DELETE, wrapped)
