"""The grammar's tree as nodes: offsets of bytes become places, and every statement gets its parts."""

from typing import Any

from afscan.syntax.shell.commands import OPERATORS, STATEMENTS, CommandReader
from afscan.syntax.shell.nodes import Statement
from afscan.syntax.shell.words import MAX_DEPTH, WORDS


class Converter(CommandReader):
    """Makes nodes of one tree."""

    def script(self, node: Any) -> Statement:
        """The root: the statements of the whole text."""
        root = Statement(self.source, self.source.span(0, len(self.text)), "block")
        if node.type == "ERROR":
            self.problem(node)
        self.fill(root, node.children)
        return root

    def block(self, node: Any, children: list[Any]) -> Statement:
        """The statements among a tree's nodes, as a block."""
        block = self.new(node, "block")
        self.fill(block, children)
        if block.items:
            block.span = type(block.span)(*block.items[0].span[:2], *block.items[-1].span[2:])
        return block

    def fill(self, block: Statement, children: list[Any]) -> None:
        """Put the statements among a tree's nodes into a block; what could not be read is noted and looked into."""
        waiting = list(reversed(children))
        while waiting:
            child = waiting.pop()
            if child.is_missing:
                self.problem(child)
            elif child.type == "ERROR":
                self.problem(child)
                waiting += reversed(child.children)
            elif child.type in STATEMENTS or child.type == "command_name":
                made = self.statement(child)
                if made is not None:
                    block.add(made)
            elif child.type == "&" and block.items and isinstance(block.items[-1], Statement):
                inner = block.items.pop()
                behind = Statement(self.source, inner.span, "background")
                inner.parent = None
                behind.add(inner)
                block.add(behind)
            elif child.type in ("do_group", "elif_clause", "else_clause", "case_item", "heredoc_redirect"):
                waiting += reversed(child.children)  # parts of a statement that is broken

    def statement(self, node: Any) -> Statement | None:
        """One statement; None where it nests too deep."""
        if self.depth >= MAX_DEPTH:
            self.too_deep = self.range(node)[0] if self.too_deep is None else self.too_deep
            return None
        self.depth += 1
        try:
            return self._statement(node)
        finally:
            self.depth -= 1

    def _statement(self, node: Any) -> Statement | None:
        kind = node.type
        if kind == "list":
            return self._list(node)
        if kind in ("if_statement", "while_statement", "for_statement", "c_style_for_statement", "case_statement"):
            return self._compound(node)
        if kind == "redirected_statement":
            return self.redirected(node)
        if kind == "function_definition":
            return self._function(node)
        if kind in ("pipeline", "negated_command", "subshell", "compound_statement"):
            return self._group(node)
        if kind == "test_command":
            return self.test(node, "test")
        return self.command(node)

    def _list(self, node: Any) -> Statement | None:
        """``a && b || c``: the tree leans to the left, one level for each operator, so it is unrolled without recursion."""
        spine: list[tuple[str, Any]] = []
        first = node
        while first.type == "list":
            parts = [c for c in first.children if c.type not in ("comment", "\n")]
            operator = next((c for c in parts if c.type in OPERATORS), None)
            if operator is None or len(parts) < 3 or parts[-1] is operator:
                break
            spine.append((operator.type, parts[-1]))
            first = parts[0]
        made = self.new(node, "list")
        for operator_text, part in [("", first), *reversed(spine)]:
            one = self.statement(part) if part.type in STATEMENTS and part.type != "list" else self.block(part, [part])
            if one is None:
                return None
            made.add(one)
            made.operators += [operator_text] if operator_text else []
        return made

    def _compound(self, node: Any) -> Statement:
        if node.type == "case_statement":
            return self._case(node)
        if node.type == "if_statement":
            return self._if(node)
        made = self.new(node, "for")
        header: list[Any] = []
        body: Any = None
        for child in node.children:
            if child.type == "do_group" or (made.tag == "for" and child.type == "compound_statement"):
                body = child
            elif child.type in ("while", "until"):
                made.tag = child.type
            elif made.tag == "for" and child.type == "variable_name" and made.name is None:
                made.name = self.scalar(child)
            elif made.tag == "for" and child.type in WORDS:
                made.words.append(self.word(child))
            else:
                header.append(child)
        if made.tag != "for":
            made.add(self.block(node, header))
        else:
            self.fill(made, [child for child in header if child.is_missing or child.type == "ERROR"])
        made.add(self.block(body if body is not None else node, body.children if body is not None else []))
        return made

    def _if(self, node: Any) -> Statement:
        made = self.new(node, "if")
        self._branches(made, node, node.children)
        return made

    def _branches(self, made: Statement, node: Any, children: list[Any]) -> None:
        condition: list[Any] = []
        body: list[Any] = []
        current = condition
        clauses: list[Any] = []
        for child in children:
            if child.type == "then":
                current = body
            elif child.type in ("elif_clause", "else_clause"):
                clauses.append(child)
            else:
                current.append(child)
        made.add(self.block(node, condition))
        made.add(self.block(node, body))
        for clause in clauses:
            if clause.type == "elif_clause":
                self._branches(made, clause, clause.children)
            else:
                made.add(self.block(clause, clause.children))

    def _case(self, node: Any) -> Statement:
        made = self.new(node, "case")
        for child in node.children:
            if child.type == "case_item":
                patterns = [c for c in child.children if c.type not in WORDS]
                made.add(self.block(child, patterns))
            elif child.type in WORDS:
                made.words.append(self.word(child))
            elif child.is_missing or child.type == "ERROR":
                self.problem(child)
        return made

    def _function(self, node: Any) -> Statement:
        made = self.new(node, "function")
        for child in node.children:
            if child.type == "word" and made.name is None:
                made.name = self.scalar(child)
            elif child.type in STATEMENTS:
                body = self.statement(child)
                if body is not None:
                    made.add(body)
            elif child.is_missing or child.type == "ERROR":
                self.problem(child)
        return made

    def _group(self, node: Any) -> Statement:
        if node.type == "compound_statement" and node.children and node.children[0].type == "((":
            return self.test(node, "arithmetic")
        if node.type == "pipeline":
            made = self.new(node, "pipeline")
            self.fill(made, node.children)
            return made
        if node.type == "negated_command":
            made = self.new(node, "not")
            self.fill(made, node.children)
            return made
        made = self.new(node, "subshell" if node.type == "subshell" else "group")
        made.add(self.block(node, node.children))
        return made
