"""Helm charts as far as they are read without being rendered: what they depend on, and the images that their values name.

Source: helm.sh/docs, "Charts" (``dependencies``, version ranges, ``Chart.lock``), "The Chart Best Practices Guide" (``image``).
"""

import re
from collections.abc import Iterator

from afscan.model.charts import ChartFile
from afscan.model.node import Mapping, Node, Scalar
from afscan.model.subjects import Dependency, ImageReference
from afscan.model.value import Value
from afscan.platforms.kubernetes.objects import scalar_text
from afscan.platforms.reading import Interpretation, Reader

_ANY = re.compile(r"\s*(?:[*xX](?:\.[*xX])*|>=?\s*v?\d[^\s,|]*)?\s*\Z")
"""A range without an upper end: any version, or any from one on. ``^1.2``, ``~1.2``, ``1.x`` keep to a major version."""

_IMAGE = re.compile(r"(?:[\w-]*[_-])?image\Z|\w*Image\Z")
_REFERENCE = re.compile(r"[\w.-]+(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+)?(?:@sha256:\w+)?\Z")
_TAGS = ("tag", "imageTag")


def dependencies_of(chart: ChartFile, *, locked: bool, complete: bool) -> Iterator[Dependency]:
    """What a chart fetches.

    :param locked: whether a ``Chart.lock`` lies beside it: that decides then.
    :param complete: whether all files are known, so that a lock file would have been seen.
    """
    reader = Reader(chart.node, Interpretation())
    for one in reader.readers("dependencies"):
        version = one.text("version")
        if one.text("repository").or_else("").startswith("file://") or one.text("repository").is_unset:
            continue  # it lies in the chart's own folder
        at = version.node if not version.is_unset else one.node
        if locked or version.is_unknown:
            pinned: Value[bool] = Value.of(True, at) if locked else version.map(bool)
        elif version.is_set and not _ANY.match(version.or_else("")):
            pinned = Value.of(True, at)
        elif complete:
            pinned = Value.of(False, at)
        else:
            pinned = Value.unknown(at, "whether a `Chart.lock` holds it is not known from the files given")
        name = f"chart {one.text('name').or_else('without name')}"
        yield Dependency(name=name, node=one.node, platform="helm", kind="helm-chart", version=version, pinned=pinned)


def read_values(root: Mapping, out: Interpretation) -> None:
    """Emit the images that values name together with a tag; one without a tag is left to the chart (often its ``appVersion``)."""
    for node in root.walk():
        if not isinstance(node, Mapping):
            continue
        repository = scalar_text(node.get("repository"))
        tag = node.get("tag")
        if repository and scalar_text(tag) and isinstance(tag, Scalar):
            registry = scalar_text(node.get("registry"))
            digest = scalar_text(node.get("digest"))
            name = f"{registry}/{repository}" if registry else repository
            _emit(f"{name}:{tag.text}" + (f"@{digest}" if digest else ""), tag, out)
        for key, value in node.entries.items():
            if _IMAGE.match(key) and isinstance(value, Scalar):
                _plain(node, value, out)


def _plain(owner: Mapping, image: Scalar, out: Interpretation) -> None:
    """``image: name:tag``, or a name with the tag beside it."""
    text = scalar_text(image)
    tag = next((one for name in _TAGS if isinstance(one := owner.get(name), Scalar) and scalar_text(one)), None)
    last = text.rpartition("/")[2]
    if ":" in last or "@" in last:
        _emit(text, image, out)
    elif text and tag is not None:
        _emit(f"{text}:{tag.text}", tag, out)


def _emit(reference: str, at: Scalar, out: Interpretation) -> None:
    if _REFERENCE.match(reference):
        out.subjects.append(ImageReference(name=_title(at), node=at, platform="helm", reference=Value.of(reference, at)))


def _title(node: Node) -> str:
    """The path of a value: ``value api.image.tag``."""
    steps: list[str] = []
    at: Node | None = node
    while at is not None and len(steps) < 20:
        steps += [at.key.text] if at.key is not None else []
        at = at.parent
    return f"value {'.'.join(reversed(steps))}"
