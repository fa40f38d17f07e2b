"""Simple commands of a shell script: words, assignments, redirections, here-documents, tests."""

from typing import Any

from afscan.model.node import Scalar
from afscan.syntax.shell.nodes import Assignment, Redirect, Statement, Word
from afscan.syntax.shell.words import WORDS, Collector, WordReader

# fmt: off
STATEMENTS = frozenset((
    "command", "declaration_command", "unset_command", "variable_assignment", "variable_assignments", "test_command", "pipeline",
    "list", "negated_command", "subshell", "compound_statement", "if_statement", "while_statement", "for_statement",
    "c_style_for_statement", "case_statement", "function_definition", "redirected_statement",
))
"""The grammar's kinds of statements."""
# fmt: on

OPERATORS = frozenset(("&&", "||"))
_KEYWORDS = frozenset(("{", "}", "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "for", "case", "esac"))
"""As a command's name these are a part of a statement that the grammar has not recognised (``! { ...; }``)."""

_REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))


class CommandReader(WordReader):
    """Reads simple commands; compound statements are the converter's."""

    def statement(self, node: Any) -> Statement | None:
        """One statement; None where it nests too deep."""
        raise NotImplementedError

    def redirected(self, node: Any) -> Statement | None:
        """A statement with redirections; what stands behind ``<<WORD`` on the same line belongs to the command or follows it."""
        body = next((c for c in node.children if c.type in STATEMENTS), None)
        made: Statement | None = None
        if body is not None:
            made = self.statement(body)
            if made is None:
                return None
        else:
            made = self.new(node, "command")
        for child in node.children:
            if child.is_missing or child.type == "ERROR":
                self.problem(child)
        return self._redirects(made, [c for c in node.children if c.type in _REDIRECTS], node)

    def _redirects(self, made: Statement, children: list[Any], whole: Any) -> Statement:
        outer = made
        holder = made
        while holder.tag in ("pipeline", "list") and holder.items and isinstance(holder.items[-1], Statement):
            holder = holder.items[-1]  # `a | b > file`: the grammar hangs it on the pipeline, the shell on the last command
        for child in children:
            if child.type != "heredoc_redirect":
                holder.redirects.append(self._redirect(child))
                continue
            redirect, rest = self._heredoc(child, holder)
            holder.redirects.append(redirect)
            for kind, parts in rest:
                outer = self._followed(outer, kind, parts, whole)
        holder.redirects.sort(key=lambda one: one.span)
        return outer

    def _followed(self, made: Statement, kind: str, parts: list[Any], whole: Any) -> Statement:
        """A statement with what stands behind ``<<WORD`` on its line: ``kind`` is ``|``, ``&&`` or ``||``."""
        block = self.block(whole, parts)
        following = [item for item in block.items if isinstance(item, Statement)]
        if not following:
            return made
        joined = self.new(whole, "pipeline" if kind == "|" else "list")
        joined.add(made)
        for one in following:
            one.parent = None
            joined.add(one)
            joined.operators += [] if kind == "|" else [kind]
        return joined

    def _heredoc(self, node: Any, holder: Statement) -> tuple[Redirect, list[tuple[str, list[Any]]]]:
        redirect = Redirect(self.source, self.source.span(*self.range(node)), "<<", "", None)
        rest: list[tuple[str, list[Any]]] = []
        operator = ""
        quoted = False
        for child in node.children:
            if child.type in ("<<", "<<-"):
                redirect.operator = child.type
            elif child.type == "heredoc_start":
                quoted = self.raw(child)[:1] in ("'", '"', "\\")
                redirect.span = self.source.span(self.range(node)[0], self.range(child)[1])
            elif child.type == "heredoc_body":
                redirect.body = self._body(child, quoted)
            elif child.type == "pipeline":
                rest.append(("|", child.children))
            elif child.type in OPERATORS:
                operator = child.type
            elif child.type in _REDIRECTS:
                holder.redirects.append(self._redirect(child))
            elif child.type in STATEMENTS:
                rest.append((operator or "&&", [child]))
            elif child.type in WORDS and holder.tag == "command":
                holder.words.append(self.word(child))
            elif child.is_missing or child.type == "ERROR":
                self.problem(child)
        if redirect.body is None and not any(c.type == "heredoc_end" for c in node.children):
            start = self.range(node)[0]
            self.problems.append((start, self.range(node)[1], "The here-document is not closed."))
        return redirect, rest

    def _body(self, node: Any, quoted: bool) -> Word:
        start, end = self.range(node)
        collector = Collector(self, start, end)
        if quoted:
            collector.literal(start, end, quoted=True)
        else:
            collector.children(node, quoted=True, escapes="$`\\")
        return collector.word(plain=True)

    def _redirect(self, node: Any) -> Redirect:
        operator = descriptor = ""
        target: Word | None = None
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self.raw(child)
            elif child.type in WORDS:
                target = self.word(child) if target is None else target
            elif not child.is_named:
                operator = child.type
        return Redirect(self.source, self.source.span(*self.range(node)), operator, descriptor, target)

    def test(self, node: Any, kind: str) -> Statement:
        """``[[ ... ]]`` and the like: its operands, in order."""
        made = self.new(node, kind)
        waiting = list(reversed(node.children))
        while waiting:
            child = waiting.pop()
            if child.is_missing or child.type == "ERROR":
                self.problem(child)
            elif child.type in WORDS:
                made.words.append(self.word(child))
            elif child.type in _REDIRECTS:
                made.redirects.append(self._redirect(child))
            elif child.type in ("!", "test_operator"):
                continue
            else:
                waiting += reversed(child.children)
        return made

    def command(self, node: Any) -> Statement:
        """A simple command, a declaration, an assignment."""
        if node.type == "variable_assignment":
            made = self.new(node, "command")
            made.assignments.append(self._assignment(node))
            return made
        if node.type == "command_name":
            made = self.new(node, "command")
            made.words.append(self.word(node.children[0] if node.children else node))
            return made
        made = self.new(node, "declaration" if node.type == "declaration_command" else "command")
        redirects: list[Any] = []
        words: list[list[Any]] = []
        for child in node.children:
            if child.type == "variable_assignment":
                made.assignments.append(self._assignment(child))
            elif child.type == "command_name":
                words.append([child.children[0] if child.children else child])
            elif child.type in _REDIRECTS:
                redirects.append(child)
            elif child.type == "subshell":
                continue  # `foo()` written like a command
            elif child.is_missing or child.type == "ERROR":
                self.problem(child)
            elif child.type in WORDS or not child.is_named or child.type == "array":
                if words and self._joined(words[-1][-1], child):
                    words[-1].append(child)
                else:
                    words.append([child])
        made.words = [self.word(*parts) for parts in words]
        if made.words and made.words[0].plain and made.words[0].text in _KEYWORDS:
            start, end = self.range(node)
            name = made.words[0].text
            self.problems.append((start, end, f"`{name}` is not read here: what it begins or ends is not known."))
        return self._redirects(made, redirects, node) if redirects else made

    def _joined(self, one: Any, other: Any) -> bool:
        """Whether two words are one to the shell: ``"a b"\\ c``, which the grammar takes apart."""
        between = self.text[self.range(one)[1] : self.range(other)[0]]
        return not between or (between[0] == "\\" and between[1:2] not in ("", "\n"))

    def _assignment(self, node: Any) -> Assignment:
        start, end = self.range(node)
        name: Scalar | None = None
        word: Word | None = None
        found = Assignment(
            self.source, self.source.span(start, end), Scalar(self.source, self.source.span(start, start), ""), None
        )
        for child in node.children:
            if name is None and child.type in ("variable_name", "subscript"):
                name = self.scalar(child)
                found.array = child.type == "subscript"
            elif child.type == "+=":
                found.append = True
            elif child.type == "array":
                found.array = True
                found.items = [self.word(item) for item in child.children if item.type in WORDS]
            elif child.type in WORDS:
                word = self.word(child)
        found.name = name if name is not None else found.name
        found.word = word
        return found
