"""A Dockerfile's instructions as build stages, with ARG and ENV put in.

Semantics: docs.docker.com/reference/dockerfile. ARG before the first FROM counts in FROM lines, and in a stage only once it is
declared there again; ENV and ARG pass on to stages that build on a stage; ONBUILD counts for the image built on this.
"""

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.subjects import BuildArgument, BuildStage, ImageReference
from afscan.model.value import Value
from afscan.platforms.dockerfile.steps import STEPS, Evaluated, Setting, Step, items
from afscan.platforms.dockerfile.variables import Known, Scope, expand
from afscan.platforms.reading import Interpretation

_SHELL = ("/bin/sh", "-c")
_MAX_STAGES = 500


def evaluate(root: Node, given: "dict[str, Value[str]] | None" = None, out: Interpretation | None = None) -> Evaluated:
    """The stages of a parsed Dockerfile.

    :param root: the root node of :mod:`afscan.syntax.dockerfile`.
    :param given: build arguments that are passed; they override the defaults of ARG.
    :param out: where notices and embedded texts go; None to evaluate once more without repeating them.
    """
    passed = {
        name: Known(value.value) if value.is_set else Known(None, value.reason or f"build argument `{name}` has no value here")
        for name, value in (given or {}).items()
    }
    run = _Evaluation(passed, out if out is not None else Interpretation())
    for node in root.items if isinstance(root, Sequence) else ():
        if isinstance(node, Mapping):
            if len(run.result.stages) >= _MAX_STAGES:
                run.out.notice(NoticeKind.LIMIT, node.head, f"Stages beyond {_MAX_STAGES} are not read.")
                break
            run.take(node)
    return run.result


class _Evaluation:
    """The state while the instructions are taken in one after the other."""

    __slots__ = ("globals", "out", "result", "scope", "scopes", "shell", "shells", "stage", "stray")

    def __init__(self, given: dict[str, Known], out: Interpretation) -> None:
        self.out = out
        self.result = Evaluated()
        self.globals = Scope(given=given)
        self.scope = self.globals
        self.shell = list(_SHELL)
        self.scopes: dict[int, Scope] = {}
        self.shells: dict[int, list[str]] = {}
        self.stage: BuildStage | None = None
        self.stray = False

    def take(self, node: Mapping) -> None:
        """One instruction."""
        word = node.get("instruction")
        keyword = word.text if isinstance(word, Scalar) else ""
        if keyword == "FROM":
            self._from(node)
            return
        if keyword == "ARG":
            self._arg(node)
            return
        if self.stage is None and not self.stray:
            self.stray = True
            reason = "There is no FROM before this instruction: as it stands this builds no image."
            self.out.notice(NoticeKind.PARTIAL, node.head, reason)
        if keyword == "ENV":
            self._env(node)
        elif keyword in STEPS and self.stage is not None:
            STEPS[keyword](Step(node, self.stage, self.scope, self.shell, self.result, self.out))

    def _from(self, node: Mapping) -> None:
        words = items(node, "words")
        name = words[2].text if len(words) == 3 and words[1].text.lower() == "as" else None
        if len(words) != 1 and name is None:
            reason = "`FROM` takes an image, and `AS name` behind it; the rest of the line is not judged."
            self.out.notice(NoticeKind.SYNTAX, node.head, reason)
        value = expand(words[0], self.globals)
        if value.is_set and (not value.value or value.or_else("").endswith((":", "@"))):
            value = Value.unknown(words[0], "a part of the image's name is empty once its variables are put in")
        parent = self.result.named(value.or_else(""))
        scratch = parent is None and value.or_else("") == "scratch"
        base = None
        if not scratch:
            title = f"FROM of stage {name or len(self.result.stages)}"
            written = words[0].text if value.is_unknown else ""
            stage_here = parent is not None
            base = ImageReference(
                name=title, node=words[0], platform="dockerfile", reference=value, stage=stage_here, written=written
            )
            self.result.references.append(base)
        stage = BuildStage(
            node=node,
            name=name,
            base=base,
            parent=parent,
            user=Value.unset(node),
            healthcheck=Value.unset(node),
            entrypoint=Value.unset(node),
            command=Value.unset(node),
        )
        self._enter(stage, scratch)

    def _enter(self, stage: BuildStage, scratch: bool) -> None:
        """Begin a stage: with what its parent stage leaves, or afresh."""
        if stage.parent is not None:
            outer = self.scopes[id(stage.parent)]
            self.scope = Scope(given=self.globals.given, inherits=outer.inherits, outer=outer)
            self.shell = list(self.shells[id(stage.parent)])
        else:
            self.scope = Scope(given=self.globals.given, inherits=not scratch)
            self.shell = list(_SHELL)
        self.scopes[id(stage)] = self.scope
        self.shells[id(stage)] = self.shell
        self.stage = stage
        self.result.add(stage)

    def _arg(self, node: Mapping) -> None:
        pairs = node.get("pairs")
        outer = self.globals if self.stage is not None else None
        for name, value in pairs.entries.items() if isinstance(pairs, Mapping) else ():
            if isinstance(value, Opaque):
                known = self.scope.declare(name, None, outer)
            elif isinstance(value, Scalar):
                default = expand(value, self.scope)
                known = self.scope.declare(name, Known(default.value, default.reason), None)
                self.result.settings.append(Setting(name, default, getattr(value, "raw", value.text), "arg"))
            else:
                continue
            found = Value.unknown(value, known.reason) if known.text is None else Value.of(known.text, value)
            if self.stage is not None:
                self.stage.arguments.append(BuildArgument(name=name, value=found, kind="arg"))

    def _env(self, node: Mapping) -> None:
        pairs = node.get("pairs")
        words = pairs.entries.items() if isinstance(pairs, Mapping) else ()
        # All values of one line are expanded with what held before that line.
        values = [(name, value, expand(value, self.scope)) for name, value in words if isinstance(value, Scalar)]
        for name, value, found in values:
            self.scope.environment[name] = Known(found.value, found.reason)
            if self.stage is not None:
                self.stage.arguments.append(BuildArgument(name=name, value=found, kind="env"))
            self.result.settings.append(Setting(name, found, getattr(value, "raw", value.text), "env"))
