"""A picture of the contenders: bars of their p50 beside the floor's, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10
from xml.sax.saxutils import escape

from tests.bench.figures import Row

_LINE, _LEFT, _WIDTH, _RIGHT, _TOP = 26, 250, 400, 110, 64

# The reader's own colours, in light and in dark.
_STYLE = """
:root { color-scheme: light dark }
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.quiet { fill: #59636e }
.axis { stroke: #d1d9e0 }
.peer { fill: #8c959f }
.floor { fill: #54aeff }
.ours { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .quiet { fill: #9198a1 }
  .axis { stroke: #3d444d }
  .peer { fill: #656c76 }
  .floor { fill: #1f6feb }
  .ours { fill: #3fb950 }
}
"""


def picture(found: Sequence[Row], named: dict[str, str], title: str, below: str) -> str:
    """Return an SVG document.

    Args:
        found: The contenders; the shortest bar comes first.
        named: Names of ours and of the floor's, as people are to read them.
        title: What is shown.
        below: How it was measured.
    """
    rows = sorted(found, key=lambda row: row.times_p50)
    decades = max(1, ceil(log10(max(row.times_p50 for row in rows))))
    height = _TOP + _LINE * len(rows) + 52
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="0 0 {_LEFT + _WIDTH + _RIGHT} {height}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(title)}</text>',
    ]
    bottom = _TOP + _LINE * len(rows)
    for power in range(decades + 1):
        x = _LEFT + _WIDTH * power / decades
        parts.append(f'<line class="axis" x1="{x:g}" x2="{x:g}" y1="{_TOP - 8}" y2="{bottom}"/>')
        parts.append(
            f'<text class="quiet" text-anchor="middle" x="{x:g}" y="{_TOP - 14}">'
            f"{10**power} x</text>"
        )
    for number, row in enumerate(rows):
        parts += _bar(row, named.get(row.name, row.name), _TOP + _LINE * number, decades)
    parts.append(f'<text class="quiet" x="12" y="{bottom + 30}">{escape(below)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _bar(row: Row, name: str, y: int, decades: int) -> list[str]:
    kind = {"advance": "ours", "floor": "floor", "full": "floor"}.get(row.name, "peer")
    # The floor itself is no bar on such a scale: it is seen as a line at its foot.
    width = max(3.0, _WIDTH * log10(max(row.times_p50, 1.0)) / decades)
    return [
        f'<text x="{_LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{y + 2}" width="{width:.1f}" height="18" rx="2"/>',
        f'<text x="{_LEFT + width + 6:.1f}" y="{y + 15}">{row.times_p50:.1f} x,'
        f" {row.p50:,.0f} µs</text>",
    ]
