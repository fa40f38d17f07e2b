"""Prometheus, Alertmanager, Grafana and the operator's objects: what is recognised, what they say, who loads and answers what."""

import pytest

from afscan.join.monitoring import histogram_use, loading_of, rules_of, runners_of
from afscan.join.scraping import far_targets, monitored, target_of
from afscan.model.monitoring import AlertRouting, Dashboard, MetricRule, PrometheusConfig, RuleFile, ScrapeJob
from afscan.model.notice import NoticeKind
from afscan.model.subjects import Connection, Credential, Origin, Subject
from afscan.platforms.promql import read_query, read_template
from support import interpreted, stack_of, text_at

MAIN = """\
global:
  scrape_interval: 15s
rule_files:
  - rules/*.yml
alerting:
  alertmanagers:
    - static_configs:
        - targets: [alertmanager:9093]
scrape_configs:
  - job_name: api
    scheme: https
    basic_auth:
      username: scraper
      password: ${SCRAPE_PASSWORD}
    static_configs:
      - targets: ["api:8000", "10.0.0.1:9100", "[::1]:9100", "https://example.com/health"]
  - job_name: pods
    kubernetes_sd_configs:
      - role: pod
remote_write:
  - url: http://metrics.example.com/api/v1/write
"""

RULES = """\
groups:
  - name: api
    labels:
      team: web
    rules:
      - alert: Slow
        expr: histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m]))) > 1
        for: 5m
        labels: {severity: warning}
        annotations: {summary: "{{ $value }}"}
      - record: job:up:sum
        expr: sum(up
"""

ALERTMANAGER = """\
route:
  receiver: chat
  routes:
    - match_re: {severity: critical|page}
      receiver: pager
      continue: true
receivers:
  - name: chat
    webhook_configs:
      - url: http://hooks.example.com/notify
  - name: pager
    pagerduty_configs:
      - routing_key: 0f3c9a7be1d24c58a6b70e9d1f2a3b4c
  - name: nobody
    email_configs: []
"""

DASHBOARD = """\
{
  "title": "API", "schemaVersion": 39,
  "templating": {"list": [{"name": "job"}]},
  "panels": [
    {"type": "row", "collapsed": true, "title": "More", "panels": [
      {"type": "timeseries", "title": "Inner", "targets": [{"expr": "sum by ($group) (rate(inner_total[$__rate_interval]))"}]}
    ]},
    {"type": "stat", "title": "Outer", "targets": [{"expr": "[[metric]]_total"}, {"expr": "up{job=~\\"$job\\"}"}]}
  ]
}
"""


def of(text: str, name: str, kind: type[Subject]) -> list:  # type: ignore[type-arg]
    out = interpreted(text, name)
    assert not out.notices
    return [one for one in out.subjects if isinstance(one, kind)]


def test_a_configuration_says_what_it_loads_whom_it_tells_and_where_it_writes() -> None:
    (config,) = of(MAIN, "prometheus.yml", PrometheusConfig)
    assert [text_at(MAIN, glob.place) for glob in config.rule_files] == ["rules/*.yml"]
    assert len(config.alertmanagers) == 1
    assert [url.value for url in config.remote_writes] == ["http://metrics.example.com/api/v1/write"]
    assert [job.job for job in config.jobs] == ["api", "pods"]


def test_a_job_takes_its_targets_apart() -> None:
    api, pods = of(MAIN, "prometheus.yml", ScrapeJob)
    assert [(t.host, t.port.value) for t in api.targets] == [("api", 8000), ("10.0.0.1", 9100), ("::1", 9100), ("", None)]
    assert text_at(MAIN, api.targets[0].address.place) == '"api:8000"'
    assert api.scheme.value == "https"
    assert pods.discovery == ["kubernetes_sd_configs"]


def test_a_variable_in_a_password_is_never_expanded() -> None:
    (credential,) = of(MAIN, "prometheus.yml", Credential)
    assert credential.origin is Origin.PLACEHOLDER
    assert text_at(MAIN, credential.value.place) == "${SCRAPE_PASSWORD}"


def test_remote_write_is_a_connection() -> None:
    (connection,) = of(MAIN, "prometheus.yml", Connection)
    assert connection.secure.value is False
    assert text_at(MAIN, connection.url.place) == "http://metrics.example.com/api/v1/write"


@pytest.mark.parametrize("entry", ["targets:", "targets: []", "files: []"])
def test_an_alertmanager_without_targets_is_none(entry: str) -> None:
    text = f"alerting:\n  alertmanagers:\n    - static_configs:\n        - {entry}\n"
    (config,) = of(text, "prometheus.yml", PrometheusConfig)
    assert config.alertmanagers == []
    assert config.alerting.value is False


@pytest.mark.parametrize(
    "text",
    [
        "rule_files: [a.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n",
        "server: {http_listen_port: 9080}\nclients: [{url: http://loki}]\nscrape_configs:\n  - job_name: a\n",
        "groups:\n  - name: people\n    rules: [one, two]\n",
        "receivers:\n  prometheus: {}\nroute: {receiver: x}\n",
        "route:\n  receiver: a\nservices: {}\nreceivers: []\n",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    kinds = PrometheusConfig | RuleFile | AlertRouting
    assert not [one for one in interpreted(text, "a.yml").subjects if isinstance(one, kinds)]


def test_rules_are_parsed_and_labels_of_the_group_count() -> None:
    alert, record = of(RULES, "rules.yml", MetricRule)
    assert alert.metrics == {"latency_bucket"}
    assert alert.windowed
    assert sorted(alert.labels) == ["severity", "team"]
    assert record.metrics is None
    assert "parenthesis" in record.parse_error
    assert text_at(RULES, record.expression.place) == "sum(up"


def test_a_name_without_yaml_suffix() -> None:
    (file,) = of(RULES, "alerts/api.rules", RuleFile)
    assert len(file.rules) == 2


@pytest.mark.parametrize(
    ("text", "metrics", "guards", "quantiles"),
    [
        ("absent(pg_up) or pg_up == 0", {"pg_up"}, {"pg_up"}, set()),
        ('{__name__="a"} / on () group_left b{quantile=~"0.9"}', {"a", "b"}, set(), {"b"}),
        ("max_over_time(x[1h:5m])", {"x"}, set(), set()),
        ("vector(1)", set(), set(), set()),
    ],
)
def test_what_an_expression_reads(text: str, metrics: set[str], guards: set[str], quantiles: set[str]) -> None:
    query = read_query(text)
    assert (query.metrics, query.guards, query.quantiles, query.error, query.unparsed) == (metrics, guards, quantiles, "", "")


@pytest.mark.parametrize("text", ["rate(x)", "sum(", "x{a=b}", 'x{a=~"["}', 'x{a=~"(?!b)"}', "up = 0"])
def test_what_prometheus_refuses(text: str) -> None:
    query = read_query(text)
    assert query.metrics is None
    assert query.error
    assert not query.unparsed


@pytest.mark.parametrize(
    "text",
    [
        'sum(rate({app="a"} |= "b" [5m]))',
        "x > ${LIMIT}",
        "holt_winters(x[1h], 0.1, 0.2)",
        'x{a=~"\\\\Qa.b\\\\E"}',
        "rate(x) keep_metric_names",
        "(" * 60 + "x" + ")" * 60,
        "x" + "+x" * 500,
        "x" * 20_000,
    ],
)
def test_what_is_not_judged(text: str) -> None:
    query = read_query(text)
    assert query.metrics is None
    assert not query.error
    assert query.unparsed


def test_words_of_other_languages_inside_strings_and_names_are_none() -> None:
    assert read_query('x{a="b | c", limit="default"} > 1').metrics == {"x"}
    assert read_query("kube_limit_bytes > 1").metrics == {"kube_limit_bytes"}


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ('sum(rate(a_total{job=~"$job"}[$__rate_interval]))', {"a_total"}),
        ("sum by (${group:csv}) (b)", {"b"}),
        ("topk($count, c)", {"c"}),
        ("max_over_time(d[${window}:$step])", {"d"}),
    ],
)
def test_variables_of_a_dashboard_stand_for_some_text(text: str, metrics: set[str]) -> None:
    assert read_template(text).metrics == metrics


def test_a_dashboard_with_collapsed_rows() -> None:
    (dashboard,) = of(DASHBOARD, "dashboards/api.json", Dashboard)
    assert [(panel.title, sorted(panel.metrics)) for panel in dashboard.panels] == [
        ("More", []),
        ("Inner", ["inner_total"]),
        ("Outer", ["up", "v_total"]),
    ]


def test_routes_and_receivers() -> None:
    (routing,) = of(ALERTMANAGER, "alertmanager.yml", AlertRouting)
    assert {name: one.integrations for name, one in routing.receivers.items()} == {
        "chat": ["webhook"],
        "pager": ["pagerduty"],
        "nobody": [],
    }
    assert routing.root is not None
    assert routing.root.receiver.value == "chat"
    assert routing.root.routes[0].matchers == ['severity=~"critical|page"']
    assert routing.root.routes[0].goes_on.value is True


def test_secrets_of_receivers() -> None:
    (key,) = of(ALERTMANAGER, "alertmanager.yml", Credential)
    assert text_at(ALERTMANAGER, key.value.place) == "0f3c9a7be1d24c58a6b70e9d1f2a3b4c"
    (connection,) = of(ALERTMANAGER, "alertmanager.yml", Connection)
    assert connection.secure.value is False


def test_links_in_messages_are_no_connections() -> None:
    text = (
        "route: {receiver: chat}\nreceivers:\n  - name: chat\n    slack_configs:\n      - api_url_file: /run/secrets/chat\n"
        "        actions:\n          - type: button\n            url: http://wiki.example.com/runbooks\n"
    )
    assert not of(text, "alertmanager.yml", Connection)


def test_rules_and_dashboards_in_a_document() -> None:
    text = f'# Monitoring\n\n```yaml\n{RULES}```\n\n```json\n{DASHBOARD}```\n\n```json\n{{"panels": [{{...}}]}}\n```\n'
    assert len(of(text, "guide.md", MetricRule)) == 2
    (dashboard,) = of(text, "guide.md", Dashboard)
    assert text_at(text, dashboard.panels[1].expressions[0].place).startswith('"sum by ($group)')


def test_passwords_of_provisioned_data_sources() -> None:
    text = (
        "apiVersion: 1\ndatasources:\n  - name: main\n    type: postgres\n    secureJsonData:\n      password: kX9vTq2mWzL0\n"
        "  - name: other\n    type: postgres\n    secureJsonData:\n      password: $DB_PASSWORD\n"
    )
    first, second = of(text, "provisioning/datasources/main.yaml", Credential)
    assert text_at(text, first.value.place) == "kX9vTq2mWzL0"
    assert first.origin is Origin.LITERAL
    assert second.origin is Origin.INTERPOLATED


OPERATOR = """\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: ops}
spec:
  ruleSelector: {matchLabels: {role: rules}}
  alerting: {alertmanagers: [{name: alertmanager, port: web}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: taken, namespace: ops, labels: {role: rules}}
spec: {groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: left, namespace: ops}
spec: {groups: [{name: a, rules: [{alert: B, expr: up == 0}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: api, namespace: ops}
spec:
  selector: {matchLabels: {app: api}}
  namespaceSelector: {matchNames: [web]}
  endpoints: [{port: metrics, scheme: https}]
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: web, labels: {app: api}}
spec: {selector: {app: api}, ports: [{name: metrics, port: 9000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: web}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "example/api:1.0"}]}
"""


def test_objects_of_the_operator() -> None:
    stack = stack_of({"monitoring.yaml": OPERATOR})
    (config,) = stack.of(PrometheusConfig)
    assert config.managed
    assert len(config.alertmanagers) == 1
    taken, left = stack.of(RuleFile)
    assert [loading_of(stack, one).state for one in (taken, left)] == ["loaded", "no"]
    assert rules_of(stack, config) == [taken]
    (monitor,) = stack.of(ScrapeJob)
    assert [workload.name for workload in monitored(stack, monitor) or ()] == ["Deployment api"]
    assert [port.value for port in monitor.ports] == ["metrics"]


COMPOSE = """\
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes:
      - ./monitoring:/etc/prometheus:ro
  api:
    image: example/api:1.0
"""


def test_compose_mounts_the_folder_of_configuration_and_rules() -> None:
    files = {
        "compose.yaml": COMPOSE,
        "monitoring/prometheus.yml": MAIN,
        "monitoring/rules/a.yml": RULES,
        "monitoring/b.yml": RULES,
    }
    stack = stack_of(files)
    (config,) = stack.of(PrometheusConfig)
    assert [one.name for one in runners_of(stack, config)] == ["service prometheus"]
    loaded = {one.name: loading_of(stack, one) for one in stack.of(RuleFile)}
    assert loaded["monitoring/rules/a.yml"].state == "loaded"
    assert loaded["monitoring/b.yml"].state == "no"
    assert "/etc/prometheus/b.yml" in loaded["monitoring/b.yml"].why
    use = histogram_use(stack, "latency")
    assert isinstance(use, MetricRule)
    job = stack.of(ScrapeJob)[0]
    assert [target_of(stack, job, target).state for target in job.targets] == ["found", "outside", "outside", "outside"]


def test_a_rule_file_beside_nothing_is_not_missed() -> None:
    stack = stack_of({"rules.yml": RULES})
    assert loading_of(stack, stack.of(RuleFile)[0]).state == "elsewhere"


def test_templates_in_the_texts_of_alerts_are_rendered_by_prometheus() -> None:
    text = RULES + (
        "      - alert: Detailed\n        expr: up == 0\n        annotations:\n          description: |\n"
        '            {{ range query "up" }}\n            {{ .Value }}\n            {{ end }}\n'
    )
    assert len(of(text, "rules.yml", MetricRule)) == 3


def test_a_template_around_alerts_is_none_of_them() -> None:
    text = "{{- if .Values.rules }}\n" + RULES + "{{- end }}\n"
    out = interpreted(text, "rules.yml")
    assert not out.subjects
    assert [notice.kind for notice in out.notices] == [NoticeKind.TEMPLATED]


@pytest.mark.parametrize(
    ("target", "far"),
    [
        ("node-1.example.com:9100", True),
        ("8.8.4.4:9100", True),
        ("10.0.0.4:9100", False),
        ("api:8000", False),
        ("api.shop:8000", False),
        ("api.shop.svc:8000", False),
        ("api.shop.svc.cluster.local:8000", False),
        ("node.dc1.consul:9100", False),
        ("host.docker.internal:9100", False),
        ("localhost:9100", False),
        ("https://blackbox.example.com/probe", False),
    ],
)
def test_targets_outside_of_every_local_network(target: str, far: bool) -> None:
    text = f"scrape_configs:\n  - job_name: a\n    static_configs:\n      - targets: ['{target}']\nalerting: {{alertmanagers: [a]}}\n"
    stack = stack_of({"prometheus.yml": text})
    (job,) = stack.of(ScrapeJob)
    assert bool(far_targets(stack, job)) is far
