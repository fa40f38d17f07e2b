"""What is taken for a Compose file, and what is not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.source import Source
from afscan.model.subjects import Container, Mount
from afscan.platforms import compose
from afscan.platforms.compose.reading import folder_of
from afscan.platforms.compose.recognition import SERVICE_KEYS
from afscan.syntax import parse
from support import composed

REDIS = "redis:\n  image: redis:7-alpine\n  ports: ['6379:6379']\n"


def recognised(text: str, name: str) -> bool:
    source = Source(name, text, syntax="yaml")
    return any(compose.recognise(source, root) for root in parse(source).roots)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {}"),
        ("a/docker-compose.prod.yml", "services: []"),
        ("docker-compose-dev.yaml", REDIS),
        ("compose.override.yaml", "services: {api: {environment: {A: 1}}}"),
        ("stack.yml", "services: {api: {image: x}}"),
        ("AGENTS.md", "services:\n  api:\n    ports: ['80:80']\n"),
        ("AGENTS.md", REDIS),
        ("AGENTS.md", REDIS + "volumes:\n  data:\n"),
        ("AGENTS.md", "api: {build: ., restart: always}"),
    ],
)
def test_compose_files_and_pieces_of_them(name: str, text: str) -> None:
    assert recognised(text, name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docker-compose.yaml", "apiVersion: v1\nkind: Service\nservices: {a: {image: x}}"),
        ("ci.yml", "on: push\njobs: {test: {services: {redis: {image: redis}}}}"),
        ("pipeline.yml", "steps: {test: {image: go}}\nservices: {db: {image: postgres}}"),
        ("services.yaml", "parameters: {}\nservices: {_defaults: {autowire: true}}"),
        ("services.yaml", "services: {App\\Mailer: {arguments: [x]}}"),
        ("azure.yaml", "name: x\nservices: {web: {project: ., language: py}}"),
        ("config.yaml", "service: {http_port: 6333}\nstorage: {x: 1}"),
        ("prometheus.yml", "global: {scrape_interval: 15s}\nscrape_configs: []"),
        (".gitlab-ci.yml", "test: {image: python, script: [pytest]}"),
        ("values.yaml", REDIS),
        ("values.yaml", "redis: {image: {repository: redis, tag: '7'}, ports: [1]}"),
        ("x.yaml", "default: {image: ruby}"),
        ("x.yaml", "api: {image: x, ports: [{containerPort: 80}]}"),
        ("x.yaml", "services: {}"),
        ("x.yaml", "[services]"),
        ("x.yaml", "volumes: {a: {}}"),
    ],
)
def test_others(name: str, text: str) -> None:
    assert not recognised(text, name)


def test_a_fragment_has_services() -> None:
    out = composed(REDIS, "doc/AGENTS.md")
    assert [subject.name for subject in out.subjects if isinstance(subject, Container)] == ["service redis"]
    assert not out.notices


def embedded(name: str) -> Source:
    outer = Source("docs/AGENTS.md", "```yaml\n" + REDIS + "```\n")
    return Source.embedded(outer, REDIS, [(2, 1), (3, 1), (4, 1), (5, 1)], name=name, holder="markdown", syntax="yaml")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("docker-compose.yml", "docs"),
        ("infra/compose.yaml", "docs/infra"),
        ("docs/AGENTS.md:2", "docs"),
        ("", "docs"),
        ("/etc/x.yml", "docs"),
    ],
)
def test_where_the_paths_of_a_block_in_a_document_start(name: str, folder: str) -> None:
    assert folder_of(embedded(name)) == folder


def test_the_folder_of_a_file() -> None:
    assert folder_of(Source("compose.yaml", "")) == ""
    assert folder_of(Source("../a/compose.yaml", "")) == "../a"


def mounts_of(path: str, volume: str) -> list[Mount]:
    out = composed(f"services: {{a: {{image: x, volumes: ['{volume}']}}}}", path)
    return [mount for subject in out.subjects if isinstance(subject, Container) for mount in subject.mounts]


@pytest.mark.parametrize(
    ("path", "volume", "source"),
    [
        ("compose.yaml", "./a/b/:/x", "a/b"),
        ("compose.yaml", ".:/x", "."),
        ("compose.yaml", "../a:/x", "../a"),
        ("../dev/compose.yaml", "./a:/x", "../dev/a"),
        ("dev/compose.yaml", "/etc/../etc/ssl:/x", "/etc/ssl"),
    ],
)
def test_host_paths_are_written_as_sources_are(path: str, volume: str, source: str) -> None:
    assert [mount.source.value for mount in mounts_of(path, volume)] == [source]


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 99999),
        st.sampled_from(["x", "${A}", "${A:-b}", "${", "a:b", "./x:/y", "80:80", "A=1", ""]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["test", "target", "source", "x", "file"]), inner, max_size=3),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted(SERVICE_KEYS))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(KEYS, JUNK, max_size=6), st.dictionaries(st.sampled_from(["volumes", "configs", "secrets"]), JUNK, max_size=2)
)
def test_nothing_that_a_file_holds_makes_it_fail(service: dict[str, object], sections: dict[str, object]) -> None:
    text = json.dumps({"services": {"a": {"image": "x:1", **service}, "x": {"extends": "a"}}, **sections})
    out = composed(text)
    names = [subject.name for subject in out.subjects if isinstance(subject, Container)]
    assert ("service a" in names) or service.get("image", "") is None or "extends" in service
