"""Nodes of a shell script: statements, words, assignments, redirections."""

from collections.abc import Iterator
from typing import NamedTuple

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.place import Span
from afscan.model.source import Source


class Piece(NamedTuple):
    """A part of a word.

    ``kind``: ``text`` (as it is after unquoting), ``variable`` (``name``, with the ``operator`` and ``argument`` of
    ``${name:-argument}``), ``command`` (a substitution) or ``other`` (arithmetic, a brace or glob expression). ``text`` is as written
    for all but ``text``; ``quoted``: inside quotes, so that nothing is split or globbed.
    """

    kind: str
    text: str
    quoted: bool
    name: str = ""
    operator: str = ""
    argument: str = ""


class Word(Scalar):
    """One word. ``text`` is without quotes and escapes, expansions in it as written; ``plain``: no quote stands in it.

    ``blocks`` are the statements of the command and process substitutions in it.
    """

    __slots__ = ("blocks", "pieces")

    def __init__(
        self,
        source: Source,
        span: Span,
        text: str,
        pieces: list[Piece],
        *,
        plain: bool = True,
        inner: "object | None" = None,
    ) -> None:
        super().__init__(source, span, text, plain=plain, inner=inner)  # type: ignore[arg-type]
        self.pieces = pieces
        self.blocks: list[Statement] = []

    @property
    def literal(self) -> bool:
        """Whether nothing in it is expanded."""
        return all(piece.kind == "text" for piece in self.pieces)

    def children(self) -> Iterator[Node]:
        """The statements of its substitutions."""
        return iter(self.blocks)


class Assignment(Node):
    """``name=word``; ``word`` is None where nothing follows, and for an array (its words are ``items``)."""

    __slots__ = ("append", "array", "items", "name", "word")

    def __init__(self, source: Source, span: Span, name: Scalar, word: Word | None) -> None:
        super().__init__(source, span)
        self.name = name
        self.word = word
        self.items: list[Word] = []
        self.append = False
        self.array = False

    def children(self) -> Iterator[Node]:
        """Its value."""
        yield self.name
        yield from self.items if self.word is None else (self.word,)


class Redirect(Node):
    """A redirection: ``operator`` (``>``, ``>>``, ``2>&1`` has ``>&``), descriptor as written, target; ``body`` of a here-document."""

    __slots__ = ("body", "descriptor", "operator", "target")

    def __init__(self, source: Source, span: Span, operator: str, descriptor: str, target: Word | None) -> None:
        super().__init__(source, span)
        self.operator = operator
        self.descriptor = descriptor
        self.target = target
        self.body: Word | None = None

    def children(self) -> Iterator[Node]:
        """Target and body."""
        return (node for node in (self.target, self.body) if node is not None)


class Statement(Sequence):
    """A statement; its kind is its ``tag``, its parts are its ``items``.

    ======================== =======================================================================================
    ``block``                statements in order
    ``command``              a simple command: ``words``, ``assignments`` before it
    ``declaration``          ``local``, ``export``, ``readonly``, ``declare``: ``words`` and the ``assignments`` behind them
    ``test``, ``arithmetic`` ``[[ ]]``, ``[ ]`` and ``(( ))``; ``words`` are its operands
    ``pipeline``             two or more statements
    ``list``                 statements between ``&&`` and ``||``; ``operators`` are those, one fewer than items
    ``not``, ``background``  one statement
    ``subshell``, ``group``  one block
    ``if``                   condition, body, condition, body, ..., and the block of ``else`` where there is one (an odd number)
    ``while``, ``until``     condition and body
    ``for``                  the body; ``words`` are what it runs over, ``name`` the variable
    ``case``                 a block per item; ``words`` the subject
    ``function``             the body; ``name``
    ======================== =======================================================================================
    """

    __slots__ = ("assignments", "broken", "name", "operators", "redirects", "words")

    def __init__(self, source: Source, span: Span, kind: str) -> None:
        super().__init__(source, span)
        self.tag = kind
        self.words: list[Word] = []
        self.assignments: list[Assignment] = []
        self.redirects: list[Redirect] = []
        self.operators: list[str] = []
        self.name: Scalar | None = None
        self.broken = False  # of the root: something in the text could not be read

    def children(self) -> Iterator[Node]:
        """Assignments, words, parts, redirections."""
        if self.name is not None:
            yield self.name
        yield from self.assignments
        yield from self.words
        yield from self.items
        yield from self.redirects

    def __repr__(self) -> str:
        return f"Statement({self.tag}, {[w.text for w in self.words]}, {len(self.items)} items)"
