"""ElastiCache and MemoryDB.

Sources: AWS provider, "aws_elasticache_replication_group", "aws_elasticache_cluster" (TLS for Memcached only: Redis with TLS
needs a replication group), "aws_elasticache_user", "aws_memorydb_cluster"; ElastiCache API reference, TransitEncryptionMode
(``preferred`` takes encrypted and unencrypted connections).
"""

from collections.abc import Callable

from afscan.model.subjects import Authentication, Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.resolved import at


def _replication_group(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    storage, transit = resource.storage_encrypted, resource.transit_encrypted
    engine = body.text("engine")
    if storage is not None and storage.on.is_unset:
        storage.default = engine.or_else("").lower() == "valkey"
        if engine.is_unknown:
            storage.on = Value.unknown(engine.node, engine.reason, engine.at)
    elsewhere = body.written("global_replication_group_id") or engine.or_else("redis") != "redis"
    if transit is not None and transit.on.is_unset and elsewhere:
        transit.on = Value.unknown(body.node, "the default of `transit_encryption_enabled` depends on the engine and the primary")
    mode = body.text("transit_encryption_mode")
    if transit is not None and transit.on.value is True and mode.or_else("") == "preferred":
        why = "with `preferred` clients may still connect without TLS"
        resource.transit_encrypted = Facet(
            setting="transit_encryption_mode", on=Value.of(False, mode.node, mode.at), default=False, why=why
        )
    _authentication(resource, body)
    return [resource]


def _authentication(resource: ManagedResource, body: Body) -> None:
    """Without a token or a user group everybody who reaches the port is let in."""
    given = [name for name in ("auth_token", "user_group_ids") if body.written(name)]
    node = body.node.entries.get(given[0]) if given else None
    if given and node is None:
        return
    required: Value[bool] = Value.of(True, node, at(node)) if node is not None else Value.of(False, body.node)
    if not given and body.written("global_replication_group_id"):
        required = Value.unknown(body.node, "the primary replication group decides")
    body.out.subjects.append(
        Authentication(
            name=resource.name,
            node=body.node,
            platform="terraform",
            product="redis",
            required=required,
            how="without `auth_token` or `user_group_ids` everybody who reaches the port is let in",
        )
    )


def _cluster(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """A single Redis node has no TLS; a member of a replication group is as the group says."""
    if body.written("replication_group_id"):
        return []
    engine = body.text("engine")
    if not engine.is_set:
        return []
    transit = body.boolean("transit_encryption_enabled")
    why = "" if resource.product == "memcached" else "a single Redis node has no TLS; `aws_elasticache_replication_group` has"
    resource.transit_encrypted = Facet(setting="transit_encryption_enabled", on=transit, default=False, why=why)
    if resource.product == "redis":
        resource.backup_days = body.integer("snapshot_retention_limit")
        _authentication(resource, body)
    return [resource]


def _memorydb(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    acl = body.text("acl_name")
    if not acl.is_unset:
        body.out.subjects.append(
            Authentication(
                name=resource.name,
                node=body.node,
                platform="terraform",
                product="redis",
                required=acl.map(lambda name: name != "open-access"),
                how="the access control list `open-access` lets everybody in",
            )
        )
    return [resource]


def read_user(name: str, body: Body) -> None:
    """``aws_elasticache_user``: one without a password logs in whoever asks."""
    free = body.boolean("no_password_required")
    kind = body.text("authentication_mode", "type")
    if free.is_unset and not kind.is_unset:
        free = kind.map(lambda text: text == "no-password-required")
    if not free.is_unset:
        body.out.subjects.append(
            Authentication(
                name=name,
                node=body.node,
                platform="terraform",
                product="redis",
                required=free.map(lambda on: not on),
                how="a user without a password lets everybody in",
            )
        )


REFINE: dict[str, Callable[[ManagedResource, Body, int | None], list[ManagedResource]]] = {
    "aws_elasticache_cluster": _cluster,
    "aws_elasticache_replication_group": _replication_group,
    "aws_memorydb_cluster": _memorydb,
}
"""By resource type: what completes the catalogue's reading."""
