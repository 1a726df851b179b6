"""The past of all schools as one HTML file that needs nothing else: pure, values in, bytes out."""

from __future__ import annotations

from lifecycle.report.page import ReportFile, report_html

__all__ = ["ReportFile", "report_html"]
