"""Measuring in turns: what disturbs one contender disturbs the others of its round."""

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 11


def in_turns(contenders: Mapping[str, Callable[[], object]], *, calls: int) -> dict[str, list[float]]:
    """Return the seconds a call took each contender in each round. Every second round runs backwards."""
    for contender in contenders.values():
        contender()  # warm
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(ROUNDS):
        for name in list(contenders)[:: -1 if turn % 2 else 1]:
            begin = time.perf_counter()
            for _ in range(calls):
                contenders[name]()
            seconds[name].append((time.perf_counter() - begin) / calls)
    return seconds


def summary(seconds: Mapping[str, list[float]], ours: str) -> dict[str, dict[str, float]]:
    """Return of each contender the median microseconds and the median of the rounds' ratios to `ours`."""
    return {
        name: {
            "median_us": round(statistics.median(rounds) * 1e6, 1),
            "times_ours": round(statistics.median(a / b for a, b in zip(rounds, seconds[ours], strict=True)), 2),
        }
        for name, rounds in seconds.items()
    }
