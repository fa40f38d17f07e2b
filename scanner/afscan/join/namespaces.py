"""Workloads by namespace, service accounts and their bindings, and whom selectors may mean beyond their own namespace.

A manifest that names no namespace goes to whichever is current when it is applied; here it reads as ``default``. What depends on
two objects being in the same namespace is therefore certain only where both are written.
"""

from collections import defaultdict
from collections.abc import Iterator

from afscan.model.cluster import ForeignObject, ManifestPatch, Namespace, RoleBinding, ServiceAccount
from afscan.model.notice import NoticeKind
from afscan.model.record import field, record
from afscan.model.stack import Stack
from afscan.model.subjects import Subject, Workload, labels_match

KEY = "namespaces"
UNWRITTEN = "default"
"""The namespace of an object that names none: it may be any."""

_NOTHING_READ = frozenset(
    (NoticeKind.UNREADABLE, NoticeKind.TOO_LARGE, NoticeKind.ENCODING, NoticeKind.SYNTAX, NoticeKind.TEMPLATED, NoticeKind.LIMIT)
)
_UNREAD = _NOTHING_READ | {NoticeKind.UNRESOLVED, NoticeKind.PARTIAL}
_MANIFESTS = (".yaml", ".yml", ".tf", ".tpl", ".json")


@record(slots=True)
class Namespaces:
    """Indexes over a stack's Kubernetes objects.

    ``workloads`` by namespace; ``labelled`` by label and value, of all namespaces; ``accounts`` by namespace and name, ``named``
    by name; ``bound`` the service accounts that a binding names, as (namespace, name), with the name ``*`` for all of a namespace
    and the namespace ``*`` where it is not known; ``bound_names`` their names alone. ``declared`` are Namespaces by name,
    ``name_labels`` the values of the label ``name`` that any of them has. ``whole``, ``unread``, ``foreign_policy``: see the
    functions of about that name.
    """

    workloads: dict[str, list[Workload]] = field(default_factory=lambda: defaultdict(list))
    labelled: dict[tuple[str, str], list[Workload]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[tuple[str, str], ServiceAccount] = field(default_factory=dict)
    named: dict[str, list[ServiceAccount]] = field(default_factory=lambda: defaultdict(list))
    bound: set[tuple[str, str]] = field(default_factory=set)
    bound_names: set[str] = field(default_factory=set)
    whole: bool = True
    unread: bool = False
    foreign_policy: ForeignObject | None = None
    declared: dict[str, Namespace] = field(default_factory=dict)
    name_labels: set[str] = field(default_factory=set)


def _index(stack: Stack) -> Namespaces:
    if KEY in stack.joined:
        found = stack.joined[KEY]
        assert isinstance(found, Namespaces)
        return found
    index = stack.joined[KEY] = Namespaces()
    for workload in stack.of(Workload):
        if workload.platform not in ("kubernetes", "terraform"):
            continue
        index.workloads[workload.namespace].append(workload)
        index.whole = index.whole and not workload.unknown_labels
        for pair in workload.labels.items():
            index.labelled[pair].append(workload)
    for account in stack.of(ServiceAccount):
        index.accounts.setdefault((account.namespace, account.account), account)
        index.named[account.account].append(account)
    for binding in stack.of(RoleBinding):
        index.bound.update(_accounts(binding))
    for one in stack.of(Namespace):
        index.declared.setdefault(one.namespace, one)
        index.name_labels.add("*" if one.unknown_labels else one.labels.get("name", "*none"))
    index.unread = any(one.kind in _NOTHING_READ and one.place.path.endswith(_MANIFESTS) for one in stack.notices)
    index.foreign_policy = next((one for one in stack.of(ForeignObject) if one.restricts_network), None)
    index.bound_names.update(name for _, name in index.bound)
    index.whole = (
        index.whole
        and stack.complete
        and not any(notice.kind in _UNREAD for notice in stack.notices)
        and not any(foreign.makes_pods for foreign in stack.of(ForeignObject))
    )
    return index


def _accounts(binding: RoleBinding) -> Iterator[tuple[str, str]]:
    """The service accounts that a binding gives something; groups of service accounts are all of their namespace."""
    for one in binding.bound:
        name = one.account.or_else("*")
        if one.kind == "ServiceAccount":
            namespace = one.namespace.or_else(binding.namespace or "*") if not one.namespace.is_unknown else "*"
            yield namespace, name
        elif one.kind == "Group" and name.startswith("system:serviceaccounts"):
            yield name.removeprefix("system:serviceaccounts").removeprefix(":") or "*", "*"
        elif one.kind == "User" and name.startswith("system:serviceaccount:"):
            namespace, _, account = name.removeprefix("system:serviceaccount:").partition(":")
            yield namespace, account
        elif one.account.is_unknown or not one.kind:
            yield "*", "*"


def workloads_in(stack: Stack, namespace: str) -> list[Workload]:
    """The Kubernetes workloads whose manifests name this namespace."""
    return _index(stack).workloads.get(namespace, [])


def account_of(stack: Stack, workload: Workload, name: str) -> ServiceAccount | None:
    """The service account of a name in a workload's namespace, where the stack declares it.

    Where one of both names no namespace, the only account of the name is meant; but each namespace has a ``default`` of its own.
    """
    index = _index(stack)
    found = index.accounts.get((workload.namespace, name))
    if found is not None or name == "default":
        return found
    alone = index.named.get(name, [])
    return alone[0] if len(alone) == 1 and UNWRITTEN in (alone[0].namespace, workload.namespace) else None


def is_bound(stack: Stack, namespace: str, account: str) -> bool:
    """Whether a binding of the stack may give something to a service account."""
    bound = _index(stack).bound
    ways = [(place, name) for place in (namespace, "*", UNWRITTEN) for name in (account, "*")]
    return any(way in bound for way in ways) or (namespace == UNWRITTEN and account in _index(stack).bound_names)


def anywhere(stack: Stack, selector: dict[str, str]) -> list[Workload]:
    """The workloads of all namespaces whose pods a selector matches."""
    index = _index(stack)
    plain = [pair for pair in selector.items() if pair[1] != "*"]
    if not plain:
        found = [workload for workloads in index.workloads.values() for workload in workloads]
    else:
        found = min((index.labelled.get(pair, []) for pair in plain), key=len)
    return [workload for workload in found if labels_match(selector, workload.labels)]


def namespace_without_name_label(stack: Stack, value: str) -> Namespace | None:
    """The Namespace called ``value`` where it is declared here and neither it nor any other has the label ``name`` of that value."""
    index = _index(stack)
    return None if value in index.name_labels or "*" in index.name_labels else index.declared.get(value)


def declared_namespace(stack: Stack, name: str) -> Namespace | None:
    """The Namespace of a name, where the stack declares it."""
    return _index(stack).declared.get(name)


def is_excerpt(subject: Subject) -> bool:
    """Whether a manifest is quoted in a document: what it leaves out may be anywhere."""
    return subject.node.source.holder == "markdown"


def unread_manifests(stack: Stack) -> bool:
    """Whether there are files that may hold manifests and were not read, such as templates."""
    return _index(stack).unread


def foreign_policy(stack: Stack) -> ForeignObject | None:
    """A network policy of the network's own kind, which is not evaluated, if there is one."""
    return _index(stack).foreign_policy


def makes_pods(stack: Stack) -> ForeignObject | None:
    """An object whose controller may make further pods (a release of a chart, an operator's database), if there is one."""
    return next((one for one in stack.of(ForeignObject) if one.makes_pods), None)


_PATCHES = "patches"


def patch_of(stack: Stack, workload: Workload) -> ManifestPatch | None:
    """A patch of the stack that is for a workload of this kind and name: it may set what the workload's own manifest leaves out."""
    patches = stack.joined.get(_PATCHES)
    if patches is None:
        patches = stack.joined[_PATCHES] = {(one.kind, one.patched): one for one in stack.of(ManifestPatch)}
    found = patches.get((workload.kind, workload.name.rpartition(" ")[2])) if patches else None
    return found if isinstance(found, ManifestPatch) else None


def patch_over(stack: Stack, subject: Subject) -> ManifestPatch | None:
    """A patch of the stack that is for the workload that a subject is or belongs to."""
    workload = subject if isinstance(subject, Workload) else getattr(subject, "workload", None)
    return patch_of(stack, workload) if isinstance(workload, Workload) else None


def whole(stack: Stack) -> bool:
    """Whether all that runs beside the stack's workloads is known: nothing is left unread, and no operator makes further pods."""
    return _index(stack).whole
