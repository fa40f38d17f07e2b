"""The networks of a project's services, as the engine knows them, and names that a service gets from elsewhere.

Source: the Compose Specification, "Networks top-level element" and "Services: networks, network_mode, extra_hosts, links".
A network is called ``<project>_<key>`` unless ``name`` or ``external`` says otherwise; only the same network joins two projects.
"""

import re

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.subjects import NetworkAttachment, Workload
from afscan.model.value import Value
from afscan.platforms.compose.reading import Context, Fields, present

_OTHER_NAMES = ("links", "external_links", "dns", "dns_search", "net", "extends")


def gets_other_names(fields: Fields) -> bool:
    """Whether a service knows hosts by names that are not those of the project's services, or may: by what it extends."""
    return any(fields.get(key) is not None for key in _OTHER_NAMES)


def host_names(fields: Fields) -> list[str]:
    """The names of ``extra_hosts``, each with an address: ``name:address``, ``name=address`` or a mapping."""
    node = fields.get("extra_hosts")
    if isinstance(node, Mapping):
        return list(node.entries)
    items = node.items if isinstance(node, Sequence) else []
    return [re.split(r"[:=]", one.text, maxsplit=1)[0].strip() for one in items if isinstance(one, Scalar)]


def attach(workload: Workload, declared: dict[str, Node], project: str, context: Context) -> None:
    """Fill :attr:`Workload.attachments`.

    :param declared: the entries of the project's top-level ``networks``.
    """
    mode = workload.network_mode
    if mode is not None and mode.value == "bridge":  # Docker's own network, for all that ask for it
        workload.attachments = [NetworkAttachment(key="bridge", name=Value.of("bridge", mode.node), internal=False)]
        return
    workload.attachments = [_attachment(key, declared.get(key), workload, project, context) for key in workload.networks]


def _attachment(key: str, node: Node | None, workload: Workload, project: str, context: Context) -> NetworkAttachment:
    own: Value[str] = Value.of(f"{project}_{key}", node if node is not None else workload.node)
    if isinstance(node, Opaque):
        return NetworkAttachment(key=key, name=Value.unknown(node, node.reason), internal=None)
    if not isinstance(node, Mapping):
        return NetworkAttachment(key=key, name=own, internal=False)
    fields = Fields(node, context)
    name, external = fields.text("name"), present(node.get("external"))
    if isinstance(external, Mapping):  # the form before version 3.5 of the format: `external: {name: ...}`
        name, shared = fields.text("external", "name") if name.is_unset else name, Value.of(True, external)
    else:
        shared = fields.boolean("external")
    if shared.is_unknown:
        name = Value.unknown(shared.node, shared.reason)
    elif name.is_unset:
        name = Value.of(key, node) if shared.value else own
    internal = fields.boolean("internal")
    known = not internal.is_unknown and not shared.is_unknown and not shared.value
    return NetworkAttachment(key=key, name=name, internal=internal.or_else(False) if known else None)
