# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of what was decided; needs matplotlib (python3-matplotlib), which nothing else
here does. import balloon.plot"""
from dataclasses import dataclass, field
from typing import Any, Dict, List

from ._errors import UNKNOWN
from .rows import Rows
from .structs import GuestReport

MIB = 1 << 20
COLUMNS = ("actual_bytes", "target_bytes", "entitlement_bytes", "active_bytes")


@dataclass
class Line:
    """One guest over time, in MiB; what is not known is left out of the picture."""
    seconds: List[float] = field(default_factory=list)
    mib: Dict[str, List[float]] = field(default_factory=lambda: {name: [] for name in COLUMNS})


class Timeline:
    """Collects reports: add() after each beat."""

    def __init__(self) -> None:
        self.lines: Dict[str, Line] = {}

    def add(self, now_ns: int, guests: Rows[GuestReport]) -> None:
        columns = {name: guests.column(name) for name in COLUMNS}
        for place, guest in enumerate(guests.names):
            line = self.lines.setdefault(guest, Line())
            line.seconds.append(now_ns / 1e9)
            for name, column in columns.items():
                known = column[place] != UNKNOWN
                line.mib[name].append(column[place] / MIB if known else float("nan"))

    def save(self, path: str) -> None:
        """A panel for each guest: what it has, was told, is entitled to and uses."""
        figure, panels = canvas(len(self.lines))
        for panel, (guest, line) in zip(panels, self.lines.items()):
            panel.fill_between(line.seconds, line.mib["active_bytes"], alpha=0.3, label="active")
            for name, style in (("actual_bytes", "-"), ("target_bytes", "--"),
                                ("entitlement_bytes", ":")):
                panel.plot(line.seconds, line.mib[name], style, label=name[:-len("_bytes")])
            panel.set_title(guest, loc="left")
            panel.set_ylabel("MiB")
            panel.set_ylim(bottom=0)
        panels[-1].set_xlabel("seconds")
        panels[0].legend(loc="upper right")
        figure.savefig(path)


def entitlements(guests: Rows[GuestReport], path: str) -> None:
    """A bar for each guest: what it is entitled to, between what it is promised at least
    and may have at most, and what it uses of it."""
    figure, (panel,) = canvas(1)
    names = guests.names
    granted, active, least, most = (
        [value / MIB for value in guests.column(name)]
        for name in ("entitlement_bytes", "active_bytes", "reservation_bytes", "limit_bytes"))
    panel.barh(names, granted, alpha=0.5, label="entitlement")
    panel.barh(names, active, height=0.3, label="active")
    panel.plot(least, names, "|", markersize=14, label="reservation")
    panel.plot(most, names, "|", markersize=14, label="limit")
    panel.invert_yaxis()
    panel.set_xlabel("MiB")
    panel.legend(loc="lower right")
    figure.savefig(path)


def canvas(panels: int) -> Any:
    """A figure with so many panels, one above the other; no window, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # type: ignore[import]
    from matplotlib.figure import Figure  # type: ignore[import]
    figure = Figure(figsize=(9, 2.5 * max(panels, 2)), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(max(panels, 1), 1, sharex=True, squeeze=False)[:, 0]
