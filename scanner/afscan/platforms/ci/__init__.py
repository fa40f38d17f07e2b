"""What a repository keeps for its own upkeep: GitHub Actions, GitLab CI, dependabot, Renovate, pre-commit.

One module per kind, imported where a file of it turns up.
"""

from importlib import import_module
from posixpath import basename

from afscan.files.recognise import is_renovate
from afscan.model.node import Mapping, Node, Scalar
from afscan.model.source import Source
from afscan.platforms.reading import Interpretation


def recognise(source: Source, root: Node) -> bool:
    """Whether a document is one of a repository's own configurations."""
    return _module(source, root) is not None


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the subjects of a document into ``out``."""
    name = _module(source, root)
    if name is not None:
        import_module(f"afscan.platforms.ci.{name}").interpret(source, root, out)


def _module(source: Source, root: Node) -> str | None:
    """The module that reads a document; None for anything else. By content, and by name where content alone says too little."""
    if not isinstance(root, Mapping):
        return None
    name, keys = basename(source.name).lower(), root.entries.keys()
    if source.syntax == "json":
        if is_renovate(name) or (name == "package.json" and isinstance(root.get("renovate"), Mapping)):
            return "renovate"
        return None
    if isinstance(root.get("jobs"), Mapping) and ("on" in keys or _in_workflows(source)):
        return "github"
    if isinstance(root.get("runs"), Mapping) and root.get("runs", "using") is not None:
        return "actions"
    if name in ("dependabot.yml", "dependabot.yaml") or ("updates" in keys and _is_two(root.get("version"))):
        return "dependabot"
    if name in (".pre-commit-config.yaml", ".pre-commit-config.yml"):
        return "precommit"
    if _is_gitlab(name):
        return "gitlab"
    return None


def _in_workflows(source: Source) -> bool:
    return "/.github/workflows/" in f"/{source.name}"


def _is_two(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.text == "2"


def _is_gitlab(name: str) -> bool:
    return name in (".gitlab-ci.yml", ".gitlab-ci.yaml") or name.endswith((".gitlab-ci.yml", ".gitlab-ci.yaml"))
