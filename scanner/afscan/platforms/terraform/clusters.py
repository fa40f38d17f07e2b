"""Clusters, search domains, listeners and instances' disks.

Sources: AWS provider, "aws_eks_cluster" (the endpoint is public and open to 0.0.0.0/0 by default), "aws_opensearch_domain",
"aws_lb_listener", "aws_instance"; terraform-aws-modules/eks, UPGRADE-19.0 (public access off by default) and UPGRADE-21.0
(``cluster_`` dropped from the inputs' names).
"""

import re
from collections.abc import Callable

from afscan.model.subjects import Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.databases import OPEN, encrypted_by_default
from afscan.platforms.terraform.operations import read_eks_inputs
from afscan.platforms.terraform.versions import NEWEST, highest_major

EKS_MODULE = re.compile(r"(?:[\w.-]+/)?terraform-aws-modules/eks/aws\Z")


def _eks(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    access = body.boolean("vpc_config", "endpoint_public_access")
    block = body.block("vpc_config")
    cidrs = block.strings("public_access_cidrs") if isinstance(block, Body) else []
    resource.public = _endpoint("vpc_config.endpoint_public_access", access, True, cidrs)
    return [resource]


def _endpoint(setting: str, access: Value[bool], default: bool, cidrs: list[Value[str]]) -> Facet:
    """Whether an API endpoint is open to the world: public, and not narrowed to some addresses."""
    facet = Facet(setting=setting, on=access, default=default, why="the API endpoint is open to the whole internet")
    if access.is_unknown or access.or_else(default) is False or not cidrs:
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


def read_eks_module(name: str, body: Body) -> ManagedResource | None:
    """A call of the registry's EKS module; None for any other module."""
    source = body.text("source").or_else("")
    if not EKS_MODULE.match(source):
        return None
    version = body.text("version")
    major = NEWEST if version.is_unset else highest_major(version.or_else("?"))
    prefix = "" if body.written("endpoint_public_access") or body.written("endpoint_public_access_cidrs") else "cluster_"
    setting = f"{prefix}endpoint_public_access" if major is None or major < 21 else "endpoint_public_access"
    access = body.boolean(f"{prefix}endpoint_public_access")
    if access.is_unset and major is None:
        access = Value.unknown(body.node, f"the default of `{setting}` depends on the module's version")
    public = _endpoint(setting, access, major is not None and major < 19, body.strings(f"{prefix}endpoint_public_access_cidrs"))
    cluster = ManagedResource(
        name=name,
        node=body.node,
        platform="terraform",
        kind="terraform-aws-modules/eks/aws",
        product="cluster",
        datastore=False,
        public=public,
    )
    read_eks_inputs(cluster, body, major)
    return cluster


def _search(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """Both ways count: clients must use HTTPS, and nodes must encrypt among themselves."""
    https = resource.transit_encrypted
    if https is not None and https.on.is_unset and body.blocks("domain_endpoint_options"):
        https.default = True
    nodes = body.boolean("node_to_node_encryption", "enabled")
    if https is not None and https.effective is True and nodes.value is not True:
        why = "the domain's nodes talk to each other unencrypted"
        resource.transit_encrypted = Facet(setting="node_to_node_encryption.enabled", on=nodes, default=False, why=why)
    inside = body.block("vpc_options")
    reason = "without `vpc_options` the endpoint is on the internet, and the domain's access policy decides"
    if isinstance(inside, Body):
        on: Value[bool] = Value.of(False, inside.node)
    else:
        on = Value.unknown(inside.node, inside.reason or reason)
    resource.public = Facet(setting="vpc_options", on=on, default=True)
    return [resource]


def _kafka(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    inside = body.boolean("encryption_info", "encryption_in_transit", "in_cluster")
    if inside.value is False and resource.transit_encrypted is not None and resource.transit_encrypted.effective:
        setting = "encryption_info.encryption_in_transit.in_cluster"
        resource.transit_encrypted = Facet(setting=setting, on=inside, default=True, why="brokers talk to each other unencrypted")
    return [resource]


def _listener(resource: ManagedResource, body: Body, aws_major: int | None) -> list[ManagedResource]:
    """A listener that only sends clients to HTTPS is no plaintext service; one for TCP or UDP passes on what it gets."""
    protocol = body.text("protocol")
    if protocol.is_unset or (protocol.is_set and protocol.or_else("").upper() not in ("HTTP", "HTTPS", "TLS")):
        return []
    if protocol.or_else("").upper() == "HTTP" and resource.transit_encrypted is not None:
        unread = body.unread("default_action")
        if unread is not None:
            resource.transit_encrypted.on = unread.map(bool)
        actions = body.blocks("default_action")
        if actions and all(_redirects(action) for action in actions):
            return []
    return [resource]


def _redirects(action: Body) -> bool:
    return action.text("type").or_else("") == "redirect" and action.text("redirect", "protocol").or_else("") == "HTTPS"


def read_disks(kind: str, name: str, body: Body) -> list[ManagedResource]:
    """The disks that an instance or launch template writes out."""
    disks: list[tuple[str, Body]] = []
    if kind == "aws_instance":
        disks = [(block, disk) for block in ("root_block_device", "ebs_block_device") for disk in body.blocks(block)]
    elif kind == "aws_launch_template":
        mappings = body.blocks("block_device_mappings")
        disks = [("block_device_mappings.ebs", disk) for mapping in mappings for disk in mapping.blocks("ebs")]
    found = []
    for number, (block, disk) in enumerate(disks):
        on = disk.boolean("encrypted")
        if on.is_unset and disk.written("snapshot_id"):
            on = Value.unknown(disk.node, "with `snapshot_id` it is as in the snapshot")
        found.append(
            ManagedResource(
                name=f"{name}, {block} {number + 1}",
                node=disk.node,
                platform="terraform",
                kind=kind,
                product="volume",
                datastore=False,
                storage_encrypted=Facet(setting="encrypted", on=on, default=encrypted_by_default(disk)),
            )
        )
    return found


REFINE: dict[str, Callable[[ManagedResource, Body, int | None], list[ManagedResource]]] = {
    "aws_alb_listener": _listener,
    "aws_eks_cluster": _eks,
    "aws_elasticsearch_domain": _search,
    "aws_lb_listener": _listener,
    "aws_msk_cluster": _kafka,
    "aws_opensearch_domain": _search,
}
"""By resource type: what completes the catalogue's reading."""
