"""ConfigMaps, Secrets, StorageClasses and LimitRanges."""

import base64
from typing import TypeVar

import pytest

from afscan.interpret import interpret
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import (
    ConfigEntry,
    ConfigFile,
    Container,
    ContainerDefaults,
    Credential,
    ManagedResource,
    SecretEntry,
    Subject,
)
from support import interpreted, text_at
from test_kubernetes_services import services_joined

S = TypeVar("S", bound=Subject)

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: redis
  namespace: cache
data:
  redis.conf: |
    port 6379
    appendonly yes
  plain: "one line"
  notes: |
    just
    words
  escaped.yaml: "a: 1\\nb: 2\\n"
binaryData:
  users.sql: AAEC
  logo.png: AAEC
"""


def of(subjects: "list[Subject]", kind: type[S]) -> dict[str, S]:
    return {s.name: s for s in subjects if isinstance(s, kind)}


def embedded(text: str) -> list[Source]:
    return interpret(Source("c.yaml", text))[1]


def test_config_map_entries() -> None:
    out = interpreted(CONFIG_MAP, "c.yaml")
    entries = of(out.subjects, ConfigEntry)
    assert list(entries) == [f"ConfigMap redis, entry {key}" for key in ("redis.conf", "plain", "notes", "escaped.yaml")]
    conf = entries["ConfigMap redis, entry redis.conf"]
    assert (conf.key, conf.config_map, conf.namespace, conf.recognised_as) == ("redis.conf", "redis", "cache", "redis")
    assert conf.text.value == "port 6379\nappendonly yes\n"
    assert text_at(CONFIG_MAP, conf.place) == "redis.conf"
    assert entries["ConfigMap redis, entry plain"].recognised_as is None


def test_files_in_a_config_map_are_read_in_place() -> None:
    out = interpreted(CONFIG_MAP, "c.yaml")
    (config,) = [s for s in out.subjects if isinstance(s, ConfigFile)]
    source = config.node.source
    assert (source.name, source.holder, source.owner) == ("redis.conf", "configmap", "cache/redis")
    setting = next(s for s in config.settings if s.name == "appendonly")
    assert text_at(CONFIG_MAP, setting.value.place) == "yes"
    assert setting.value.place.line == 9


def test_escaped_entries_have_exact_places() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: q}\n"
        'data: {redis.conf: "port 6379\\nappendonly \\x79es\\nsave \\"\\"\\n"}\n'
    )
    (config,) = [s for s in interpreted(text, "c.yaml").subjects if isinstance(s, ConfigFile)]
    setting = next(s for s in config.settings if s.name == "appendonly")
    assert setting.value.value == "yes"
    assert text_at(text, setting.value.place) == "\\x79es"


def test_binary_entries_are_noted_where_they_would_be_read() -> None:
    (notice,) = interpreted(CONFIG_MAP, "c.yaml").notices
    assert notice.kind is NoticeKind.PARTIAL
    assert text_at(CONFIG_MAP, notice.place) == "users.sql"


def test_owner_uses_the_default_namespace() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata:\n  redis.conf: |\n    port 1\n    save ''\n"
    (config,) = [s for s in interpreted(text, "c.yaml").subjects if isinstance(s, ConfigFile)]
    assert config.node.source.owner == "default/r"


REDIS = "port 6379\nrequirepass hunter2\n"


def secret(body: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ntype: Opaque\n{body}"


def test_secret_entries_are_decoded() -> None:
    coded = base64.b64encode(b"hunter2").decode()
    text = secret(f"data:\n  password: {coded}\n  both: {coded}\nstringData:\n  user: app\n  both: plain\n")
    out = interpreted(text, "s.yaml")
    entries = {e.key: e for e in out.subjects if isinstance(e, SecretEntry)}
    assert {key: (e.text.value, e.encoded) for key, e in entries.items()} == {
        "user": ("app", False),
        "both": ("plain", False),
        "password": ("hunter2", True),
    }
    assert (entries["user"].secret, entries["user"].secret_type, entries["user"].namespace) == ("s", "Opaque", "default")
    assert text_at(text, entries["password"].place) == "password"
    assert text_at(text, entries["password"].text.place) == coded
    assert not [s for s in out.subjects if isinstance(s, Credential)]
    assert out.notices == []


def test_files_in_a_secret_are_read() -> None:
    coded = base64.b64encode(REDIS.encode()).decode()
    text = secret(f"data:\n  redis.conf: {coded}\n")
    (config,) = [s for s in interpreted(text, "s.yaml").subjects if isinstance(s, ConfigFile)]
    assert (config.node.source.holder, config.node.source.owner) == ("secret", "default/s")
    setting = next(s for s in config.settings if s.name == "requirepass")
    assert setting.value.value == "hunter2"
    assert text_at(text, setting.value.place) == coded
    plain = secret("stringData:\n  redis.conf: |\n    port 6379\n    requirepass hunter2\n")
    (config,) = [s for s in interpreted(plain, "s.yaml").subjects if isinstance(s, ConfigFile)]
    setting = next(s for s in config.settings if s.name == "requirepass")
    assert text_at(plain, setting.value.place) == "hunter2"


@pytest.mark.parametrize(
    ("body", "notices"),
    [
        ("data: {password: '***'}", {NoticeKind.WRONG_TYPE}),
        ("data: {key.bin: /w==}", set()),
        ("data: {init.sql: /w==}", {NoticeKind.PARTIAL}),
        ("stringData: {password: 'ENC[AES256_GCM,data:x]'}", set()),
        ("data: {password: 'ENC[AES256_GCM,data:x]'}", set()),
        ("data: {password: aGk=}\nsops: {version: '3'}", set()),
    ],
)
def test_secret_entries_that_cannot_be_read(body: str, notices: set[NoticeKind]) -> None:
    out = interpreted(secret(body + "\n"), "s.yaml")
    (entry,) = [e for e in out.subjects if isinstance(e, SecretEntry)]
    assert entry.text.is_unknown
    assert {n.kind for n in out.notices} == notices


@pytest.mark.parametrize("body", ["data: 3", "data: [a]", "data: {a: {}}", "stringData: 3"])
def test_wrong_types_in_secrets_are_noted(body: str) -> None:
    for kind in ("Secret", "ConfigMap"):
        text = secret(body + "\n").replace("kind: Secret", f"kind: {kind}").replace("stringData", "binaryData")
        assert {n.kind for n in interpreted(text, "s.yaml").notices} <= {NoticeKind.WRONG_TYPE}
    assert {n.kind for n in interpreted(secret(body + "\n"), "s.yaml").notices} == {NoticeKind.WRONG_TYPE}


@pytest.mark.parametrize(
    ("provisioner", "parameters", "effective"),
    [
        ("ebs.csi.aws.com", '{encrypted: "true"}', True),
        ("ebs.csi.aws.com", '{Encrypted: "true"}', True),
        ("kubernetes.io/aws-ebs", '{encrypted: "false"}', False),
        ("ebs.csi.aws.com", "{type: gp3}", False),
        ("ebs.csi.aws.com", "{encrypted: maybe}", None),
    ],
)
def test_storage_class_encryption(provisioner: str, parameters: str, effective: bool | None) -> None:
    head = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: sc}\n"
    text = f"{head}provisioner: {provisioner}\nparameters: {parameters}\n"
    (found,) = [s for s in interpreted(text, "s.yaml").subjects if isinstance(s, ManagedResource)]
    assert (found.name, found.kind, found.product) == ("StorageClass sc", "StorageClass", "volume")
    assert found.storage_encrypted is not None
    assert found.storage_encrypted.effective is effective


def test_other_provisioners_decide_about_encryption_themselves() -> None:
    text = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: sc}\nprovisioner: pd.csi.storage.gke.io\n"
    (found,) = [s for s in interpreted(text, "s.yaml").subjects if isinstance(s, ManagedResource)]
    assert found.storage_encrypted is None


LIMITS = """\
apiVersion: v1
kind: LimitRange
metadata: {name: l, namespace: prod}
spec:
  limits:
  - type: Pod
    max: {memory: 8Gi}
  - type: Container
    default: {memory: 512Mi}
    max: {cpu: 2}
    defaultRequest: {memory: 64Mi}
"""


def test_limit_range_defaults() -> None:
    (found,) = [s for s in interpreted(LIMITS, "l.yaml").subjects if isinstance(s, ContainerDefaults)]
    assert (found.memory_limit.value, found.memory_request.value) == (512 * 1024**2, 64 * 1024**2)
    assert (found.cpu_limit.value, found.cpu_request.value) == (2, 2)


def test_a_limit_range_gives_limits_to_the_containers_of_its_namespace() -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}, namespace: {0}}}\n"
        "spec: {{containers: [{{name: c, image: i, resources: {{limits: {{cpu: 1}}}}}}]}}\n"
    )
    files = {"l.yaml": LIMITS, "prod.yaml": pod.format("prod"), "dev.yaml": pod.format("dev")}
    stack = services_joined(files)
    prod, dev = sorted(stack.of(Container), key=lambda c: c.name, reverse=True)
    assert text_at(files, prod.memory_limit.place) == "512Mi"
    assert prod.memory_request.value == 64 * 1024**2
    assert (prod.cpu_limit.value, prod.cpu_request.value) == (1, 1)
    assert dev.memory_limit.is_unset
