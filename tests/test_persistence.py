"""Where datastores keep their data, what Redis writes, what says that it is a cache; who uses a ConfigMap and mounts what."""

import pytest

from afscan.join.mentions import is_found_by_others, is_used, mounted_in
from afscan.join.persistence import home_of, is_cache, is_throwaway, redis_of, writes
from afscan.model.objects import ManifestObject
from afscan.model.stack import Stack
from afscan.model.subjects import Container
from support import stack_of, text_at


def deployment(name: str, image: str, container: str = "", volumes: str = "") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n"
        f'      containers:\n        - name: main\n          image: "{image}"\n{container}{volumes}'
    )


def container_of(stack: Stack) -> Container:
    (found,) = stack.of(Container)
    return found


@pytest.mark.parametrize(
    ("image", "target", "volume", "kept"),
    [
        ("postgres:16", "/var/lib/postgresql/data", "persistentVolumeClaim: {claimName: d}", True),
        ("postgres:16", "/var/lib/postgresql", "persistentVolumeClaim: {claimName: d}", True),
        ("postgres:16", "/var/lib/postgresql/data/pgdata", "csi: {driver: x}", True),
        ("postgres:16", "/var/lib/postgresql/data", "emptyDir: {}", False),
        ("postgres:16", "/srv/elsewhere", "persistentVolumeClaim: {claimName: d}", None),
        ("postgres:16", "/etc/x", "configMap: {name: c}", False),
        ("valkey/valkey:8", "/data", "emptyDir: {}", False),
        ("qdrant/qdrant:v1.15.4", "/qdrant/storage", "hostPath: {path: /srv}", True),
    ],
)
def test_where_data_go(image: str, target: str, volume: str, kept: bool | None) -> None:
    text = deployment(
        "db", image, f"          volumeMounts: [{{name: v, mountPath: {target}}}]\n", f"      volumes: [{{name: v, {volume}}}]\n"
    )
    home = home_of(container_of(stack_of({"d.yaml": text})))
    assert home is not None
    assert home.kept is kept


def test_a_moved_directory_and_what_is_no_datastore() -> None:
    moved = deployment("db", "postgres:16", "          env: [{name: PGDATA, valueFrom: {configMapKeyRef: {name: c, key: k}}}]\n")
    home = home_of(container_of(stack_of({"d.yaml": moved})))
    assert home is not None
    assert home.kept is None
    assert home_of(container_of(stack_of({"d.yaml": deployment("api", "ghcr.io/example/api:1")}))) is None


@pytest.mark.parametrize(
    ("name", "args", "written", "cache"),
    [
        ("redis", "[]", True, None),
        ("redis", "[--save, '', --appendonly, 'no']", False, None),
        ("redis", "[--save, '', --appendonly, 'yes']", True, None),
        ("redis", "[--save, '3600 1']", True, None),
        ("redis", "[--maxmemory-policy, allkeys-lfu]", True, True),
        ("redis", "[--maxmemory-policy, noeviction]", True, False),
        ("page-cache", "[]", True, True),
        ("session-store", "[]", True, False),
    ],
)
def test_what_redis_writes_and_what_says_cache(name: str, args: str, written: bool, cache: bool | None) -> None:
    stack = stack_of({"d.yaml": deployment(name, "redis:7.4", f"          args: {args}\n")})
    container = container_of(stack)
    server = redis_of(stack, container)
    assert server is not None
    assert writes(server)[0] is written
    assert is_cache(server, container) is cache


def test_files_for_tests_are_told_by_their_names() -> None:
    for path, throwaway in (("docker-compose.test.yml", True), ("ci/compose.yaml", True), ("latest/compose.yaml", False)):
        stack = stack_of({path: "services: {db: {image: 'postgres:16'}}\n"})
        assert is_throwaway(container_of(stack)) is throwaway, path


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop%s}\ndata: {a: b}\n"


def config_map(stack: Stack) -> ManifestObject:
    (found,) = [one for one in stack.of(ManifestObject) if one.kind == "ConfigMap"]
    return found


@pytest.mark.parametrize(
    ("container", "volumes", "used"),
    [
        ("", "", False),
        ("          envFrom: [{configMapRef: {name: settings}}]\n", "", True),
        ("          args: [--config-map=shop/settings]\n", "", True),
        ("          args: [--config-map=shop/other-settings]\n", "", False),
        ("", "      volumes: [{name: v, configMap: {name: settings}}]\n", True),
    ],
)
def test_uses_of_a_config_map(container: str, volumes: str, used: bool) -> None:
    stack = stack_of({"c.yaml": CONFIG % "", "d.yaml": deployment("api", "a:1", container, volumes)})
    assert is_used(stack, config_map(stack)) is used


def test_a_kustomization_may_take_its_values_from_a_config_map() -> None:
    kustomization = "replacements: [{source: {kind: ConfigMap, name: settings, fieldPath: data.a}, targets: []}]\n"
    stack = stack_of({"c.yaml": CONFIG % "", "kustomization.yaml": kustomization})
    assert is_used(stack, config_map(stack))


@pytest.mark.parametrize(
    ("labels", "found"),
    [("", False), (", labels: {app: x, app.kubernetes.io/part-of: y}", False), (", labels: {grafana_dashboard: '1'}", True)],
)
def test_what_controllers_find_by_labels(labels: str, found: bool) -> None:
    assert is_found_by_others(config_map(stack_of({"c.yaml": CONFIG % labels}))) is found


def test_who_mounts_what_where() -> None:
    text = deployment(
        "api",
        "a:1",
        "          volumeMounts: [{name: v, mountPath: /etc/api}]\n",
        "      volumes: [{name: v, configMap: {name: settings}}]\n",
    )
    stack = stack_of({"d.yaml": text})
    ((container, mount),) = mounted_in(stack, "configmap", "shop", "settings")
    assert container.name == "Deployment api, container main"
    assert text_at(text, mount.target.place) == "/etc/api"
    assert mounted_in(stack, "configmap", "other", "settings") == []
