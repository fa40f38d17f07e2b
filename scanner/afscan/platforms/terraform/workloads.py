"""The Kubernetes provider: its resources are Kubernetes objects in other words.

They are written back as such (``security_context`` becomes ``securityContext``, repeated blocks become lists, each value at its
own place) and read by the Kubernetes platform, so that defaults and precedence are the same. Source: Kubernetes provider,
"kubernetes_deployment_v1" and its like, which document each block as the API's field of the same name.
"""

from dataclasses import fields, is_dataclass

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import BuildStage, ImageBuild, Server, Subject
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.declarations import labelled
from afscan.platforms.terraform.dynamic import expand_dynamic
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.resolved import to_node
from afscan.platforms.terraform.results import Known, Unknown
from afscan.syntax.hcl.nodes import Block

_KINDS = {
    "kubernetes_cluster_role": ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    "kubernetes_cluster_role_binding": ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    "kubernetes_cron_job": ("CronJob", "batch/v1"),
    "kubernetes_daemonset": ("DaemonSet", "apps/v1"),
    "kubernetes_daemon_set": ("DaemonSet", "apps/v1"),
    "kubernetes_deployment": ("Deployment", "apps/v1"),
    "kubernetes_horizontal_pod_autoscaler": ("HorizontalPodAutoscaler", "autoscaling/v1"),
    "kubernetes_horizontal_pod_autoscaler_v2": ("HorizontalPodAutoscaler", "autoscaling/v2"),
    "kubernetes_horizontal_pod_autoscaler_v2beta2": ("HorizontalPodAutoscaler", "autoscaling/v2beta2"),
    "kubernetes_ingress": ("Ingress", "networking.k8s.io/v1"),
    "kubernetes_job": ("Job", "batch/v1"),
    "kubernetes_limit_range": ("LimitRange", "v1"),
    "kubernetes_namespace": ("Namespace", "v1"),
    "kubernetes_network_policy": ("NetworkPolicy", "networking.k8s.io/v1"),
    "kubernetes_pod": ("Pod", "v1"),
    "kubernetes_pod_disruption_budget": ("PodDisruptionBudget", "policy/v1"),
    "kubernetes_replication_controller": ("ReplicationController", "v1"),
    "kubernetes_resource_quota": ("ResourceQuota", "v1"),
    "kubernetes_role": ("Role", "rbac.authorization.k8s.io/v1"),
    "kubernetes_role_binding": ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    "kubernetes_service": ("Service", "v1"),
    "kubernetes_service_account": ("ServiceAccount", "v1"),
    "kubernetes_stateful_set": ("StatefulSet", "apps/v1"),
}

_NAMED = {
    "config_map": "ConfigMap",
    "persistent_volume": "PersistentVolume",
    "persistent_volume_claim": "PersistentVolumeClaim",
    "priority_class": "PriorityClass",
    "secret": "Secret",
    "storage_class": "StorageClass",
}
_LISTS = {
    "container": "containers",
    "egress": "egress",
    "env": "env",
    "env_from": "envFrom",
    "from": "from",
    "host_aliases": "hostAliases",
    "http_header": "httpHeaders",
    "image_pull_secrets": "imagePullSecrets",
    "ingress": "ingress",
    "init_container": "initContainers",
    "items": "items",
    "limit": "limits",
    "match_expressions": "matchExpressions",
    "metric": "metrics",
    "path": "paths",
    "port": "ports",
    "ports": "ports",
    "rule": "rules",
    "sources": "sources",
    "subject": "subjects",
    "tls": "tls",
    "to": "to",
    "toleration": "tolerations",
    "topology_spread_constraint": "topologySpreadConstraints",
    "volume": "volumes",
    "volume_claim_template": "volumeClaimTemplates",
    "volume_mount": "volumeMounts",
}
"""Blocks that stand for one item of a list each."""

_BLOCKS = frozenset(
    (
        *("spec", "template", "metadata", "job_template", "selector", "resources", "security_context", "capabilities"),
        *("liveness_probe", "readiness_probe", "startup_probe", "http_get", "tcp_socket", "grpc", "exec", "seccomp_profile"),
        *("value_from", "secret_key_ref", "config_map_key_ref", "field_ref", "role_ref"),
        *("strategy", "update_strategy", "rolling_update", "scale_target_ref", "resource", "target", "container_resource"),
    )
)
"""Blocks that stand for one object each, where JSON does not show what is a block."""

_SINGLE = {
    ("pods", "metric"),
    ("object", "metric"),
    ("external", "metric"),
    ("service", "port"),
    ("backend", "port"),
}
_WORDS = {
    "cluster_ip": "clusterIP",
    "external_ips": "externalIPs",
    "host_ip": "hostIP",
    "host_ipc": "hostIPC",
    "host_pid": "hostPID",
    "load_balancer_ip": "loadBalancerIP",
    "target_cpu_utilization_percentage": "targetCPUUtilizationPercentage",
}
_MAX_DEPTH = 60
GENERATED = {
    **{f"kubernetes_{name}{end}": kind for name, kind in _NAMED.items() for end in ("", "_v1")},
    "helm_release": "*",
}
"""Resources of which only the object that they make counts: its kind, ``*`` for a chart's, which may be any."""


def read_workload(kind: str, body: Mapping, scope: Scope, out: Interpretation) -> None:
    """Emit what a resource of the Kubernetes provider says; other resources say nothing here."""
    if kind in GENERATED:
        from afscan.platforms.terraform.generated import read_generated  # noqa: PLC0415 - most Terraform has no workloads

        out.subjects.append(read_generated(kind, body, scope))
        return
    roots: list[Node] = []
    if kind == "kubectl_manifest":
        roots = _documents(body, scope, out)
    elif (one := _manifest(body, scope) if kind == "kubernetes_manifest" else _object(kind, body, scope)) is not None:
        roots = [one]
    if not roots:
        return
    from afscan.platforms.kubernetes import interpret, recognise  # noqa: PLC0415 - most Terraform has no workloads

    inner = Interpretation()
    for root in roots:
        if recognise(root.source, root):
            interpret(root.source, root, inner)
    seen: set[int] = set()
    for subject in inner.subjects:
        _adopt(subject, seen)
    out.subjects += inner.subjects
    out.notices += inner.notices


def _manifest(body: Mapping, scope: Scope) -> Mapping | None:
    written = body.get("manifest")
    if written is None:
        return None
    root = to_node(scope.evaluate(written), written)
    return root if isinstance(root, Mapping) else None


def _documents(body: Mapping, scope: Scope, out: Interpretation) -> list[Node]:
    """The documents in ``yaml_body`` (provider gavinbunney/kubectl, "kubectl_manifest"); a notice where they are not known."""
    written = body.get("yaml_body")
    if written is None:
        return []
    result = scope.evaluate(written)
    home = result.node if isinstance(result, Known) else None
    if not (isinstance(result, Known) and isinstance(home, Scalar) and home.text == result.value):
        reason = result.reason if not isinstance(result, Known) else "expressions are part of it"
        out.notice(NoticeKind.PARTIAL, written.head, f"The manifest in `yaml_body` is not judged: {reason}.")
        return []
    from afscan.syntax import parse  # noqa: PLC0415

    parsed = parse(home.embed(name=f"{body.source.name}/yaml_body", holder="terraform", syntax="yaml"))
    out.notices += parsed.notices
    return parsed.roots


def _object(kind: str, body: Mapping, scope: Scope) -> Mapping | None:
    known = _KINDS.get(kind.removesuffix("_v1"))
    if known is None:
        return None
    root = Mapping(body.source, body.span)
    root.key, root.parent = body.key, body.parent
    for name, text in (("kind", known[0]), ("apiVersion", known[1])):
        place = body.key.span if body.key is not None else body.span
        root.add(Scalar(body.source, place, name), Scalar(body.source, place, text))
    _fill(root, body, scope, "", 0)
    return root


def _fill(into: Mapping, body: Mapping, scope: Scope, parent: str, depth: int) -> None:
    """Put a body's arguments and blocks into a mapping under the API's names."""
    if depth > _MAX_DEPTH:
        return
    for (name,), block in labelled(body.get("dynamic"), 1, Interpretation()):
        _dynamic(into, (parent, name), block, scope, depth)
    for name, value in body.entries.items():
        if name == "dynamic" or value.key is None:
            continue
        blocks = _blocks(value)
        if not blocks:
            _argument(into, name, value, scope)
        elif _is_list(parent, name):
            _list(into, name, blocks, scope, depth)
        else:
            below = Mapping(blocks[0].source, blocks[0].span)
            _fill(below, blocks[0], scope, name, depth + 1)
            into.add(_key(value.key, _camel(name)), below)


def _dynamic(into: Mapping, names: tuple[str, str], block: Mapping, scope: Scope, depth: int) -> None:
    """The blocks that a ``dynamic`` one stands for; an unknown one where they are not known. ``names``: of the parent, and its own."""
    parent, name = names
    expanded = expand_dynamic(name, block, scope)
    key = block.key if block.key is not None else Scalar(block.source, block.span, name)
    found: list[Node] = []
    if isinstance(expanded, Unknown):
        found = [Opaque(block.source, block.span, name, f'`dynamic "{name}"` is not expanded: {expanded.reason}')]
    else:
        for content, inner in expanded:
            item = Mapping(content.source, content.span)
            item.key = key
            _fill(item, content, inner, name, depth + 1)
            found.append(item)
    if _is_list(parent, name):
        items = into.entries.get(_LISTS[name])
        if not isinstance(items, Sequence):
            items = Sequence(block.source, block.span)
            into.add(Scalar(key.source, key.span, _LISTS[name]), items)
        for one in found:
            items.add(one)
    elif found:
        into.add(Scalar(key.source, key.span, _camel(name)), found[0])


def _argument(into: Mapping, name: str, value: Node, scope: Scope) -> None:
    assert value.key is not None
    node = to_node(scope.evaluate(value), value)
    if not (isinstance(node, Scalar) and node.is_null):
        into.add(_key(value.key, _camel(name)), node)


def _list(into: Mapping, name: str, blocks: list[Mapping], scope: Scope, depth: int) -> None:
    before = into.entries.get(_LISTS[name])
    items = before if isinstance(before, Sequence) else Sequence(blocks[0].source, blocks[0].span)
    for block in blocks:
        item = Mapping(block.source, block.span)
        item.key = block.key
        _fill(item, block, scope, name, depth + 1)
        items.add(item)
    if items is not before:
        key = blocks[0].key
        into.add(Scalar(items.source, key.span if key is not None else items.span, _LISTS[name]), items)


def _is_list(parent: str, name: str) -> bool:
    return name in _LISTS and (parent, name) not in _SINGLE


def _blocks(value: Node) -> list[Mapping]:
    """The blocks behind an entry, none where it is an argument. In JSON a block is an object or a list of objects."""
    if isinstance(value, Sequence) and value.items and all(isinstance(item, Block) for item in value.items):
        return [item for item in value.items if isinstance(item, Mapping)]
    if value.source.syntax == "json" and value.key is not None and _block_like(value.key.text):
        items = value.items if isinstance(value, Sequence) else [value]
        return [item for item in items if isinstance(item, Mapping)]
    return []


def _block_like(name: str) -> bool:
    return name in _LISTS or name in _BLOCKS


def _key(key: Scalar, name: str) -> Scalar:
    return Scalar(key.source, key.span, name)


def _camel(name: str) -> str:
    known = _WORDS.get(name)
    if known is not None:
        return known
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _adopt(value: object, seen: set[int]) -> None:
    """Mark a subject and those inside it as written in Terraform."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, list | tuple):
            waiting += current
        elif isinstance(current, dict):
            waiting += current.values()
        elif is_dataclass(current) and not isinstance(current, type):
            if isinstance(current, Subject):
                current.platform = "terraform"
            if not isinstance(current, ImageBuild | BuildStage | Server):
                waiting += [getattr(current, field.name) for field in fields(current)]
