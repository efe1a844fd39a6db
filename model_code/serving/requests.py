"""One request: its media types, what it asks for besides scores, and who asks."""

import functools
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from model_code.errors import InputError

CSV, JSON, JSON_LINES, NPY = "text/csv", "application/json", "application/jsonlines", "application/x-npy"
READ, WRITTEN = (CSV, JSON, JSON_LINES, NPY), (CSV, JSON, JSON_LINES)
OPTION = re.compile(r"(?:^|[\s;,&])(reasons|version|out_of_distribution)=([^\s;,&]*)")
MOST_REASONS = 999


class RequestError(InputError):
    """A request that is refused with another status than 400."""

    def __init__(self, status: HTTPStatus, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Options(NamedTuple):
    """What a request asks for besides scores: so many reasons a row, the model's version, what is unusual."""

    reasons: int = 0
    version: bool = False
    out_of_distribution: bool = False


class Request(NamedTuple):
    """What an invocation asks for; its body comes apart."""

    media_type: str
    accept: str
    options: Options
    caller: bytes

    @classmethod
    def of(cls, headers: Mapping[bytes, bytes], query: bytes, caller_header: bytes) -> "Request":
        """Return the request of these headers (names in lower case) and this query.

        Options stand in the header X-Amzn-SageMaker-Custom-Attributes or in the query: `reasons=3;version=1`.

        Raises:
            RequestError: a media type or an encoding that isn't known.
            InputError: options that can't be met.
        """
        given = headers.get(b"x-amzn-sagemaker-custom-attributes", b"") + b"&" + query
        head = headers.get(b"content-type", b""), headers.get(b"accept", b""), headers.get(b"content-encoding", b"")
        return cls(*_wanted(*head, given), headers.get(caller_header, b"")[:200])


@functools.lru_cache(maxsize=16)  # a client asks alike again and again
def _wanted(content_type: bytes, accept: bytes, encoding: bytes, given: bytes) -> tuple[str, str, Options]:
    if encoding.strip().lower() not in {b"", b"identity"}:
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body's Content-Encoding is {encoding[:40].decode('latin-1')!r}; send it as it is.",
        )
    media_type = _first_part(content_type.decode("latin-1"))
    if media_type not in READ:
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body's Content-Type is {media_type[:80]!r}; expected {CSV} (without a header), {JSON}, "
            f"{JSON_LINES} or {NPY}.",
        )
    written = _accept(accept.decode("latin-1"), default=CSV if media_type == NPY else media_type)
    options = _options(given.decode("latin-1"))
    if written == CSV and (options.reasons or options.out_of_distribution):
        raise InputError(f"Reasons and out_of_distribution come as JSON; send Accept: {JSON} with them.")
    return media_type, written, options


def _first_part(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _accept(header: str, *, default: str) -> str:
    """Return the first media type of the Accept header that we write."""
    for part in header.split(","):
        media_type = _first_part(part)
        if media_type in WRITTEN:
            return media_type
        if media_type in {"", "*/*"}:
            return default
    raise RequestError(HTTPStatus.NOT_ACCEPTABLE, f"Accept is {header[:80]!r}; expected {CSV}, {JSON} or {JSON_LINES}.")


def _options(text: str) -> Options:
    found = dict(OPTION.findall(text))
    reasons = found.get("reasons")
    if reasons is not None and not re.fullmatch("[1-9][0-9]{0,2}", reasons, re.ASCII):
        raise InputError(f"reasons={reasons[:40]} can't be given; expected a whole number from 1 to {MOST_REASONS}.")
    return Options(int(reasons or 0), _is_on(found, "version"), _is_on(found, "out_of_distribution"))


def _is_on(found: Mapping[str, str], name: str) -> bool:
    if found.get(name, "0") not in {"0", "1"}:
        raise InputError(f"{name}={found[name][:40]} says nothing; expected {name}=1, or nothing about it.")
    return found.get(name) == "1"
