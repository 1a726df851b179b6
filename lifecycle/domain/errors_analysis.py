"""What can go wrong with an export for analysis."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput


class AnalysisMissing(InvalidInput):
    """The library that writes the tables is not installed."""

    code = "LC351"
    template = "writing {format} needs the extra analysis: {package} is not installed"
    remedy_template = "install it: pip install 'school-lifecycle[analysis]'"
