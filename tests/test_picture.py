"""``afscan stack``: the joined picture, in each of its forms."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from afscan.cli import main
from afscan.files.discover import discover
from afscan.picture.graphs import dot, mermaid
from afscan.picture.records import Pictures
from afscan.picture.text import render
from afscan.picture.whole import as_json, pictures_of, stack_schema
from support import ROOT

Run = Callable[..., tuple[int, str, str]]

COMPOSE = """\
name: shop
services:
  api:
    image: acme/api:1.2
    ports: ["8080:8000"]
    environment:
      DATABASE_URL: postgres://app:pw@db/app?sslmode=require
      CACHE_URL: redis://cache:6380
      OTHER_URL: https://api.example.com/v1
  "db":
    image: postgres:16.10
    networks: [back]
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
networks:
  back: {}
"""
PROMETHEUS = """\
global: {}
scrape_configs:
  - job_name: api
    static_configs:
      - targets: ["api:8000", "gone:9100"]
"""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TEXT = """\
Stack the scanned files

shop
  service api x1  compose.yaml:3
    image     acme/api:1.2
    ports     8000
    open by   published 8080 -> 8000  compose.yaml:5
    talks to  service db port 5432 (postgres): TLS yes, as app, pooled no, allowed no \
(service api and service db share no network)  compose.yaml:7
    talks to  cache port 6380 (redis): TLS no  compose.yaml:8
    talks to  api.example.com port 443 (http): TLS yes, allowed yes  compose.yaml:9
    watched   api
  service db x1 (postgres)  compose.yaml:10
    image     postgres:16.10
    ports     5432
    watched   by no scrape job seen
    backups   none seen
  service prometheus x1 (prometheus)  compose.yaml:13
    image     prom/prometheus:v3.5.0

Outside this stack
  api.example.com

Named, and not in this stack
  cache

Not resolved (2)
  compose.yaml:8  service api, CACHE_URL: no service of this project is called `cache`.
  prometheus.yml:5  scrape job api: `gone:9100`: no service of this project is called `gone`.

3 workloads, 3 connections, 2 not resolved.
"""


def test_text(run: Run, shop: Path) -> None:
    assert run("stack", ".") == (0, TEXT, "")
    assert run("stack") == (0, TEXT, "")


def test_text_fits_a_terminal(shop: Path) -> None:
    pictures, _ = pictures_of(discover(["."]))
    lines = render(pictures, width=60).splitlines()
    assert max(map(len, lines)) <= 60
    assert "".join("".join(lines).split()) == "".join(TEXT.split())
    colored = render(pictures, color=True, width=60)
    assert "TLS \x1b[31mno\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines() == lines


def test_json(run: Run, shop: Path) -> None:
    code, out, _ = run("stack", "--format", "json")
    found = json.loads(out)
    assert code == 0
    jsonschema.validate(found, stack_schema())
    (picture,) = found["stacks"]
    first = picture["links"][0]
    assert first == {
        "client": "shop/service api",
        "server": "shop/service db",
        "setting": "service api, DATABASE_URL",
        "host": "db",
        "through": None,
        "port": 5432,
        "product": "postgres",
        "tls": "yes",
        "pooled": "no",
        "user": "app",
        "allowed": "no",
        "why": "service api and service db share no network",
        "policies": [],
        "place": {"path": "compose.yaml", "line": 7, "column": 21, "end_line": 7, "end_column": 61},
    }
    assert "pw@" not in out
    api = next(one for one in picture["nodes"] if one["id"] == "shop/service api")
    assert api["exposures"][0]["place"]["line"] == 5
    assert [(one["job"], one["place"]["line"]) for one in api["watched_by"]] == [("api", 3)]


CLUSTER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  QDRANT_URL: http://vectors:6333
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: c
          image: acme/api:1
          envFrom: [{configMapRef: {name: settings}}]
          env: [{name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: vectors, namespace: shop, labels: {app: vectors}}
spec: {containers: [{name: c, image: "qdrant/qdrant:v1.15.4", ports: [{name: http, containerPort: 6333}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: vectors, namespace: shop}
spec: {type: LoadBalancer, selector: {app: vectors}, ports: [{port: 6333, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: shop}
spec: {podSelector: {matchLabels: {app: vectors}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fluentd, namespace: shop}
data:
  fluent.conf: |
    <source>
      @type tail
      path /var/log/containers/*.log
      pos_file /var/log/pos
      tag x
      <parse>
        @type cri
      </parse>
    </source>
    <match **>
      @type elasticsearch
      host logs.example.com
      port 9200
    </match>
"""
MANAGED = """\
resource "aws_db_instance" "main" {
  engine                  = "postgres"
  backup_retention_period = 14
}
"""


def test_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k.yaml").write_text(CLUSTER)
    (tmp_path / "main.tf").write_text(MANAGED)
    monkeypatch.chdir(tmp_path)
    (picture,) = pictures_of(discover(["."]))[0].stacks
    links = [(one.client, one.server, one.port, one.tls, one.allowed, one.place.line) for one in picture.links]
    assert links == [
        ("shop/Deployment api", "shop/Pod vectors", 6333, "no", "no", 5),
        ("settings/k.yaml", "external/logs.example.com", None, "no", "n.a.", 53),
    ]
    assert [(one.name, one.place.line) for one in picture.links[0].policies] == [("NetworkPolicy shut", 34)]
    nodes = {one.id: one for one in picture.nodes}
    assert nodes["shop/Deployment api"].replicas == 3
    assert [(one.how, one.what) for one in nodes["shop/Pod vectors"].exposures] == [("LoadBalancer", "Service vectors: 6333")]
    managed = nodes["managed/aws_db_instance.main"]
    assert [(one.name, one.place.line) for one in managed.backups] == [("automatic, kept for 14 days", 3)]
    assert [(one.what, one.why, one.place.line) for one in picture.unresolved] == [
        (
            "Deployment api, container c, DATABASE_URL",
            "it comes from Secret `db`, key `url`, which nothing in this stack makes",
            20,
        )
    ]


def test_the_published_schema_is_that_of_the_records() -> None:
    published = json.loads((ROOT / "docs" / "afscan-stack.schema.json").read_text())
    assert published == stack_schema()


# --- graphs: a reading of their grammars, as far as they are used ----------------------------------------------------------------

_TEXT = r'"(?:[^"<>&`\\\n]|&|#(?:quot|lt|gt|amp|[0-9]+);)*"'
_MERMAID = [
    re.compile(r"flowchart LR"),
    re.compile(rf"\s*subgraph s\d+(?:g\d+)?\[{_TEXT}\]"),
    re.compile(r"\s*end"),
    re.compile(rf"\s*n\d+(?:\[{_TEXT}\]|\[\({_TEXT}\)\]|\(\[{_TEXT}\]\)|\{{\{{{_TEXT}\}}\}}|\[/{_TEXT}/\])"),
    re.compile(rf"\s*n\d+ (?:-->|-\.->)\|{_TEXT}\| n\d+"),
]
_QUOTED = r'"(?:[^"\\\n]|\\["\\])*"'
_DOT = [
    re.compile(r"digraph afscan \{|\}|\s*\}|  rankdir=LR;|  node \[shape=box\];"),
    re.compile(r"\s*subgraph cluster_\d+(?:_\d+)? \{"),
    re.compile(rf"\s*label={_QUOTED};"),
    re.compile(rf"\s*n\d+ \[label={_QUOTED}, shape=\w+\];"),
    re.compile(rf"\s*n\d+ -> n\d+ \[label={_QUOTED}, style=\w+\];"),
]


def is_graph(text: str, forms: list[re.Pattern[str]], opens: str, closes: str) -> None:
    """Each line is one of the grammar's, blocks are closed, and every edge joins declared nodes."""
    depth = 0
    declared: set[str] = set()
    for line in text.splitlines():
        assert any(form.fullmatch(line) for form in forms), line
        depth += line.strip().startswith(opens) - (line.strip() == closes)
        assert depth >= 0
        edge = re.match(r"\s*(n\d+) -", line)
        name = re.match(r"\s*(n\d+)", line)
        if edge:
            assert {edge[1], line.rsplit("|", 1)[-1].split("->")[-1].split("[")[0].strip()} <= declared
        elif name and "=" not in line.split("[")[0]:
            declared.add(name[1])
    assert depth == 0


@pytest.mark.parametrize("folder", ["reference-infra", "fixtures/as-documented"])
def test_graphs_are_well_formed(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    pictures, result = pictures_of(discover([folder]))
    assert not result.errors
    is_graph(mermaid(pictures), _MERMAID, "subgraph", "end")
    is_graph(dot(pictures).replace("digraph afscan {\n", "").removesuffix("}\n"), _DOT, "subgraph", "}")
    jsonschema.validate(json.loads(as_json(pictures)), stack_schema())
    assert as_json(pictures) == as_json(pictures_of(discover([folder]))[0])


def test_odd_names_stay_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = 'a"]; end <b> #`\\ \u202e'
    service: dict[str, Any] = {"image": "acme/x:1", "environment": {"A_URL": "http://[bad"}}
    (tmp_path / "compose.yaml").write_text(json.dumps({"name": odd, "services": {odd: service}}))
    monkeypatch.chdir(tmp_path)
    pictures, _ = pictures_of(discover(["."]))
    is_graph(mermaid(pictures), _MERMAID, "subgraph", "end")
    is_graph(dot(pictures).replace("digraph afscan {\n", "").removesuffix("}\n"), _DOT, "subgraph", "}")
    assert "\u202e" not in render(pictures)


def test_several_stacks(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".afscan.yaml").write_text("")
        (tmp_path / name / "compose.yaml").write_text("services:\n  api: {image: 'acme/api:1'}\n")
    monkeypatch.chdir(tmp_path)
    assert [one["root"] for one in json.loads(run("stack", "--format", "json")[1])["stacks"]] == ["one", "two"]
    is_graph(run("stack", "--format", "mermaid")[1], _MERMAID, "subgraph", "end")


def test_usage(run: Run, shop: Path) -> None:
    assert run("stack", "nowhere")[0] == 2
    assert run("stack", "--format", "png")[0] == 2
    assert run("stack", "--help")[0] == 0
    (shop / ".afscan.yaml").write_text("nonsense: {")
    assert run("stack")[0] == 2


def test_what_is_not_read_is_told(run: Run, shop: Path) -> None:
    (shop / "broken.yaml").write_text("a: [\n")
    code, out, _ = run("stack")
    assert code == 0
    assert "Not read, or only in part (1)\n  broken.yaml:" in out


def test_an_error_inside_is_exit_code_3(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("afscan.engine.join_all", fail)
    code, _, err = run("stack")
    assert code == 3
    assert "internal error in join: RuntimeError: broken" in err


def test_a_scan_imports_nothing_of_it(shop: Path) -> None:
    code = "import sys; from afscan.cli import main; main(['.', '-q']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=shop, check=True)
    assert "afscan.picture" not in done.stderr
    assert Pictures.model_fields


CARE = {
    "compose.yaml": """\
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml", "./rules.yml:/etc/prometheus/rules.yml"]
  alertmanager:
    image: prom/alertmanager:v0.28.1
    volumes: ["./alertmanager.yml:/etc/alertmanager/alertmanager.yml"]
  hook: {image: "acme/hook:1"}
  cache: {image: "redis:7.4"}
  exporter:
    image: oliver006/redis_exporter:v1.74.0
    environment: {REDIS_ADDR: "redis://cache:6379"}
""",
    "prometheus.yml": """\
scrape_configs:
  - job_name: redis
    static_configs: [{targets: ["exporter:9121"]}]
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ["alertmanager:9093"]}]
remote_write:
  - url: https://metrics.example.com/api/v1/write
""",
    "rules.yml": "groups: [{name: a, rules: [{alert: CacheDown, expr: redis_up == 0}]}]\n",
    "alertmanager.yml": """\
route: {receiver: hook}
receivers:
  - name: hook
    webhook_configs:
      - url: http://hook:8080/alerts
""",
    "crontab": "0 3 * * * /opt/save.sh\n",
    "save.sh": "#!/bin/sh\nset -e\nredis-cli -h cache --rdb /backup/dump.rdb\n",
}


def test_what_cares_for_a_datastore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in CARE.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    (picture,) = pictures_of(discover(["."]))[0].stacks
    (cache,) = [one for one in picture.nodes if one.name == "cache"]
    assert [(one.job, one.through, one.place.line) for one in cache.watched_by] == [("redis", "exporter", 2)]
    assert [one.name for one in cache.alerts] == ["CacheDown"]
    assert [(one.name, one.place.path, one.place.line) for one in cache.backups] == [
        ("save.sh, redis-cli (on `0 3 * * *`)", "save.sh", 3)
    ]
    talks = {(one.client, one.server, one.port, one.place.path, one.place.line) for one in picture.links}
    assert ("/service prometheus", "/service alertmanager", 9093, "prometheus.yml", 7) in talks
    assert ("/service prometheus", "external/metrics.example.com", 443, "prometheus.yml", 9) in talks
    assert ("/service alertmanager", "/service hook", 8080, "alertmanager.yml", 5) in talks
