"""GitOps applications and what they deploy: their sources, the folders of this stack, the workloads whose manifests lie there.

Whether an application's repository is this one stands in no file. Decided by the path: it means this stack where it leads to a
folder here that holds manifests, below the stack's root (or the folder that holds all of it) or as it stands. Where applications
name several repositories whose paths all lead somewhere here, or the path is the repository's root, it cannot be told, and nothing
is joined.
"""

from collections import defaultdict
from collections.abc import Iterable
from posixpath import normpath

from afscan.join.folders import common_folder
from afscan.model.ci import DeploymentSource, GitOpsApplication, GitOpsSource
from afscan.model.cluster import ForeignObject
from afscan.model.stack import Stack
from afscan.model.subjects import Subject, Workload
from afscan.model.value import Value

KEY = "gitops"
_DESTINATIONS = "gitops destinations"


def join(stack: Stack) -> Iterable[Subject]:
    """Fill ``sources`` of Flux' applications, ``here`` and ``folders`` of all sources, and ``workloads``."""
    applications = stack.of(GitOpsApplication)
    _connect_flux(stack, applications)
    folders = _folders(stack)
    _locate(stack, applications, folders)
    below = _workloads_by_folder(stack)
    by_folder: dict[str, GitOpsApplication] = {}
    destinations: dict[str, set[str]] = defaultdict(set)
    for application in applications:
        folders_of = [folder for source in application.sources for folder in source.folders]
        for folder in folders_of:
            by_folder.setdefault(folder, application)
            destinations[folder].add(application.destination.or_else(""))
        # Applications of one folder share its list: there may be one for each of many clusters.
        lists = [below.get(folder, []) for folder in folders_of]
        application.workloads = lists[0] if len(lists) == 1 else [workload for listed in lists for workload in listed]
    stack.joined[KEY] = by_folder
    stack.joined[_DESTINATIONS] = destinations
    _settle_foreign(stack, applications)
    return []


def _connect_flux(stack: Stack, applications: list[GitOpsApplication]) -> None:
    """URL and revision of a Kustomization are those of the source it names."""
    sources = {(one.kind, one.namespace, one.name.rpartition(" ")[2]): one.source for one in stack.of(GitOpsSource)}
    for application in applications:
        found = sources.get(application.source_ref) if application.source_ref is not None else None
        if found is not None:
            for source in application.sources:
                source.url = found.url


def _folders(stack: Stack) -> set[str]:
    """Every folder that holds manifests of this stack, and all above it."""
    found: set[str] = set()
    for path in {one.node.source.path for one in stack.of(Subject) if one.platform == "kubernetes"}:
        folder = normpath(path).rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _locate(stack: Stack, applications: list[GitOpsApplication], folders: set[str]) -> None:
    """Which folder each source means, and whether that can be told."""
    located: list[tuple[DeploymentSource, str]] = []
    for application in applications:
        for source in application.sources:
            if source.kind != "git":
                continue
            if source.path.is_unknown or source.url.is_unknown:
                source.here = Value.unknown(source.node, source.path.reason or source.url.reason)
                continue
            path = normpath(source.path.or_else("").strip().lstrip("/") or ".")
            folder = next((one for one in _meant(stack, path) if one in folders), "")
            if path != "." and not path.startswith("..") and folder:
                located.append((source, folder))
    several = len({_repository(source) for source, _ in located}) > 1
    for source, folder in located:
        if several:
            source.here = Value.unknown(source.node, "applications of several repositories have paths that exist here")
        else:
            source.here, source.folders = Value.of(True, source.path.node), [folder]


def _meant(stack: Stack, path: str) -> list[str]:
    """The folders that a path of the repository may be: below the stack's root, below the folder that holds all of the stack, or as
    it stands, where that leads into the stack."""
    found = []
    for base in (stack.root, common_folder(stack)):
        base = "" if base in ("", ".") else normpath(base)
        found.append(f"{base}/{path}" if base else path)
        if path == base or path.startswith(f"{base}/"):
            found.append(path)
    return found


def _repository(source: DeploymentSource) -> str:
    """A repository's address without what may be written in several ways."""
    text = source.url.or_else("").lower().removesuffix("/").removesuffix(".git")
    return text.rpartition("://")[2].rpartition("@")[2].replace(":", "/")


def _workloads_by_folder(stack: Stack) -> dict[str, list[Workload]]:
    """The workloads below each folder, at any depth."""
    found: dict[str, list[Workload]] = defaultdict(list)
    for workload in stack.of(Workload):
        if workload.platform != "kubernetes":
            continue
        folder = normpath(workload.node.source.path).rpartition("/")[0]
        while folder:
            found[folder].append(workload)
            folder = folder.rpartition("/")[0]
    return found


def _settle_foreign(stack: Stack, applications: list[GitOpsApplication]) -> None:
    """An application makes no pods beyond those of the files where all of its sources lie here and were read."""
    here = {
        id(one.node)
        for one in applications
        if one.sources and all(source.here.value and source.folders for source in one.sources)
    }
    for foreign in stack.of(ForeignObject):
        if id(foreign.node) in here:
            foreign.makes_pods = False


def deployed_by(stack: Stack, workload: Workload) -> GitOpsApplication | None:
    """The application that deploys a workload from this stack's files; None where none is known to."""
    by_folder: dict[str, GitOpsApplication] = stack.joined.get(KEY, {})
    folder = normpath(workload.node.source.path).rpartition("/")[0] if by_folder and workload.platform == "kubernetes" else ""
    while folder and folder not in by_folder:
        folder = folder.rpartition("/")[0]
    return by_folder.get(folder)


def namespace_given(stack: Stack, workload: Workload) -> str:
    """The namespace into which an application deploys a workload whose manifest names none; "" where none or several do.

    Source: Argo CD documentation, "Application Specification": ``destination.namespace`` is that of the manifests without one.
    """
    if workload.namespace_written or deployed_by(stack, workload) is None:
        return ""
    destinations: dict[str, set[str]] = stack.joined.get(_DESTINATIONS, {})
    found: set[str] = set()
    folder = normpath(workload.node.source.path).rpartition("/")[0]
    while folder:
        found |= destinations.get(folder, set())
        folder = folder.rpartition("/")[0]
    return found.pop() if len(found) == 1 else ""
