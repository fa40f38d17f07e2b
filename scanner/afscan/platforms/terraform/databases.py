"""Databases and volumes: what depends on the engine's version, on another resource, or on the provider's version.

Sources: docs.aws.amazon.com/AmazonRDS "Using SSL with a PostgreSQL DB instance" (``rds.force_ssl`` is 1 by default from version
15) and the Aurora user guide (from 17); AWS provider, "Version 6 Upgrade Guide" (aws_redshift_cluster); Google provider,
"google_sql_database_instance".
"""

import re
from collections.abc import Callable

from afscan.model.node import Mapping
from afscan.model.subjects import Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.catalogue import ENGINES
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.references import reference

OPEN = frozenset(("0.0.0.0/0", "::/0"))
"""Everywhere, as a CIDR."""

_NO_TLS = "clients may connect without TLS"


def _db_instance(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    if body.written("replicate_source_db") and resource.backup_days is not None and resource.backup_days.is_unset:
        resource.backup_days = None  # a replica's primary is what is backed up
    _parameters(resource, body, "aws_db_parameter_group", "parameter_group_name", tls_from=15, newest_has_tls=True)
    return [resource]


def _rds_cluster(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    if body.text("engine_mode").or_else("") == "serverless" and resource.storage_encrypted is not None:
        resource.storage_encrypted.default = True
    argument = "db_cluster_parameter_group_name"
    _parameters(resource, body, "aws_rds_cluster_parameter_group", argument, tls_from=17, newest_has_tls=None)
    return [resource]


def _parameters(
    resource: ManagedResource, body: Body, group_type: str, argument: str, *, tls_from: int, newest_has_tls: bool | None
) -> None:
    """``rds.force_ssl`` and ``max_connections`` of a PostgreSQL server, from its parameter group.

    ``tls_from`` is the major version from which force_ssl is on by default, ``newest_has_tls`` whether it is where no version is
    written (None: cannot be told).
    """
    if resource.product != "postgres":
        return
    group, elsewhere = _group(body, group_type, argument)
    forced = _parameter(group, "rds.force_ssl") if group is not None else elsewhere or Value.unset(body.node)
    on: Value[bool] = Value(forced.state, None, forced.node, forced.reason, forced.at)
    default = newest_has_tls
    version = body.text("engine_version")
    major = re.match(r"[0-9]{1,3}", version.or_else(""))
    if major is not None:
        default = int(major[0]) >= tls_from
    elif version.is_unknown:
        default = None
    if forced.is_set:
        on = Value.of(forced.or_else("").lower() in ("1", "on", "true"), forced.node, forced.at)
    elif forced.is_unset and default is None:
        on = Value.unknown(forced.node, "the default of `rds.force_ssl` depends on the engine's version")
    resource.transit_encrypted = Facet(setting="rds.force_ssl", on=on, default=bool(default), why=_NO_TLS)
    written = _parameter(group, "max_connections") if group is not None else elsewhere or Value.unset(body.node)
    resource.max_connections = _count(written)
    resource.parameters = _all_parameters(group) if group is not None else {} if elsewhere is None else None
    encryption = _parameter(group, "password_encryption") if group is not None else elsewhere
    resource.password_encryption = encryption if encryption is not None and encryption.is_set else None


def _count(written: Value[str]) -> Value[int]:
    """A number, or unknown where a formula of the instance's memory is written."""
    text = written.or_else("")
    if written.is_set and not (text.isascii() and text.isdecimal() and len(text) < 9):
        return Value.unknown(written.node, "`max_connections` is a formula", written.at)
    return written.map(int)


def _group(body: Body, group_type: str, argument: str) -> tuple[Body | None, Value[str] | None]:
    """The parameter group of this module that an argument refers to; else the unknown value that stands for what it would say."""
    node, inline = body.node.entries.get(argument), body.node.entries.get("parameters")
    if inline is not None:  # a module makes the group from its own input
        group = Mapping(inline.source, inline.span)
        group.key, group.entries = inline.key, {"parameter": inline}
        return Body(group, body.scope, body.out), None
    if node is None:
        return None, None
    found = reference(node)
    if found is not None and found[0] == group_type and found[1] and isinstance(found[1][0], str):
        declared = body.scope.module.resources.get((group_type, found[1][0]))
        if declared is not None:
            return Body(declared, body.scope, body.out), None
    name = body.text(argument)
    if name.is_unset or name.or_else("").startswith("default."):
        return None, None
    for (kind, _), written in body.scope.module.resources.items():
        candidate = Body(written, body.scope, body.out)
        if name.is_set and kind == group_type and candidate.text("name").or_else("") == name.value:
            return candidate, None
    reason = name.reason if name.is_unknown else f"the parameter group `{name.value}` is not declared here"
    return None, Value.unknown(name.node, reason, name.at)


def _parameter(group: Body, name: str) -> Value[str]:
    """A parameter of a group; the last one wins. Unset is placed at the group."""
    found: Value[str] = group.unread("parameter") or Value.unset(group.node)
    for parameter in group.blocks("parameter"):
        if parameter.text("name").or_else("") == name:
            found = parameter.text("value")
    return found


def _all_parameters(group: Body) -> dict[str, Value[str]] | None:
    """The parameters that a group sets, by name; None where some of them are not known."""
    if group.unread("parameter") is not None:
        return None
    found = {parameter.text("name").or_else(""): parameter.text("value") for parameter in group.blocks("parameter")}
    return found if "" not in found else None


def _redshift(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """Up to version 5 of the provider ``publicly_accessible`` is true by default, and whether to encrypt is left to AWS."""
    storage, public = resource.storage_encrypted, resource.public
    if aws_major is not None and aws_major >= 6:
        return [resource]
    if storage is not None and storage.on.is_unset:
        storage.on = Value.unknown(body.node, "the default of `encrypted` depends on the version of the AWS provider")
    if public is not None and public.on.is_unset and aws_major is None:
        public.on = Value.unknown(body.node, "the default of `publicly_accessible` depends on the version of the AWS provider")
    if public is not None:
        public.default = True
    return [resource]


def _dynamodb(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """Point-in-time recovery keeps 35 days unless ``recovery_period_in_days`` says less."""
    enabled = body.boolean("point_in_time_recovery", "enabled")
    days = body.integer("point_in_time_recovery", "recovery_period_in_days")
    if enabled.value is True and days.is_unknown:
        resource.backup_days = days
    else:
        resource.backup_days = enabled.map(lambda on: days.or_else(35) if on else 0)
    return [resource]


def _volume(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    if resource.storage_encrypted is not None:
        resource.storage_encrypted.default = encrypted_by_default(body)
    return [resource]


def encrypted_by_default(body: Body) -> bool:
    """Whether this configuration turns on EBS encryption for the whole account and region (``aws_ebs_encryption_by_default``)."""
    scope: Scope | None = body.scope
    while scope is not None:
        for (kind, _), node in scope.module.resources.items():
            if kind == "aws_ebs_encryption_by_default":
                return Body(node, scope, body.out).boolean("enabled").or_else(True)
        scope = scope.caller
    return False


def _cloud_sql(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    version = body.text("database_version").or_else("").lower()
    resource.product = next((product for prefix, product in ENGINES if version.startswith(prefix)), resource.product)
    resource.transit_encrypted = _cloud_sql_tls(body)
    resource.public = _cloud_sql_public(body)
    if not body.written("master_instance_name"):
        resource.backup_days = _cloud_sql_backup(body)
    return [resource]


def _cloud_sql_tls(body: Body) -> Facet:
    mode = body.text("settings", "ip_configuration", "ssl_mode")
    required = body.boolean("settings", "ip_configuration", "require_ssl")
    if mode.is_unset and not required.is_unset:
        return Facet(setting="settings.ip_configuration.require_ssl", on=required, default=False, why=_NO_TLS)
    on = mode.map(lambda text: text != "ALLOW_UNENCRYPTED_AND_ENCRYPTED")
    return Facet(setting="settings.ip_configuration.ssl_mode", on=on, default=False, why=_NO_TLS)


def _cloud_sql_public(body: Body) -> Facet:
    setting = "settings.ip_configuration.authorized_networks"
    address = body.boolean("settings", "ip_configuration", "ipv4_enabled")
    if address.value is False:
        return Facet(setting=setting, on=address, default=False)
    block = body.block("settings", "ip_configuration")
    if isinstance(block, Value):
        return Facet(setting=setting, on=block.map(bool), default=False)
    on: Value[bool] | None = None
    for network in block.blocks("authorized_networks"):
        value = network.text("value")
        if value.value in OPEN:
            return Facet(setting=setting, on=Value.of(True, value.node, value.at), default=False, why="everybody may connect")
        if value.is_unknown:
            on = value.map(bool)
    unread = block.unread("authorized_networks")
    return Facet(setting=setting, on=on or (unread.map(bool) if unread else Value.unset(block.node)), default=False)


def _cloud_sql_backup(body: Body) -> Value[int]:
    """Off by default; seven backups (days) are kept where it is on and nothing else is said."""
    enabled = body.boolean("settings", "backup_configuration", "enabled")
    kept = body.integer("settings", "backup_configuration", "backup_retention_settings", "retained_backups")
    if enabled.value is not True:
        return enabled.map(lambda on: 0)
    return kept if not kept.is_unset else Value.of(7, enabled.node, enabled.at)


REFINE: dict[str, Callable[[ManagedResource, Body, int | None], list[ManagedResource]]] = {
    "aws_db_instance": _db_instance,
    "aws_dynamodb_table": _dynamodb,
    "aws_ebs_volume": _volume,
    "aws_rds_cluster": _rds_cluster,
    "aws_redshift_cluster": _redshift,
    "google_sql_database_instance": _cloud_sql,
}
"""By resource type: what completes the catalogue's reading."""
