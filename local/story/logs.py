"""Keeps what functions and jobs logged, so that there is something to read when the local AWS has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import boto3


def save_logs(session: boto3.Session, folder: Path) -> None:
    """Write each CloudWatch log group of the account to a file of its own below `folder`."""
    logs = session.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            save_group(logs, group["logGroupName"], folder)


def save_group(logs: Any, name: str, folder: Path) -> None:  # noqa: ANN401 - boto3 clients have no static type
    """Write the events of one log group, by stream and time; a group without events leaves no file."""
    lines = []
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=name):
        for stream in page["logStreams"]:
            events = logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"], startFromHead=True)
            lines += [f"{stream['logStreamName']}  {event['message'].rstrip()}" for event in events["events"]]
    if lines:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (name.strip("/").replace("/", "-") + ".log")).write_text("\n".join(lines) + "\n", encoding="utf-8")
