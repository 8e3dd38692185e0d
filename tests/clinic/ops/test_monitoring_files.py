"""The dashboard and the alerts in deploy/ name metrics that the site exports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from prometheus_client import REGISTRY, CollectorRegistry

from clinic.ops.logs.routes import route_of
from clinic.ops.metrics import recorders
from clinic.ops.metrics.database_figures import DatabaseFigures
from tests.support import factories

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
DASHBOARD = DEPLOY / "grafana-dashboard.json"
ALERTS = DEPLOY / "alerts.yml"
_NAME = re.compile(r"\bclinic_[a-z_]+")
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""], "info": ["_info"]}


def expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    yield from re.findall(r"^        expr: (.*(?:\n          .*)*)", ALERTS.read_text(), re.MULTILINE)


@pytest.fixture
def exported(db, monkeypatch) -> set[str]:
    """The names of all samples that the site can export."""
    monkeypatch.setattr("clinic.ops.metrics.database_figures.connections.close_all", lambda: None)
    assert recorders.REQUESTS
    factories.make_clinic()
    registry: Any = CollectorRegistry()
    registry.register(DatabaseFigures())
    families = [*registry.collect(), *REGISTRY.collect()]
    return {
        f"{family.name}{suffix}"
        for family in families
        if family.name.startswith("clinic_")
        for suffix in SUFFIXES[family.type]
    }


def test_every_named_metric_is_exported(exported):
    named = {name for expression in expressions() for name in _NAME.findall(expression)}
    assert len(named) > 10
    assert named - exported == set()


def test_the_dashboard_shows_every_metric(exported):
    shown = {name for expression in expressions() for name in _NAME.findall(expression)}
    families = {re.sub("_(total|bucket|count|sum|info)$", "", name) for name in exported}
    assert families - {re.sub("_(total|bucket|count|sum|info)$", "", name) for name in shown} == set()


def test_the_alerts_are_few_and_each_says_what_is_wrong():
    text = ALERTS.read_text()
    alerts = re.findall(r"- alert: (\w+)", text)
    assert len(alerts) == len(set(alerts)) <= 10
    assert text.count("summary: ") == text.count("severity: ") == len(alerts)


def test_probes_that_answer_503_are_no_errors():
    """They say so by intent: a machine that is drained, or a worker that is late, which has an alert of its own."""
    [alert] = re.findall(r"- alert: ClinicErrors\n(.*?)\n\n", ALERTS.read_text(), re.DOTALL)
    selectors = re.findall(r"clinic_request_duration_seconds_count\{(.*?)\}", alert)
    assert len(selectors) == alert.count("clinic_request_duration_seconds_count") == 3
    for selector in selectors:
        [left_out] = re.findall(r'route!~"(.*?)"', selector)
        for address, is_left_out in {"/readyz": True, "/healthz/": True, "/book/": False, "/": False}.items():
            assert bool(re.fullmatch(left_out, route_of(RequestFactory().get(address)))) == is_left_out


def test_prometheus_reads_the_alerts_and_the_port_of_the_example():
    text = (DEPLOY / "prometheus.yml").read_text()
    assert "- alerts.yml" in text
    assert "127.0.0.1:9464" in text
