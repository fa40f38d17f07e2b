"""How a managed service is kept running: snapshots before deletion, a second zone, monitoring, logs, scans of images.

Sources: AWS provider, "Argument Reference" of aws_db_instance, aws_rds_cluster, aws_rds_cluster_instance, aws_docdb_cluster,
aws_neptune_cluster, aws_elasticache_replication_group, aws_eks_cluster, aws_lb, aws_ecr_repository; Amazon RDS user guide (IAM
database authentication: MySQL, MariaDB and PostgreSQL; Performance Insights: not with the smallest classes of MySQL and MariaDB);
Amazon ElastiCache user guide, "Log delivery" (from Redis 6.0); Elastic Load Balancing user guides (access logs of a network
load balancer tell of its TLS listeners only); terraform-aws-modules/eks, ``variables.tf`` (three log types by default since 18).
"""

import re
from collections.abc import Callable

from afscan.model.node import Node
from afscan.model.subjects import Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.references import reference

_RELATIONAL = frozenset(("aws_db_instance", "aws_rds_cluster"))
_CLUSTERS = frozenset(("aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"))
_SMALL = re.compile(r"db\.(?:t2|t3|t4g)\.(?:micro|small)\Z")
_BEFORE_LOGS = re.compile(r"[1-5](?:\.|\Z)")
_LOG_EXPORTS = {"aws_neptune_cluster": "enable_cloudwatch_logs_exports"}


def read_operations(resource: ManagedResource, body: Body) -> None:
    """Fill in what a resource says of its own operation; facets that its type has not stay None."""
    read = _READ.get(resource.kind)
    if read is not None:
        read(resource, body)


def _switch(body: Body, name: str, default: bool, why: str = "") -> Facet:
    return Facet(setting=name, on=body.boolean(name), default=default, why=why)


def _listed(body: Body, name: str, why: str) -> Facet:
    """On where a list has any item."""
    node, items = body.node.entries.get(name), body.strings(name)
    on: Value[bool] = Value.unset(body.node)
    if node is not None and body.result(name) is not None:
        on = Value.of(bool(items), node, node.place if node.span.line == node.span.end_line else None)
        if len(items) == 1 and items[0].is_unknown and items[0].node is node:
            on = items[0].map(bool)
    return Facet(setting=name, on=on, default=False, why=why)


def _database(resource: ManagedResource, body: Body) -> None:
    """An RDS instance, or a cluster of Aurora, DocumentDB or Neptune. A replica is as safe as its primary."""
    kind, engine = resource.kind, body.text("engine").or_else("").lower()
    replica = body.written("replicate_source_db")
    if not replica:
        _deletion(resource, body)
    if kind == "aws_db_instance" and not replica:
        resource.hardening.append(_switch(body, "multi_az", False, "a single zone"))
    if kind in _RELATIONAL and _knows_iam(body, engine):
        why = "logins with a password only"
        resource.hardening.append(_switch(body, "iam_database_authentication_enabled", False, why))
    if kind == "aws_db_instance":
        resource.hardening.append(_switch(body, "auto_minor_version_upgrade", True, "no automatic minor upgrades"))
        resource.monitoring += _instance_monitoring(body, engine)
    exports = _LOG_EXPORTS.get(kind, "enabled_cloudwatch_logs_exports")
    resource.monitoring.append(_listed(body, exports, "no exported logs"))
    if kind in _RELATIONAL:
        resource.engine_version = body.text("engine_version")
        resource.lifecycle = _lifecycle(engine)


def _knows_iam(body: Body, engine: str) -> bool:
    if body.text("engine_mode").or_else("") == "serverless":
        return False
    return engine.startswith(("postgres", "mysql", "aurora"))


def _lifecycle(engine: str) -> str:
    known = {
        "postgres": "rds-postgres",
        "mysql": "rds-mysql",
        "aurora-postgresql": "rds-postgres",
        "aurora-mysql": "aurora-mysql",
    }
    return known.get(engine, "")


def _deletion(resource: ManagedResource, body: Body) -> None:
    """Whether data outlive the resource. With ``prevent_destroy`` Terraform refuses to delete it at all."""
    if body.boolean("lifecycle", "prevent_destroy").value is True:
        return
    resource.deletion_protection = _switch(body, "deletion_protection", False)
    skip, name = body.boolean("skip_final_snapshot"), body.text("final_snapshot_identifier")
    on: Value[bool] = skip.map(lambda skipped: not skipped)
    why = "`skip_final_snapshot` is on: what is deleted is gone"
    if skip.value is not True and not skip.is_unknown:
        on = name.map(bool) if not name.is_unset else Value.unset(body.node)
        if name.is_unknown and body.written("final_snapshot_identifier"):
            on = Value.of(True, name.node, name.at)  # some name, whichever
        why = "`final_snapshot_identifier` names none, so that Terraform cannot take one"
    resource.final_snapshot = Facet(setting="final_snapshot_identifier", on=on, default=False, why=why)


def _instance_monitoring(body: Body, engine: str) -> list[Facet]:
    interval = body.integer("monitoring_interval")
    host = Facet(
        setting="monitoring_interval", on=interval.map(lambda seconds: seconds > 0), default=False, why="no enhanced monitoring"
    )
    small = _SMALL.match(body.text("instance_class").or_else("")) and not engine.startswith(("postgres", "aurora-postgresql"))
    if small:
        return [host]
    return [_switch(body, "performance_insights_enabled", False, "no Performance Insights"), host]


def _cluster_instance(resource: ManagedResource, body: Body) -> None:
    """What an instance does not say, its cluster may say for it."""
    facets = _instance_monitoring(body, body.text("engine").or_else("").lower())
    cluster = _cluster_of(body)
    for facet in facets:
        if not facet.on.is_unset:
            continue
        if cluster is None:
            facet.on = Value.unknown(body.node, f"the cluster, which is not declared here, may set `{facet.setting}`")
        elif cluster.written(facet.setting):
            written = cluster.text(facet.setting)
            facet.on = written.map(lambda text: text not in ("false", "0"))
    resource.monitoring += facets
    resource.hardening.append(_switch(body, "auto_minor_version_upgrade", True, "no automatic minor upgrades"))


def _cluster_of(body: Body) -> Body | None:
    """The cluster of this module that ``cluster_identifier`` refers to."""
    node: Node | None = body.node.entries.get("cluster_identifier")
    found = reference(node) if node is not None else None
    if found is None or found[0] != "aws_rds_cluster" or not found[1] or not isinstance(found[1][0], str):
        return None
    cluster = body.scope.module.resources.get(("aws_rds_cluster", found[1][0]))
    return None if cluster is None else Body(cluster, body.scope, body.out)


def _cache(resource: ManagedResource, body: Body) -> None:
    """A replication group, or a single node of Redis; Memcached delivers no logs."""
    version = body.text("engine_version")
    if resource.product != "redis" or (body.written("global_replication_group_id") and version.is_unset):
        return
    if resource.kind == "aws_elasticache_replication_group":
        resource.hardening.append(_switch(body, "multi_az_enabled", False, "a single zone"))
    resource.hardening.append(_switch(body, "auto_minor_version_upgrade", True, "no automatic minor upgrades"))
    if body.text("engine").or_else("redis") == "redis":
        resource.engine_version, resource.lifecycle = version, "elasticache"
    if not _BEFORE_LOGS.match(version.or_else("")):
        resource.logs = _block(body, "log_delivery_configuration", "neither slow log nor engine log is delivered")


def _block(body: Body, name: str, why: str) -> Facet:
    """On where a block of a type is there."""
    blocks, unread = body.blocks(name), body.unread(name)
    on: Value[bool] = unread.map(bool) if unread is not None else Value.unset(body.node)
    if blocks:
        on = Value.of(True, blocks[0].node)
    return Facet(setting=name, on=on, default=False, why=why)


def _control_plane(resource: ManagedResource, body: Body) -> None:
    resource.logs = _listed(body, "enabled_cluster_log_types", "the control plane keeps its logs to itself, the audit log too")
    resource.engine_version, resource.lifecycle = body.text("version"), "eks"


def read_eks_inputs(resource: ManagedResource, body: Body, major: int | None) -> None:
    """The registry's EKS module of a major version; its inputs lost the prefix ``cluster_`` with version 21."""
    named = "enabled_log_types" if body.written("enabled_log_types") or (major or 0) >= 21 else "cluster_enabled_log_types"
    resource.logs = _listed(body, named, "the control plane keeps its logs to itself, the audit log too")
    if resource.logs.on.is_unset and major is None:
        resource.logs.on = Value.unknown(body.node, f"the default of `{named}` depends on the module's version")
    resource.logs.default = major is not None and major >= 18
    version = body.text("cluster_version")
    resource.engine_version = body.text("kubernetes_version") if version.is_unset else version
    resource.lifecycle = "eks"


def _load_balancer(resource: ManagedResource, body: Body) -> None:
    kind = body.text("load_balancer_type")
    if kind.or_else("application") != "application" or kind.is_unknown:
        return
    on = body.boolean("access_logs", "enabled")
    resource.logs = Facet(setting="access_logs.enabled", on=on, default=False, why="who asked for what is written nowhere")


def _repository(resource: ManagedResource, body: Body) -> None:
    on = body.boolean("image_scanning_configuration", "scan_on_push")
    resource.scan_on_push = Facet(setting="image_scanning_configuration.scan_on_push", on=on, default=False)


_VERSIONS = {"azurerm_kubernetes_cluster": "kubernetes_version", "google_container_cluster": "min_master_version"}


def _kubernetes_version(resource: ManagedResource, body: Body) -> None:
    """The version of an AKS or GKE cluster; without one the provider picks one that is supported."""
    resource.engine_version = body.text(_VERSIONS[resource.kind])


_READ: dict[str, Callable[[ManagedResource, Body], None]] = {
    **dict.fromkeys(("aws_db_instance", *_CLUSTERS), _database),
    "aws_alb": _load_balancer,
    "aws_ecr_repository": _repository,
    "aws_eks_cluster": _control_plane,
    "aws_elasticache_cluster": _cache,
    "aws_elasticache_replication_group": _cache,
    "aws_lb": _load_balancer,
    "aws_rds_cluster_instance": _cluster_instance,
    **dict.fromkeys(_VERSIONS, _kubernetes_version),
}
"""By resource type: what reads its operation."""
