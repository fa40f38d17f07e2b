"""Modules from the registry that are well known: what they make of their inputs, and which inputs they lost. Data, not code:
``registrymodules.json``.

``removed``: by input, the major version that removed it and what to write instead (empty where nothing). ``makes``: the resource
whose arguments the inputs of the same names become, from a major version on, unless the input ``unless`` is false; ``defaults``
are those of the module's switches that differ from the provider's. Each module names its source. Terraform installs the newest
version that the constraint admits (developer.hashicorp.com/terraform/language/modules/sources).
"""

import json
import re
from functools import cache
from pkgutil import get_data
from typing import Any

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.subjects import Facet, ManagedResource
from afscan.model.terraform import ModuleInput
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.versions import NEWEST, highest_major

_HOST = re.compile(r"(?:registry\.terraform\.io|registry\.opentofu\.org)/")
_META = ("source", "version", "count", "for_each", "providers", "depends_on")


@cache
def _modules() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(get_data(__package__, "registrymodules.json") or b"")["modules"]
    return loaded


def _known(source: Node | None) -> dict[str, Any]:
    text = source.text if isinstance(source, Scalar) else ""
    found: dict[str, Any] = _modules().get(_HOST.sub("", text), {})
    return found


def is_judged(call: Mapping) -> bool:
    """Whether a call's inputs are judged as what the module makes."""
    makes, version = _known(call.get("source")).get("makes"), call.get("version")
    if makes is None or not (version is None or isinstance(version, Scalar)):
        return False
    major = NEWEST if version is None else highest_major(version.text)
    return major is not None and major >= makes["from"]


def read_inputs(name: str, body: Body) -> None:
    """Emit the inputs of a call that some version of the module does not have."""
    source = body.text("source").or_else("")
    removed: dict[str, list[Any]] = _known(body.node.get("source")).get("removed", {})
    version = body.text("version")
    for argument in body.node.entries:
        if argument not in removed:
            continue
        major, instead = removed[argument]
        key = body.node.keys.get(argument) or body.node.entries[argument].key or body.node
        highest = NEWEST if version.is_unset else highest_major(version.or_else("?"))
        absent: Value[bool] = Value.unknown(key, "which version of the module is installed is not known")
        if highest is not None:
            absent = Value.of(highest >= major, key)
        body.out.subjects.append(
            ModuleInput(
                name=f"{name}, input {argument}",
                node=key,
                platform="terraform",
                source=source,
                input=argument,
                removed=str(major),
                installed=version,
                absent=absent,
                instead=instead,
            )
        )


def as_resource(body: Body) -> "tuple[str, Body] | None":
    """A call as the resource that it makes: its type, and its body with the inputs as arguments; None where it makes none."""
    makes = _known(body.node.get("source")).get("makes")
    if makes is None or not is_judged(body.node) or body.boolean(makes["unless"]).value is False:
        return None
    node = Mapping(body.node.source, body.node.span)
    node.key, node.parent, node.title = body.node.key, body.node.parent, body.node.title
    for name, value in body.node.entries.items():
        if name not in _META and value.key is not None:
            node.add(value.key, value)
    return makes["kind"], Body(node, body.scope, body.out)


def apply_defaults(resource: ManagedResource, call: Mapping) -> None:
    """The module's own defaults, where the call does not say otherwise."""
    defaults: dict[str, bool] = _known(call.get("source"))["makes"]["defaults"]
    single = (resource.storage_encrypted, resource.transit_encrypted, resource.final_snapshot, resource.logs)
    facets: list[Facet] = [facet for facet in (*single, *resource.hardening, *resource.monitoring) if facet is not None]
    for facet in facets:
        if facet.setting in defaults and call.get(facet.setting) is None and not facet.on.is_set:
            facet.on, facet.default = Value.unset(call), defaults[facet.setting]
