"""The plot: each server's requests a second and rows a second."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

from benchmarks.serving.rounds import Cell

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

PANELS = {"c8 json": "one row a request, 8 connections: requests/s", "10k csv": "10,000 rows of CSV: rows/s"}


def draw(typical: Mapping[str, Cell], file: Path) -> None:
    """Write the plot as PNG."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(11, 3.2), layout="constrained")
    for axis, (work, title) in zip(axes, PANELS.items(), strict=True):
        rates = {name.partition("/")[2]: cell for name, cell in typical.items() if name.startswith(f"{work}/")}
        ordered = sorted(rates, key=lambda name: rates[name]["rows_per_second"])
        values = [rates[name]["rows_per_second"] for name in ordered]
        colours = ["#1b6ca8" if name == "atoll" else "#b0b7bf" for name in ordered]
        bars = axis.barh(ordered, values, color=colours)
        axis.bar_label(bars, [f"{value:,.0f}" for value in values], padding=3)
        axis.set(title=title, xlim=(0, max(values) * 1.2))
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=120)
    plt.close(figure)
