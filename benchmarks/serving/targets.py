"""What the issue wants reached, as ratios within a round; each says what was measured and whether it was reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.serving.contenders import FLOOR, MLFLOW, OURS
from benchmarks.serving.rounds import IN_PROCESS, Cell, Round, medians, ratio

PEERS = (MLFLOW, "mlserver", "bentoml", "fastapi")
RATE, P50, P99 = "rows_per_second", "p50_ms", "p99_ms"


@dataclass(frozen=True)
class Footprint:
    """What a server takes: seconds to its first /ping (median of its starts), MB of its worker, MB of packages."""

    start_seconds: float
    worker_mb: float
    site_packages_mb: float


@dataclass(frozen=True)
class Target:
    """A number to reach: at least (or, with `at_most`, at most) `limit`."""

    name: str
    limit: float
    measured: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def targets(rounds: Sequence[Round], footprints: Mapping[str, Footprint]) -> list[Target]:
    """Return every target of the issue with what these rounds say of it."""
    return [*_speed(rounds), *_batches(rounds), *_footprint(footprints)]


def _speed(rounds: Sequence[Round]) -> list[Target]:
    wanted = {MLFLOW: 25, "mlserver": 18, "bentoml": 35, "fastapi": 12}
    rates = [
        Target(
            f"requests/s at c=8, JSON: times {peer}", limit, ratio(rounds, RATE, ("c8 json", OURS), ("c8 json", peer))
        )
        for peer, limit in wanted.items()
    ]
    typical = medians(rounds)
    best = min(PEERS, key=lambda peer: typical[f"c8 json/{peer}"][P99])
    tail = ratio(rounds, P99, ("c8 json", OURS), ("c8 json", best))
    single = ratio(rounds, P50, ("c1 json", OURS), ("c1 json", FLOOR))
    return [
        *rates,
        Target(f"p99 at c=8: of the best peer's ({best})", 0.1, tail, at_most=True),
        Target("p50 at c=1: times the constant predictor's", 1.8, single, at_most=True),
    ]


def _batches(rounds: Sequence[Round]) -> list[Target]:
    def times(work: str, peer: str) -> float:
        return ratio(rounds, RATE, (work, OURS), (work, peer))

    return [
        Target("10k rows of CSV: times mlflow", 2.7, times("10k csv", MLFLOW)),
        Target("10k rows of CSV: times fastapi", 2, times("10k csv", "fastapi")),
        Target("10k rows of JSON: times mlserver", 1.4, times("10k json", "mlserver")),
        Target("10k rows of npy: of the in-process limit", 0.75, times("10k npy", IN_PROCESS)),
    ]


def _footprint(footprints: Mapping[str, Footprint]) -> list[Target]:
    ours, theirs = footprints[OURS], footprints[MLFLOW]
    return [
        Target("start to /ping: of mlflow's", 0.2, ours.start_seconds / theirs.start_seconds, at_most=True),
        Target("memory of a worker: of mlflow's", 0.2, ours.worker_mb / theirs.worker_mb, at_most=True),
        Target("serving image's site-packages, MB", 210, ours.site_packages_mb, at_most=True),
    ]


def table(typical: Mapping[str, Cell], footprints: Mapping[str, Footprint], found: Sequence[Target]) -> str:
    """Return two Markdown tables: the servers, and the targets."""
    columns: dict[str, Callable[[str], str]] = {
        "c=1 p50, ms": lambda name: _cell(typical, f"c1 json/{name}", P50, "{:.2f}"),
        "c=8 JSON, requests/s": lambda name: _cell(typical, f"c8 json/{name}", RATE, "{:,.0f}"),
        "c=8 JSON p99, ms": lambda name: _cell(typical, f"c8 json/{name}", P99, "{:.1f}"),
        "c=8 JSON, ms of CPU a request": lambda name: _cpu_ms(typical, f"c8 json/{name}"),
        "c=8 CSV, requests/s": lambda name: _cell(typical, f"c8 csv/{name}", RATE, "{:,.0f}"),
        "10k JSON, rows/s": lambda name: _cell(typical, f"10k json/{name}", RATE, "{:,.0f}"),
        "10k CSV, rows/s": lambda name: _cell(typical, f"10k csv/{name}", RATE, "{:,.0f}"),
        "10k npy, rows/s": lambda name: _cell(typical, f"10k npy/{name}", RATE, "{:,.0f}"),
        "start, s": lambda name: f"{footprints[name].start_seconds:.2f}" if name in footprints else "",
        "worker, MB": lambda name: f"{footprints[name].worker_mb:.0f}" if name in footprints else "",
        "packages, MB": lambda name: f"{footprints[name].site_packages_mb:.0f}" if name in footprints else "",
    }
    names = sorted({name.partition("/")[2] for name in typical}, key=[OURS, FLOOR, *PEERS, IN_PROCESS].index)
    head = ["server", *columns]
    rows = [[name, *(show(name) for show in columns.values())] for name in names]
    aims = [
        [each.name, f"{'at most' if each.at_most else 'at least'} {each.limit:g}", f"{each.measured:.2f}", _word(each)]
        for each in found
    ]
    return f"{_markdown(head, rows)}\n{_markdown(['target', 'wanted', 'measured', 'reached'], aims)}"


def _cpu_ms(typical: Mapping[str, Cell], name: str) -> str:
    if name not in typical:
        return ""
    return f"{typical[name]['cpu_seconds'] / typical[name]['requests'] * 1e3:.2f}"


def _word(target: Target) -> str:
    return "yes" if target.reached else "**no**"


def _cell(typical: Mapping[str, Cell], name: str, value: str, form: str) -> str:
    return form.format(typical[name][value]) if name in typical and value in typical[name] else ""


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
