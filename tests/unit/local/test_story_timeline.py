"""A release on a time axis: every span between two moments of its record, and none without both."""

import pytest

from local.story.timeline import diagram

MOMENTS = {
    "training_started": "20261123T085900Z",
    "training_completed": "20261123T090000Z",
    "requested": "20261123T090000Z",
    "executed": "20261123T091000Z",
    "released": "20261123T091200Z",
    "superseded": "20261123T101200Z",
}


def shown(**changed: str) -> dict[str, object]:
    timeline = [{"what": what, "at": at} for what, at in (MOMENTS | changed).items() if at]
    return {"release": "r-by-ann-0", "version": "3", "submitter": "ann", "approver": "bob", "timeline": timeline}


def test_each_span_is_drawn_with_its_length() -> None:
    lines = diagram(shown()).splitlines()

    assert lines[0] == "gantt"
    assert "    ann trains, without a network, 60 s : 2026-11-23 08:59:00, 2026-11-23 09:00:00" in lines
    assert "    verified, gated, requested, waits for bob, 600 s : 2026-11-23 09:00:00, 2026-11-23 09:10:00" in lines
    assert "    v3 is the champion, 3600 s : 2026-11-23 09:12:00, 2026-11-23 10:12:00" in lines
    assert sum("section Endpoint" in line for line in lines) == 1


def test_a_release_that_never_served_is_not_drawn_as_if_it_had() -> None:
    with pytest.raises(KeyError, match="released"):
        diagram(shown(released=""))
