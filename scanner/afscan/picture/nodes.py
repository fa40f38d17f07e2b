"""What runs, and what it talks to, as nodes of the picture."""

from afscan.join.endpoints import Endpoint
from afscan.join.listening import listening
from afscan.join.services import services_of
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Workload
from afscan.picture.places import at, mention
from afscan.picture.records import Exposure, Mention, Node, Port, Role
from afscan.platforms.images import facts_of_product, product_of

_MAIN = ("main", "sidecar")


def workload_node(stack: Stack, workload: Workload, ways_in: list[Exposure]) -> Node:
    """A workload. Of several containers the one that is a datastore tells what it is."""
    scope = workload.project if workload.platform == "compose" else workload.namespace
    running = [one for one in workload.containers if one.role in _MAIN]
    products = [found for one in running if (found := product_of(one)) is not None]
    stores = [one for one in products if (facts := facts_of_product(one)) is not None and facts.datastore]
    one_each = not workload.fleet and not workload.replicas.is_unknown
    return Node(
        id=f"{scope}/{workload.name}",
        role="workload",
        kind=workload.kind,
        name=workload.name.removeprefix(f"{workload.kind} "),
        scope=scope,
        product=next(iter(stores or products), None),
        datastore=bool(stores),
        images=[one.image.reference.value or one.image.written for one in running if one.image is not None],
        replicas=workload.replicas.or_else(1) if one_each else None,
        ports=_ports(stack, workload),
        services=[mention(one) for one in sorted(services_of(stack, workload), key=lambda one: (one.place, one.name))],
        exposures=ways_in,
        watched_by=[],
        backups=[],
        place=at(workload.place),
    )


def _ports(stack: Stack, workload: Workload) -> list[Port]:
    found: dict[int, Port] = {}
    for container in workload.containers:
        if container.role not in _MAIN:
            continue
        for one in container.ports:
            if one.port.value is not None:
                found.setdefault(one.port.value, Port(number=one.port.value, name=one.name))
        known = listening(stack, container)
        for number in known.ports if known is not None else ():
            found.setdefault(number, Port(number=number, name=None))
    return [found[number] for number in sorted(found)]


def managed_node(resource: ManagedResource) -> Node:
    """A managed resource, with the backups that its own settings switch on."""
    days = resource.backup_days
    backups: list[Mention] = []
    if days is not None and (kept := days.or_else(0 if days.is_unknown else resource.backup_default)) > 0:
        backups = [Mention(name=f"automatic, kept for {kept} days", place=at(days.place))]
    elif days is not None and days.is_unknown:
        backups = [Mention(name=f"not known: {days.reason}", place=at(days.place))]
    return _node(
        f"managed/{resource.name}",
        "managed",
        resource.name,
        kind=resource.kind,
        product=resource.product,
        datastore=resource.datastore,
        backups=backups,
    ).model_copy(update={"place": at(resource.place)})


def external_node(endpoint: Endpoint, role: Role) -> Node:
    """A host that is no workload of this stack."""
    return _node(f"{role}/{endpoint.host}", role, endpoint.host, product=endpoint.why if role == "managed" else None)


def settings_node(path: str) -> Node:
    """A file with connections of which nobody here is known to open them."""
    return _node(f"settings/{path}", "settings", path)


def _node(
    name: str,
    role: Role,
    title: str,
    *,
    kind: str = "",
    product: str | None = None,
    datastore: bool = False,
    backups: "list[Mention] | None" = None,
) -> Node:
    return Node(
        id=name,
        role=role,
        kind=kind,
        name=title,
        scope="",
        product=product,
        datastore=datastore,
        images=[],
        replicas=None,
        ports=[],
        services=[],
        exposures=[],
        watched_by=[],
        backups=backups or [],
        place=None,
    )
