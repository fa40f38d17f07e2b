"""Objects that give defaults to others: StorageClass and LimitRange."""

from afscan.model.subjects import ContainerDefaults, Facet, ManagedResource
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject
from afscan.platforms.kubernetes.quantities import quantity
from afscan.platforms.reading import Reader

_EBS = frozenset(("ebs.csi.aws.com", "kubernetes.io/aws-ebs", "ebs.csi.eks.amazonaws.com"))


def read_storage_class(item: KubernetesObject) -> None:
    """Emit a StorageClass. Only Amazon EBS has a parameter that decides about encryption here; elsewhere the provider does.

    Source: aws-ebs-csi-driver documentation, "StorageClass parameters": ``encrypted``, ``"true"`` or ``"false"``, default false.
    """
    item.reader.mapping("parameters")
    encrypted = None
    if item.reader.text("provisioner").or_else("") in _EBS:
        why = "the EBS driver encrypts the volumes it makes only where this is `true`"
        encrypted = Facet(setting="parameters.encrypted", on=_encrypted(item), default=False, why=why)
    item.out.subjects.append(
        ManagedResource(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            kind="StorageClass",
            product="volume",
            datastore=False,
            storage_encrypted=encrypted,
        )
    )


def _encrypted(item: KubernetesObject) -> Value[bool]:
    """The parameter; StorageClass parameters are compared without regard to the case of their names."""
    names = item.reader.string_map("parameters")
    name = next((name for name in names if name.lower() == "encrypted"), "encrypted")
    written = item.reader.text("parameters", name)
    text = written.or_else("").strip().lower()
    if written.is_set and text not in ("true", "false"):
        return Value.unknown(written.node, f"`{name}` is neither `true` nor `false`")
    return written.map(lambda _: text == "true")


def read_limit_range(item: KubernetesObject) -> None:
    """Emit the defaults that a LimitRange has for containers.

    Source: Kubernetes API reference, LimitRangeItem: ``default`` falls back to ``max``, ``defaultRequest`` to ``default``, then
    to ``min``.
    """
    for limits in item.reader.at("spec").readers("limits"):
        if limits.text("type").or_else("") != "Container":
            continue
        memory, memory_request = _defaults(limits, "memory")
        cpu, cpu_request = _defaults(limits, "cpu")
        item.out.subjects.append(
            ContainerDefaults(
                name=item.title,
                node=limits.node,
                platform=PLATFORM,
                namespace=item.namespace,
                memory_limit=memory,
                cpu_limit=cpu,
                memory_request=memory_request,
                cpu_request=cpu_request,
            )
        )


def _defaults(limits: Reader, resource: str) -> tuple[Value[float], Value[float]]:
    """The default limit and request of a resource."""
    limit = quantity(limits, "default", resource)
    if limit.is_unset:
        limit = quantity(limits, "max", resource)
    request = quantity(limits, "defaultRequest", resource)
    if request.is_unset:
        request = limit if not limit.is_unset else quantity(limits, "min", resource)
    return limit, request
