"""Who names which object, and what satisfies it: the object itself, or what makes one.

An ExternalSecret, a SealedSecret and a Certificate make a Secret; so does cert-manager for an Ingress or Gateway with its
annotation, and for an issuer's account. A StatefulSet makes claims. Generators of Kustomize and resources of Terraform make what
they name. What operators, charts and unread files make is not known.

What nothing here makes is absent from this stack, which is not the same as wrong. Much is made elsewhere as a matter of course
(Secrets by hand, classes by the cluster): there an absence means something only where the stack makes its like itself.
"""

import posixpath
from collections.abc import Iterable, Iterator

from afscan.join.makers import ANY, Maker, Makers, makers_of, named
from afscan.join.namespaces import UNWRITTEN, is_excerpt, makes_pods, unread_manifests
from afscan.model.node import Mapping
from afscan.model.objects import GATEWAYS, LOGIN, ManifestObject, PodTemplate, Reference
from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Container, Subject, Workload, overlay_of

KEY = "references"

_GIVEN = {
    "ServiceAccount": frozenset(("default",)),
    "ConfigMap": frozenset(("kube-root-ca.crt", "openshift-service-ca.crt")),
    "PriorityClass": frozenset(("system-cluster-critical", "system-node-critical")),
    "Service": frozenset(("kubernetes",)),
    "StorageClass": frozenset(
        (
            *("gp2", "gp3", "standard", "standard-rwo", "premium-rwo", "standard-rwx", "default", "managed", "managed-csi"),
            *("managed-premium", "managed-csi-premium", "azurefile", "azurefile-csi", "azurefile-premium", "hostpath"),
            *("local-path", "microk8s-hostpath", "do-block-storage", "linode-block-storage", "oci-bv"),
        )
    ),
}
"""What every namespace or cluster has by itself, or a provider's cluster from the start (the providers' documentation)."""

_ALWAYS = frozenset(
    (
        *("ConfigMap", "PersistentVolumeClaim", "ServiceAccount", "Role", "SecretStore", "Issuer", "Deployment", "StatefulSet"),
        *("DaemonSet", "ReplicaSet", "Rollout", "ReplicationController", "DeploymentConfig", "Job", "CronJob", "Pod"),
    )
)
"""Kinds that are declared beside what names them: nobody makes them by hand as a matter of course."""

_CONFIGURATION = (".conf", ".cnf", ".ini", ".yml", ".yaml", ".toml", ".sql", ".acl")


@record(slots=True)
class Satisfaction:
    """Whether a reference leads somewhere.

    ``state``: ``present``, ``absent``, ``keyless`` (the object is there, and the entry is not), ``refused`` (it lies in another
    namespace, which has not granted it), ``unknown`` (``why`` says so), ``unjudged`` (its kind is usually made elsewhere). ``by``
    is what makes it; where it is absent, one of that name in another namespace.
    """

    state: str
    by: Subject | None = None
    why: str = ""


def join(stack: Stack) -> Iterable[Subject]:
    """Every reference between the Kubernetes objects of a stack."""
    from afscan.platforms.kubernetes.references import references_of, references_of_pod  # noqa: PLC0415  (start-up time)

    index = makers_of(stack)
    found: list[Reference] = []
    for item in stack.of(ManifestObject):
        found += references_of(item)
    for pod in stack.of(PodTemplate):
        if isinstance(pod.node, Mapping):
            found += references_of_pod(pod.node, pod.name, pod.workload.namespace, pod.platform)
    found += _files(stack)
    for one in found:
        index.users[one.kind, one.target.or_else(ANY)].append(one)
    return found


def _files(stack: Stack) -> Iterator[Reference]:
    """Configuration files that Compose services mount from the repository.

    One that lies beside files of the stack has to be there too. Others are made when they are needed: certificates, data, what an
    ignore file names. Where a bind mount's source is missing, Docker makes a folder, and the server finds that.
    """
    paths = set(stack.paths)
    folders = {folder for path in paths for folder in (posixpath.dirname(path),)}
    above = {folder[:end] for folder in folders for end in (*_slashes(folder), len(folder))}
    for container in stack.of(Container):
        for mount in container.mounts if container.platform == "compose" and not overlay_of(container) else ():
            path = mount.source.or_else("")
            judged = mount.kind == "host" and path.endswith(_CONFIGURATION) and mount.target.or_else("").endswith(_CONFIGURATION)
            if not judged or is_excerpt(container) or posixpath.dirname(path) not in folders:
                continue
            yield Reference(
                name=f"{container.name}, file {path}",
                node=mount.source.node,
                platform="compose",
                kind="file",
                group="",
                target=mount.source,
                namespace="",
                owner=container.name,
                how="it mounts",
                settled="present" if path in paths or path in above else "absent",
            )


def _slashes(folder: str) -> Iterator[int]:
    return (at for at, sign in enumerate(folder) if sign == "/")


def satisfied(stack: Stack, reference: Reference) -> Satisfaction:
    """Whether something in a stack is, or makes, the object that a reference names."""
    if reference.target.is_unknown:
        return Satisfaction("unknown", None, reference.target.reason)
    if reference.settled:
        return Satisfaction(reference.settled, None, "another file that is merged with this one may declare it")
    index, name = makers_of(stack), reference.target.or_else("")
    if name in _GIVEN.get(reference.kind, ()):
        return Satisfaction("present")
    makers = list(named(index, reference.kind, name))
    near = [maker for maker in makers if _meets(maker, reference.namespace)]
    if near and not _granted(stack, reference):
        return Satisfaction("refused", near[0].subject)
    if near:
        return _with_key(reference, near)
    vague = [maker for key in ((reference.kind, ANY), (ANY, ANY)) for maker in index.named.get(key, ())]
    doubt = next((maker for maker in vague if _meets(maker, reference.namespace)), None)
    if doubt is not None:
        return Satisfaction("unknown", doubt.subject, f"{doubt.subject.name} may make it")
    if not _judged(index, reference) or is_excerpt(reference) or _is_first(index, reference):
        return Satisfaction("unjudged")
    return _absent(stack, makers[0].subject if makers else None)


def _granted(stack: Stack, reference: Reference) -> bool:
    """Whether a route or Gateway may name an object of another namespace: a ReferenceGrant there has to allow it."""
    kind, place = reference.owner.partition(" ")[0], reference.namespace
    apart = place not in ("", UNWRITTEN, reference.origin) and reference.origin not in ("", UNWRITTEN)
    if not apart or reference.kind not in ("Service", "Secret") or not (kind == "Gateway" or kind.endswith("Route")):
        return True
    grants = makers_of(stack).grants
    names = ("", reference.target.or_else(""))
    ways = [(where, GATEWAYS, kind, reference.origin, reference.kind, name) for where in (place, UNWRITTEN) for name in names]
    return any(way in grants for way in ways)


def _absent(stack: Stack, elsewhere: Subject | None) -> Satisfaction:
    foreign = makes_pods(stack)
    if foreign is not None:
        return Satisfaction("unknown", foreign, f"{foreign.name}, which is not evaluated, may make it")
    if unread_manifests(stack):
        return Satisfaction("unknown", None, "files that may hold it could not be read")
    return Satisfaction("absent", elsewhere)


def _meets(maker: Maker, namespace: str) -> bool:
    """Whether a maker's object lies in a namespace; one that names none goes to whichever is current."""
    return not namespace or maker.namespace in (namespace, ANY, UNWRITTEN) or namespace == UNWRITTEN


def _with_key(reference: Reference, makers: list[Maker]) -> Satisfaction:
    key = reference.key
    if key is None or reference.optional or key.is_unknown or any(m.keys is None or key.or_else("") in m.keys for m in makers):
        return Satisfaction("present", makers[0].subject)
    return Satisfaction("keyless", makers[0].subject)


def _is_first(index: Makers, reference: Reference) -> bool:
    """Whether a Secret is what a store logs in with: it cannot come from that store, so somebody makes it by hand."""
    users = index.users.get((reference.kind, reference.target.or_else("")), ())
    return reference.kind == "Secret" and any(one.how == LOGIN and _near(one.namespace, reference.namespace) for one in users)


def _near(one: str, other: str) -> bool:
    return one == other or UNWRITTEN in (one, other)


def _judged(index: Makers, reference: Reference) -> bool:
    """Whether the absence of an object means something: a stack that makes its like makes it too."""
    kind, places = reference.kind, (reference.namespace, UNWRITTEN, ANY)
    if reference.purpose == "issuer":
        return bool(index.kinds & {"Issuer", "ClusterIssuer", "Certificate"})
    if reference.purpose == "tls" and index.kinds & {"Issuer", "ClusterIssuer", "Certificate"}:
        return True
    if kind == "ServiceAccount" and reference.how.startswith("it grants"):
        return (kind, reference.namespace) in index.made
    if kind in _ALWAYS or (kind == "Service" and reference.how.startswith("its pods")):
        return True
    if reference.namespace in ("", UNWRITTEN):
        return kind in index.kinds
    return any((kind, place) in index.made for place in places)


def users_of(stack: Stack, kind: str, namespace: str, name: str) -> list[Reference]:
    """The references that name an object."""
    known = makers_of(stack).users.get((kind, name), [])
    return [one for one in known if not one.namespace or namespace in (one.namespace, UNWRITTEN) or one.namespace == UNWRITTEN]


def target_of(stack: Stack, namespace: str, kind: str, name: str) -> Workload | None:
    """The workload that an autoscaler, a budget of resources or the like names; None where the stack has none."""
    index: dict[tuple[str, str], Workload] | None = stack.joined.get(f"{KEY}/workloads")
    if index is None:
        index = stack.joined[f"{KEY}/workloads"] = {(one.namespace, one.name): one for one in stack.of(Workload)}
    return index.get((namespace, f"{kind} {name}"))
