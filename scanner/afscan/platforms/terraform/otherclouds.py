"""Buckets of S3, and the managed services of Azure and Google that rules know.

Sources: AWS provider, "aws_s3_bucket_acl", "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block"; AzureRM provider (4.x),
"azurerm_postgresql_flexible_server" (backups of 7 days and TLS by default), "azurerm_redis_cache" (a public endpoint by default, the
port without TLS off), "azurerm_kubernetes_cluster" (a public API by default); Google provider, "google_container_cluster" (likewise),
"google_redis_instance" (neither TLS nor a password by default).
"""

from collections.abc import Callable, Iterator

from afscan.model.node import Mapping, Sequence
from afscan.model.subjects import Authentication, Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.databases import OPEN
from afscan.platforms.terraform.references import referring
from afscan.platforms.terraform.results import Unknown
from afscan.platforms.terraform.structured import structured

_OPEN_ENDPOINT = "the API endpoint is open to the whole internet"


def belonging(body: Body, kind: str, argument: str) -> Iterator[Body]:
    """The resources of a type in this module whose argument refers to a resource."""
    for node in referring(body.scope, kind, argument, body.node):
        yield Body(node, body.scope, body.out)


def _bucket(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """Public by its access control list or its policy, as far as its public access block lets that count; a website is meant to be."""
    if any(True for _ in belonging(body, "aws_s3_bucket_website_configuration", "bucket")) or body.written("website"):
        return [resource]
    block = next(belonging(body, "aws_s3_bucket_public_access_block", "bucket"), None)
    resource.public = Facet(setting="acl", on=Value.unset(body.node), default=False)
    acls = [body.text("acl"), *(one.text("acl") for one in belonging(body, "aws_s3_bucket_acl", "bucket"))]
    for acl in acls:
        if acl.or_else("").startswith("public-read") and not _blocked(block, "block_public_acls", "ignore_public_acls"):
            why = f"`{acl.value}` lets everybody read its objects"
            resource.public = Facet(setting="acl", on=Value.of(True, acl.node, acl.at), default=False, why=why)
    for policy in belonging(body, "aws_s3_bucket_policy", "bucket"):
        everybody = _everybody(policy)
        if everybody is not None and not _blocked(block, "block_public_policy", "restrict_public_buckets"):
            resource.public = Facet(setting="policy", on=everybody, default=False, why="its policy lets everybody in")
    return [resource]


def _blocked(block: Body | None, *names: str) -> bool:
    return block is not None and any(block.boolean(name).or_else(False) for name in names)


def _everybody(policy: Body) -> Value[bool] | None:
    """Where a bucket's policy allows something to everybody without a condition."""
    written = policy.node.entries.get("policy")
    root = structured(written, policy.scope, "json") if written is not None else None
    statements = root.get("Statement") if root is not None and not isinstance(root, Unknown) else None
    for statement in statements.items if isinstance(statements, Sequence) else [statements]:
        if not isinstance(statement, Mapping) or statement.get("Condition") is not None:
            continue
        principal = statement.get("Principal", "AWS") or statement.get("Principal")
        if getattr(statement.get("Effect"), "text", "") == "Allow" and getattr(principal, "text", "") == "*" and principal:
            return Value.of(True, principal)
    return None


def _azure_postgres(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    resource.transit_encrypted = Facet(
        setting="require_secure_transport", on=Value.unset(body.node), default=True, why="clients may connect without TLS"
    )
    for one in belonging(body, "azurerm_postgresql_flexible_server_configuration", "server_id"):
        if one.text("name").or_else("") == "require_secure_transport":
            resource.transit_encrypted.on = one.text("value").map(lambda text: text.lower() not in ("off", "false"))
    if body.text("create_mode").or_else("Default") == "Replica":
        resource.backup_days = None  # a replica's primary is what is backed up
    return [resource]


def _azure_redis(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    name = "enable_non_ssl_port" if body.written("enable_non_ssl_port") else "non_ssl_port_enabled"
    plaintext = body.boolean(name)
    why = "the port without TLS is open"
    resource.transit_encrypted = Facet(setting=name, on=plaintext.map(lambda on: not on), default=True, why=why)
    inside = body.written("subnet_id") or any(True for _ in belonging(body, "azurerm_redis_firewall_rule", "redis_cache_name"))
    access = Value.of(False, body.node) if inside else body.boolean("public_network_access_enabled")
    resource.public = Facet(setting="public_network_access_enabled", on=access, default=True)
    return [resource]


def _azure_kubernetes(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    setting = "private_cluster_enabled"
    public: Value[bool] = body.boolean(setting).map(lambda private: not private)
    profile = body.block("api_server_access_profile")
    cidrs = (
        profile.strings("authorized_ip_ranges") if isinstance(profile, Body) else body.strings("api_server_authorized_ip_ranges")
    )
    resource.public = _narrowed(setting, public, cidrs)
    return [resource]


def _google_kubernetes(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    setting = "private_cluster_config.enable_private_endpoint"
    public: Value[bool] = body.boolean("private_cluster_config", "enable_private_endpoint").map(lambda private: not private)
    networks = body.block("master_authorized_networks_config")
    if isinstance(networks, Body):
        cidrs = [one.text("cidr_block") for one in networks.blocks("cidr_blocks")]
        unread = networks.unread("cidr_blocks")
        cidrs += [unread] if unread is not None else []
        if not cidrs:
            public = Value.of(False, networks.node)  # without any network only Google's own addresses
        resource.public = _narrowed(setting, public, cidrs)
    else:
        resource.public = _narrowed(setting, public, [])
    return [resource]


def _narrowed(setting: str, public: Value[bool], cidrs: list[Value[str]]) -> Facet:
    """An API endpoint that is public unless it is said to be private, or narrowed to some addresses."""
    facet = Facet(setting=setting, on=public, default=True, why=_OPEN_ENDPOINT)
    if public.is_unknown or public.value is False or not cidrs:
        return facet
    wide = next((cidr for cidr in cidrs if cidr.value in OPEN), None)
    unsure = next((cidr for cidr in cidrs if cidr.is_unknown), None)
    if wide is not None:
        facet.on = Value.of(True, wide.node, wide.at)
    elif unsure is not None:
        facet.on = Value.unknown(unsure.node, unsure.reason, unsure.at)
    else:
        facet.on = Value.of(False, cidrs[0].node, cidrs[0].at)
    return facet


def _google_redis(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    enabled = body.boolean("auth_enabled")
    body.out.subjects.append(
        Authentication(
            name=resource.name,
            node=body.node,
            platform="terraform",
            product="redis",
            required=enabled if not enabled.is_unset else Value.of(False, body.node),
            how="without `auth_enabled` everybody who reaches the port is let in",
        )
    )
    return [resource]


REFINE: dict[str, Callable[[ManagedResource, Body, int | None], list[ManagedResource]]] = {
    "aws_s3_bucket": _bucket,
    "azurerm_kubernetes_cluster": _azure_kubernetes,
    "azurerm_postgresql_flexible_server": _azure_postgres,
    "azurerm_redis_cache": _azure_redis,
    "google_container_cluster": _google_kubernetes,
    "google_redis_instance": _google_redis,
}
"""By resource type: what completes the catalogue's reading."""
