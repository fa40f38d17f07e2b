"""Generators of Kustomize: the ConfigMaps and Secrets that a kustomization makes.

Source: kubectl.docs.kubernetes.io, "configMapGenerator" and "secretGenerator". The hash that Kustomize puts behind a name, and a
prefix or suffix, go into the references too, so the names stand as written.
"""

from afscan.model.node import Mapping
from afscan.model.objects import GeneratedObject
from afscan.platforms.kubernetes.objects import PLATFORM
from afscan.platforms.reading import Interpretation, Reader

_REMOTE = ("://", "github.com/", "git@", "?ref=")
_KINDS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}


def read_generators(root: Mapping, out: Interpretation) -> None:
    """Emit what the generators of a kustomization make; their files may lie anywhere, so the entries are known in part only.

    Bases from elsewhere and charts may make anything.
    """
    reader = Reader(root, out)
    listed = [one for key in ("resources", "bases", "components") for one in reader.strings(key)]
    elsewhere = [one.node for one in listed if any(mark in one.or_else("://") for mark in _REMOTE)]
    elsewhere += [node for key in ("helmCharts", "generators") if (node := root.get(key)) is not None]
    for node in elsewhere[:1]:
        out.subjects.append(
            GeneratedObject(name="a base from elsewhere", node=node, platform=PLATFORM, kind="*", object_name="*", namespace="*")
        )
    for key, kind in _KINDS.items():
        for one in reader.readers(key):
            name = one.text("name")
            if name.is_unset:
                continue
            title = name.or_else("*")
            out.subjects.append(
                GeneratedObject(
                    name=f"{kind} {title}",
                    node=name.node,
                    platform=PLATFORM,
                    kind=kind,
                    object_name=title,
                    namespace=one.text("namespace").or_else("*"),
                )
            )
