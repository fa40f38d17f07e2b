"""Managed resources: databases, caches, volumes, clusters, listeners.

The catalogue says which argument switches what; this applies it, then what depends on more than one argument.
"""

from afscan.model.subjects import Facet, Login, ManagedResource
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.catalogue import ENGINES, RESOURCES, ResourceType, Switch

_ADMINISTRATORS = frozenset(("postgres", "root", "admin", "administrator", "sa", "mysql", "master"))


def read_managed(kind: str, name: str, body: Body) -> ManagedResource | None:
    """The subject of a resource of a type that the catalogue knows; None for other types.

    ``name`` is the resource's address.
    """
    known = RESOURCES.get(kind)
    if known is None:
        return None
    resource = ManagedResource(
        name=name,
        node=body.node,
        platform="terraform",
        kind=kind,
        product=product_of(body, known.product),
        datastore=known.datastore,
    )
    if known.storage is not None:
        resource.storage_encrypted = _facet(known.storage, body)
        inherited = _inherited(known, body)
        if inherited is not None and resource.storage_encrypted.on.is_unset:
            resource.storage_encrypted.on = inherited
    resource.transit_encrypted = _facet(known.transit, body) if known.transit is not None else None
    resource.public = _facet(known.public, body) if known.public is not None else None
    if known.backup is not None:
        resource.backup_days = body.integer(known.backup)
        resource.backup_default = known.backup_default
    identifier = body.text(known.identifier) if known.identifier else None
    if identifier is not None and identifier.is_set:
        resource.endpoints.append(identifier.or_else(""))
    _login(resource, body)
    return resource


def product_of(body: Body, default: str) -> str:
    """The product by the engine that a body names."""
    engine = (body.text("engine").or_else("") or body.text("engine_family").or_else("")).lower()
    return next((product for prefix, product in ENGINES if engine.startswith(prefix)), default)


def _facet(switch: Switch, body: Body) -> Facet:
    path = switch.path.split(".")
    if not switch.on:
        return Facet(setting=switch.path, on=body.boolean(*path), default=switch.default, why=switch.why)
    word = body.text(*path)
    if not word.is_set:
        return Facet(setting=switch.path, on=word.map(bool), default=switch.default, why=switch.why)
    text = word.or_else("").upper()
    if text not in (*switch.on, *switch.off):
        return Facet(
            setting=switch.path,
            on=Value.unknown(word.node, f"`{text[:40]}` is no value of `{switch.path}` that afscan knows", word.at),
            default=switch.default,
        )
    return Facet(setting=switch.path, on=Value.of(text in switch.on, word.node, word.at), default=switch.default, why=switch.why)


def _inherited(known: ResourceType, body: Body) -> Value[bool] | None:
    """Unknown, where the resource is made from another one whose encryption it takes over."""
    for name in known.inherits:
        if body.written(name):
            node = body.node.entries.get(name) or body.dynamic(name) or body.node
            return Value.unknown(node, f"with `{name}` it is as in the source")
    return None


def _login(resource: ManagedResource, body: Body) -> None:
    """The server's own first user: administrative by nature."""
    for argument in ("username", "master_username"):
        user = body.text(argument)
        if resource.datastore and not user.is_unset:
            superuser = user.or_else("").lower() in _ADMINISTRATORS
            body.out.subjects.append(
                Login(
                    name=resource.name,
                    node=user.node,
                    platform="terraform",
                    product=resource.product,
                    user=user,
                    superuser=superuser,
                    administrative=True,
                )
            )
