"""Compose's variables and command lines: the pure functions, against references of their own."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.platforms.compose.interpolation import MAX_NESTING, interpolate
from afscan.platforms.compose.units import parse_boolean, parse_bytes, parse_number, parse_whole
from afscan.platforms.compose.words import split

KNOWN = {"SET": "value", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}-${SET}", "value-value"),
        ("$SET.tail", "value.tail"),
        ("$$SET and $${SET}", "$SET and ${SET}"),
        ("${NONE:-default}", "default"),
        ("${NONE-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY-default}", ""),
        ("${SET:-default}", "value"),
        ("${NONE:-${OTHER:-inner}}!", "inner!"),
        ("${NONE:-a-b?c+d}", "a-b?c+d"),
        ('${NONE:-{"a": {"b": 1}}}', '{"a": {"b": 1}}'),
        ("${NONE:-}", ""),
        ("${SET:+other}", "other"),
        ("${EMPTY:+other}", ""),
        ("${EMPTY+other}", "other"),
        ("${SET:?needed}", "value"),
        ("${EMPTY?needed}", ""),
        ("price: 5$, $1, $(date), a$", "price: 5$, $1, $(date), a$"),
    ],
)
def test_a_text_whose_variables_are_all_known(text: str, result: str) -> None:
    found = interpolate(text, KNOWN.get)
    assert found.text == found.partial == result
    assert not found.missing
    assert not found.malformed


@pytest.mark.parametrize(
    ("text", "missing", "partial"),
    [
        ("${NONE}", ("NONE",), "${NONE}"),
        ("$NONE/x", ("NONE",), "${NONE}/x"),
        ("${NONE:?it is: needed}", ("NONE",), "${NONE}"),
        ("${EMPTY:?needed}", ("EMPTY",), "${EMPTY}"),
        ("${NONE:+other}", ("NONE",), "${NONE}"),
        ("${A:-x${B}}", ("B",), "x${B}"),
        ("${A}${B}${A}", ("A", "B"), "${A}${B}${A}"),
    ],
)
def test_a_missing_variable_stays_in_the_partial_text(text: str, missing: tuple[str, ...], partial: str) -> None:
    found = interpolate(text, KNOWN.get)
    assert (found.text, found.missing, found.partial) == (None, missing, partial)


@pytest.mark.parametrize(
    ("text", "refused"),
    [("a ${", "${"), ("${}", "${}"), ("x${1A}y", "${1A}"), ("${A B}", "${A B}"), ("${A:}", "${A:}"), ("${A:-${B}", "${A:-${B}")],
)
def test_what_compose_refuses_is_located(text: str, refused: str) -> None:
    found = interpolate(text)
    assert found.text is None
    assert [text[start:end] for start, end in found.malformed] == [refused]


def test_a_default_is_told_from_a_literal() -> None:
    assert interpolate("${A:-x}").defaulted
    assert not interpolate("${SET:-x}", KNOWN.get).defaulted
    assert interpolate("x").literal
    assert not interpolate("${A:-x}").literal
    assert interpolate("${A}${B}").only_variables
    assert not interpolate("${A}:${B}").only_variables


def test_nesting_has_a_limit() -> None:
    depth = MAX_NESTING + 5
    assert interpolate("${A:-" * 3 + "x" + "}" * 3).text == "x"
    assert interpolate("${A:-" * depth + "x" + "}" * depth).malformed
    assert interpolate("${A:-" * 100_000).text is None


def pieces() -> "st.SearchStrategy[object]":
    """Texts as trees: what a naive evaluator needs no parser for."""
    literal = st.text("ab :/-?+._%", max_size=5)
    name = st.sampled_from(["SET", "EMPTY", "NONE", "_x9"])
    leaf = st.one_of(literal, st.just(("dollar",)), st.tuples(st.just("plain"), name))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(st.just("op"), name, st.sampled_from([":-", "-", ":+", "+", ":?", "?"]), inner),
        ),
        max_leaves=12,
    )


def written(tree: object) -> str:
    if isinstance(tree, str):
        return tree
    if isinstance(tree, list):
        return "".join(written(piece) for piece in tree)
    assert isinstance(tree, tuple)
    if tree[0] == "dollar":
        return "$$"
    return f"${{{tree[1]}}}" if tree[0] == "plain" else f"${{{tree[1]}{tree[2]}{written(tree[3])}}}"


def evaluated(tree: object) -> str | None:
    """The value of a tree; None where a missing variable decides it."""
    if isinstance(tree, str):
        return tree
    if isinstance(tree, list):
        values = [evaluated(piece) for piece in tree]
        return None if None in values else "".join(value or "" for value in values)
    assert isinstance(tree, tuple)
    if tree[0] == "dollar":
        return "$"
    value = KNOWN.get(tree[1])
    if tree[0] == "plain" or (value is None and tree[2] not in (":-", "-")):
        return value
    counts = value is not None and (value != "" or tree[2][0] != ":")
    if tree[2][-1] == "-":
        return value if counts else evaluated(tree[3])
    if tree[2][-1] == "+":
        return evaluated(tree[3]) if counts else value
    return value if counts else None


@settings(max_examples=150, deadline=None)
@given(pieces())
def test_interpolation_agrees_with_a_naive_evaluator(tree: object) -> None:
    found = interpolate(written(tree), KNOWN.get)
    assert found.text == evaluated(tree)
    assert not found.malformed


@settings(max_examples=100, deadline=None)
@given(st.text("ab${}:-?+_1 \n", max_size=40))
def test_any_text_is_taken_and_offsets_point_back_into_it(text: str) -> None:
    found = interpolate(text)
    if found.offsets is None:
        assert "$" not in text
        return
    assert len(found.offsets) == len(found.partial) + 1
    assert list(found.offsets) == sorted(found.offsets)
    assert found.offsets[-1] == len(text)
    assert all(0 <= start < end <= len(text) for start, end in found.malformed)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("redis-server --port 0", ["redis-server", "--port", "0"]),
        ("sh -c 'a && b'", ["sh", "-c", "a && b"]),
        ('say "a \\"b\\"" c\\ d', ["say", 'a "b"', "c d"]),
        ("run && forgotten", ["run"]),
        ("run 2>/dev/null", ["run"]),
        ("a '' b", ["a", "", "b"]),
        ("printf a\\tb", ["printf", "a\tb"]),
        ("", []),
    ],
)
def test_a_command_line_splits_as_compose_splits_it(line: str, words: list[str]) -> None:
    assert [word.text for word in split(line) or []] == words


@pytest.mark.parametrize("line", ["say 'open", 'say "open', "end\\"])
def test_an_open_quote_is_no_command_line(line: str) -> None:
    assert split(line) is None


@settings(max_examples=100, deadline=None)
@given(st.text("ab '\"-=/", max_size=30))
def test_splitting_agrees_with_the_shell_where_both_speak(line: str) -> None:
    try:
        expected: list[str] | None = shlex.split(line)
    except ValueError:
        expected = None
    found = split(line)
    assert (None if found is None else [word.text for word in found]) == expected


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 * 2**20),
        ("512M", 512 * 2**20),
        ("1g", 2**30),
        ("1.5GB", 1.5 * 2**30),
        ("2gib", 2 * 2**30),
        ("10kb", 10 * 1024),
        ("100b", 100),
        ("1024", 1024),
        ("0", 0),
        ("-1", -1),
        ("1 g", 2**30),
        ("m", None),
        ("12x", None),
        ("1,5g", None),
        ("", None),
    ],
)
def test_sizes_are_powers_of_1024(text: str, size: float | None) -> None:
    assert parse_bytes(text) == size


def test_numbers_and_booleans() -> None:
    assert [parse_number(text) for text in ("0.50", "2", "1e3", ".5", "two", "")] == [0.5, 2.0, 1000.0, 0.5, None, None]
    assert [parse_whole(text) for text in ("3", "-1", "3.0", "x")] == [3, -1, None, None]
    assert [parse_boolean(text) for text in ("true", "YES", "on", "0", "False", "maybe", "")] == [
        True,
        True,
        True,
        False,
        False,
        None,
        None,
    ]
