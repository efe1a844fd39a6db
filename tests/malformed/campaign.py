"""The campaign: warm the server up, send the requests, look at it all the time, and judge."""

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.malformed.kinds import CANARY, CSV, JSON, LARGE
from tests.malformed.server import PROJECT, Pinger, Server, serving
from tests.patience import PATIENCE

WARM_UP = 1_000
MOST_GROWTH = 1.1
"""Of the server's memory, from the end of the warm-up to the end."""
SLOWEST_PING = 0.1


def run(count: int, seed: int, folder: Path) -> dict[str, Any]:
    """Send `count` malformed requests and return the report; `passed` says whether the server bore them."""
    with serving(folder) as server:
        first = first_reasons(server)
        send(server, seed, -WARM_UP, WARM_UP)
        for media_type, body in LARGE:
            invoke(server, {}, media_type, body())
        before, began = server.rss(), time.monotonic()
        pinger = Pinger(server)
        pinger.start()
        outcomes = send(server, seed, 0, count)
        pinger.end()
        seconds, after, alive = time.monotonic() - began, server.rss(), server.alive
        still = invoke(server, {})
        log = server.log.read_bytes()
    answered = [status for kind in outcomes.values() for status in kind if status.isdigit()]
    report = {
        "seed": seed,
        "requests": sum(kind["requests"] for kind in outcomes.values()),
        "seconds": round(seconds, 1),
        "kinds": {kind: dict(sorted(found.items())) for kind, found in sorted(outcomes.items())},
        "server_errors": sum(found[status] for found in outcomes.values() for status in found if status[0] == "5"),
        "no_answer": sum(found.get("no answer", 0) for found in outcomes.values()),
        "statuses": sorted(set(answered)),
        "alive": alive and still == http.HTTPStatus.OK,
        "rss_bytes": {"before": before, "after": after, "most_by_tenth": tenths(pinger.rss)},
        "ping_seconds": percentiles(pinger.seconds) | {"count": len(pinger.seconds)},
        "machine_late_seconds": percentiles(pinger.late),
        "first_reasons_seconds": round(first, 3),
        "log": {"tracebacks": log.lower().count(b"traceback"), "payloads": log.count(CANARY), "bytes": len(log)},
    }
    return report | {"passed": not problems(report)}


def problems(report: dict[str, Any], slowest_ping: float = SLOWEST_PING) -> list[str]:
    """Return what the server didn't bear."""
    memory, log = report["rss_bytes"], report["log"]
    found = {
        f"{report['server_errors']} answers of 5xx": report["server_errors"],
        f"{report['no_answer']} requests without an answer": report["no_answer"],
        "the server ended, or scores no more": not report["alive"],
        f"memory grew from {memory['before']:,} to {memory['after']:,} bytes": memory["after"]
        > memory["before"] * MOST_GROWTH,
        f"/ping took up to {report['ping_seconds']['p100']} s": report["ping_seconds"]["p100"] > slowest_ping,
        f"the log has {log['tracebacks']} tracebacks and {log['payloads']} payloads": log["tracebacks"]
        or log["payloads"],
    }
    return [problem for problem, holds in found.items() if holds]


def tenths(values: list[int]) -> list[int]:
    """Return the largest value of each tenth of the time: what leaks goes up to the end."""
    step = max(1, len(values) // 10)
    return [max(values[start : start + step]) for start in range(0, len(values), step)]


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the median, the 99th and the 100th percentile."""
    ordered = sorted(seconds)
    return {f"p{share}": round(ordered[(len(ordered) - 1) * share // 100], 4) for share in (50, 99, 100)}


def first_reasons(server: Server) -> float:
    """Ask for reasons, which brings XGBoost into memory; return the slowest /ping meanwhile."""
    pinger = Pinger(server)
    pinger.start()
    wanted = {"Accept": JSON, "X-Amzn-SageMaker-Custom-Attributes": "reasons=2"}
    if invoke(server, wanted) != http.HTTPStatus.OK:
        sys.exit("The server gives no reasons.")
    time.sleep(0.1)
    pinger.end()
    return max(pinger.seconds)


def invoke(server: Server, headers: dict[str, str], media_type: str = CSV, body: bytes = b"1,2,3,4") -> int:
    """Send one body, by default a good row, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("POST", "/invocations", body, headers | {"Content-Type": media_type})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def send(server: Server, seed: int, first: int, count: int) -> dict[str, dict[str, int]]:
    """Let the client send so many requests from number `first` on."""
    command = [sys.executable, "-m", "tests.malformed.client", str(server.port), str(seed), str(first), str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=PROJECT)
    return json.loads(done.stdout)
