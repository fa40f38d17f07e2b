"""Metrics: whose they are, which job yields them, which alerts and panels read them."""

import pytest

from afscan.join.metrics import alerts_on, application_of, baselines_for, guards_of, job_may_match, panels_on, source_of, watch_of
from afscan.model.monitoring import Comparison, MetricRule, ScrapeJob, Selector
from afscan.model.stack import Stack
from afscan.model.subjects import Server
from afscan.platforms.metrics import aspects_of, families_of, family_of, is_agent, measures
from afscan.platforms.promql import read_query
from support import stack_of

COMPOSE = """\
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml", "./alerts.yml:/etc/prometheus/alerts.yml"]
  api:
    image: ghcr.io/example/api:1.4.0
  db:
    image: postgres:16.10
  db-exporter:
    image: quay.io/prometheuscommunity/postgres-exporter:v0.17.1
  cache:
    image: redis:7.4
  vectors:
    image: qdrant/qdrant:v1.15.4
"""
PROMETHEUS = """\
rule_files: [alerts.yml]
scrape_configs:
  - job_name: api
    static_configs: [{targets: ["api:8000"]}]
  - job_name: db
    static_configs: [{targets: ["db-exporter:9187"]}]
  - job_name: sessions
    static_configs: [{targets: ["cache:6379"]}]
"""
ALERTS = """\
groups:
  - name: all
    rules:
      - record: db:connections
        expr: sum(pg_stat_database_numbackends)
      - alert: Connections
        expr: db:connections > 80
      - alert: Cache
        expr: absent(up{pod=~"redis-.*"})
      - alert: Slow
        expr: histogram_quantile(0.95, rate(latency_bucket{job="api"}[5m])) > 1
"""


@pytest.fixture(scope="module")
def stack() -> Stack:
    return stack_of({"compose.yaml": COMPOSE, "prometheus.yml": PROMETHEUS, "alerts.yml": ALERTS})


def _server(stack: Stack, product: str) -> Server:
    return next(one for one in stack.of(Server) if one.product == product)


def _job(stack: Stack, name: str) -> ScrapeJob:
    return next(one for one in stack.of(ScrapeJob) if one.job == name)


def test_a_metric_belongs_to_the_longest_prefix() -> None:
    found = {name: family_of(name) for name in ("pg_up", "pgbouncer_up", "nginx_up", "nginx_ingress_controller_requests")}
    assert [one.exporter for one in found.values() if one is not None] == [
        "postgres_exporter",
        "pgbouncer_exporter",
        "nginx-prometheus-exporter",
        "ingress-nginx",
    ]
    assert family_of("app_status_recovery_mode") is families_of("qdrant")[0]
    assert family_of("http_requests_total") is None


def test_compatible_products_share_their_exporter() -> None:
    assert [one.exporter for one in families_of("valkey")] == ["redis_exporter"]
    assert is_agent("datadog/agent")
    assert not is_agent("ghcr.io/example/api")


def test_aspects() -> None:
    assert aspects_of("qdrant") == ("latency", "index size")
    assert aspects_of("postgres") == ("connections", "query time")
    assert measures("qdrant", "latency", "rest_responses_duration_seconds_bucket")
    assert not measures("qdrant", "index size", "rest_responses_duration_seconds_bucket")


def test_where_metrics_come_from(stack: Stack) -> None:
    job = source_of(stack, "pg_up").job
    assert job is not None
    assert job.job == "db"
    states = {name: source_of(stack, name).state for name in ("up", "db:connections", "redis_up", "http_requests_total")}
    assert states == {"up": "yielded", "db:connections": "yielded", "redis_up": "missing", "http_requests_total": "unknown"}
    assert source_of(stack, "redis_up").why == "no scrape job of this stack reaches `redis_exporter`"


def test_what_watches_a_server(stack: Stack) -> None:
    assert watch_of(stack, _server(stack, "postgres")).state == "yes"
    # The job asks Redis itself, which serves no metrics.
    assert watch_of(stack, _server(stack, "redis")).state == "no"
    assert watch_of(stack, _server(stack, "qdrant")).why == "no scrape job, exporter or monitor of this stack is for it"


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (
            "  - job_name: pods\n    kubernetes_sd_configs: [{role: pod}]\n",
            "job pods in prometheus.yml finds its targets by `kubernetes_sd_configs`",
        ),
        (
            "  - job_name: other\n    metrics_path: /federate\n    static_configs: [{targets: ['prometheus.example.com:9090']}]\n",
            "job other in prometheus.yml takes over what another Prometheus has",
        ),
        (
            "  - job_name: x\n    static_configs: [{targets: ['10.0.0.7:9999']}]\n",
            "what `10.0.0.7:9999` of job x in prometheus.yml serves is not known",
        ),
    ],
)
def test_what_is_not_known_to_be_scraped_is_unknown(job: str, why: str) -> None:
    stack = stack_of({"compose.yaml": COMPOSE, "prometheus.yml": PROMETHEUS + job, "alerts.yml": ALERTS})
    found = source_of(stack, "redis_up")
    assert (found.state, found.why) == ("unknown", why)
    assert watch_of(stack, _server(stack, "qdrant")).state == "unknown"


def test_a_stack_of_which_files_are_missing_proves_no_absence() -> None:
    stack = stack_of({"compose.yaml": COMPOSE, "prometheus.yml": PROMETHEUS}, complete=False)
    assert watch_of(stack, _server(stack, "qdrant")).state == "unknown"


def test_which_alerts_read_a_product(stack: Stack) -> None:
    assert [one.alert.value for one in alerts_on(stack, "postgres")] == ["Connections"]
    assert [one.alert.value for one in alerts_on(stack, "redis")] == ["Cache"]
    assert alerts_on(stack, "qdrant") == []
    assert guards_of(stack) == {"up"}
    assert panels_on(stack, "postgres") == []


def test_baselines(stack: Stack) -> None:
    job = _job(stack, "api")
    application = application_of(stack, job)
    assert application is not None
    assert application.name == "service api"
    assert [one.alert.value for one in baselines_for(stack, job)] == ["Slow"]
    assert application_of(stack, _job(stack, "db")) is None


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ('job="api"', True),
        ('job="web"', False),
        ('job!="api"', False),
        ('job!="web"', True),
        ('job=~"web|api"', True),
        ('job=~"a.*"', True),
        ('job=~"w.*"', False),
        ('job!~"a.+"', False),
        ('job=~"[a-z]+"', True),
        ('job!~"[a-z]+"', True),
        ('pod="x"', True),
    ],
)
def test_which_jobs_a_selector_takes(stack: Stack, matcher: str, matches: bool) -> None:
    rules = f"groups: [{{name: g, rules: [{{alert: A, expr: 'x{{{matcher}}} > 1'}}]}}]\n"
    other = stack_of({"rules.yml": rules})
    assert job_may_match(other.of(MetricRule)[0], _job(stack, "api")) is matches


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("pg_up == 0", Comparison(frozenset({"pg_up"}), "==", 0.0, True)),
        ("0.5 < rate(a[5m]) / b", Comparison(frozenset({"a", "b"}), ">", 0.5, False)),
        ('{__name__="a"} >= bool 3', Comparison(frozenset({"a"}), ">=", 3.0, True)),
        ("a > -(2)", Comparison(frozenset({"a"}), ">", -2.0, True)),
    ],
)
def test_comparisons(text: str, wanted: Comparison) -> None:
    assert read_query(text).comparisons == (wanted,)


def test_selectors_are_told_once() -> None:
    query = read_query('rate(a{job=~"x|y"}[5m]) / a')
    assert query.selectors == (Selector("a", (("job", "=~", "x|y"),)), Selector("a"))
    assert query.functions == {"rate"}
    assert read_query("a == b").comparisons == ()
