"""Grafana dashboards and a workbook, put together from few kinds of panels."""
