"""Two functions may go back at once: what one has done is no reason for the other to stop what serves."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.release.records import Release
from lambdas.release.settling import Way, take
from tests.fakes.cloud import FakeCloud
from tests.fakes.release import MODEL, NOON
from tests.fakes.stack import REVIEWED, serving_release

GOOD = Release(image_digest="sha256:1", manifest_sha256="a" * 64, version="1", release_id="r-by-ann-aaaaaaaaaaaa")
BAD = Release(image_digest="sha256:1", manifest_sha256="b" * 64, version="2", release_id="r-by-bob-bbbbbbbbbbbb")


def home(cloud: FakeCloud) -> Way:
    """The way back from what the cloud's stack is now."""
    why = "it was approved by its submitter"
    return Way(model=MODEL, stem="home-from-v2", release=GOOD, why=why, seen=cloud.stack(MODEL))


class Racing(FakeCloud):
    """Another function goes back, and has gone, between our look at the stack and our own change set."""

    is_first = True

    def prepare(
        self, model: str, stem: str, release: Release, description: str, template: str | None = None
    ) -> str | None:
        if self.is_first:
            self.is_first = False
            self.execute(model, super().prepare(model, stem, release, description, template) or "")
            self.finish()
        return super().prepare(model, stem, release, description, template)


@pytest.fixture
def cloud() -> Racing:
    return Racing(status="UPDATE_COMPLETE", release=BAD, running=serving_release(BAD, REVIEWED))


def test_a_way_back_that_another_function_has_taken_meanwhile_stops_nothing(cloud: Racing) -> None:
    world: Any = SimpleNamespace(endpoints=cloud, change_sets=cloud)
    assert "was taken by another function" in take(world, home(cloud), NOON)
    assert cloud.release == GOOD
    assert cloud.running is not None
    assert cloud.running.manifest_sha256 == GOOD.manifest_sha256


def test_a_way_back_that_another_function_had_taken_before_ours_began_stops_nothing(cloud: Racing) -> None:
    world: Any = SimpleNamespace(endpoints=cloud, change_sets=cloud)
    way, cloud.is_first, cloud.now = home(cloud), False, NOON + timedelta(minutes=1)
    take(world, way, NOON)
    cloud.finish()
    assert take(world, way, NOON).startswith("home-from-v2 waits for home-from-v2-")
    assert cloud.moving is None
    assert cloud.release == GOOD
    assert cloud.running is not None
    assert cloud.running.manifest_sha256 == GOOD.manifest_sha256


def test_what_the_stack_calls_its_last_change_set_is_no_change_of_it(cloud: Racing) -> None:
    world: Any = SimpleNamespace(endpoints=cloud, change_sets=cloud)
    way, cloud.is_first = home(cloud), False
    assert take(world, replace(way, seen=replace(way.seen, change_set="")), NOON).startswith("home-from-v2-")


def test_where_the_stack_was_back_already_and_the_endpoint_was_not_it_is_stopped(cloud: Racing) -> None:
    cloud.is_first, cloud.release = False, GOOD
    world: Any = SimpleNamespace(endpoints=cloud, change_sets=cloud)
    take(world, home(cloud), NOON)
    cloud.finish()
    assert cloud.running is None
