"""Every way to say one thing twice: requests in which a user's own ids and a victim's stand side by side.

MLflow checks rights on one reading of a request and acts on another. So each writing route is asked with the own id
where rights may be looked up and the victim's where the deed may be looked up, in every place and spelling.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

RUNS = ("run_id", "run_uuid")
PAIRS = (("run_uuid", "runId"), ("run_uuid", "run_id"), ("run_id", "run_uuid"), ("run_id", "runUuid"))
TYPES = ("application/json", "text/plain", "")
_PARAMETER = re.compile(r"<(?:path:)?([a-z_]+)>|\{([a-z_]+)\}")
PATH = {"path": "planted"}
Ids = Mapping[str, str]
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Split:
    """One request: how it is told apart from others, and what is sent."""

    told: str
    path: str
    content_type: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Its content type, if it has one."""
        return {"Content-Type": self.content_type} if self.content_type else {}


def splits(path: str, fields: Fields, own: Ids, victim: Ids) -> Iterator[Split]:
    """Return the requests of one route; `fields` are those that it takes, with plausible values."""
    payload = {name: value for name, value in fields.items() if name not in victim}
    named = [name for name in victim if name in fields]
    ours, theirs = ({name: ids[name] for name in named} for ids in (own, victim))
    addresses = {filled(path, own): "own path", filled(path, victim): "victim's path"}
    for address, where in addresses.items():
        for content_type in TYPES:
            for first, second, told in ((ours, theirs, "own/victim"), (theirs, ours, "victim/own")):
                asked = f"{address}?{urlencode(first)}"
                yield Split(f"{where}, query/body {told}, {content_type}", asked, content_type, dumps(payload, second))
        if not named:
            continue
        for told, both in spellings(ours, theirs).items():
            yield Split(f"{where}, body {told}", address, TYPES[0], dumps(payload, both))
            if "amel" not in told:
                yield Split(f"{where}, query {told}", f"{address}?{urlencode(both | PATH)}", "", b"planted")
        yield Split(f"{where}, twice encoded", address, TYPES[0], json.dumps(dumps(payload, theirs).decode()).encode())


def spellings(ours: Ids, theirs: Ids) -> dict[str, dict[str, str]]:
    """Return the ways in which one object may name both."""
    found = {
        "own/victimCamel": {**ours, **{camel(n): v for n, v in theirs.items()}},
        "ownCamel/victim": {**theirs, **{camel(n): v for n, v in ours.items()}},
    }
    if set(RUNS) & set(ours):
        mine, other = (next(ids[n] for n in RUNS if n in ids) for ids in (ours, theirs))
        rest = {name: value for name, value in ours.items() if name not in RUNS}
        for checked, done in PAIRS:
            found[f"{checked} own, {done} victim"] = {**rest, checked: mine, done: other}
    return found


def filled(path: str, ids: Ids) -> str:
    """Return a rule's path with its parameters."""
    return _PARAMETER.sub(lambda found: ids.get(found[1] or found[2], "planted"), path)


def camel(name: str) -> str:
    """Return a field's name as protobuf's JSON has it besides."""
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def dumps(payload: Fields, ids: Mapping[str, str]) -> bytes:
    """Return a body."""
    return json.dumps({**payload, **ids}).encode()
