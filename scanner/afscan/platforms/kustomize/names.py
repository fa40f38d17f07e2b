"""Which files and folders a kustomization names: what is rendered with it, and not judged by itself."""

from collections.abc import Iterator
from posixpath import join as join_path
from posixpath import normpath

from afscan.model.kustomize import KustomizationFile
from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.platforms.kustomize.tree import text_of


def included(file: KustomizationFile) -> Iterator[str]:
    """The paths of its resources and bases: files or folders."""
    yield from _paths(file, "resources", "bases")


def components(file: KustomizationFile) -> Iterator[str]:
    """The folders of its components."""
    yield from _paths(file, "components")


def patched_with(file: KustomizationFile) -> Iterator[str]:
    """The files of its patches, replacements and generators."""
    yield from _paths(file, "patchesStrategicMerge", "patches", "patchesJson6902", "replacements")
    for field in ("configMapGenerator", "secretGenerator"):
        for entry in _items(file.node.get(field)):
            for name in ("files", "envs", "env"):
                node = entry.get(name)
                for word in [node] if isinstance(node, Scalar) else _items(node):
                    yield _path(file, text_of(word).rpartition("=")[2] if name == "files" else text_of(word))


def _paths(file: KustomizationFile, *fields: str) -> Iterator[str]:
    for field in fields:
        for item in _items(file.node.get(field)):
            text = text_of(item.get("path") if isinstance(item, Mapping) else item)
            if text and "\n" not in text and "://" not in text:
                yield _path(file, text)


def _path(file: KustomizationFile, text: str) -> str:
    path = normpath(join_path(file.directory, text))
    return "" if path == "." else path


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []
