"""Functions on the local AWS: as many at once as the template reserves; an event waits, a call is refused."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from tests.contract.local_templates import Template, resource
from tests.contract.test_reachability import role
from tests.patience import PATIENCE

Deploy = Callable[..., dict[str, str]]
CODE = """
import time, pathlib

def handler(event, context):
    diary, holds = pathlib.Path(event["detail"]["diary"]), pathlib.Path(event["detail"].get("holds", ""))
    for word in ("in", "out"):
        with diary.open("a") as file:
            print(word, file=file)
        time.sleep(0.3)
        while holds.is_file():
            time.sleep(0.05)
"""


def template(reserved: int) -> Template:
    function = {"Fn::GetAtt": ["Function", "Arn"]}
    return {
        "Resources": {
            "Role": role("lambda"),
            "Function": resource(
                "Lambda::Function",
                FunctionName="busy",
                Runtime="python3.12",
                Handler="index.handler",
                Role={"Fn::GetAtt": ["Role", "Arn"]},
                Code={"ZipFile": CODE},
                ReservedConcurrentExecutions=reserved,
                Timeout=900,  # the default of three seconds is little on a busy machine
            ),
            "Rule": resource(
                "Events::Rule", EventPattern={"source": ["test"]}, Targets=[{"Id": "function", "Arn": function}]
            ),
            "May": resource(
                "Lambda::Permission",
                Action="lambda:InvokeFunction",
                FunctionName=function,
                Principal="events.amazonaws.com",
                SourceArn={"Fn::GetAtt": ["Rule", "Arn"]},
            ),
        }
    }


@pytest.fixture
def busy(deploy: Deploy, destroy: Callable[[str], None]) -> Iterator[Callable[[int], object]]:
    """Deploys the function with a reservation, and takes it away after the test."""
    yield lambda reserved: deploy("busy", template(reserved))
    destroy("busy")


def written(diary: Path, lines: int) -> list[str]:
    """What the functions wrote, once that are so many lines."""
    deadline = time.monotonic() + PATIENCE
    while not diary.exists() or len(diary.read_text().split()) < lines:
        assert time.monotonic() < deadline, diary.read_text() if diary.exists() else "nothing ran"
        time.sleep(0.05)
    return diary.read_text().split()


def send(cloud: LocalCloud, diary: Path, number: int) -> None:
    entry = {"Source": "test", "DetailType": "test", "Detail": json.dumps({"diary": str(diary)})}
    cloud.client("events").put_events(Entries=[entry] * number)


def test_events_of_a_function_that_runs_once_at_a_time_wait_and_none_is_lost(
    cloud: LocalCloud, busy: Callable[[int], object], tmp_path: Path
) -> None:
    busy(1)
    send(cloud, tmp_path / "one", 4)
    assert written(tmp_path / "one", 8) == ["in", "out"] * 4


def test_a_reservation_that_an_update_raises_counts(
    cloud: LocalCloud, busy: Callable[[int], object], tmp_path: Path
) -> None:
    busy(1)
    busy(4)
    send(cloud, tmp_path / "four", 4)
    assert written(tmp_path / "four", 8) != ["in", "out"] * 4


def test_a_call_of_a_busy_function_is_refused(
    cloud: LocalCloud, busy: Callable[[int], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(1)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    client = cloud.client("lambda")
    (holds := tmp_path / "holds").touch()
    payload = json.dumps({"detail": {"diary": str(tmp_path / "called"), "holds": str(holds)}})
    with ThreadPoolExecutor() as caller:
        first = caller.submit(client.invoke, FunctionName="busy", Payload=payload)
        try:
            written(tmp_path / "called", 1)
            with pytest.raises(client.exceptions.TooManyRequestsException, match="ReservedConcurrentExecutions"):
                client.invoke(FunctionName="busy", Payload=payload)
        finally:
            holds.unlink()
        assert "FunctionError" not in first.result()
