"""Modules and providers that are fetched by name (DEP404).

What counts as pinned: any version constraint at all. A bare floor (``>= 4.0``) floats too, but it is what modules meant for reuse
are advised to write, and the lock file then decides: nothing is claimed of it.
Sources: developer.hashicorp.com/terraform/language (module sources, provider requirements, dependency lock file).
"""

import re
from collections.abc import Iterator

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.subjects import Dependency
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.terraform.body import Body
from afscan.platforms.terraform.evaluate import Scope
from afscan.platforms.terraform.versions import NEWEST, highest_major

_REGISTRY = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+(?::[0-9]+)?/)?[\w-]+/[\w-]+/[\w-]+(?://.*)?\Z")
_GIT = re.compile(r"git::|git@|(?:github\.com|bitbucket\.org|gitlab\.com)/", re.IGNORECASE)
_REF = re.compile(r"[?&]ref=([^&]*)")
_BRANCHES = frozenset(("main", "master", "head", "develop", "dev", "trunk", "latest", ""))


def read_modules(scope: Scope, out: Interpretation) -> None:
    """One dependency per module that a module calls from a registry or a repository; local folders and archives are none."""
    for name, node in scope.module.calls.items():
        body = Body(node, scope, out)
        source, version = body.text("source"), body.text("version")
        text = source.or_else("")
        if not source.is_set or text.startswith(("./", "../", "/")):
            continue
        if _GIT.match(text):
            found = _REF.search(text)
            version = Value.of(found[1], source.node, source.at) if found is not None else Value.unset(source.node)
            pinned = Value.of(found is not None and found[1].lower() not in _BRANCHES, source.node, source.at)
        elif not _REGISTRY.match(text):
            continue
        elif version.is_unset:
            pinned = Value.of(False, source.node, source.at)
        else:
            pinned = version.map(lambda _: True)
        out.subjects.append(_dependency(f"module {name} ({text})", node, "terraform-module", version, pinned))


def read_providers(scope: Scope, out: Interpretation) -> None:
    """One dependency per entry of ``required_providers``; a lock file beside the root module pins it."""
    for local, node, source, version in _requirements(scope, out):
        locked = any(source in (locked, locked.rpartition("/")[2]) for locked in _root(scope).module.locked)
        if version.is_unknown:
            pinned: Value[bool] = version.map(bool)
        else:
            bounded = version.is_set or locked or _bounded_above(scope, local)
            pinned = Value.of(bounded, version.node, version.at)
        out.subjects.append(_dependency(f"provider {local}", node, "terraform-provider", version, pinned))


def _dependency(name: str, node: Node, kind: str, version: Value[str], pinned: Value[bool]) -> Dependency:
    return Dependency(name=name, node=node, platform="terraform", kind=kind, version=version, pinned=pinned)


def _requirements(scope: Scope, out: Interpretation) -> "Iterator[tuple[str, Mapping | Scalar, str, Value[str]]]":
    """Local name, node, source and version of each required provider; Terraform 0.12's bare version strings too."""
    for settings in scope.module.settings:
        for block in Body(settings, scope, out).blocks("required_providers"):
            for local, node in block.node.entries.items():
                if isinstance(node, Mapping):
                    body = Body(node, scope, out)
                    source = body.text("source").or_else(f"hashicorp/{local}")
                    if "terraform.io/builtin" in source:
                        continue
                    version = body.text("version")
                    if version.is_unset:
                        version = _legacy(scope, local, out) or version
                    yield local, node, "/".join(source.lower().split("/")[-2:]), version
                elif isinstance(node, Scalar) and not node.plain:
                    yield local, node, f"hashicorp/{local}", Value.of(node.text, node)


def _legacy(scope: Scope, local: str, out: Interpretation) -> Value[str] | None:
    """``version`` in a provider block, as written before Terraform 0.13."""
    for name, node in scope.module.providers:
        version = Body(node, scope, out).text("version")
        if name == local and not version.is_unset:
            return version
    return None


def _root(scope: Scope) -> Scope:
    while scope.caller is not None:
        scope = scope.caller
    return scope


def _bounded_above(scope: Scope, local: str) -> bool:
    """Whether a module further up constrains the provider."""
    caller = scope.caller
    while caller is not None:
        if any(name == local and version.is_set for name, _, _, version in _requirements(caller, Interpretation())):
            return True
        caller = caller.caller
    return False


def provider_major(scope: Scope, local: str) -> int | None:
    """The highest major version of a provider that may be installed; None where it cannot be told."""
    root = _root(scope)
    for source, entry in root.module.locked.items():
        if source.rpartition("/")[2] == local:
            return highest_major(Body(entry, root, Interpretation()).text("version").or_else("?"))
    highest: int | None = NEWEST
    current: Scope | None = scope
    while current is not None:
        for name, _, _, version in _requirements(current, Interpretation()):
            if name == local and not version.is_unset:
                major = highest_major(version.or_else("?"))
                highest = None if major is None or highest is None else min(highest, major)
        current = current.caller
    return highest
