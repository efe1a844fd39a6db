"""Calls of CloudFormation and SageMaker, looked up in CloudTrail."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


class CloudTrailTrail:
    """`ports.Trail` over a boto3 `cloudtrail` client. LookupEvents shows an event within about 15 minutes."""

    def __init__(self, cloudtrail: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._cloudtrail = cloudtrail

    def calls(self, name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        """Return CloudTrail's records of the calls of an operation that succeeded, the oldest first."""
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        times = {"StartTime": since} | ({"EndTime": until} if until else {})
        pages = self._cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=wanted, **times)
        found = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
        succeeded = (call for call in found if "errorCode" not in call and call.get("requestParameters"))
        oldest_first = list(succeeded)[::-1]  # LookupEvents has the newest first, and its times end at seconds
        return sorted(oldest_first, key=lambda call: call["eventTime"])
