"""What can go wrong: `ServiceError` answers a caller, `JobFailedError` ends a job, `JobStoppedError` ends it early."""


class ServiceError(Exception):
    """A refusal that the caller gets as an AWS error: its code, a sentence, the HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class InvalidRequestError(ServiceError):
    """The request can't be served as it stands (`ValidationException` on AWS)."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class JobFailedError(Exception):
    """A job or a model server failed; the text becomes its `FailureReason`."""


class JobStoppedError(Exception):
    """A job was stopped before its end; the text becomes its `SecondaryStatus`, where it has one."""
