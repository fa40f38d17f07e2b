"""Qdrant's YAML: what is taken for it, what it says, and what Qdrant will not read."""

import pytest

from afscan.model.source import Source
from afscan.model.subjects import ConfigFile, Credential, IgnoredSetting, Origin
from afscan.platforms import qdrant
from afscan.platforms.qdrantserver import Effective, authentication, server
from support import interpreted, parsed, text_at

MISPLACED = """\
log_level: INFO
service:
  http_port: 6333
  grpc_port: 6334
storage:
  storage_path: /qdrant/storage
  optimizers:
    memmap_threshold: 200000
hnsw_config:
  m: 16
api_key: ${VECTORS_KEY}
enable_tls: true
tls_config:
  cert_file: /tls/cert.pem
"""

COMPLETE = """\
service:
  host: 0.0.0.0
  http_port: 6333
  grpc_port: 6334
  enable_tls: true
  api_key: kX9vTq2mWzL0pR4sN8yB
  read_only_api_key: ""
storage:
  storage_path: /qdrant/storage
  hnsw_index:
    m: 16
cluster:
  enabled: true
  p2p:
    enable_tls: true
tls:
  cert: /tls/cert.pem
  key: /tls/key.pem
  ca_cert: /tls/ca.pem
telemetry_disabled: true
"""


def files(text: str, name: str = "infra/qdrant/config.yaml") -> list[ConfigFile]:
    return [one for one in interpreted(text, name).subjects if isinstance(one, ConfigFile)]


def effective(text: str) -> Effective:
    file = files(text)[0]
    return Effective(file.settings, file.node)


def ignored(text: str) -> dict[str, tuple[str, str | None]]:
    out = interpreted(text, "infra/qdrant/config.yaml")
    return {one.setting: (one.instead, one.protection) for one in out.subjects if isinstance(one, IgnoredSetting)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MISPLACED, "config.yaml"),
        (COMPLETE, "config.yaml"),
        ("service:\n  http_port: 6333\n  max_request_size_mb: 32\n", "production.yaml"),
        ("service:\n  api_key: x\n", "infra/qdrant/production.yaml"),
        ("storage:\n  on_disk_payload: true\ncluster:\n  enabled: true\n", "config.yaml"),
    ],
)
def test_recognised(text: str, name: str) -> None:
    assert qdrant.recognise(Source(name, text), parsed(text, "yaml", name).roots[0])


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  qdrant:\n    image: qdrant/qdrant\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: {}\n",
        "scrape_configs:\n- job_name: qdrant\n",
        "storage:\n  dbPath: /data/db\nnet:\n  port: 27017\n",
        "service:\n  type: ClusterIP\n  port: 6333\nimage:\n  repository: qdrant/qdrant\n",
        "service:\n  pipelines: {}\nreceivers: {}\nexporters: {}\n",
        "service:\n  host: 0.0.0.0\n  http_port: 8080\ndatabase:\n  url: x\nqueue:\n  url: y\n",
        "- a\n- b\n",
        "{}\n",
    ],
)
def test_not_taken_for_qdrant(text: str) -> None:
    root = parsed(text, "yaml", "config.yaml").roots[0]
    assert not qdrant.recognise(Source("config.yaml", text), root)


def test_settings_are_dotted_paths_with_places() -> None:
    found = {one.name: one for one in files(COMPLETE)[0].settings}
    assert found["cluster.p2p.enable_tls"].value.value == "true"
    assert text_at(COMPLETE, found["service.host"].key_place) == "host"
    assert text_at(COMPLETE, found["tls.cert"].value.place) == "/tls/cert.pem"


def test_misplaced_keys_are_ignored_settings() -> None:
    assert ignored(MISPLACED) == {
        "hnsw_config": ("storage.hnsw_index", None),
        "api_key": ("service.api_key", "the API key"),
        "enable_tls": ("service.enable_tls", "TLS"),
        "tls_config": ("tls.cert", "TLS"),
    }


def test_an_ignored_setting_is_placed_at_its_key() -> None:
    out = interpreted(MISPLACED, "infra/qdrant/config.yaml")
    places = [text_at(MISPLACED, one.place) for one in out.subjects if isinstance(one, IgnoredSetting)]
    assert places == ["hnsw_config", "api_key", "enable_tls", "tls_config"]


def test_a_complete_file_has_no_ignored_settings() -> None:
    assert ignored(COMPLETE) == {}


def test_a_misplaced_key_beside_the_right_one_takes_no_protection_away() -> None:
    assert ignored(COMPLETE + "api_key: other\nenable_tls: true\n") == {
        "api_key": ("service.api_key", None),
        "enable_tls": ("service.enable_tls", None),
    }


def test_a_misplaced_switch_that_is_off_promises_nothing() -> None:
    assert ignored("service:\n  http_port: 6333\n  grpc_port: 6334\nenable_tls: false\napi_key:\n") == {
        "enable_tls": ("service.enable_tls", None),
        "api_key": ("service.api_key", None),
    }


def test_unknown_keys_by_section() -> None:
    text = """\
service:
  http_port: 6333
  grpc_port: 6334
  cert_file: /a
  colour: red
storage:
  storage_path: /data
  hnsw_config: {m: 16}
  someday: 1
tls:
  cert_file: /a
x-common: {}
"""
    assert ignored(text) == {
        "service.cert_file": ("tls.cert", "TLS"),
        "service.colour": ("", None),
        "storage.hnsw_config": ("storage.hnsw_index", None),
        "tls.cert_file": ("tls.cert", "TLS"),
    }


def test_secrets_of_a_file() -> None:
    assert not [one for one in interpreted(MISPLACED, "infra/qdrant/config.yaml").subjects if isinstance(one, Credential)]
    placeholder = "service:\n  http_port: 6333\n  grpc_port: 6334\n  api_key: ${VECTORS_KEY}\n"
    found = [one for one in interpreted(placeholder, "infra/qdrant/config.yaml").subjects if isinstance(one, Credential)]
    assert [(one.key, one.kind, one.origin, one.reader) for one in found] == [
        ("api_key", "api-key", Origin.PLACEHOLDER, "qdrant")
    ]
    assert text_at(placeholder, found[0].value.place) == "${VECTORS_KEY}"
    literal = "service:\n  http_port: 6333\n  grpc_port: 6334\napi_key: kX9vTq2mWzL0pR4sN8yB\n"
    found = [one for one in interpreted(literal, "infra/qdrant/config.yaml").subjects if isinstance(one, Credential)]
    assert [(one.key, one.origin) for one in found] == [("api_key", Origin.LITERAL)]
    found = [one for one in interpreted(COMPLETE, "infra/qdrant/config.yaml").subjects if isinstance(one, Credential)]
    assert [(one.key, one.origin) for one in found] == [("api_key", Origin.LITERAL), ("read_only_api_key", Origin.EMPTY)]


def test_typed_settings() -> None:
    one = effective(COMPLETE)
    found = server(one, name="vectors", node=one.owner, container=None, files=[])
    assert (found.tls.value, found.cluster.value, found.peer_tls.value) == (True, True, True)
    assert (found.certificate.value, found.key.value, found.host.value) == ("/tls/cert.pem", "/tls/key.pem", "0.0.0.0")
    one = effective(MISPLACED)
    found = server(one, name="vectors", node=one.owner, container=None, files=[])
    assert found.tls.is_unset
    assert found.api_key.is_unset
    assert found.api_key.place.line == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (COMPLETE, True),
        (MISPLACED, False),
        ("service:\n  http_port: 1\n  grpc_port: 2\n  api_key: ''\n", False),
        ("service:\n  http_port: 1\n  grpc_port: 2\n  api_key:\n", False),
        ("service:\n  http_port: 1\n  grpc_port: 2\n  alt_api_key: kX9vTq2mWzL0\n", True),
        ("service:\n  http_port: 1\n  grpc_port: 2\n  read_only_api_key: kX9vTq2mWzL0\n", True),
        ("service:\n  http_port: 1\n  grpc_port: 2\n  api_key: ${X}\n", True),
    ],
)
def test_who_is_asked_for_a_key(text: str, expected: bool) -> None:
    found = authentication(effective(text), name="x", container=None)
    assert found.required.value is expected
