"""One request to one answer: which media types, which reasons, and the body in the right form."""

import dataclasses
import re
from collections.abc import Iterable
from http import HTTPStatus

import numpy as np
import orjson

from model_code.arrays import Matrix
from model_code.errors import InputError
from model_code.serving.model import ServedModel
from model_code.serving.parsing import parse_csv, parse_json

CSV = "text/csv"
JSON = "application/json"
PARSERS = {CSV: parse_csv, JSON: parse_json}
MAX_ROWS = 100_000
REASONS = re.compile(r"(?:^|[\s;,])reasons=([^\s;,]*)")


class RequestError(InputError):
    """A request that is refused with another status than 400."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclasses.dataclass(frozen=True)
class Request:
    """What an invocation asks for."""

    media_type: str
    accept: str
    reasons: int
    body: bytes

    @classmethod
    def of(cls, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> "Request":
        """Return the request of these headers (names in lower case).

        Raises:
            RequestError: a media type that isn't known.
            InputError: reasons that can't be given.
        """
        given = {name: value.decode("latin-1") for name, value in headers}
        media_type = given.get(b"content-type", "").split(";")[0].strip().lower()
        if media_type not in PARSERS:
            raise RequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"The body's Content-Type is {media_type!r}; expected {CSV} (without a header) or {JSON}.",
            )
        accept = _accept(given.get(b"accept", ""), default=media_type)
        reasons = _reasons(given.get(b"x-amzn-sagemaker-custom-attributes", ""))
        if reasons and accept != JSON:
            raise InputError(f"Reasons come as JSON; send Accept: {JSON} with reasons={reasons}.")
        return cls(media_type, accept, reasons, body)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    media_type: str
    body: bytes

    @classmethod
    def error(cls, status: HTTPStatus, sentence: str) -> "Answer":
        """Return `{"error": sentence}`."""
        return cls(status, JSON, orjson.dumps({"error": sentence}))


def answer(model: ServedModel, request: Request) -> Answer:
    """Return the scores of the request's rows, as many as rows were sent and in their order.

    CSV: a score a line, without a newline at the end (batch transform joins by line). JSON:
    `{"predictions": [{"score", "reasons"?}], "model_version"}`.

    Raises:
        InputError: the body can't be used; the sentence names row and column.
    """
    rows = PARSERS[request.media_type](request.body, model.columns)
    if len(rows) > MAX_ROWS:
        raise RequestError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has {len(rows):,} rows; expected at most {MAX_ROWS:,}."
        )
    if request.accept == CSV:
        return Answer(HTTPStatus.OK, CSV, "\n".join(model.scores(rows).astype(np.str_)).encode())
    predictions = _predictions(model, rows, request.reasons)
    return Answer(HTTPStatus.OK, JSON, orjson.dumps({"predictions": predictions, "model_version": model.version}))


def _predictions(model: ServedModel, rows: Matrix, reasons: int) -> list[dict[str, object]]:
    scores = model.scores(rows).tolist()
    if not reasons:
        return [{"score": score} for score in scores]
    explained = zip(scores, model.reasons(rows, reasons), strict=True)
    return [{"score": score, "reasons": why} for score, why in explained]


def _accept(header: str, *, default: str) -> str:
    """Return the first media type of the Accept header that we write."""
    wanted = [part.split(";")[0].strip().lower() for part in header.split(",")]
    for media_type in wanted:
        if media_type in PARSERS:
            return media_type
        if media_type in {"", "*/*"}:
            return default
    raise RequestError(HTTPStatus.NOT_ACCEPTABLE, f"Accept is {header!r}; expected {CSV} or {JSON}.")


def _reasons(attributes: str) -> int:
    found = REASONS.search(attributes)
    if not found:
        return 0
    if not re.fullmatch("[1-9][0-9]{0,2}", found[1], re.ASCII):
        raise InputError(f"reasons={found[1]} can't be given; expected a whole number from 1 to 999.")
    return int(found[1])
