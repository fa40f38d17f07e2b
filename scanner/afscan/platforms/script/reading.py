"""A parsed script as a subject: its commands in order, each with what holds when it runs."""

from posixpath import basename

from afscan.model.node import Node, Scalar
from afscan.model.place import Span
from afscan.model.record import field, record
from afscan.model.scripts import Command, Frame, Function, Redirection, Script, Trap
from afscan.model.source import Source
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.script.flow import Fate
from afscan.platforms.script.state import OPTIONS, State, apply_options, interpreter_of
from afscan.platforms.script.words import Resolver
from afscan.platforms.script.wrappers import SHELLS, inner_command
from afscan.syntax.shell.nodes import Redirect, Statement, Word

MAX_COMMANDS = 20_000


@record(slots=True)
class Waiting:
    """A function's body, read when it is first called (else at the end)."""

    function: Function
    body: list[Statement] = field(default_factory=list)
    state: State | None = None


def read_script(source: Source, root: Statement, out: Interpretation) -> Script:
    """The script of a source, with its commands. Shell texts that it runs (``sh -c '...'``) are embedded."""
    name, options = interpreter_of(source)
    state = State(inherits=name not in ("", "bash"))
    apply_options(state, options)
    node = Scalar(source, source.span(0, len(source.text)), "")
    script = Script(
        name=source.name if source.holder in ("file", "markdown", "configmap") else f"script in {source.name}",
        node=node,
        platform="script",
        interpreter=Value.of(name, node) if name else Value.unset(node),
        errexit=Value.unset(node),
        nounset=Value.unset(node),
        pipefail=Value.unset(node),
        holder=source.holder,
        source_path=source.path,
        file_name=source.name,
        broken=root.broken,
    )
    node.span = _first_line(source)
    reading = _Reading(script, Resolver(root, script), out)
    reading.body(root, None, state)
    reading.finish()
    for option in OPTIONS:
        setattr(script, option, _value(node, getattr(state, option)))
    return script


def _first_line(source: Source) -> Span:
    return source.span(0, max(len(source.line(1)), 1))


def _value(node: Node, known: bool | None) -> Value[bool]:
    return Value.of(known, node) if known is not None else Value.unknown(node, "the option is set in a branch only")


class _Reading:
    """One pass over the statements of a script."""

    def __init__(self, script: Script, resolver: Resolver, out: Interpretation) -> None:
        self.script = script
        self.resolver = resolver
        self.out = out
        self.branches = 0
        self.waiting: dict[str, Waiting] = {}
        self.calls: list[tuple[Command, State]] = []

    # structure

    def body(self, block: Statement, around: Frame | None, state: State) -> list[Command]:
        """The statements of a block; its commands."""
        found: list[Command] = []
        items = [item for item in block.items if isinstance(item, Statement)]
        last = max((index for index, item in enumerate(items) if item.tag != "function"), default=-1)
        for index, item in enumerate(items):
            found += self.statement(item, Frame("block", around, last=index == last), state)
        return found

    def statement(self, one: Statement, frame: Frame, state: State) -> list[Command]:
        kind = one.tag
        if kind == "block":
            return self.body(one, frame, state)
        if kind in ("command", "declaration", "test", "arithmetic"):
            return self.simple(one, frame, state)
        if kind == "function":
            self._define(one)
            return []
        found = self._substituted(one, frame, state)
        found += self._structure(one, frame, state)
        return found

    def _structure(self, one: Statement, frame: Frame, state: State) -> list[Command]:
        items = [item for item in one.items if isinstance(item, Statement)]
        kind = one.tag or ""
        if kind == "list":
            return self._list(items, one.operators, frame, state)
        if kind == "pipeline":
            return self._pipeline(items, frame, state)
        if kind == "if":
            return self._if(items, frame, state)
        found: list[Command] = []
        if kind in ("while", "until", "for"):
            if len(items) > 1:
                found += self.body(items[0], Frame("condition", frame), state)
            found += self._maybe(items[-1:], "loop", frame, state)
        elif kind == "case":
            for item in items:
                found += self._maybe([item], "branch", frame, state)
        elif kind in ("not", "group"):
            for item in items:
                found += self.statement(item, Frame(kind, frame), state)
        else:  # subshell, background
            around = Frame(kind, frame, errexit=state.errexit, pipefail=state.pipefail)
            inner = state.copy()
            for item in items:
                found += self.statement(item, around, inner)
        return found

    def _maybe(self, items: list[Statement], kind: str, frame: Frame, state: State) -> list[Command]:
        self.branches += 1
        around = Frame(kind, frame, index=self.branches)
        after = state.copy()
        found = [command for item in items for command in self.body(item, around, after)]
        state.merge(after)
        return found

    def _if(self, items: list[Statement], frame: Frame, state: State) -> list[Command]:
        found: list[Command] = []
        for index, item in enumerate(items):
            if index % 2 == 0 and index < len(items) - 1:
                found += self.body(item, Frame("condition", frame), state)
            else:
                found += self._maybe([item], "branch", frame, state)
        return found

    def _list(self, items: list[Statement], operators: list[str], frame: Frame, state: State) -> list[Command]:
        found: list[Command] = []
        caught = [False] * len(items)
        for index in range(len(items) - 2, -1, -1):
            caught[index] = caught[index + 1] or operators[index] == "||"
        for index, item in enumerate(items):
            last = index == len(items) - 1
            around = Frame("list", frame, last=last, caught=caught[index])
            if index == 0:
                found += self.statement(item, around, state)
            else:
                after = state.copy()
                found += self.statement(item, around, after)
                state.merge(after)
        return found

    def _pipeline(self, items: list[Statement], frame: Frame, state: State) -> list[Command]:
        found: list[Command] = []
        members: list[Command] = []
        for index, item in enumerate(items):
            last = index == len(items) - 1
            around = Frame("pipe", frame, last=last, errexit=state.errexit, pipefail=state.pipefail)
            inner = self.statement(item, around, state.copy())
            own = [one for one in inner if one.frame is around]
            members += own[:1] if item.tag == "command" else []
            found += inner
        for one in members:
            one.pipeline = members
        return found

    def _define(self, one: Statement) -> None:
        name = one.name.text if one.name is not None else ""
        body = [item for item in one.items if isinstance(item, Statement)]
        if name not in self.waiting:
            self.waiting[name] = Waiting(Function(name=name, node=one), body)
            self.script.functions[name] = self.waiting[name].function
        else:
            self.waiting[name].body += body

    def finish(self) -> None:
        """Read the functions' bodies, with the options of their first call, and say of each command what its failure does."""
        read: set[str] = set()
        index = 0
        while True:
            while index < len(self.calls):
                call, state = self.calls[index]
                index += 1
                if call.name_of_program in self.waiting and call.name_of_program not in read:
                    read.add(call.name_of_program)
                    self._read_function(call.name_of_program, state.copy())
            rest = next((name for name in self.waiting if name not in read), None)
            if rest is None:
                break
            read.add(rest)
            self._read_function(rest, State(None, None, None))
        for call, _ in self.calls:
            found = self.script.functions.get(call.name_of_program)
            if found is not None and call.wrapper is None:
                found.calls.append(call)
        self.script.commands.sort(key=lambda command: (command.node.span, command.wrapper is not None))
        fate = Fate(self.script.functions)
        for order, command in enumerate(self.script.commands):
            command.order = order
            if command.wrapper is not None:
                command.pipeline = command.wrapper.pipeline
            ends = None if self.script.broken else fate.ends(command)
            reason = "it cannot be told what the shell does then"
            command.ends_script = Value.of(ends, command.node) if ends is not None else Value.unknown(command.node, reason)

    def _read_function(self, name: str, state: State) -> None:
        waiting = self.waiting[name]
        for item in waiting.body:
            waiting.function.commands += self.statement(item, Frame("function", None, name=name), state)

    # commands

    def _substituted(self, one: Statement, frame: Frame, state: State) -> list[Command]:
        """The commands in the substitutions of a compound statement's words and redirections."""
        words = [*one.words, *(word for r in one.redirects for word in (r.target, r.body) if word is not None)]
        return self._inside(words, frame, state, caught=True)

    def _inside(self, words: list[Word], frame: Frame, state: State, *, caught: bool) -> list[Command]:
        found: list[Command] = []
        for word in words:
            for block in word.blocks:
                inner = state.copy()
                if not state.inherits:
                    inner.errexit = False
                around = Frame("substitution", frame, caught=caught, errexit=state.errexit, pipefail=state.pipefail)
                found += self.body(block, around, inner)
        return found

    def simple(self, one: Statement, frame: Frame, state: State) -> list[Command]:
        """A simple command, with those in its substitutions."""
        values = [word for a in one.assignments for word in ([a.word] if a.word is not None else a.items)]
        lost = bool(one.words) or len(values) > 1
        found = self._inside(values, frame, state, caught=lost)
        found += self._inside(
            [*one.words, *(w for r in one.redirects for w in (r.target, r.body) if w is not None)], frame, state, caught=True
        )
        if len(self.script.commands) >= MAX_COMMANDS:
            return found
        command = self._command(one, frame, state)
        if command is None:
            return found
        self.script.commands.append(command)
        self.calls.append((command, state.copy()))
        found.append(command)
        self._special(command, one, frame, state)
        inner: Command | None = command
        for _ in range(4):
            inner = self._unwrapped(inner, one) if inner is not None else None
            if inner is None:
                break
            self.script.commands.append(inner)
            self.calls.append((inner, state.copy()))
            found.append(inner)
        return found

    def _command(self, one: Statement, frame: Frame, state: State) -> Command | None:
        words = [self.resolver.value(word) for word in one.words]
        texts = [self.resolver.text(word) for word in one.words]
        assignments = {a.name.text: self.resolver.assigned(a) for a in one.assignments}
        if one.tag in ("test", "arithmetic"):
            mark = "[[" if one.tag == "test" else "(("
            words, texts = [Value.of(mark, one), *words], [mark, *texts]
        if not words and not assignments and not one.redirects:
            return None
        made = self._made(one, words, texts, frame, state)
        made.assignments = assignments
        made.redirections = [self._redirection(redirect) for redirect in one.redirects]
        return made

    def _made(self, node: Node, words: list[Value[str]], texts: list[str], frame: Frame | None, state: State) -> Command:
        program: Value[str] = words[0].map(basename) if words else Value.unset(node)
        shown = program.or_else(texts[0] if texts else "assignment")
        return Command(
            name=f"{self.script.name}, {shown}",
            node=node,
            platform="script",
            script=self.script,
            program=program,
            words=words,
            texts=texts,
            frame=frame,
            errexit=_value(node, state.errexit),
            pipefail=_value(node, state.pipefail),
            ends_script=Value.unset(node),
        )

    def _redirection(self, redirect: Redirect) -> Redirection:
        target = self.resolver.value(redirect.target) if redirect.target is not None else None
        body = self.resolver.value(redirect.body) if redirect.body is not None else None
        text = self.resolver.text(redirect.target) if redirect.target is not None else ""
        operator = redirect.descriptor + redirect.operator
        return Redirection(node=redirect, operator=operator, target=target, text=text, body=body)

    def _special(self, command: Command, one: Statement, frame: Frame, state: State) -> None:
        """Builtins that change what follows: ``set``, ``shopt``, ``trap``; texts of ``sh -c``."""
        program = command.name_of_program
        if program == "set" and len(command.texts) > 1:
            apply_options(
                state, [text if word.is_set else "$" for word, text in zip(command.words[1:], command.texts[1:], strict=True)]
            )
        elif program == "shopt" and "inherit_errexit" in command.texts and "-s" in command.texts:
            state.inherits = True
        elif program == "trap" and len(command.texts) > 2 and command.words[1].is_set:
            signals = [text.upper().removeprefix("SIG") for text in command.texts[2:]]
            signals = ["EXIT" if signal == "0" else signal for signal in signals]
            self.script.traps.append(Trap(node=one, action=command.texts[1], signals=signals))

    def _unwrapped(self, outer: Command, one: Statement) -> Command | None:
        """The command that a command runs, as one of its own."""
        program = outer.name_of_program
        if program in SHELLS:
            self._embed_text(outer, one)
            return None
        at = inner_command(program, outer.texts) if program else None
        if at is None or at.text:
            return None
        node = outer.words[at.start].node
        state = State(outer.errexit.value, None, outer.pipefail.value)
        made = self._made(node, outer.words[at.start :], outer.texts[at.start :], outer.frame, state)
        made.assignments = dict(outer.assignments)
        if program == "env":
            for word in outer.words[1 : at.start]:
                name, equals, value = word.or_else("").partition("=")
                if equals:
                    made.assignments[name] = Value.of(value, word.node)
        made.wrapper = outer
        made.remote = at.remote or outer.remote
        return made

    def _embed_text(self, outer: Command, one: Statement) -> None:
        """``bash -c 'text'``: a script of its own, where the text is written out."""
        for index, text in enumerate(outer.texts[1:], 1):
            if not text.startswith("-"):
                return
            if text.endswith("c") and not text.startswith("--") and index + 1 < len(outer.words):
                word = outer.words[index + 1]
                if isinstance(word.node, Word) and word.node.literal and word.is_set and " " in word.or_else(""):
                    embedded = word.node.embed(name=self.script.file_name, holder="container", syntax="shell")
                    embedded.shell = " ".join(outer.texts[: index + 1])
                    self.out.embedded.append(embedded)
                return
