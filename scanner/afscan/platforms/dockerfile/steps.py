"""What the instructions inside a build stage say: USER, CMD, EXPOSE, COPY, RUN and the like. One function per instruction."""

from collections.abc import Callable

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.place import Span
from afscan.model.record import field, record
from afscan.model.subjects import BuildCommand, BuildCopy, BuildStage, ImageReference, Probe
from afscan.model.value import Value
from afscan.platforms.dockerfile.variables import Scope, expand
from afscan.platforms.reading import Interpretation

_MAX_RANGE = 100
_MAX_PORTS = 1000
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))


@record(slots=True)
class Setting:
    """An ENV or ARG entry as met, for what it says about credentials and connections. ``raw`` is before expansion."""

    name: str
    value: Value[str]
    raw: str
    kind: str


@record(slots=True)
class Run:
    """A RUN whose programs can be looked at: the text of a POSIX shell, or the JSON form's strings."""

    script: Scalar | None
    words: list[Scalar]


@record(slots=True)
class Evaluated:
    """What a Dockerfile says with a set of build arguments."""

    stages: list[BuildStage] = field(default_factory=list)
    references: list[ImageReference] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    names: dict[str, BuildStage] = field(default_factory=dict)

    def add(self, stage: BuildStage) -> None:
        """Take in a stage; a later one of the same name hides the earlier."""
        self.stages.append(stage)
        if stage.name is not None:
            self.names[stage.name.lower()] = stage

    def named(self, name: str) -> BuildStage | None:
        """The latest stage of a name so far; names are compared without regard to case."""
        return self.names.get(name.lower())


@record(slots=True)
class Step:
    """One instruction with what it is read in."""

    node: Mapping
    stage: BuildStage
    scope: Scope
    shell: list[str]
    result: Evaluated
    out: Interpretation


def items(node: Node, name: str) -> list[Scalar]:
    """The scalars of an instruction's list."""
    found = node.get(name)
    return [item for item in found.items if isinstance(item, Scalar)] if isinstance(found, Sequence) else []


def _user(step: Step) -> None:
    """USER: the name or number without the group."""
    word = items(step.node, "words")[0]
    value = expand(word, step.scope)
    text = value.or_else("").strip()
    if value.is_set and not text:
        value = Value.unknown(word, "the user is empty once its variables are put in")
    elif len(text.split()) > 1:
        reason = "`USER` takes one name; all of this would be the name, and no such user exists."
        step.out.notice(NoticeKind.SYNTAX, word.place, reason)
        value = Value.unknown(word, "this is no user name")
    elif value.is_set:
        # Without a user before the colon, the container runtime keeps its default: 0.
        value = Value.of(text.partition(":")[0] or "0", word)
    step.stage.user = value


def _healthcheck(step: Step) -> None:
    """HEALTHCHECK: the last one counts."""
    kind = step.node.get("type")
    if isinstance(kind, Scalar) and kind.text == "NONE":
        step.stage.healthcheck = Value.of(Probe(node=step.node, kind="none"), step.node)
    else:
        step.stage.healthcheck = Value.of(Probe(node=step.node, kind="exec", command=_argv(step)), step.node)


def _entrypoint(step: Step) -> None:
    step.stage.entrypoint = _argv(step)


def _command(step: Step) -> None:
    step.stage.command = _argv(step)


def _shell(step: Step) -> None:
    """SHELL: what shell-form commands run in from here on."""
    step.shell[:] = [word.text for word in items(step.node, "exec")]


def _argv(step: Step) -> Value[list[str]]:
    exec_form = step.node.get("exec")
    if exec_form is not None:
        return Value.of([word.text for word in items(step.node, "exec")], exec_form)
    shell = step.node.get("shell")
    if isinstance(shell, Scalar):
        return Value.of([*step.shell, shell.text], shell)
    return Value.unknown(step.node, "the command is not understood")


def _expose(step: Step) -> None:
    """EXPOSE: ports and ranges, the protocol left out."""
    for word in items(step.node, "words"):
        value = expand(word, step.scope)
        first, _, last = value.or_else("").partition("/")[0].partition("-")
        ports = [int(text) for text in (first, last or first) if text.isascii() and text.isdecimal() and len(text) <= 5]
        if len(step.stage.ports) >= _MAX_PORTS:
            return
        if len(ports) == 2 and ports[1] - ports[0] < _MAX_RANGE:
            step.stage.ports += [Value.of(port, word) for port in range(ports[0], ports[1] + 1)]
        else:
            step.stage.ports.append(Value.unknown(word, value.reason or f"`{word.text[:60]}` is no port"))


def _copy(step: Step) -> None:
    """COPY and ADD: sources, and files written out in a here-document."""
    words = items(step.node, "words")
    target = expand(words[-1], step.scope).or_else(words[-1].text)
    origin = next((word for word in items(step.node, "flags") if word.text.lower().startswith("--from=")), None)
    name = origin.text.partition("=")[2] if origin is not None else None
    if origin is not None and name is not None:
        _external(step, origin, name, "COPY --from")
    heredocs = step.node.get("heredocs")
    bodies = list(heredocs.items) if isinstance(heredocs, Sequence) else []
    for word in words[:-1]:
        if bodies and word.text.lstrip("0123456789").startswith("<<"):
            _file(step, bodies.pop(0), target)
        else:
            step.stage.copies.append(BuildCopy(source=expand(word, step.scope), target=target, from_stage=name))


def _file(step: Step, heredoc: Node, target: str) -> None:
    """A file written out in the Dockerfile, as a text of its own."""
    name, body, quoted = heredoc.get("name"), heredoc.get("body"), heredoc.get("quoted")
    if not (isinstance(name, Scalar) and isinstance(body, Scalar) and isinstance(quoted, Scalar)):
        return
    path = target + name.text if target.endswith("/") else target
    if "$" in body.text and quoted.text == "false":
        reason = f"Docker puts variables into this text of `{path[:80]}` while it builds; the text is not judged."
        step.out.notice(NoticeKind.PARTIAL, body.head, reason)
        return
    step.out.embedded.append(body.embed(name=path, holder="heredoc"))


def _run(step: Step) -> None:
    """RUN: its text, its mounts, images that it mounts from, the rights that it asks for."""
    mounts: list[str] = []
    security: Value[str] | None = None
    for word in items(step.node, "flags"):
        if word.text.startswith("--mount="):
            options = {}
            for part in word.text.removeprefix("--mount=").split(","):
                key, _, value = part.partition("=")
                options[key.strip().lower()] = value.strip()
            mounts.append(options.get("type", "bind"))
            if options.get("from"):
                _external(step, word, options["from"], "RUN --mount")
        elif word.text.startswith("--security="):
            security = Value.of(word.text.removeprefix("--security=").lower(), word)
    words = items(step.node, "exec")
    text = step.node.get("script") or step.node.get("shell")
    if isinstance(text, Scalar):
        step.stage.commands.append(BuildCommand(text=Value.of(text.text, text), mounts=mounts, security=security))
        if step.shell and step.shell[0].rpartition("/")[2] in _SHELLS:
            step.result.runs.append(Run(text, []))
    elif words:
        joined = Value.of(" ".join(word.text for word in words), words[0])
        step.stage.commands.append(BuildCommand(text=joined, mounts=mounts, security=security))
        step.result.runs.append(Run(None, words))


def _external(step: Step, word: Scalar, name: str, what: str) -> None:
    """An image named by ``from=``; an earlier stage, or what may be a named build context, is none."""
    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 6 else -1
    if step.result.named(name) is not None or 0 <= number < len(step.result.stages) or not name or name.lower() == "scratch":
        return
    node, start = word, word.text.find("from=" + name) + len("from=")
    if word.inner is None:
        line, column = word.span.line, word.span.column + start
        node = Scalar(word.source, Span(line, column, line, column + len(name)), name)
    if "$" in name:
        value: Value[str] = Value.unknown(node, "variables are not expanded here")
    elif not any(char in name for char in ":@/."):
        value = Value.unknown(node, f"`{name}` is no stage above; it may be a named build context")
    else:
        value = Value.of(name, node)
    label = step.stage.name or str(len(step.result.stages) - 1)
    step.result.references.append(
        ImageReference(name=f"{what} in stage {label}", node=node, platform="dockerfile", reference=value)
    )


STEPS: dict[str, Callable[[Step], None]] = {
    "ADD": _copy,
    "CMD": _command,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "RUN": _run,
    "SHELL": _shell,
    "USER": _user,
}
"""What each instruction says; FROM, ARG and ENV are read by :mod:`.stages`, the others carry nothing that is judged."""
