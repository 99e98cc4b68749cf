"""Figures of the notebooks: titled, with units and source, in colours that colour-blind readers can tell apart."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, made to be told apart with any kind of colour vision.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"]


def plot_bars(wide: pd.DataFrame, title: str, unit: str, caption: str, stacked: bool = True) -> Figure:
    """Return bars: one per index entry, one colour per column.

    Units: `unit` names them on the axis; numbers are not changed.
    """
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    if wide.empty:
        axes.text(0.5, 0.5, "nothing to show", ha="center", transform=axes.transAxes)
    else:
        wide.astype(float).plot.bar(ax=axes, stacked=stacked, color=[*PALETTE[: len(wide.columns)]], width=0.8)
        axes.legend(title=None, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _dress(axes, title, unit)
    return _finish(figure, caption)


def plot_flow(counts: dict[str, int], title: str, caption: str) -> Figure:
    """Return the way of the records as horizontal bars: what arrived, and where it went.

    Units: records.
    """
    figure, axes = plt.subplots(figsize=(9, 0.5 * len(counts) + 1.4), layout="constrained")
    names = list(counts)[::-1]
    values = [counts[name] for name in names]
    bars = axes.barh(names, values, color=[PALETTE[(len(names) - 1 - i) % len(PALETTE)] for i in range(len(names))])
    axes.bar_label(bars, labels=[f"{value:,}" for value in values], padding=4)
    axes.margins(x=0.12)
    _dress(axes, title, "")
    axes.set_xlabel("records")
    return _finish(figure, caption)


def _dress(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, loc="left")
    axes.set_xlabel("")
    axes.set_ylabel(unit)
    axes.spines[["top", "right"]].set_visible(False)


def _finish(figure: Figure, caption: str) -> Figure:
    figure.supxlabel(caption, fontsize=8, x=0.01, ha="left")
    plt.close(figure)
    return figure
