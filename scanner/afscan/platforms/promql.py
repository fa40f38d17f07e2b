"""PromQL: which metrics an expression reads, and whether Prometheus would take it.

Source: prometheus.io, "Querying basics", "Operators" and "Query functions". The parser is the library ``promql-parser``. It needs
more than linear time and its own stack for deep trees, so what is very long or deep is not parsed. Other products keep rules in
the same form: LogQL (Loki) is told by its pipes; a function that the parser does not know may be a newer one, or MetricsQL's.
"""

import re
from typing import Any

from afscan.model.monitoring import Comparison, Selector
from afscan.model.record import record

_MAX_LENGTH = 10_000
_MAX_OPERATORS = 120
_MAX_NESTING = 40

_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`|#[^\n]*')
_OPERATOR = re.compile(r"[-+*/%^<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_DIALECT = re.compile(r"\b(?:keep_metric_names|default|ifnot|if|limit|with|smoothed|anchored)\b", re.IGNORECASE)
_ABSENT = ("absent", "absent_over_time")
_MATCHES = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
"""Comparison operators, and what they become where the number stands on the left."""
_LOOKAROUND = re.compile(r"\(\?(?:[=!]|<[=!])")

_VARIABLE = re.compile(r"\$\{[^{}]*\}|\[\[[^\[\]]*\]\]|\$[A-Za-z_][A-Za-z0-9_]*")
_RANGE = re.compile(r"\[\s*(?:\$\{[^{}]*\}|\[\[[^\[\]]*\]\]|\$[A-Za-z_]\w*)\s*(?=[\]:])")
_STEP = re.compile(r":\s*(?:\$\{[^{}]*\}|\[\[[^\[\]]*\]\]|\$[A-Za-z_]\w*)\s*\]")


@record(slots=True)
class Query:
    """What an expression reads; see :class:`~afscan.model.monitoring.MetricRule` for the fields. ``metrics`` is None if not parsed."""

    metrics: frozenset[str] | None = None
    guards: frozenset[str] = frozenset()
    quantiles: frozenset[str] = frozenset()
    windowed: bool = False
    selectors: tuple[Selector, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    functions: frozenset[str] = frozenset()
    error: str = ""
    unparsed: str = ""


def read_query(text: str) -> Query:
    """An expression as written in a rule."""
    bare = _TEXT.sub('""', text)
    if "|" in bare:
        return Query(unparsed="it is LogQL, not PromQL")
    if "$" in bare or "{{" in bare:
        return Query(unparsed="a part of it is filled in by something else")
    if len(text) > _MAX_LENGTH or len(_OPERATOR.findall(bare)) > _MAX_OPERATORS or _nesting(bare) > _MAX_NESTING:
        return Query(unparsed="it is too long or too deep")
    query = _parsed(text)
    if query.error and _DIALECT.search(bare):
        return Query(unparsed="it uses words of MetricsQL, or experimental ones")
    return query


def read_template(text: str) -> Query:
    """An expression of a Grafana panel: its variables (``$job``, ``${job:regex}``, ``[[job]]``) stand for some text."""
    filled = _STEP.sub(":1m]", _RANGE.sub("[5m", text))
    found = read_query(_VARIABLE.sub("1", filled))
    return found if found.metrics is not None else read_query(_VARIABLE.sub("v", filled))


def _nesting(bare: str) -> int:
    depth = deepest = 0
    for character in bare:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _parsed(text: str) -> Query:
    import promql_parser  # noqa: PLC0415  (only where there are rules)

    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        reason = " ".join(str(error).split())
        return Query(unparsed=reason) if _doubtful(reason) else Query(error=reason)
    found = _Selectors()
    promql_parser.walk(tree, found.enter, found.leave)
    return Query(
        frozenset(found.metrics),
        frozenset(found.guards),
        frozenset(found.quantiles),
        found.windowed,
        tuple(found.selectors),
        tuple(found.comparisons),
        frozenset(found.functions),
    )


def _doubtful(reason: str) -> bool:
    """Whether the parser refuses what some Prometheus takes: functions of other versions, RE2 where it differs from Rust's regex."""
    if "unknown function" in reason or "bad number" in reason:
        return True
    if not reason.startswith("illegal regex for "):
        return False
    pattern = reason.removeprefix("illegal regex for ")
    if _LOOKAROUND.search(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return "\\Q" in pattern or "\\z" in pattern or "[[:" in pattern or "\\p" in pattern
    return True


class _Selectors:
    """Collects what the selectors of a tree read, and the comparisons with a number."""

    def __init__(self) -> None:
        self.metrics: set[str] = set()
        self.guards: set[str] = set()
        self.quantiles: set[str] = set()
        self.windowed = False
        self.selectors: list[Selector] = []
        self.comparisons: list[Comparison] = []
        self.functions: set[str] = set()
        self._absent = 0

    def enter(self, node: Any) -> bool:
        kind = type(node).__name__
        if kind == "Call":
            self.functions.add(node.func.name)
            self._absent += node.func.name in _ABSENT
        if kind in ("MatrixSelector", "SubqueryExpr"):
            self.windowed = True
        if kind == "MatrixSelector":
            self._select(node.vector_selector)
        elif kind == "VectorSelector":
            self._select(node)
        elif kind == "BinaryExpr":
            self._compare(node)
        return True

    def leave(self, node: Any) -> bool:
        if type(node).__name__ == "Call":
            self._absent -= node.func.name in _ABSENT
        return True

    def _select(self, selector: Any) -> None:
        found = _selector(selector)
        if found is None:
            return
        self.metrics.add(found.metric)
        if found not in self.selectors:
            self.selectors.append(found)
        if self._absent:
            self.guards.add(found.metric)
        if any(label == "quantile" for label, _, _ in found.matchers):
            self.quantiles.add(found.metric)

    def _compare(self, node: Any) -> None:
        operator = str(node.op)
        if operator not in _TURNED:
            return
        left, right = _number(node.lhs), _number(node.rhs)
        if (left is None) == (right is None):
            return
        side = node.lhs if left is None else node.rhs
        names, plain = _names(side), type(side).__name__ == "VectorSelector"
        if right is not None:
            self.comparisons.append(Comparison(names, operator, right, plain))
        elif left is not None:
            self.comparisons.append(Comparison(names, _TURNED[operator], left, plain))


def _selector(node: Any) -> Selector | None:
    """A selector that names its metric, in braces or before them."""
    matchers = tuple((m.name, _MATCHES[str(m.op).rpartition(".")[2]], m.value) for m in node.matchers.matchers)
    name = node.name or next((value for label, op, value in matchers if label == "__name__" and op == "="), None)
    return Selector(name, matchers) if name else None


def _names(tree: Any) -> frozenset[str]:
    import promql_parser  # noqa: PLC0415  (see above)

    found: set[str] = set()

    def enter(node: Any) -> bool:
        selector = node.vector_selector if type(node).__name__ == "MatrixSelector" else node
        read = _selector(selector) if type(selector).__name__ == "VectorSelector" else None
        if read is not None:
            found.add(read.metric)
        return True

    promql_parser.walk(tree, enter, lambda node: True)
    return frozenset(found)


def _number(node: Any) -> float | None:
    """The value of a number literal, also in parentheses or with a sign."""
    sign = 1.0
    for _ in range(_MAX_NESTING):
        kind = type(node).__name__
        if kind == "NumberLiteral":
            return sign * float(node.val)
        if kind not in ("ParenExpr", "UnaryExpr"):
            return None
        sign = -sign if kind == "UnaryExpr" else sign
        node = node.expr
    return None
