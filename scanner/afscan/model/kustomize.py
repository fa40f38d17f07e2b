"""Kustomizations: the files that say which manifests become one set of objects, and how they are changed."""

from afscan.model.record import record
from afscan.model.subjects.base import Subject


@record(slots=True, kw_only=True, eq=False)
class KustomizationFile(Subject):
    """A ``kustomization.yaml``, before the join renders it; ``node`` is its root.

    ``directory`` is the folder whose other kustomizations name it by ("" for the working directory); ``component`` marks one of
    ``kind: Component``, which changes the objects of who includes it.
    """

    directory: str
    component: bool = False
