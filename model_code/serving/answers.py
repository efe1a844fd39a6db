"""One request to one answer: rows read, guarded, scored, and told in the right form."""

import dataclasses
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import numpy as np
import orjson

from model_code.errors import InputError
from model_code.serving.budget import Budget
from model_code.serving.metrics import Metrics
from model_code.serving.model import Scores, ServedModel
from model_code.serving.parsing import parse_csv, parse_json, parse_json_lines, parse_npy
from model_code.serving.policy import CLASSES, Policy
from model_code.serving.requests import CSV, JSON, JSON_LINES, NPY, Request, RequestError

OK = HTTPStatus.OK.value
PARSERS = {CSV: parse_csv, JSON: parse_json, JSON_LINES: parse_json_lines, NPY: parse_npy}

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def error(cls, status: HTTPStatus, sentence: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> "Answer":
        """Return `{"error": sentence}`."""
        return cls(status.value, JSON, orjson.dumps({"error": sentence}), headers)


@dataclasses.dataclass(frozen=True)
class Service:
    """A model with what may be told of it, and what was."""

    model: ServedModel
    policy: Policy = dataclasses.field(default_factory=Policy)
    metrics: Metrics = dataclasses.field(default_factory=Metrics)
    budget: Budget | None = None


def answer(service: Service, request: Request, body: bytes, is_wanted: Callable[[], bool] = lambda: True) -> Answer:
    """Return the scores of the request's rows, as many as rows were sent and in their order.

    A row's answer is `{"score"}` (a probability, a value, a rank), `{"scores", "label"}` (one probability a class) or
    `{"label"}`, with `"reasons"` and `"out_of_distribution"` (columns) on request. JSON: `{"predictions": [...],
    "model_version"}`. JSON Lines: a row a line. CSV: a line of the numbers alone; no newline at the end, so that who
    sends many requests joins by line. Reasons end when `is_wanted` says that nobody waits for them.

    Raises:
        InputError: the body can't be used; the sentence names row and column.
    """
    model, options = service.model, request.options
    if options.reasons and service.policy.label_only:
        raise InputError("This endpoint answers labels only; ask without reasons.")
    rows = PARSERS[request.media_type](body, model.columns)
    _check_amount(service, request, len(rows))
    unusual = model.guard.unusual_rows(rows)
    if unusual and service.policy.refuse_unusual:
        model.guard.refuse(rows)
    if unusual:
        logger.info("out of distribution", extra={"facts": {"rows": len(rows), "unusual": unusual}})
    scores = model.scores(rows)
    service.metrics.scored(len(rows), unusual)
    headers = _headers(model, version=options.version, unusual=unusual) if options.version or unusual else ()
    fields = _fields(service, scores)
    if request.accept == CSV:
        return Answer(OK, CSV, _csv(fields), headers)
    if options.reasons:
        found = model.reasons(rows, scores, options.reasons, is_wanted)
        fields["reasons"] = [orjson.dumps(why) for why in found]
    if options.out_of_distribution:
        fields["out_of_distribution"] = _names(model.columns, model.guard.unusual(rows))
    if request.accept == JSON_LINES:
        return Answer(OK, JSON_LINES, _objects(fields, b"\n"), headers)
    predictions = b'{"predictions":[%b],"model_version":%b}' % (_objects(fields, b","), orjson.dumps(model.version))
    return Answer(OK, JSON, predictions, headers)


def _check_amount(service: Service, request: Request, rows: int) -> None:
    most = service.model.guard.maximum_rows
    if rows > most:
        raise RequestError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has {rows:,} rows; expected at most {most:,}."
        )
    wait = service.budget.spend(request.caller, rows) if service.budget else 0
    if wait:
        seconds = f"{int(wait) + 1}"
        raise RequestError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"The caller's budget is spent; expected no more than {service.policy.rows_per_minute:,} rows a minute: "
            f"come back in {seconds} seconds.",
            **{"retry-after": seconds},
        )


def _headers(model: ServedModel, *, version: bool, unusual: int) -> tuple[tuple[bytes, bytes], ...]:
    told = [b"model_version=" + model.version.encode()] if version else []
    told += [b"out_of_distribution_rows=%d" % unusual] if unusual else []
    # SageMaker hands this header on to the caller, and no other of ours.
    return ((b"x-amzn-sagemaker-custom-attributes", b";".join(told)),)


Field = bytes | list[bytes]
"""A field's JSON for every row: numbers as one text with commas between them, anything else a text a row."""


def _fields(service: Service, scores: Scores) -> dict[str, Field]:
    """Return each field of the rows' answers."""
    policy = service.policy
    if scores.ndim > 1:
        labels = {"label": _numbers(scores.argmax(axis=1))}
        return labels if policy.label_only else {"scores": _arrays(policy.rounded(scores))} | labels
    if service.model.objective in CLASSES:
        return {"label": _numbers(scores.astype(np.intp))}
    if policy.label_only:
        return {"label": _numbers((scores >= policy.threshold).astype(np.intp))}
    return {"score": _numbers(policy.rounded(scores))}


def _numbers(values: np.ndarray) -> bytes:
    """Return each number in its shortest form that reads as itself."""
    return orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]


def _arrays(values: np.ndarray) -> list[bytes]:
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return [b"[%b]" % row for row in text[2:-2].split(b"],[")]


def _csv(fields: dict[str, Field]) -> bytes:
    """Return a line of numbers a row; of classes their probabilities, whose largest is the label."""
    [field, *_] = fields.values()
    return field.replace(b",", b"\n") if isinstance(field, bytes) else b"\n".join(row[1:-1] for row in field)


def _objects(fields: dict[str, Field], separator: bytes) -> bytes:
    """Return an object a row; each of the fields has a value for every row."""
    [(name, field), *more] = fields.items()
    if isinstance(field, bytes) and not more:
        begin = b'{"%b":' % name.encode()
        return begin + field.replace(b",", b"}" + separator + begin) + b"}"
    template = b"{" + b",".join(b'"%b":%%b' % name.encode() for name in fields) + b"}"
    columns = (each.split(b",") if isinstance(each, bytes) else each for each in fields.values())
    return separator.join(template % row for row in zip(*columns, strict=True))


def _names(columns: list[str], unusual: np.ndarray) -> list[bytes]:
    names = np.array(columns)
    return [orjson.dumps(names[row].tolist()) for row in unusual]
