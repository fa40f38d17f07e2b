"""Terraform modules: files by directory, calls of local modules, and what their resources say once variables are known.

A module that another one calls is judged as it is called, with the inputs it gets; a module that nobody calls is a root and
judged with its defaults and the variable files that Terraform loads by itself. ``stack.joined["terraform"]`` keeps the modules in
use (:class:`~afscan.platforms.terraform.evaluate.Scope`) for what needs the declarations.
"""

from collections.abc import Iterable
from posixpath import basename, dirname, normpath
from posixpath import join as join_path
from typing import TYPE_CHECKING

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Subject, TerraformFile
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation

if TYPE_CHECKING:
    from afscan.platforms.terraform.declarations import Key, Module
    from afscan.platforms.terraform.evaluate import Budget, Scope
    from afscan.platforms.terraform.plans import Plan

MAX_CALLS = 500
"""How many calls of modules are followed in one stack."""

MAX_CALL_DEPTH = 20
"""How deep modules may call modules."""

_NOTHING_JUDGED = frozenset(
    ("acm", "dns", "iam", "key-pair", "kms", "label", "network", "networking", "null-label", "route53", "subnets", "tags", "vpc")
)
"""What remote modules of these names make is not what any rule judges: that they are not read costs nothing."""


def join(stack: Stack) -> Iterable[Subject]:
    """Put the stack's Terraform files together and read them."""
    files = stack.of(TerraformFile)
    if not files:
        return []
    from afscan.platforms.terraform.declarations import declare  # noqa: PLC0415 - only stacks with Terraform pay for it
    from afscan.platforms.terraform.evaluate import Budget  # noqa: PLC0415
    from afscan.platforms.terraform.stack import read_scopes  # noqa: PLC0415

    out = Interpretation()
    modules = declare(files, out)
    budget = Budget(lookup=Lookup(stack, out))
    plans = _plans(files, modules, budget, stack)
    scopes = _in_use(modules, budget, out)
    if plans:
        from afscan.platforms.terraform.plans import KEY, scopes_of  # noqa: PLC0415

        covered = {KEY.sub("", f"{scope.address}{kind}.{label}") for scope in scopes for kind, label in scope.module.resources}
        for plan in plans:
            matched = any(plan is one for one in budget.plans.values())
            scopes += scopes_of(plan, covered if matched else set(), budget)
    stack.joined["terraform"] = scopes
    read_scopes(scopes, files, _unread(modules, stack), out)
    stack.notices += out.notices
    return out.subjects


def _unread(modules: "dict[Key, Module]", stack: Stack) -> "dict[Key, Value[bool]]":
    """The modules of which not everything is read: a file that is not, or Terragrunt, which may generate some."""
    gaps = {dirname(notice.place.path): notice for notice in stack.notices if notice.kind in _GAPS}
    generated = {dirname(path) for path in stack.paths if basename(path) in ("terragrunt.hcl", "cdktf.json")}
    found: dict[Key, Value[bool]] = {}
    for key, module in modules.items():
        gap = gaps.get(module.directory) if not key[0] else None
        if gap is not None:
            found[key] = Value.unknown(module.files[0].node, "not all of the module could be read", gap.place)
        elif module.directory in generated:
            found[key] = Value.unknown(module.files[0].node, "Terragrunt may generate further files of the module")
    return found


_GAPS = frozenset((NoticeKind.SYNTAX, NoticeKind.LIMIT, NoticeKind.TEMPLATED, NoticeKind.TOO_LARGE, NoticeKind.UNREADABLE))


def _plans(files: list[TerraformFile], modules: "dict[Key, Module]", budget: "Budget", stack: Stack) -> "list[Plan]":
    """The stack's plans; one whose root module is there gives its variables to it. Two that could be it are none.

    A root in the plan's own folder is its root before any other. The places of secrets in plans go to
    ``stack.joined["masked"]``: no report shows them.
    """
    written = [file for file in files if file.role == "plan"]
    if not written:
        return []
    from afscan.platforms.terraform.plans import belongs, read_plan  # noqa: PLC0415

    plans = [read_plan(file) for file in written]
    for plan in plans:
        stack.joined.setdefault("masked", []).extend(plan.secrets)
        fitting = [module for module in modules.values() if module.key not in budget.plans and belongs(plan, module)]
        beside = [module for module in fitting if module.key == (plan.file.container, plan.file.directory)]
        chosen = beside or fitting
        if len(chosen) == 1:
            budget.plans[chosen[0].key] = plan
            declared = chosen[0].variables
            chosen[0].assigned.update({name: node for name, node in plan.variables.items() if name in declared})
    return plans


def _in_use(modules: "dict[Key, Module]", budget: "Budget", out: Interpretation) -> "list[Scope]":
    """The root modules and, below them, each call of a local module that exists."""
    from afscan.platforms.terraform.evaluate import Scope  # noqa: PLC0415

    called = {target for module in modules.values() for _, _, target in _local_calls(module) if target != module.key}
    roots = [module for key, module in modules.items() if key not in called and _declares(module)]
    scopes: list[Scope] = []
    reached: set[Key] = set()
    # Modules that only call each other in a circle have no root: the first of them is then read as one.
    for root in (*roots, *modules.values()):
        if root.key not in reached and _declares(root):
            _expand(Scope(root, budget), modules, scopes, reached, out)
    return scopes


def _declares(module: "Module") -> bool:
    return any(file.role == "configuration" for file in module.files)


def _expand(root: "Scope", modules: "dict[Key, Module]", scopes: "list[Scope]", reached: "set[Key]", out: Interpretation) -> None:
    """Follow the calls of a root module, breadth first."""
    from afscan.platforms.terraform.evaluate import Scope  # noqa: PLC0415
    from afscan.platforms.terraform.instances import differs, instances, suffix  # noqa: PLC0415

    waiting = [root]
    while waiting:
        scope = waiting.pop(0)
        scopes.append(scope)
        if scope.module.key not in reached:  # a module that is called twice is written once
            _note_remote(scope, out)
        reached.add(scope.module.key)
        for name, node, target in _local_calls(scope.module):
            module = modules.get(target)
            source = node.entries["source"]
            if module is None:
                reason = f"The module's folder `{target[1] or '.'}` is not part of this stack; what it declares is not judged."
                out.notice(NoticeKind.UNRESOLVED, source.head, reason)
                continue
            every = instances(node, scope)
            if not every:
                continue
            chain = _chain(scope)
            if target in chain or len(chain) > MAX_CALL_DEPTH or len(scopes) + len(waiting) > MAX_CALLS:
                why = "calls itself" if target in chain else "is called too deep or too often"
                out.notice(NoticeKind.LIMIT, source.head, f"This module {why}; this call is not judged.")
                continue
            scope.children[name] = {
                key: Scope(module, root.budget, f"{scope.address}module.{name}{suffix(key)}.", inner, dict(node.entries))
                for key, inner in (every if differs(node) or len(every) == 1 else every[:1])
            }
            waiting += scope.children[name].values()


def _note_remote(scope: "Scope", out: Interpretation) -> None:
    """Say which modules from a registry or repository are not read: what they declare is not judged, and must not look clean.

    Some are judged by their inputs (:mod:`afscan.platforms.terraform.registrymodules`, EKS in ``clusters``), and what a plan shows
    is judged there.
    """
    from afscan.platforms.terraform.clusters import EKS_MODULE  # noqa: PLC0415
    from afscan.platforms.terraform.registrymodules import is_judged  # noqa: PLC0415

    plan = scope.budget.plan_of(scope)
    for name, node in scope.module.calls.items():
        source = node.get("source")
        if plan is not None and plan.covers(f"{scope.address}module.{name}"):
            continue
        if not isinstance(source, Scalar) or source.text.startswith(("./", "../")) or EKS_MODULE.match(source.text):
            continue
        if is_judged(node):
            continue
        path = source.text.partition("?")[0].removesuffix(".git").rstrip("/").lower()
        words = [word.removeprefix("terraform-aws-") for word in path.replace("//", "/").split("/")[-3:]]
        if not _NOTHING_JUDGED.intersection(words):
            out.notice(
                NoticeKind.UNRESOLVED, source.head, f"The module `{path[:80]}` is not read; what it declares is not judged."
            )


def _chain(scope: "Scope") -> "set[Key]":
    keys: set[Key] = set()
    current: Scope | None = scope
    while current is not None:
        keys.add(current.module.key)
        current = current.caller
    return keys


class Lookup:
    """The files that ``file`` and ``templatefile`` may read: those of the stack, whatever they are."""

    def __init__(self, stack: Stack, out: Interpretation) -> None:
        self.out = out
        self.paths = frozenset(stack.paths)
        self.texts = {source.path: source for source in stack.sources if source.outer is None}
        self.embedded = {(source.path, source.name): source for source in stack.sources if source.outer is not None}
        self.read: dict[str, Source | str] = {}
        self.outside: set[str] = set()

    def __call__(self, path: str, container: str, node: Node) -> Source | str:
        """A file's text by its path, or why there is none; ``container`` is the document that holds the module, ``node`` the call."""
        if container:
            return self.embedded.get((container, path)) or "it is not part of this stack"
        if path in self.texts:
            return self.texts[path]
        if path not in self.paths:
            if not path.startswith(".."):
                return "it is not part of this stack"
            if path not in self.outside:
                self.outside.add(path)
                reason = f"The file `{path[:80]}` lies outside of what is scanned; it is not read."
                self.out.notice(NoticeKind.UNRESOLVED, node.head, reason)
            return "it lies outside of what is scanned"
        if path not in self.read:
            from afscan.files.read import read_file  # noqa: PLC0415 - few modules read files

            found = read_file(path, path)
            self.read[path] = found if isinstance(found, Source) else "it is no text"
        return self.read[path]


def _local_calls(module: "Module") -> "list[tuple[str, Mapping, Key]]":
    """Name, block and target of each call of a module in a folder."""
    calls = []
    for name, node in module.calls.items():
        source: Node | None = node.get("source")
        if isinstance(source, Scalar) and source.text.startswith(("./", "../")):
            directory = normpath(join_path(module.directory, source.text))
            calls.append((name, node, (module.key[0], "" if directory == "." else directory)))
    return calls
