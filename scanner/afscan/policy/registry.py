"""Find rule packs and import their rules: entry points in the group ``afscan.rules``, each naming a package."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from afscan.policy.entrypoints import entry_points
from afscan.policy.index import load_late
from afscan.policy.rule import PolicyError, Rule, registered

GROUP = "afscan.rules"


def load_packs() -> list[Rule]:
    """The rules of every installed pack, sorted by code. They are imported, unless the pack's index tells what they are.

    :raises PolicyError: if a pack cannot be imported or holds a malformed rule.
    """
    for point in sorted(entry_points(GROUP), key=lambda p: p.value):
        try:
            load_pack(import_module(point.value))
        except ImportError as error:
            raise PolicyError(f"rule pack {point.name!r} ({point.value}) cannot be imported: {error}") from error
    return sorted(registered.values(), key=lambda r: r.code)


def load_pack(package: ModuleType) -> None:
    """Register the rules of a package: by its index, or else importing all modules of all its folders."""
    if load_late(package):
        return
    for folder in iter_modules(package.__path__, package.__name__ + "."):
        if not folder.ispkg:
            continue
        control = import_module(folder.name)
        for module in iter_modules(control.__path__, control.__name__ + "."):
            import_module(module.name)


def choose(rules: Iterable[Rule], *, profile: str, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Rule]:
    """The rules of a profile, narrowed by code prefixes (``SEC``, ``SEC2``, ``SEC201``) or control ids (``SEC-2``).

    An explicitly selected full code is taken from any profile.

    :raises PolicyError: if a prefix matches no rule.
    """
    rules = list(rules)
    for word in (*select, *ignore):
        if not any(_matches(rule, word) for rule in rules):
            raise PolicyError(f"no rule or control is called {word!r}")
    chosen = []
    for rule in rules:
        wanted = not select or any(_matches(rule, word) for word in select)
        in_profile = rule.profile == "default" or profile == "strict" or rule.code in select
        if wanted and in_profile and not any(_matches(rule, word) for word in ignore):
            chosen.append(rule)
    return chosen


def _matches(rule: Rule, word: str) -> bool:
    return rule.code.startswith(word.upper()) or rule.control == word.upper() or rule.name == word.lower()
