"""pre-commit. Source: pre-commit.com, "Adding pre-commit plugins to your project" (``repos``, ``rev``, ``hooks``)."""

from afscan.model.ci import PreCommitHook, SecurityScan
from afscan.model.node import Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Dependency
from afscan.model.value import Value
from afscan.platforms import revisions
from afscan.platforms.ci.scanners import effect, tool_of_command, tool_of_hook
from afscan.platforms.ci.scans import Verdict
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "pre-commit"
MAX_HOOKS = 5_000
"""Hooks that are read; anchors make a small file large."""

_OWN = frozenset(("local", "meta"))


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the hooks, and the repositories they come from, into ``out``."""
    for repository in Reader(root, out).readers("repos"):
        url, revision = repository.text("repo"), repository.text("rev")
        if url.is_set and url.or_else("") not in _OWN and revision.is_set:
            _add_dependency(url, revision, out)
        for hook in repository.readers("hooks"):
            if len(out.subjects) > MAX_HOOKS:
                out.notice(NoticeKind.LIMIT, hook.node.head, f"There are more than {MAX_HOOKS:,} hooks; the rest is not read.")
                return
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


def hook_scan(hook: PreCommitHook) -> SecurityScan | None:
    """The scan that a pre-commit hook is; None for any other hook. A local one is known by its entry, too."""
    tool = tool_of_hook(hook.hook)
    if tool is None and hook.repository.or_else("") == "local" and hook.entry.is_set:
        tool = tool_of_command([*hook.entry.or_else("").split(), *(one.or_else("") for one in hook.arguments)])
    if tool is None:
        return None
    verdict = Verdict(tool.get("hook_gates", tool["gates"]), hook.node, hook.place, f"{tool['tool']} lets pass by default")
    arguments = hook.arguments
    for index, argument in enumerate(arguments):
        name, equals, value = argument.or_else("").removeprefix("--args=").partition("=")
        kind = tool.get("options", {}).get(name)
        if kind is None:
            continue
        text = value if equals else arguments[index + 1].or_else("") if index + 1 < len(arguments) else "true"
        found = effect(kind, text if kind in ("status", "never", "ignore", "format") else "true")
        if found is not None:
            verdict.gates, verdict.node, verdict.place = found, argument.node, argument.place
            verdict.how = f"`{argument.or_else('')[:60]}` lets pass whatever it finds"
    id_node = hook.node.get("id")
    return SecurityScan(
        name=f"{tool['tool']} in {hook.name}",
        node=hook.node,
        platform=hook.platform,
        tool=tool["tool"],
        covers=frozenset(tool["covers"]),
        gates=verdict.value(),
        how=verdict.how if verdict.gates is False else "",
        at=id_node.place if isinstance(id_node, Scalar) else hook.place,
        hook=hook,
    )
