"""`python -m tests.malformed.client <port> <seed> <first> <count>` sends a share and prints what came back as JSON.

A process of its own, so that what it holds is none of the server's.
"""

import asyncio
import collections
import contextlib
import json
import os
import re
import sys

from tests.malformed.kinds import Malformed, malformed

CONNECTIONS = 12
ANSWER_SECONDS = 20.0
PAUSE_SECONDS = 0.002
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
Outcomes = collections.defaultdict[str, collections.Counter[str]]


async def send(port: int, request: Malformed) -> list[str]:
    """Send one, and return the statuses of the answers, or `closed` or `silent` where there was none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in request.pieces:
            writer.write(piece)
            await writer.drain()
            if len(request.pieces) > 1:
                await asyncio.sleep(PAUSE_SECONDS)
        return await answers(reader, ANSWER_SECONDS if request.finished else 0.01)
    except ConnectionError:
        return ["closed"]
    finally:
        writer.transport.abort()


async def answers(reader: asyncio.StreamReader, seconds: float) -> list[str]:
    """Return the statuses that come; the first within so many seconds, more of them at once."""
    received, heard = b"", False
    with contextlib.suppress(TimeoutError):
        while part := await asyncio.wait_for(reader.read(65536), 0.005 if received else seconds):
            received += part
        heard = True  # the connection's end
    return [status.decode() for status in STATUS.findall(received)] or ["closed" if heard else "silent"]


async def campaign(port: int, seed: int, numbers: range) -> Outcomes:
    """Send these requests over so many connections at once, and count the outcomes of each kind."""
    outcomes: Outcomes = collections.defaultdict(collections.Counter)
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            request = malformed(seed, number)
            found = await send(port, request)
            if request.finished and found == ["silent"]:
                found = ["no answer"]
            outcomes[request.kind].update(["requests", *found])

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return outcomes


if __name__ == "__main__":
    os.nice(10)  # what is measured is the server, not how this process crowds it out
    to, with_seed, first, count = map(int, sys.argv[1:])
    json.dump(asyncio.run(campaign(to, with_seed, range(first, first + count))), sys.stdout)
