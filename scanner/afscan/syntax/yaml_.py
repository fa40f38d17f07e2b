"""YAML: libyaml's events built into nodes with an explicit stack, so that neither depth nor aliases can exhaust the machine.

* One root per document; documents without content are skipped.
* Scalars stay as written (YAML 1.1 would turn ``on``, ``22:22`` or ``0o17`` into something else): see
  :attr:`afscan.model.node.Scalar.value`. ``!!str`` and ``!`` make a scalar a string, YAML's other tags leave it to its text.
* A tag that is not YAML's own: on a collection it is kept as :attr:`Node.tag` beside the content, since most programs ignore it.
  A scalar with such a tag is :class:`Opaque`: only the program knows what becomes of it. Compose's ``!reset`` and ``!override``
  (Compose file reference, "Merge Compose files") say how a value is merged: the value stays, with ``tag`` set.
* An alias is the very node of its anchor. A merge key ``<<`` adds the entries that the mapping has not (YAML 1.1, merge type);
  in a list of mappings the earlier one wins.
* A syntax error ends the reading: what libyaml would make of the text behind it is guesswork.
"""

import re
from typing import Any

import yaml

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH, Parsed
from afscan.syntax.yaml_merge import merge
from afscan.syntax.yaml_scalars import CORE, scalar_node, shown_tag

MAX_SKIPPED_DEPTH = 10 * MAX_DEPTH
"""Below MAX_DEPTH a document is passed over to find the next one; below this nothing more is read (libyaml becomes slow)."""

MAX_MERGED = 100_000
"""How many entries merge keys may look at in one text, and how many values aliases may repeat. Real files: a few hundred."""

MAX_SAID = 100
"""How many notices on single keys are given for one text."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLLECTION_TAGS = frozenset(("!", *(CORE + name for name in ("map", "seq", "omap", "pairs", "set"))))
_STARTS = frozenset((yaml.MappingStartEvent, yaml.SequenceStartEvent))
_ENDS = frozenset((yaml.MappingEndEvent, yaml.SequenceEndEvent))


def parse(source: Source) -> Parsed:
    """The documents of a YAML text. Errors are notices, never raised."""
    builder = _Builder(source)
    builder.read()
    return builder.parsed


class _Limit(Exception):
    """Reading this text any further would cost too much."""


class _Frame:
    """A collection that is being read. ``height`` and ``size`` count what is below it, repeated by aliases or not."""

    __slots__ = ("anchor", "end", "height", "key", "merges", "node", "size", "start", "templated", "wants_key")

    def __init__(self, node: "Mapping | Sequence", anchor: str | None, start: int) -> None:
        self.node = node
        self.anchor = anchor
        self.start = start
        self.end = start
        self.height = 1
        self.size = 1
        self.wants_key = isinstance(node, Mapping)
        self.key: Scalar | None = None
        self.templated = False
        self.merges: list[tuple[Scalar, Node]] = []


class _Builder:
    """From events to nodes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.base = 1 if source.text.startswith("\ufeff") else 0
        self.parsed = Parsed()
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}  # node, height (0 while it is open), size
        self.root: Node | None = None
        self.skipped = 0  # collections open in a document that is not kept
        self.dropped = False
        self.merged = 0
        self.repeated = 0
        self.said = 0

    # ------------------------------------------------------------ the stream

    def read(self) -> None:
        """Read the whole stream into ``parsed``."""
        forbidden = _FORBIDDEN.search(self.text, self.base)
        stop = forbidden.start() if forbidden else len(self.text)
        try:
            for event in yaml.parse(self.text[self.base : stop], Loader=getattr(yaml, "CLoader", yaml.Loader)):
                self._take(event, cut=stop if forbidden else None)
        except yaml.YAMLError as error:
            self._failed(error, cut=stop if forbidden else None)
        except (ValueError, OverflowError):  # the pure Python scanner on escapes beyond Unicode
            self._notice(
                NoticeKind.SYNTAX, 0, 1, "This is not valid YAML: an escape is beyond Unicode; only what precedes it is read."
            )
        except _Limit:
            pass
        self._say_count()
        if forbidden:
            what = f"the character U+{ord(forbidden.group()):04X} is not allowed"
            self._notice(
                NoticeKind.SYNTAX, stop, stop + 1, f"This is not valid YAML: {what}; this document and what follows are not read."
            )

    def _take(self, event: Any, cut: int | None) -> None:
        kind = type(event)
        if self.dropped and kind is not yaml.DocumentEndEvent:
            self._skip(event)
        elif kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind in _STARTS:
            self._open(event, Mapping if kind is yaml.MappingStartEvent else Sequence)
        elif kind in _ENDS:
            self._close(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.anchors.clear()
        elif kind is yaml.DocumentEndEvent:
            unfinished = cut is not None and not event.explicit and self.base + event.end_mark.index >= cut
            if self.root is not None and not self.dropped and not unfinished and not _is_empty(self.root):
                self.parsed.roots.append(self.root)
            self.root, self.dropped, self.skipped = None, False, 0

    def _skip(self, event: Any) -> None:
        if type(event) in _STARTS:
            self.skipped += 1
            if self.skipped > MAX_SKIPPED_DEPTH:
                at = self.base + event.start_mark.index
                self._notice(
                    NoticeKind.LIMIT, at, at + 1, f"Values nest more than {MAX_SKIPPED_DEPTH:,} deep; nothing more is read."
                )
                raise _Limit
        elif type(event) in _ENDS:
            self.skipped -= 1

    def _drop(self, start: int, end: int, reason: str) -> None:
        """Give up on this document."""
        self._notice(NoticeKind.LIMIT, start, end, reason)
        self.dropped = True
        self.stack.clear()
        self.root = None

    def _failed(self, error: yaml.YAMLError, cut: int | None) -> None:
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        context = getattr(error, "context", None)
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = self.base + mark.index if mark is not None else 0
        if cut is not None and at >= cut:
            return
        opening: Any = getattr(error, "context_mark", None)
        if not self.text[at:].strip() and opening is not None:
            at = self.base + opening.index
        reason = f"{problem} {context}" if context else problem
        self._notice(
            NoticeKind.SYNTAX, at, at + 1, f"This is not valid YAML: {reason}; this document and what follows are not read."
        )

    def _notice(self, kind: NoticeKind, start: int, end: int, reason: str) -> None:
        end = max(start, min(end, len(self.text)))
        self.parsed.notices.append(Notice(kind, self.source.place(self.source.span(start, end)), reason))

    # ------------------------------------------------------------ nodes

    def _scalar(self, event: Any) -> None:
        node, end = scalar_node(self.source, event, self.base)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1, 1)
        self._put(node, end, 1, 1)

    def _open(self, event: Any, kind: "type[Mapping] | type[Sequence]") -> None:
        start, at = self.base + event.start_mark.index, self.base + event.end_mark.index
        if at > start and self.text[at - 1] in "[{-":
            at -= 1
        if len(self.stack) >= MAX_DEPTH:
            self._drop(at, at + 1, f"Values nest more than {MAX_DEPTH} deep here; this document is not read.")
            self.skipped = MAX_DEPTH + 1
            return
        line, column = self.source.position(at)
        node = kind(self.source, Span(line, column, line, column))
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            node.tag = shown_tag(event.tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 0, 0)
        self.stack.append(_Frame(node, event.anchor, at))

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        node = frame.node
        bracket = event.end_mark.index > event.start_mark.index
        end = self.base + event.end_mark.index if bracket else frame.end
        node.span = Span(node.span.line, node.span.column, *self.source.position(end))
        if frame.merges and isinstance(node, Mapping):
            budget = MAX_MERGED - self.merged
            self.merged += merge(node, frame.merges, budget, self.parsed.notices)
            if self.merged > MAX_MERGED:
                at = self.source.offset(*frame.merges[0][0].span[:2])
                self._drop(at, at + 2, f"Merge keys repeat more than {MAX_MERGED:,} entries; this document is not read.")
                return
        value = self._rendered(frame, end) if frame.templated else node
        if frame.anchor is not None and self.anchors[frame.anchor][0] is node:
            self.anchors[frame.anchor] = (value, frame.height, frame.size)
        self._put(value, end, frame.height, frame.size)

    def _rendered(self, frame: _Frame, end: int) -> Node:
        """What ``{{ name }}`` stands for: to YAML it is a mapping within a mapping, to its author an expression of a template."""
        text = self.text[frame.start : end]
        if not text.endswith("}}"):
            self._say(
                NoticeKind.WRONG_TYPE, frame.node, "A key of this mapping should be a single value; its entry is not judged."
            )
            return frame.node
        self._notice(
            NoticeKind.TEMPLATED, frame.start, end, f"`{text[:80]}` is a template expression; its value is not known here."
        )
        return Opaque(self.source, frame.node.span, text, "it is a template expression")

    def _put(self, node: Node, end: int, height: int, size: int) -> None:
        """Hand a finished value to the collection it stands in."""
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        frame.end = end
        frame.height = max(frame.height, height + 1)
        frame.size += size
        parent = frame.node
        if isinstance(parent, Sequence):
            parent.add(node)
        elif frame.wants_key:
            frame.wants_key = False
            frame.key = node if isinstance(node, Scalar) else None
            if frame.key is None and self.text.startswith("{{", frame.start):
                frame.templated = True
            elif frame.key is None:
                self._say(NoticeKind.WRONG_TYPE, node, "A key should be a single value; this entry is not judged.")
        else:
            frame.wants_key = True
            if frame.key is not None:
                self._entry(frame, parent, frame.key, node)

    def _entry(self, frame: _Frame, parent: Mapping, key: Scalar, node: Node) -> None:
        if key.text == "<<" and key.plain:
            if frame.merges:
                self._say(
                    NoticeKind.DUPLICATE_KEY,
                    key,
                    "`<<` is written twice in this mapping; where both set a key the last one counts.",
                )
            frame.merges.append((key, node))
            if node.parent is None:
                node.key, node.parent = key, parent
            return
        if key.text in parent.entries:
            self._say(NoticeKind.DUPLICATE_KEY, key, f"`{key.text[:80]}` is written twice in this mapping; the last one counts.")
        parent.add(key, node)

    def _say(self, kind: NoticeKind, node: Node, reason: str) -> None:
        """A notice that a document can call for once per line: the first hundred are given, the rest counted."""
        self.said += 1
        if self.said <= MAX_SAID:
            self.parsed.notices.append(Notice(kind, node.head, reason))

    def _say_count(self) -> None:
        if self.said > MAX_SAID:
            self._notice(
                NoticeKind.LIMIT, 0, 1, f"{self.said - MAX_SAID:,} more keys are duplicates or no single values; see the others."
            )

    # ------------------------------------------------------------ aliases and merges

    def _alias(self, event: Any) -> None:
        start, end = self.base + event.start_mark.index, self.base + event.end_mark.index
        written = self.text[start:end]
        span = self.source.span(start, end)
        found = self.anchors.get(event.anchor)
        if found is None:
            self._notice(NoticeKind.SYNTAX, start, end, f"`{written}` has no anchor before it; programs refuse this document.")
            self._put(Opaque(self.source, span, written, f"`{written}` has no anchor"), end, 1, 1)
            return
        node, height, size = found
        self.repeated += size
        why = ""
        if height == 0:
            why = f"`{written}` stands inside what it repeats"
        elif len(self.stack) + height > MAX_DEPTH:
            why = f"`{written}` makes values nest more than {MAX_DEPTH} deep"
        if self.repeated > MAX_MERGED:
            self._drop(start, end, f"Aliases repeat more than {MAX_MERGED:,} values; this document is not read.")
        elif why:
            self._notice(NoticeKind.LIMIT, start, end, f"{why[0].upper()}{why[1:]}; it is not followed.")
            self._put(Opaque(self.source, span, written, why), end, 1, 1)
        elif self.stack and self.stack[-1].wants_key and isinstance(node, Scalar):
            self._put(Scalar(self.source, span, node.text, plain=node.plain, inner=[span[:2]]), end, 1, 1)
        else:
            self._put(node, end, height, size)


def _is_empty(root: Node) -> bool:
    return isinstance(root, Scalar) and root.plain and not root.text and root.tag is None
