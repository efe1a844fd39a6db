"""The functions of the release path, invoked as EventBridge does."""

import json
from collections.abc import Mapping
from typing import Any


class LambdaFunctions:
    """`ports.Functions` over a boto3 `lambda` client; `names` gives what each function is called."""

    def __init__(self, client: Any, *, names: Mapping[str, str]) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._client = client
        self._names = names

    def deliver(self, function: str, event: Mapping[str, Any]) -> None:
        """Have a function take an event, asynchronously: Lambda tries it again and keeps it in the dead letters."""
        body = json.dumps(event).encode()
        self._client.invoke(FunctionName=self._names[function], InvocationType="Event", Payload=body)
