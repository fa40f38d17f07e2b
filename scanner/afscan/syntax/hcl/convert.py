"""From the grammar's tree to nodes. Spans are made from offsets, because heredocs are masked before the grammar sees them."""

from typing import Any

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax.hcl.nodes import Block, Expression
from afscan.syntax.hcl.scan import Heredoc
from afscan.syntax.hcl.strings import heredoc, literal, literal_part
from afscan.syntax.hcl.templates import directive, fold

MAX_NESTING = 150
"""How deep expressions may nest, each operator counted."""

MAX_NOTICES = 50
"""How many doubled keys of one text are told."""

_NAMES = ("identifier", "keyword", "literal_value")


class TooDeepError(Exception):
    """An expression nests deeper than :data:`MAX_NESTING`; ``offset`` is where."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Converter:
    """Converts the trees of one source's items; ``root`` collects them."""

    def __init__(self, source: Source, heredocs: dict[int, Heredoc], notices: list[Notice]) -> None:
        self.source = source
        self.heredocs = heredocs
        self.notices = notices
        self.root = Mapping(source, source.span(0, len(source.text)))
        self.base = 0

    def add(self, tree: Any, base: int) -> None:
        """Add an item's tree to the root; ``base`` is the offset at which its text begins."""
        self.base = base
        item = Mapping(self.source, self.root.span)
        self._body(tree.children[0], item, 0)
        for value in item.entries.values():
            value.parent = None
            if value.key is not None:
                self._put(self.root, value.key, value)

    def expression_of(self, tree: Any, base: int) -> Node:
        """The expression of a tree that is a single attribute."""
        self.base = base
        return self._expression(_content(tree.children[0].children[0])[2], 0)

    # ------------------------------------------------------------ structure

    def _body(self, tree: Any, into: Mapping, depth: int) -> None:
        for child in _content(tree):
            parts = _content(child)
            if child.data == "attribute":
                key = self._name(parts[0])
                if key.text in into.entries and len(self.notices) < MAX_NOTICES:
                    reason = f"`{key.text}` is written twice here, which Terraform refuses; the last one is judged."
                    self.notices.append(Notice(NoticeKind.DUPLICATE_KEY, key.place, reason))
                into.add(key, self._expression(parts[2], depth + 1))
            else:
                block = self._block(parts, depth + 1)
                self._put(into, block.kind, self._one(block))

    def _one(self, block: Block) -> Sequence:
        blocks = Sequence(self.source, block.span)
        blocks.add(block)
        return blocks

    def _put(self, into: Mapping, key: Scalar, value: Node) -> None:
        """Add an entry; blocks of a type that is there already join them."""
        before = into.entries.get(key.text)
        if isinstance(before, Sequence) and isinstance(value, Sequence) and _holds_blocks(before) and _holds_blocks(value):
            for item in value.items:
                item.parent = None
                before.add(item)
            before.span = Span(*before.span[:2], *value.span[2:])
        else:
            into.add(key, value)

    def _block(self, parts: list[Any], depth: int) -> Block:
        if depth > MAX_NESTING:
            raise TooDeepError(self._start(parts[0]))
        header = [part for part in parts if _is_tree(part) and part.data != "body"]
        kind = self._name(header[0])
        labels = [self._name(part) for part in header[1:]]
        block = Block(self.source, self._span(self._start(parts[0]), self._end(parts[-1])), kind, labels)
        block.key = Scalar(self.source, Span(*kind.span[:2], *(labels or [kind])[-1].span[2:]), kind.text)
        block.key.parent = block
        for part in parts:
            if _is_tree(part) and part.data == "body":
                self._body(part, block, depth)
        return block

    def _name(self, tree: Any) -> Scalar:
        """An identifier or quoted label as a scalar."""
        if tree.data == "string":
            node = self._string(tree, 0)
            return node if isinstance(node, Scalar) else Scalar(self.source, node.span, self._text(tree), plain=False)
        return Scalar(self.source, self._span_of(tree), self._text(tree))

    # ------------------------------------------------------------ expressions

    def _expression(self, tree: Any, depth: int) -> Node:
        while tree.data == "expr_term":
            tree = next(part for part in _content(tree) if _is_tree(part))
        if depth > MAX_NESTING:
            raise TooDeepError(self._start(tree))
        convert = getattr(self, f"_{tree.data}", None)
        if convert is not None:
            node = convert(tree, depth)
            assert isinstance(node, Node)
            return node
        # what the grammar may still hold is kept with its parts
        operands = [self._expression(part, depth + 1) for part in _content(tree) if _is_tree(part)]
        return self._make(tree, "other", "", operands)

    def _for_tuple_expr(self, tree: Any, depth: int) -> Node:
        return self._for(tree, "for_list", depth)

    def _for_object_expr(self, tree: Any, depth: int) -> Node:
        grouped = any(not _is_tree(part) and part.type == "ELLIPSIS" for part in _content(tree))
        return self._for(tree, "for_groups" if grouped else "for_object", depth)

    def _for(self, tree: Any, form: str, depth: int) -> Node:
        names: list[str] = []
        operands: list[Node] = []
        for part in (part for part in _content(tree) if _is_tree(part)):
            if part.data == "for_intro":
                inside = [one for one in _content(part) if _is_tree(one)]
                names = [self._text(one) for one in inside if one.data == "identifier"]
                operands += [self._expression(one, depth + 1) for one in inside if one.data != "identifier"]
            elif part.data == "for_cond":
                operands += [self._expression(one, depth + 1) for one in _content(part) if _is_tree(one)]
            else:
                operands.append(self._expression(part, depth + 1))
        return self._make(tree, form, ",".join(names), operands)

    def _make(self, tree: Any, form: str, name: str, operands: list[Node]) -> Expression:
        return Expression(self.source, self._span_of(tree), self._text(tree), form=form, name=name, operands=operands)

    def _literal(self, tree: Any, depth: int) -> Node:
        return Scalar(self.source, self._span_of(tree), self._text(tree))

    _int_lit = _float_lit = _literal_value = _literal

    def _identifier(self, tree: Any, depth: int) -> Node:
        return self._make(tree, "variable", self._text(tree), [])

    _keyword = _identifier

    def _tuple(self, tree: Any, depth: int) -> Node:
        sequence = Sequence(self.source, self._span_of(tree))
        for part in _content(tree):
            if _is_tree(part):
                sequence.add(self._expression(part, depth + 1))
        return sequence

    def _object(self, tree: Any, depth: int) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for part in _content(tree):
            if _is_tree(part):
                key, _, value = _content(part)
                pairs.append((self._object_key(key, depth), self._expression(value, depth + 1)))
        if any(not isinstance(key, Scalar) for key, _ in pairs):
            return self._make(tree, "object", "", [node for pair in pairs for node in pair])
        mapping = Mapping(self.source, self._span_of(tree))
        for key, value in pairs:
            assert isinstance(key, Scalar)
            mapping.add(key, value)
        return mapping

    def _object_key(self, tree: Any, depth: int) -> Node:
        """A bare identifier is a literal key; in parentheses it is a reference."""
        inner = _content(tree)[0]
        if not _is_tree(inner):
            return Scalar(self.source, self._span(self._start(inner), self._end(inner)), str(inner))
        terms = _content(inner) if inner.data == "expr_term" else [inner]
        if len(terms) == 1 and _is_tree(terms[0]) and terms[0].data in _NAMES:
            return self._literal(terms[0], depth)
        return self._expression(inner, depth + 1)

    def _conditional(self, tree: Any, depth: int) -> Node:
        return self._make(tree, "conditional", "", [self._expression(p, depth + 1) for p in _content(tree) if _is_tree(p)])

    def _binary_op(self, tree: Any, depth: int) -> Node:
        left, term = [part for part in _content(tree) if _is_tree(part)]
        operator, right = [part for part in _content(term) if _is_tree(part)]
        operands = [self._expression(left, depth + 1), self._expression(right, depth + 1)]
        return self._make(tree, "binary", str(operator.children[0]).split()[-1], operands)

    def _unary_op(self, tree: Any, depth: int) -> Node:
        operator, term = _content(tree)
        operand = self._expression(term, depth + 1)
        if str(operator) == "-" and isinstance(operand, Scalar) and operand.plain and operand.text[:1].isdigit():
            return Scalar(self.source, self._span_of(tree), "-" + operand.text)
        return self._make(tree, "unary", str(operator), [operand])

    def _function_call(self, tree: Any, depth: int) -> Node:
        parts = _content(tree)
        name = "::".join(self._text(part) for part in parts if _is_tree(part) and part.data == "identifier")
        arguments = next((part for part in parts if _is_tree(part) and part.data == "arguments"), None)
        given = _content(arguments) if arguments is not None else []
        spread = any(not _is_tree(part) and part.type == "ELLIPSIS" for part in given)
        operands = [self._expression(part, depth + 1) for part in given if _is_tree(part)]
        return self._make(tree, "spread" if spread else "call", name, operands)

    def _get_attr_expr_term(self, tree: Any, depth: int) -> Node:
        base, attribute = _content(tree)
        name = self._text(next(part for part in _content(attribute) if _is_tree(part)))
        return self._make(tree, "attribute", name, [self._expression(base, depth + 1)])

    def _index_expr_term(self, tree: Any, depth: int) -> Node:
        base, index = _content(tree)
        parts = [part for part in _content(index) if _is_tree(part)]
        if parts:
            key = self._expression(parts[0], depth + 1)
        else:
            token = index.children[-1]
            key = Scalar(self.source, self._span(self._start(token), self._end(token)), str(token))
        return self._make(tree, "index", "", [self._expression(base, depth + 1), key])

    def _full_splat_expr_term(self, tree: Any, depth: int) -> Node:
        base, tail = _content(tree)
        steps = [self._step(part, depth) for part in _content(tail) if _is_tree(part)]
        return self._make(tree, "splat", "", [self._expression(base, depth + 1), *steps])

    def _attr_splat_expr_term(self, tree: Any, depth: int) -> Node:
        """``x.*.a[0]``: only attributes belong to the splat, the index is one of the list that it yields."""
        base, tail = _content(tree)
        parts = [part for part in _content(tail) if _is_tree(part)]
        own = next((number for number, part in enumerate(parts) if part.data != "get_attr"), len(parts))
        steps = [self._step(part, depth) for part in parts[:own]]
        node: Node = self._make(tree, "splat", "", [self._expression(base, depth + 1), *steps])
        for part in parts[own:]:
            step = self._step(part, depth)
            form, name = ("attribute", step.text) if part.data == "get_attr" else ("index", "")
            node = self._make(tree, form, name, [node] if name else [node, step])
        return node

    def _step(self, part: Any, depth: int) -> Any:
        """One step behind a splat: an attribute's name as a scalar, or the node between brackets."""
        inner = next((one for one in _content(part) if _is_tree(one)), None)
        if inner is None:
            token = part.children[-1]
            return Scalar(self.source, self._span(self._start(token), self._end(token)), str(token))
        if part.data == "get_attr":
            return Scalar(self.source, self._span_of(inner), self._text(inner), plain=False)
        return self._expression(inner, depth + 1)

    # ------------------------------------------------------------ strings

    def _string(self, tree: Any, depth: int) -> Node:
        start, end = self._start(tree), self._end(tree)
        if start in self.heredocs:
            return heredoc(self.source, self.heredocs[start])
        span = self._span(start, end)
        parts: list[Node] = []
        at = start + 1
        for child in tree.children[1:-1]:
            inner = child.children[0]
            if not _is_tree(inner):
                continue
            if self._start(inner) > at:
                parts.append(literal_part(self.source, at, self._start(inner)))
            if inner.data == "interpolation":
                parts.append(self._expression(next(p for p in _content(inner) if _is_tree(p)), depth + 1))
            else:
                parts.append(directive(self.source, self._start(inner), self._end(inner)))
            at = self._end(inner)
        if not parts:
            whole = literal(self.source, start + 1, end - 1)
            whole.span = span
            return whole
        if at < end - 1:
            parts.append(literal_part(self.source, at, end - 1))
        parts = fold(parts)
        return Expression(self.source, span, self.source.text[start:end], form="template", operands=parts)

    # ------------------------------------------------------------ offsets

    def _start(self, part: Any) -> int:
        """The offset at which a tree or token begins."""
        while _is_tree(part):
            part = part.children[0]
        # a line break before an operator is merged into its token, never into an operand's
        return self.base + int(part.start_pos)

    def _end(self, part: Any) -> int:
        """The offset after the last character of a tree or token, line breaks and comments after it left out."""
        while _is_tree(part):
            part = _content(part)[-1]
        return self.base + int(part.end_pos)

    def _span(self, start: int, end: int) -> Span:
        return self.source.span(start, end)

    def _span_of(self, tree: Any) -> Span:
        return self._span(self._start(tree), self._end(tree))

    def _text(self, tree: Any) -> str:
        return self.source.text[self._start(tree) : self._end(tree)]


def _is_tree(part: Any) -> bool:
    return hasattr(part, "children")


def _content(tree: Any) -> list[Any]:
    """The children of a tree without line breaks and comments."""
    return [part for part in tree.children if not (_is_tree(part) and part.data == "new_line_or_comment")]


def _holds_blocks(sequence: Sequence) -> bool:
    return bool(sequence.items) and all(isinstance(item, Block) for item in sequence.items[-1:])
