"""pre-commit. Source: pre-commit.com, "Adding pre-commit plugins to your project" (``repos``, ``rev``, ``hooks``)."""

from afscan.model.ci import PreCommitHook
from afscan.model.node import Node
from afscan.model.source import Source
from afscan.model.subjects import Dependency
from afscan.model.value import Value
from afscan.platforms import revisions
from afscan.platforms.ci.scans import hook_scan
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "pre-commit"
_OWN = frozenset(("local", "meta"))


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the hooks, and the repositories they come from, into ``out``."""
    for repository in Reader(root, out).readers("repos"):
        url, revision = repository.text("repo"), repository.text("rev")
        if url.is_set and url.or_else("") not in _OWN and revision.is_set:
            _add_dependency(url, revision, out)
        for hook in repository.readers("hooks"):
            _read_hook(hook, url, revision, out)


def _add_dependency(url: Value[str], revision: Value[str], out: Interpretation) -> None:
    """The repository of hooks as something that is fetched: pre-commit itself calls branches a mistake."""
    kind = revisions.kind_of(revision.or_else(""))
    known = kind in (revisions.BRANCH, revisions.TAG, revisions.COMMIT)
    pinned: Value[bool] = Value.of(kind != revisions.BRANCH, revision.node) if known else Value.unset(revision.node)
    name = url.or_else("").removesuffix(".git").rpartition("://")[2].removeprefix("github.com/")
    out.subjects.append(
        Dependency(
            name=f"pre-commit repository {name}",
            node=revision.node,
            platform=PLATFORM,
            kind="pre-commit",
            version=revision,
            pinned=pinned,
        )
    )


def _read_hook(reader: Reader, url: Value[str], revision: Value[str], out: Interpretation) -> None:
    name = reader.text("id").or_else("")
    if not name:
        return
    hook = PreCommitHook(
        name=f"hook {name}",
        node=reader.node,
        platform=PLATFORM,
        repository=url,
        revision=revision,
        hook=name,
        entry=reader.text("entry"),
        arguments=reader.strings("args"),
        stages=reader.strings("stages"),
    )
    out.subjects.append(hook)
    scan = hook_scan(hook)
    if scan is not None:
        out.subjects.append(scan)
