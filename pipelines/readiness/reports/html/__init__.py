"""The report for auditors: one file with nothing outside it, readable on paper, in EN and FR."""

from pipelines.readiness.reports.html.page import as_html
from pipelines.readiness.reports.html.story import Story

__all__ = ["Story", "as_html"]
