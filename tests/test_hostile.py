"""Any input may be hostile: no crash, no traceback, bounded time and memory, and every reported span inside its file."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afscan.engine import Options, scan
from afscan.files.read import decode
from afscan.interpret import interpret
from afscan.join import join_all
from afscan.model.notice import Notice
from afscan.model.place import Place
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Subject
from afscan.model.value import Value
from afscan.policy.registry import load_packs

NAMES = (
    "compose.yaml",
    "docker-compose.override.yml",
    "deployment.yaml",
    "list.json",
    "Dockerfile",
    "main.tf",
    "prod.auto.tfvars",
    "main.tf.json",
    "redis.conf",
    "users.acl",
    "pgbouncer.ini",
    "userlist.txt",
    "postgresql.conf",
    "pg_hba.conf",
    "qdrant/config.yaml",
    "neo4j.conf",
    "grafana.ini",
    "provisioning/datasources.yaml",
    "sentinel.conf",
    "alertmanager.yml",
    "init.sql",
    "README.md",
    ".env",
    "run.sh",
    "backup.service",
    "crontab",
    "kustomization.yaml",
    ".github/workflows/ci.yaml",
    ".gitlab-ci.yml",
    "plan.json",
    "Chart.yaml",
    "values.yaml",
    "fluent.conf",
    "fluent-bit.conf",
    "prometheus.yml",
    "dashboard.json",
    "unnamed",
)

WORDS = st.sampled_from(
    [
        "apiVersion: v1",
        "kind: Deployment",
        "kind: List",
        "spec:",
        "template:",
        "containers:",
        "- name: x",
        "image: redis:7",
        "env:",
        "value: ${X}",
        "services:",
        "  redis:",
        "    image: redis",
        "    ports:",
        "    - 6379:6379",
        "<<: *a",
        "&a",
        "*a",
        "!reset",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "\\",
        "#",
        "\t",
        "\r",
        "\n",
        "  ",
        "FROM a AS b",
        "server.bolt.tls_level=REQUIRED",
        "[auth.anonymous]",
        '"""',
        "`",
        "apiVersion: 1",
        "datasources:",
        "sentinel monitor a b 1 2",
        "resources: [a, ../b]",
        "patches: [{target: {kind: X}, patch: x}]",
        "jobs: {a: {steps: [{run: x}]}}",
        "on: push",
        "script: [x]",
        '{"planned_values": {"root_module": {"resources": [',
        '"type": "aws_db_instance"',
        "{{ .Values.a }}",
        "if [ x ]; then",
        "done | psql -h db <<EOF",
        "$(curl -k http://x",
        "GRANT ALL ON a TO b;",
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
        "scrape_configs: [{job_name: a}]",
        "<match x>",
        "[OUTPUT]",
        "USER 0",
        "RUN <<EOF",
        "[Service]",
        "ExecStart=a \\",
        "Environment=A_PASSWORD=x",
        "* * * * * a b %",
        "EOF",
        "COPY --from=a",
        "ARG X=1",
        "ENV A=$X",
        "HEALTHCHECK NONE",
        'resource "aws_db_instance" "x" {',
        'variable "x" {}',
        "${var.x}",
        "<<-EOT",
        "EOT",
        'requirepass "',
        "user default on >x ~* +@all",
        "tls-port 6379",
        "[databases]",
        "[pgbouncer]",
        "a = host=b port=1",
        "auth_type = md5",
        "%include x",
        '"u" "p"',
        "ssl = on",
        "include_dir 'x'",
        "host all all all md5",
        'hostssl "a,b @c 10.0.0.0 255.0.0.0 trust x=y',
        "CREATE USER x PASSWORD 'y';",
        "$$",
        "--",
        "/*",
        "```yaml",
        "```",
        "~~~",
        "service:",
        "enable_tls: true",
        "api_key: x",
        "http://u:p@h/x",
        "postgres://",
        "\u2028",
        "\x85",
        "\ufeff",
        "é",
        "漢",
        "0o17",
        "1e9",
        "null",
        "---",
        "...",
    ]
)
SOUP = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=40).map(" ".join) | st.lists(WORDS, max_size=40).map("\n".join)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def _inside(place: Place, source: Source) -> None:
    lines = source.line_starts
    span = place.span
    assert 1 <= span.line <= span.end_line <= len(lines), place
    assert (span.line, span.column) <= (span.end_line, span.end_column), place
    for line, column in ((span.line, span.column), (span.end_line, span.end_column)):
        assert 1 <= column <= len(source.line(line)) + 1, place


def _values(subject: Subject) -> list[Value[object]]:
    names = [name for kind in type(subject).__mro__ for name in getattr(kind, "__slots__", ())]
    return [value for name in names if isinstance(value := getattr(subject, name, None), Value)]


def through_everything(source: Source) -> None:
    """Interpret, join, judge by every rule; check every place on the way."""
    out, read, _ = interpret(source)
    stack = Stack("", complete=True)
    stack.add(out.subjects)
    stack.sources += read
    join_all(stack)
    for notice in (*out.notices, *stack.notices):
        _inside(notice.place, source)
    for subject in stack:
        _inside(subject.place, source)
        for value in _values(subject):
            _inside(value.place, source)
    for rule in load_packs():
        for kind in rule.kinds:
            for subject in stack.of(kind):
                for problem in rule.check(subject, stack):
                    if problem.place is not None:
                        _inside(problem.place, source)


@QUIET
@given(st.sampled_from(NAMES), SOUP)
def test_any_text_under_any_name(name: str, text: str) -> None:
    found = decode(text.encode("utf-8", "surrogatepass"), name)
    if isinstance(found, Source):
        through_everything(found)


@QUIET
@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_bytes_under_any_name(name: str, data: bytes) -> None:
    found = decode(data, name)
    if isinstance(found, Source):
        through_everything(found)
    else:
        assert isinstance(found, Notice)


SEEDS = sorted((Path(__file__).parent.parent / "reference-infra").rglob("*.*"))


@QUIET
@given(st.sampled_from([p for p in SEEDS if p.is_file()]), st.data())
def test_real_files_damaged(path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines)))
    window = lines[start : start + 60]
    for _ in range(data.draw(st.integers(0, 4))):
        if window:
            at = data.draw(st.integers(0, len(window) - 1))
            window[at] = data.draw(st.one_of(st.just(""), WORDS.map(lambda w: w + "\n"), st.just(window[at] * 2)))
    through_everything(Source(path.name, "".join(window)))


HOSTILE = {
    "aliases.yaml": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12))
    + "services:\n  x: {image: redis, environment: *m}\n",
    "recursive.yaml": "services: &s\n  x: &x\n    image: redis\n    environment: *x\n    volumes: [*s]\n",
    "merge.yaml": "x: &x\n  <<: *x\n  image: a\nservices:\n  a:\n    <<: *x\n",
    "deep.yaml": "[" * 200_000,
    "deep-block.yaml": "".join(" " * i + "a:\n" for i in range(1500)),
    "deep.json": '{"services":' + '{"a":[' * 30_000,
    "deep.tf": 'resource "a" "b" {' * 3000,
    "brackets.tf": "locals { a = " + "[" * 20_000 + "}\n",
    "deep.md": "> " * 5000 + "```yaml\nservices: {}\n```\n" + "- " * 5000,
    "long.yaml": "services:\n  a:\n    image: " + "x" * 190_000 + "\n",
    "quotes.conf": "requirepass " + '"' * 50_000 + "\nmaxmemory 1\n",
    "Dockerfile": "FROM a\nRUN " + "\\\n" * 30_000 + "x\n" + "RUN <<A <<B <<C\n" * 500,
    "variables.tf": "".join(
        f'variable "v{i}" {{ default = var.v{i + 1} }}\nlocals {{ l{i} = local.l{i + 1} }}\n' for i in range(400)
    ),
    "cycle.tf": 'locals {\n  a = local.b\n  b = local.a\n}\nmodule "m" {\n  source = "./"\n  x = local.a\n}\n',
    "extends.yaml": "services:\n  a:\n    extends: b\n  b:\n    extends: a\n",
    "interpolation.yaml": "services:\n  a:\n    image: " + "${A:-" * 3000 + "\n",
    "stages.Dockerfile": "FROM b AS a\nFROM a AS b\nFROM b AS a\nUSER ${X:-${X:-${X}}}\n",
    "dollar.sql": "CREATE USER a PASSWORD " + "$a" * 20_000 + "'\n" + "/*" * 20_000,
    "wrong-types.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: 3\nspec: {template: {spec: {containers: 3, volumes: {a: b}}}, selector: []}\n",
    "wrong-compose.yaml": "services:\n  a: 3\n  b: [1]\n  c: {image: [1], ports: {a: b}, environment: 3, deploy: x, healthcheck: 1, build: 4}\n",
    "urls.yaml": "services:\n  a:\n    image: x\n    command: " + "http://u:p@" * 5000 + "\n",
    "ends.tf": 'resource "a" "b" {\r\n  image = \r\n"x"\r\n}\r\n',
    "list.yaml": "apiVersion: v1\nkind: List\nitems: " + "[{kind: List, apiVersion: v1, items: " * 60 + "[]" + "}]" * 60 + "\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    found = decode(HOSTILE[name].encode(), name)
    assert isinstance(found, Source)
    through_everything(found)


def test_hostile_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("utf16.yaml").write_bytes("services:\n  a:\n    image: redis:latest\n".encode("utf-16"))
    Path("bom.yaml").write_bytes(b"\xef\xbb\xbfservices:\n  a:\n    image: redis:latest\n")
    Path("nul.yaml").write_bytes(b"services:\n\0\n")
    Path("latin.yaml").write_bytes("services:\n  a:\n    image: é\n".encode("latin-1"))
    Path("line.yaml").write_bytes(b"services: " + b"x" * 20_000_000)
    Path("line-small.yaml").write_bytes(b"services: " + b"x" * 1_000_000)
    Path("empty.yaml").write_bytes(b"")
    Path("broken.yaml").write_text("services:\n  a:\n    image: redis:latest\n   b: [\n")
    os.mkfifo("pipe.yaml")
    Path("loop").symlink_to(".")
    Path("outside.yaml").symlink_to("/etc/passwd")
    Path("dangling.yaml").symlink_to("nowhere")
    Path("locked").mkdir()
    result = scan(["."], Options(select=("DEP401",)))
    assert not result.errors
    by_path = {notice.place.path: str(notice.kind) for notice in result.notices}
    assert by_path == {
        "broken.yaml": "syntax-error",
        "dangling.yaml": "unreadable",
        "latin.yaml": "encoding-error",
        "line.yaml": "too-large",
        "line-small.yaml": "too-large",
        "loop": "unreadable",
        "nul.yaml": "binary",
        "outside.yaml": "unreadable",
        "pipe.yaml": "unreadable",
    }
    assert [(f.place.path, f.place.line, f.place.column) for f in result.findings] == [("bom.yaml", 3, 12), ("utf16.yaml", 3, 12)]
