"""Messages to people over SNS."""

from typing import Any

MAXIMUM_SUBJECT = 100


class SnsNotifier:
    """`ports.Notifier` over a boto3 `sns` client."""

    def __init__(self, sns: Any, *, topic_arn: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._sns = sns
        self._topic = topic_arn

    def tell(self, subject: str, text: str) -> None:
        """Send a message; SNS takes subjects of one ASCII line, at most 100 characters."""
        line = "".join(c if " " <= c <= "~" else "?" for c in subject)
        self._sns.publish(TopicArn=self._topic, Subject=line[:MAXIMUM_SUBJECT], Message=text)
