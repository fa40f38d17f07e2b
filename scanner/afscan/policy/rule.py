"""The rule decorator: a function with a docstring becomes a machine check.

::

    @rule("SEC201", severity=Severity.HIGH)
    def container_runs_as_root(container: Container, stack: Stack) -> Iterator[Problem]:
        \"\"\"Container runs as root.

        Why it matters, in two or three sentences.

        ## Fix
        - Kubernetes: set `securityContext.runAsNonRoot: true`.
        - Compose: set `user: "10001:10001"`.
        - Any: ...
        \"\"\"

The annotation of the first parameter (one subject class, or several joined by ``|``) says what the rule judges, the module's
folder (``sec2_no_root``) which control it serves, the function's name becomes the rule's. Rule modules must not use
``from __future__ import annotations``: the annotations are read as objects.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args

from afscan.model.record import record
from afscan.model.stack import Stack
from afscan.model.subjects import Subject
from afscan.policy.outcome import Problem, Severity

Check = Callable[[Any, Stack], Iterator[Problem]]

_CODE = re.compile(r"[A-Z]+[0-9]{3}\Z")
_FOLDER = re.compile(r"([a-z]+)([0-9]+)_")
_FIX = re.compile(r"^\s*-\s+([^:\n]+):\s+(.+?)(?=^\s*-\s|\Z)", re.MULTILINE | re.DOTALL)

registered: "dict[str, Rule]" = {}
"""All rules that have been imported, by code."""


class PolicyError(Exception):
    """A rule pack is malformed: a doubled code, a missing docstring, an annotation that names no subject."""


@record(slots=False, frozen=True)
class Rule:
    """One machine check and what is known of it.

    ``kinds`` are the subject types that it judges; ``profile`` is ``default`` or ``strict``; ``absence`` marks a rule that is
    judged on complete stacks only; ``tags`` are CWE numbers and the like for reports (``CWE-250``). What a rule out of its pack's
    index (:func:`late`) lacks is there once its module is imported, which asking for it does.
    """

    code: str
    name: str
    control: str
    severity: Severity
    check: Check
    kinds: tuple[type[Subject], ...]
    profile: str
    absence: bool
    tags: tuple[str, ...]
    module: str
    doc: str

    if not TYPE_CHECKING:  # to a type checker, the fields are all there are

        def __getattr__(self, name: str) -> Any:
            if name not in ("check", "kinds", "doc"):
                raise AttributeError(name)
            self.__dict__.update(_imported(self).__dict__)
            return self.__dict__[name]

    @cached_property
    def judges(self) -> tuple[str, ...]:
        """The names of the kinds, with their modules (``afscan.model.subjects.images.ImageReference``)."""
        return tuple(name_of(kind) for kind in self.kinds)

    @cached_property
    def title(self) -> str:
        """First line of the docstring, without the full stop."""
        return self.doc.split("\n", 1)[0].strip().rstrip(".")

    @cached_property
    def why(self) -> str:
        """The docstring between title and ``## Fix``: why it matters."""
        body = self.doc.split("\n", 1)[1] if "\n" in self.doc else ""
        return body.split("## Fix", 1)[0].strip()

    @cached_property
    def fixes(self) -> dict[str, str]:
        """What to write instead, by lower-case platform name; ``any`` is the fallback."""
        section = self.doc.split("## Fix", 1)[1] if "## Fix" in self.doc else ""
        found: dict[str, str] = {}
        for names, text in _FIX.findall(section.split("\n## ", 1)[0]):
            for name in names.split(","):
                found[name.strip().lower()] = " ".join(text.split())
        return found

    def remedy(self, platform: str) -> str:
        """The fix in the words of a platform."""
        fixes = self.fixes
        return fixes.get(platform) or fixes.get("any") or next(iter(fixes.values()), "")


def name_of(kind: type[Subject]) -> str:
    """How an index writes a kind of subjects."""
    return f"{kind.__module__}.{kind.__qualname__}"


def late(**known: Any) -> Rule:
    """A rule whose module need not be imported until it judges: all its fields but ``check``, ``kinds`` and ``doc``, and ``judges``."""
    made = object.__new__(Rule)
    made.__dict__.update(known)
    return made


def _imported(one: Rule) -> Rule:
    """What the module of a late rule registers.

    :raises PolicyError: if it cannot be imported, or registers no such rule.
    """
    try:
        import_module(one.module)
    except ImportError as error:
        raise PolicyError(f"the rule {one.code} ({one.module}) cannot be imported: {error}") from error
    found = registered.get(one.code)
    if found is None or "check" not in found.__dict__:
        raise PolicyError(f"{one.module} registers no rule {one.code}; the index of its pack is out of date")
    return found


def _cleaned(doc: str) -> str:
    """A docstring without its indentation: ``inspect.cleandoc``, whose module takes too long to import."""
    first, *rest = doc.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)]).rstrip().lstrip("\n")


def rule(
    code: str, *, severity: Severity, profile: str = "default", absence: bool = False, tags: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Register a function as the rule ``code``.

    :param code: permanent code, such as ``SEC201``.
    :param severity: of a fail, unless the problem itself says otherwise.
    :param profile: ``default``, or ``strict`` for what is true but noisy.
    :param absence: the rule speaks of something missing from the stack: judged on complete stacks only.
    :param tags: CWE identifiers.
    :raises PolicyError: if the code is malformed or taken, or docstring, annotation or folder do not fit.
    """

    def register(check: Check) -> Check:
        module = check.__module__
        if not _CODE.match(code):
            raise PolicyError(f"{module}: {code!r} is no rule code (letters, then three digits)")
        if code in registered and registered[code].module != module:
            raise PolicyError(f"{module}: {code} is taken by {registered[code].module}")
        folder = _FOLDER.match(module.rsplit(".", 2)[-2]) if "." in module else None
        if folder is None:
            raise PolicyError(f"{module}: the folder of a rule names its control, such as sec2_no_root")
        annotation = next(iter(check.__annotations__.values()), None)
        kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
        if not all(isinstance(kind, type) and issubclass(kind, Subject) for kind in kinds):
            raise PolicyError(f"{module}: the first parameter must be annotated with subject classes, not {annotation!r}")
        if not check.__doc__:
            raise PolicyError(f"{module}: a rule's docstring is its documentation, and it has none")
        registered[code] = Rule(
            code=code,
            name=sys.intern(check.__name__.replace("_", "-")),
            control=f"{folder[1].upper()}-{folder[2]}",
            severity=severity,
            check=check,
            kinds=kinds,
            profile=profile,
            absence=absence,
            tags=tags,
            module=module,
            doc=_cleaned(check.__doc__),
        )
        return check

    return register
