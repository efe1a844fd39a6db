"""The one Lambda function that lives beside its construct: it is loaded by path, as Lambda does."""

import json
import runpy
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

CLOSE = runpy.run_path(str(Path(__file__).parents[3] / "stacks/components/default_group/close.py"))


class FakeEc2:
    """Knows one group's rules; refuses with `code` when asked to."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.revoked: list[str] = []

    def revoke_security_group_ingress(self, **request: object) -> None:
        self._revoke("ingress", request)

    def revoke_security_group_egress(self, **request: object) -> None:
        self._revoke("egress", request)

    def _revoke(self, direction: str, request: dict[str, object]) -> None:
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, "Revoke")
        self.revoked.append(f"{direction} of {request['GroupId']}")


def test_both_default_rules_are_revoked() -> None:
    ec2 = FakeEc2()
    CLOSE["close"](ec2, group="sg-1", account="111122223333")
    assert ec2.revoked == ["ingress of sg-1", "egress of sg-1"]


def test_a_rule_that_is_gone_already_is_as_good() -> None:
    CLOSE["close"](FakeEc2("InvalidPermission.NotFound"), group="sg-1", account="111122223333")


def test_any_other_refusal_is_raised() -> None:
    with pytest.raises(ClientError):
        CLOSE["close"](FakeEc2("UnauthorizedOperation"), group="sg-1", account="111122223333")


@pytest.fixture
def answers(socket_enabled: None) -> Iterator[tuple[str, list[dict[str, Any]]]]:  # noqa: ARG001 - asked for its effect
    """A server on loopback that keeps what CloudFormation would be told."""
    heard: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/answer", heard
    server.shutdown()
    server.server_close()


def request(kind: str, url: str) -> dict[str, object]:
    ids = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l"}
    return {"RequestType": kind, "ResponseURL": url, "ResourceProperties": {}, **ids}


def test_deleting_answers_without_touching_the_group(answers: tuple[str, list[dict[str, Any]]]) -> None:
    url, heard = answers
    CLOSE["handler"](request("Delete", url), None)
    assert heard[0]["Status"] == "SUCCESS"


def test_a_failure_is_told_to_cloudformation(
    answers: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
    url, heard = answers
    CLOSE["handler"](request("Create", url), None)
    assert heard[0]["Status"] == "FAILED"
    assert "Group" in heard[0]["Reason"]
