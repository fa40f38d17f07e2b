"""Helm releases: which chart is installed in which version, and the secrets in the values that it is given.

Source: Helm provider, "helm_release" (``version`` is the newest where none is written; ``values`` are YAML texts); helm.sh, "Charts"
(constraints: ``^``, ``~`` and ``x`` stay within a line, ``*`` and ``>=`` do not).
"""

import re
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Sequence
from afscan.model.subjects import Dependency
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.results import Unknown
from afscan.platforms.terraform.structured import structured

_BOUNDED = re.compile(r"[=v^~ >]*[0-9]{1,6}(?:\.(?:[0-9]{1,6}|[xX*])){0,2}(?:[-+][\w.+-]*)?\Z")


def read_release(kind: str, name: str, body: Body) -> None:
    """Emit the chart of a ``helm_release`` as a dependency; one in a folder or archive is none."""
    if kind != "helm_release":
        return
    chart, version = body.text("chart"), body.text("version")
    text = chart.or_else("")
    fetched = body.written("repository") or text.startswith("oci://")
    if not chart.is_set or not fetched or text.startswith((".", "/")) or text.endswith(".tgz"):
        return
    pinned: Value[bool] = Value.of(False, body.node) if version.is_unset else version.map(_is_bounded)
    body.out.subjects.append(
        Dependency(name=f"chart {text}", node=body.node, platform="terraform", kind="helm-chart", version=version, pinned=pinned)
    )


def _is_bounded(version: str) -> bool:
    """Whether a constraint always yields the same major line: a version, or a range with an upper end."""
    return "<" in version or (_BOUNDED.match(version.strip()) is not None and not version.strip().startswith(">"))


def values_of(body: Body) -> Iterator[Node]:
    """The roots of the values that a release is given, as far as they are known."""
    written = body.node.entries.get("values")
    for item in written.items if isinstance(written, Sequence) else []:
        root = structured(item, body.scope, "yaml")
        if isinstance(root, Mapping) and not isinstance(root, Unknown):
            yield root
