"""Environment, arguments and mounts of Kubernetes containers."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Origin, Variable
from support import interpreted, text_at
from test_kubernetes import kinds, only, pod

ENV = """\
    envFrom:
    - configMapRef: {name: settings}
    - prefix: S_
      secretRef: {name: keys}
    env:
    - name: HOST
      value: qdrant
    - name: URL
      value: "http://$(HOST):6333"
    - name: PASSWORD
      valueFrom:
        secretKeyRef: {name: db, key: password}
    - name: DB
      value: postgres://app:$(PASSWORD)@db/app
    - name: NODE
      valueFrom:
        fieldRef: {fieldPath: spec.nodeName}
    - name: ESCAPED
      value: $$(HOST)
    - name: LATER
      value: $(AFTER)
    - name: AFTER
      value: x
    - name: NONE
    - name: HOST
      value: last
"""


def variables(env: str) -> dict[str, Variable]:
    return only(interpreted(pod(env), "p.yaml")).environment


def test_environment_references() -> None:
    text = pod(ENV)
    found = only(interpreted(text, "p.yaml")).environment
    assert (found["URL"].value.value, found["URL"].origin) == ("http://qdrant:6333", Origin.LITERAL)
    assert text_at(text, found["URL"].value.place) == '"http://$(HOST):6333"'
    assert found["PASSWORD"].value.is_unknown
    assert found["PASSWORD"].origin is Origin.REFERENCE
    assert found["PASSWORD"].value.reason == "it comes from Secret `db`, key `password`"
    assert text_at(text, found["PASSWORD"].value.place) == "secretKeyRef"
    assert (found["DB"].value.value, found["DB"].origin) == ("postgres://app:$(PASSWORD)@db/app", Origin.INTERPOLATED)
    assert found["NODE"].origin is Origin.REFERENCE
    assert found["ESCAPED"].value.value == "$(HOST)"
    assert (found["NONE"].value.value, found["NONE"].origin) == ("", Origin.EMPTY)
    assert found["HOST"].value.value == "last"


def test_env_from_names() -> None:
    text = pod(ENV)
    sources = only(interpreted(text, "p.yaml")).environment_from
    assert [s.value for s in sources] == ["settings", "keys"]
    assert text_at(text, sources[1].place) == "keys"
    assert sources[1].node.parent is not None
    assert sources[1].node.parent.key is not None
    assert sources[1].node.parent.key.text == "secretRef"


def test_a_reference_to_nothing_stays_as_it_is() -> None:
    found = variables("    env:\n    - {name: A, value: $(B)}\n    - {name: B, value: x}\n")
    assert (found["A"].value.value, found["A"].origin) == ("$(B)", Origin.PLACEHOLDER)
    with_more = variables("    envFrom: [{configMapRef: {name: c}}]\n    env: [{name: A, value: $(B)}]\n")
    assert with_more["A"].origin is Origin.INTERPOLATED
    injected = variables("    env: [{name: A, value: $(REDIS_SERVICE_HOST)}]\n")
    assert injected["A"].origin is Origin.INTERPOLATED


def test_expansion_does_not_explode() -> None:
    lines = ["    - {name: V0, value: " + "x" * 100 + "}"]
    lines += [f"    - {{name: V{i}, value: $(V{i - 1})$(V{i - 1})}}" for i in range(1, 60)]
    found = variables("    env:\n" + "\n".join(lines) + "\n")
    assert found["V3"].value.value == "x" * 800
    assert found["V59"].value.is_set
    assert max(len(v.value.or_else("")) for v in found.values()) < 10_000
    assert any(v.value.is_unknown for v in found.values())


def test_command_and_arguments() -> None:
    text = pod(
        "    env: [{name: PORT, value: '1'}]\n"
        "    command: [web, $(NOPE)]\n    args:\n    - --port=$(PORT)\n    - $$(PORT)\n    - echo $(date) ${PORT}\n"
    )
    container = only(interpreted(text, "p.yaml"))
    assert container.command.value == ["web", "$(NOPE)"]
    assert container.arguments.value == ["--port=1", "$(PORT)", "echo $(date) ${PORT}"]
    assert container.program() == ["web", "$(NOPE)", "--port=1", "$(PORT)", "echo $(date) ${PORT}"]
    assert text_at(text, container.command.place) == "command"
    assert only(interpreted(pod("    command: []\n"), "p.yaml")).command.is_unset


VOLUMES = """\
    volumeMounts:
    - {name: sock, mountPath: /var/run/docker.sock}
    - {name: conf, mountPath: /etc/redis/redis.conf, subPath: redis.conf}
    - {name: keys, mountPath: /keys, readOnly: true}
    - {name: tmp, mountPath: /tmp}
    - {name: none, mountPath: /none}
    - {name: data, mountPath: /data}
    - {name: all, mountPath: /all}
    - {name: disk, mountPath: /disk}
    - {name: gone, mountPath: /gone}
  volumes:
  - name: sock
    hostPath: {path: /var/run/docker.sock}
  - name: conf
    configMap:
      name: redis
      optional: true
      items:
      - {key: redis.conf, path: redis.conf}
  - name: keys
    secret: {secretName: tls}
  - name: tmp
    emptyDir: {}
  - name: none
  - name: data
    persistentVolumeClaim: {claimName: db}
  - name: all
    projected:
      sources:
      - configMap: {name: a}
      - secret: {name: b, items: [{key: k, path: p}]}
      - serviceAccountToken: {path: token}
  - name: disk
    csi: {driver: secrets-store.csi.k8s.io, readOnly: true}
"""


def test_mounts() -> None:
    text = pod(VOLUMES)
    out = interpreted(text, "p.yaml")
    mounts = only(out).mounts
    assert [(m.kind, m.source.value, m.target.value) for m in mounts] == [
        ("host", "/var/run/docker.sock", "/var/run/docker.sock"),
        ("configmap", "redis", "/etc/redis/redis.conf"),
        ("secret", "tls", "/keys"),
        ("empty", "tmp", "/tmp"),
        ("empty", "none", "/none"),
        ("volume", "db", "/data"),
        ("configmap", "a", "/all"),
        ("secret", "b", "/all"),
        ("other", "serviceAccountToken", "/all"),
        ("other", "secrets-store.csi.k8s.io", "/disk"),
        ("other", None, "/gone"),
    ]
    host, conf = mounts[0], mounts[1]
    assert text_at(text, host.source.place) == "/var/run/docker.sock"
    assert host.source.place.line > host.target.place.line
    assert (conf.sub_path, conf.items, conf.optional, conf.read_only) == ("redis.conf", {"redis.conf": "redis.conf"}, True, True)
    assert mounts[7].items == {"k": "p"}
    assert not host.read_only
    assert mounts[9].read_only
    assert kinds(out) == {NoticeKind.UNRESOLVED}


def test_claim_templates_take_precedence() -> None:
    text = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {}
  template:
    spec:
      containers:
      - name: db
        image: postgres:16
        volumeMounts: [{name: data, mountPath: /data, subPathExpr: $(POD)}]
      volumes:
      - name: data
        hostPath: {path: /srv}
  volumeClaimTemplates:
  - metadata: {name: data}
"""
    (mount,) = only(interpreted(text, "db.yaml")).mounts
    assert (mount.kind, mount.source.value, mount.sub_path) == ("volume", "data", "$(POD)")
    assert mount.source.place.line == 17


@pytest.mark.parametrize("volume", ["nfs: {server: n, path: /}", "azureFile: {shareName: s}"])
def test_other_volumes(volume: str) -> None:
    text = pod(f"    volumeMounts: [{{name: v, mountPath: /v}}]\n  volumes:\n  - name: v\n    {volume}\n")
    (mount,) = only(interpreted(text, "p.yaml")).mounts
    assert (mount.kind, mount.source.value) == ("other", "v")
