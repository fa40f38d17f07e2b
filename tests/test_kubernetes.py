"""Kubernetes workloads: what each container will run as, and where that is written."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, IgnoredSetting, ImageReference, PublishedPort, Workload
from afscan.platforms.kubernetes.quantities import parse_quantity
from afscan.platforms.reading import Interpretation
from support import interpreted, text_at

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: prod
spec:
  replicas: 3
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels:
        app: shop
        tier: web
    spec:
      hostNetwork: true
      hostUsers: false
      securityContext:
        runAsUser: 1000
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      initContainers:
      - name: migrate
        image: shop/migrate:1.2
        command: [migrate]
      - name: mesh
        image: mesh:2
        restartPolicy: Always
      containers:
      - name: web
        image: "ghcr.io/shop/web:4.1@sha256:abc"
        command: [web, --db, $(DB_URL)]
        args:
        - --port=$(PORT)
        - $$(PORT)
        - $(date)
        ports:
        - containerPort: 8080
          name: http
          hostPort: 80
          hostIP: 127.0.0.1
        - containerPort: 9090
          protocol: UDP
        resources:
          limits:
            memory: 512Mi
            cpu: 500m
          requests:
            cpu: 0.25
        livenessProbe:
          httpGet:
            path: /health
            port: http
            scheme: HTTPS
        readinessProbe:
          exec:
            command: [pg_isready]
        securityContext:
          runAsUser: 0
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
            add: [CAP_NET_BIND_SERVICE]
"""


def containers(out: Interpretation) -> dict[str, Container]:
    return {s.name.rpartition(" ")[2]: s for s in out.subjects if isinstance(s, Container)}


def only(out: Interpretation) -> Container:
    (found,) = [s for s in out.subjects if isinstance(s, Container)]
    return found


def kinds(out: Interpretation) -> set[NoticeKind]:
    return {notice.kind for notice in out.notices}


def pod(spec: str, kind: str = "Pod") -> str:
    """A pod with one container; ``spec`` are further lines of the container, indented by two."""
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    image: i:1\n{spec}"


def test_workload_and_containers_by_name() -> None:
    out = interpreted(DEPLOYMENT, "shop.yaml")
    (workload,) = [s for s in out.subjects if isinstance(s, Workload)]
    assert workload.name == "Deployment shop"
    assert (workload.kind, workload.namespace, workload.labels) == ("Deployment", "prod", {"app": "shop", "tier": "web"})
    assert workload.replicas.value == 3
    assert text_at(DEPLOYMENT, workload.replicas.place) == "3"
    assert [c.name for c in workload.containers] == [
        "Deployment shop, init container migrate",
        "Deployment shop, sidecar container mesh",
        "Deployment shop, container web",
    ]
    assert [c.role for c in workload.containers] == ["init", "sidecar", "main"]
    assert text_at(DEPLOYMENT, workload.containers[2].place) == "name: web"
    assert out.notices == []


def test_container_security_overrides_the_pod_field_by_field() -> None:
    found = containers(interpreted(DEPLOYMENT, "shop.yaml"))
    web, mesh = found["web"], found["mesh"]
    assert (web.user.value, web.run_as_non_root.value if web.run_as_non_root else None) == ("0", True)
    assert text_at(DEPLOYMENT, web.user.place) == "0"
    assert (mesh.user.value, text_at(DEPLOYMENT, mesh.user.place)) == ("1000", "1000")
    assert web.seccomp is not None
    assert text_at(DEPLOYMENT, web.seccomp.place) == "RuntimeDefault"
    assert web.privilege_escalation.value is False
    assert web.read_only_root.value is True
    assert [v.value for v in web.capabilities_dropped] == ["ALL"]
    assert [v.value for v in web.capabilities_added] == ["NET_BIND_SERVICE"]
    assert text_at(DEPLOYMENT, web.capabilities.place) == "capabilities"
    assert mesh.privilege_escalation.is_unset
    assert text_at(DEPLOYMENT, mesh.privilege_escalation.place) == "name: mesh"
    assert [(n.kind, n.shared.value) for n in web.host_namespaces] == [("network", True), ("user", False)]


def test_an_unset_field_is_placed_at_what_lacks_it() -> None:
    text = pod("    securityContext:\n      runAsNonRoot: true\n    resources:\n      requests: {memory: 1Mi}\n")
    container = only(interpreted(text, "p.yaml"))
    assert text_at(text, container.privileged.place) == "securityContext"
    assert text_at(text, container.memory_limit.place) == "resources"
    assert text_at(text, container.cpu_request.place) == "requests"
    assert text_at(text, container.liveness.place) == "name: c"


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ("privileged: true", "true"),
        ("capabilities: {add: [SYS_ADMIN]}", "SYS_ADMIN"),
        ("capabilities: {add: [CAP_SYS_ADMIN]}", "CAP_SYS_ADMIN"),
    ],
)
def test_privileged_and_sys_admin_imply_privilege_escalation(context: str, place: str) -> None:
    text = pod(f"    securityContext:\n      {context}\n")
    container = only(interpreted(text, "p.yaml"))
    assert container.privilege_escalation.value is True
    assert text_at(text, container.privilege_escalation.place) == place


def test_fields_on_the_wrong_level_have_no_effect() -> None:
    text = pod("    securityContext: {fsGroup: 1}\n  securityContext:\n    readOnlyRootFilesystem: true\n")
    out = interpreted(text, "p.yaml")
    assert only(out).read_only_root.is_unset
    ignored = [s for s in out.subjects if isinstance(s, IgnoredSetting)]
    assert [s.setting for s in ignored] == ["securityContext.readOnlyRootFilesystem", "securityContext.fsGroup"]
    assert text_at(text, ignored[0].place) == "true"


def test_windows_pods_have_no_linux_settings() -> None:
    text = pod("    securityContext: {runAsUser: 0}\n  os: {name: windows}\n")
    container = only(interpreted(text, "p.yaml"))
    assert container.user.is_unknown
    assert container.privilege_escalation.is_unknown
    assert "Windows" in container.user.reason
    assert text_at(text, container.user.place) == "windows"
    assert container.privileged.is_unset
    host = pod("    securityContext:\n      windowsOptions:\n        hostProcess: true\n  os: {name: windows}\n")
    assert only(interpreted(host, "p.yaml")).privileged.value is True


def test_image_reference() -> None:
    found = containers(interpreted(DEPLOYMENT, "shop.yaml"))
    image = found["web"].image
    assert image is not None
    assert (image.repository, image.tag, image.digest) == ("ghcr.io/shop/web", "4.1", "sha256:abc")
    assert text_at(DEPLOYMENT, image.place) == '"ghcr.io/shop/web:4.1@sha256:abc"'
    images = [s for s in interpreted(DEPLOYMENT, "x.yaml").subjects if isinstance(s, ImageReference)]
    assert [i.name for i in images][2] == "Deployment shop, container web"


def test_empty_image_is_noted() -> None:
    out = interpreted(pod("").replace("i:1", '" "'), "p.yaml")
    assert only(out).image is None
    assert NoticeKind.PARTIAL in kinds(out)


def test_an_image_that_another_tool_fills_in_is_unknown() -> None:
    text = pod("").replace("i:1", "shop/web:${TAG}")
    image = only(interpreted(text, "p.yaml")).image
    assert image is not None
    assert image.reference.is_unknown
    assert image.repository == "shop/web"
    assert text_at(text, image.reference.place) == "shop/web:${TAG}"


def test_ports_and_published_ports() -> None:
    out = interpreted(DEPLOYMENT, "shop.yaml")
    web = containers(out)["web"]
    assert [(p.port.value, p.name, p.protocol) for p in web.ports] == [(8080, "http", "tcp"), (9090, None, "udp")]
    (published,) = [s for s in out.subjects if isinstance(s, PublishedPort)]
    assert (published.host_port.value, published.container_port.value, published.host_ip.value) == ("80", 8080, "127.0.0.1")
    assert text_at(DEPLOYMENT, published.host_port.place) == "80"
    assert text_at(DEPLOYMENT, published.host_ip.place) == "127.0.0.1"
    nothing = interpreted(pod("    ports: [{containerPort: 1, hostPort: 0}]\n"), "p.yaml")
    assert not [s for s in nothing.subjects if isinstance(s, PublishedPort)]


def test_probes() -> None:
    web = containers(interpreted(DEPLOYMENT, "shop.yaml"))["web"]
    liveness, readiness = web.liveness.value, web.readiness
    assert liveness is not None
    assert readiness is not None
    assert readiness.value is not None
    assert (liveness.kind, liveness.port.value if liveness.port else None) == ("https", "http")
    assert liveness.path is not None
    assert text_at(DEPLOYMENT, liveness.path.place) == "/health"
    assert text_at(DEPLOYMENT, web.liveness.place) == "livenessProbe"
    assert readiness.value.kind == "exec"
    assert readiness.value.command is not None
    assert readiness.value.command.value == ["pg_isready"]
    assert web.startup is not None
    assert web.startup.is_unset


@pytest.mark.parametrize(
    ("probe", "kind", "port"),
    [
        ("tcpSocket: {port: '6379'}", "tcp", 6379),
        ("grpc: {port: 50051}", "grpc", 50051),
        ("httpGet: {port: 80}", "http", 80),
        ("httpGet: {port: 80, host: other}", "http", None),
    ],
)
def test_probe_kinds(probe: str, kind: str, port: int | None) -> None:
    found = only(interpreted(pod(f"    livenessProbe:\n      {probe}\n"), "p.yaml")).liveness.value
    assert found is not None
    assert found.port is not None
    assert (found.kind, found.port.value) == (kind, port)


def test_probe_without_a_way_to_probe_is_unknown_and_noted() -> None:
    out = interpreted(pod("    livenessProbe: {periodSeconds: 3}\n"), "p.yaml")
    assert only(out).liveness.is_unknown
    assert kinds(out) == {NoticeKind.WRONG_TYPE}
    assert only(interpreted(pod("    livenessProbe:\n"), "p.yaml")).liveness.is_unset
    assert only(interpreted(pod("    livenessProbe: 3\n"), "p.yaml")).liveness.is_unknown


def test_init_and_ephemeral_containers_have_no_probes() -> None:
    text = pod("  ephemeralContainers:\n  - {name: debug, image: busybox}\n  initContainers:\n  - {name: init, image: i}\n")
    found = containers(interpreted(text, "p.yaml"))
    assert found["debug"].role == "ephemeral"
    assert found["debug"].readiness is None
    assert found["init"].readiness is None
    assert found["c"].readiness is not None


def test_resources_and_their_defaults() -> None:
    web = containers(interpreted(DEPLOYMENT, "shop.yaml"))["web"]
    assert (web.memory_limit.value, web.cpu_limit.value, web.cpu_request.value) == (512 * 1024**2, 0.5, 0.25)
    assert web.memory_request.value == 512 * 1024**2  # the limit, where no request is written
    assert text_at(DEPLOYMENT, web.memory_request.place) == "512Mi"


def test_pod_level_resources_bound_the_containers() -> None:
    text = pod(
        "    resources: {limits: {cpu: 1}}\n  resources:\n    limits: {memory: 1Gi, cpu: 4}\n    requests: {memory: 64Mi}\n"
    )
    container = only(interpreted(text, "p.yaml"))
    assert (container.memory_limit.value, container.memory_request.value) == (1024**3, 64 * 1024**2)
    assert (container.cpu_limit.value, container.cpu_request.value) == (1, 1)
    assert text_at(text, container.memory_limit.place) == "1Gi"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("100m", 0.1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2),
        ("512Mi", 512 * 1024**2),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1G", 10**9),
        ("1k", 1000),
        ("128974848", 128974848),
        ("+5", 5),
        ("0", 0),
        ("512mi", None),
        ("512MB", None),
        ("1K", None),
        ("", None),
        ("half", None),
        ("1 Gi", None),
        ("1e", None),
        ("1e999", None),
        ("NaN", None),
        ("1_000", None),
    ],
)
def test_quantities(text: str, number: float | None) -> None:
    assert parse_quantity(text) == number


def test_an_impossible_quantity_is_unknown_and_noted() -> None:
    text = pod("    resources: {limits: {memory: 512MB}}\n")
    out = interpreted(text, "p.yaml")
    assert only(out).memory_limit.is_unknown
    assert only(out).memory_request.is_unknown
    (notice,) = out.notices
    assert text_at(text, notice.place) == "512MB"
