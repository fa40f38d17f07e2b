"""PersistentVolumes and claims.

Source: Kubernetes documentation, "Persistent Volumes": without ``storageClassName`` a claim gets the cluster's default class; with
an empty one it waits for a volume that somebody makes.
"""

from afscan.model.node import Mapping
from afscan.model.objects import Volume, VolumeClaim
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import PLATFORM, KubernetesObject, section
from afscan.platforms.kubernetes.quantities import quantity

_CLASS = "volume.beta.kubernetes.io/storage-class"
_NO_SOURCE = frozenset(
    (
        *("capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions"),
        *("volumeMode", "nodeAffinity", "volumeAttributesClassName"),
    )
)


def _class_name(item: KubernetesObject) -> Value[str]:
    """The class; the annotation that came before the field still counts."""
    found = item.reader.text("spec", "storageClassName")
    annotated = item.reader.text("metadata", "annotations", _CLASS)
    return found if annotated.is_unset else annotated


def read_claim(item: KubernetesObject) -> None:
    """Emit a PersistentVolumeClaim."""
    spec = section(item.reader, "spec")
    item.out.subjects.append(
        VolumeClaim(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            claim=item.name,
            namespace=item.namespace,
            class_name=_class_name(item),
            access_modes=spec.strings("accessModes"),
            size=quantity(spec, "resources", "requests", "storage"),
            volume=spec.text("volumeName"),
        )
    )


def read_volume(item: KubernetesObject) -> None:
    """Emit a PersistentVolume."""
    spec = section(item.reader, "spec")
    written = spec.node.entries if isinstance(spec.node, Mapping) else {}
    item.out.subjects.append(
        Volume(
            name=item.title,
            node=item.node,
            platform=PLATFORM,
            volume=item.name,
            class_name=_class_name(item),
            backing=next((key for key in written if key not in _NO_SOURCE), ""),
            claim=spec.text("claimRef", "name"),
            reclaim=spec.text("persistentVolumeReclaimPolicy"),
        )
    )
