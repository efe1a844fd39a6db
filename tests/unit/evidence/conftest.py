import os
from collections.abc import Iterator
from typing import Any

import pytest

from compliance.claim import Claim, kinds
from compliance.templates import Templates, resources
from evidence.catalogue import Catalogue, CatalogueError, read


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    try:
        return read()
    except CatalogueError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def doors_are_shut(templates: Templates) -> Iterator[str]:
    """Every door is shut."""
    for door in resources(templates, "Door"):
        if door.properties.get("Shut") is not True:
            yield f"{door.place} is open"


def nothing_is_asked(_templates: Templates) -> Iterator[str]:
    """A claim that nothing breaks."""
    yield from ()


@pytest.fixture
def shut() -> Claim:
    return Claim(predicate=doors_are_shut, over=kinds("Door"), shows=("ac-3_obj",), supports=("ac-6_obj",))


@pytest.fixture
def asleep() -> Claim:
    return Claim(predicate=nothing_is_asked, over=kinds("Door"), shows=("ac-3_obj",))


def house(*doors: dict[str, Any]) -> dict[str, Any]:
    """A template with these doors, each by its properties."""
    return {"House": {"Resources": {f"Door{n}": {"Type": "Door", "Properties": each} for n, each in enumerate(doors)}}}
