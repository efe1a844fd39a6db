"""The approver's mailbox: a queue subscribed to the platform's notifications."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.story.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3


@dataclass
class Mailbox:
    """Messages of an SNS topic, kept in the order in which they were read."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def open(self, session: boto3.Session, topic_arn: str) -> None:
        """Subscribe; messages published before are not seen."""
        self._sqs = sqs = session.client("sqs")
        self._queue = sqs.create_queue(QueueName="story-mailbox")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        session.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def read(self) -> None:
        """Take what has come into `messages`."""
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                envelope = json.loads(message["Body"])
                self.messages.append({"subject": envelope.get("Subject") or "", "text": envelope["Message"]})
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def wait_for(self, fits: Callable[[dict[str, str]], bool], what: str) -> dict[str, str]:
        """The first message that fits.

        Raises:
            StoryError: none came in time.
        """

        def look() -> dict[str, str] | None:
            self.read()
            return next((message for message in self.messages if fits(message)), None)

        return wait_for(look, what, hint=lambda: f"Messages so far: {[m['subject'] for m in self.messages]}")
