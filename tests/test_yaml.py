"""YAML: exact places, nothing silently lost, no input that exhausts the machine."""

import pickle

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.syntax import MAX_DEPTH, Parsed, parse
from support import parsed, text_at


def read(text: str) -> Parsed:
    return parsed(text, "yaml")


def root(text: str) -> Node:
    result = read(text)
    assert not result.notices
    assert len(result.roots) == 1
    return result.roots[0]


def at(node: Node | None) -> tuple[int, int, int, int]:
    assert node is not None
    return tuple(node.place.span)


def scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar)
    return node


def test_values_and_keys_have_exact_spans():
    text = "# top\na: one   # note\nb:\n  - x\n  - 'y z'\n\n# end\nc: {d: [1, 2] , e: }\n"
    node = root(text)
    assert text_at(text, node.get("a").place) == "one"
    assert at(node.get("b")) == (4, 3, 5, 10)
    assert text_at(text, node.get("b", 1).place) == "'y z'"
    assert text_at(text, node.get("c").place) == "{d: [1, 2] , e: }"
    assert text_at(text, node.get("c", "d").place) == "[1, 2]"
    assert at(node.get("c", "e")) == (8, 19, 8, 19)
    assert at(node) == (2, 1, 8, 21)
    assert isinstance(node, Mapping)
    assert text_at(text, node.key_place("b")) == "b"
    assert node.get("c").head.span == Span(8, 1, 8, 2)


def test_an_unwritten_value_stands_behind_its_colon():
    node = root("a:\nb: 1\n")
    assert scalar(node.get("a")).is_null
    assert at(node.get("a")) == (1, 3, 1, 3)


def test_columns_count_code_points_and_lines_end_as_editors_see_them():
    text = "é😀: x\r\nb: y\rc: z\nd: a\u2028 b\ne: v\n"
    node = root(text)
    assert at(node.get("é😀")) == (1, 5, 1, 6)
    assert at(node.get("b")) == (2, 4, 2, 5)
    assert at(node.get("c")) == (3, 4, 3, 5)
    assert at(node.get("e")) == (5, 4, 5, 5)


def test_a_byte_order_mark_is_no_content():
    text = "\ufeffa: 'x'\n"
    assert text_at(text, root(text).get("a").place) == "'x'"


def test_values_stay_as_written():
    node = root("a: on\nb: 22:22\nc: 0o17\nd: 1_000\ne: '1'\nf: 1.5\ng: ~\nh: true\ni: !!str 7\nj: ! 8\nk: !!int '9'\n")
    values = {name: scalar(value).value for name, value in node.entries.items()}
    expected = ["on", "22:22", 15, "1_000", "1", 1.5, None, True, "7", "8", 9]
    assert list(values.values()) == expected


def test_anchors_and_tags_are_not_part_of_the_value():
    text = "a: &x !!str # why\n  v\nb: !!map &y\n  k: w\nc: &z [1]\nd: !!str &q 'r'\n"
    node = root(text)
    assert text_at(text, node.get("a").place) == "v"
    assert text_at(text, node.get("b").place) == "k: w"
    assert text_at(text, node.get("c").place) == "[1]"
    assert text_at(text, node.get("d").place) == "'r'"


def test_documents_are_roots_and_empty_ones_are_skipped():
    result = read("---\n# nothing\n---\na: 1\n...\n---\n- 2\n---\n")
    assert [type(node) for node in result.roots] == [Mapping, Sequence]
    assert not result.notices


# ---------------------------------------------------------------- texts inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: |\n  one\n   two\n\n  three\n", "one\n two\n\nthree\n"),
        ("a: |-\n  one\n  two\n# c\n", "one\ntwo"),
        ("a: |+\n  one\n\n\nb: 1\n", "one\n\n\n"),
        ("a: |2\n    one\n   two\n", "  one\n two\n"),
        ("a:\n- |\n one\n two\n", "one\ntwo\n"),
        ("a: | # note\r\n  one\r\n  two\r\n", "one\ntwo\n"),
    ],
)
def test_lines_of_a_literal_scalar(text, expected):
    node = root(text).get("a")
    node = node.get(0) if isinstance(node, Sequence) else node
    inner = scalar(node)
    assert inner.text == expected
    assert not inner.plain
    for word in ("one", "two", "three"):
        if word in expected:
            start = expected.index(word)
            assert text_at(text, inner.part(start, start + len(word))) == word


def test_the_span_of_a_block_scalar_ends_with_its_text():
    text = "a: |\n  one\n  two\n\n# comment\n\nb: 1\n"
    assert at(root(text).get("a")) == (1, 4, 3, 6)
    assert at(root(text)) == (1, 1, 7, 5)


@pytest.mark.parametrize(
    ("text", "expected", "word"),
    [
        ("a: >\n  one two\n  three\n\n  four\n", "one two three\nfour\n", "three"),
        ("a: >-\n  one\n    kept\n  two\n", "one\n  kept\ntwo", "kept"),
        ("a: >2\n    one\n  two\n", "  one\ntwo\n", "two"),
        ('a: "one \\"two\\" \\u0041three"\n', 'one "two" Athree', "three"),
        ('a: "one\n  two\\\n  three\n\n  four"\n', "one twothree\nfour", "four"),
        ("a: 'it''s\n  three'\n", "it's three", "three"),
        ("a: one\n  two\n\n  three\n", "one two\nthree", "three"),
        ("a: !!str three\n", "three", "three"),
    ],
)
def test_parts_of_unfolded_texts_have_their_places(text, expected, word):
    inner = scalar(root(text).get("a"))
    assert inner.text == expected
    start = expected.index(word)
    assert text_at(text, inner.part(start, start + len(word))) == word


def test_a_part_that_ends_with_an_escape_covers_the_escape():
    text = 'a: "p\\u0041\\n"\n'
    inner = scalar(root(text).get("a"))
    assert text_at(text, inner.part(0, 2)) == "p\\u0041"
    assert text_at(text, inner.part(2, 3)) == "\\n"


def test_embedded_texts_nest():
    text = "data:\n  app.yaml: |\n    list:\n      - text: |-\n          password: secret\n"
    outer = scalar(root(text).get("data", "app.yaml")).embed(name="app.yaml", holder="configmap", syntax="yaml")
    middle = scalar(parse(outer).roots[0].get("list", 0, "text")).embed(name="x", holder="configmap", syntax="yaml")
    inner = parse(middle).roots[0]
    assert text_at(text, inner.get("password").place) == "secret"
    assert text_at(text, inner.head) == "password: secret"


def test_nodes_survive_pickling():
    text = "a: >\n  one\n  two\n"
    again = pickle.loads(pickle.dumps(root(text)))
    assert text_at(text, scalar(again.get("a")).part(4, 7)) == "two"


# ---------------------------------------------------------------- aliases, merges, tags


def test_an_alias_is_the_node_of_its_anchor():
    node = root("a: &x {k: 1}\nb: *x\n")
    assert node.get("b") is node.get("a")
    assert node.get("b").key.text == "a"
    assert isinstance(node, Mapping)
    assert at(node.get("b")) == (1, 7, 1, 13)
    assert node.key_place("b").span == Span(2, 1, 2, 2)


def test_an_alias_as_a_key_stands_where_it_is_written():
    text = "- &k name\n- *k : v\n"
    item = root(text).get(1)
    assert isinstance(item, Mapping)
    assert text_at(text, item.key_place("name")) == "*k"


def test_merge_keys():
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  c: 3\n  <<: [*x, *y]\nw:\n  <<: *y\n  b: 4\nv:\n  <<: {d: 5}\n"
    node = root(text)
    z, w = node.get("z"), node.get("w")
    assert isinstance(z, Mapping)
    assert isinstance(w, Mapping)
    assert {name: scalar(value).value for name, value in z.entries.items()} == {"c": 3, "a": 1, "b": 1}
    assert {name: scalar(value).value for name, value in w.entries.items()} == {"b": 4, "c": 2}
    assert z.get("a") is node.get("x", "a")
    assert text_at(text, z.key_place("a")) == "a"
    assert z.key_place("a").line == 1
    assert scalar(node.get("v", "d")).value == 5
    assert not z.duplicates


def test_a_quoted_merge_key_is_an_ordinary_one():
    assert scalar(root("a: {'<<': 1}\n").get("a", "<<")).value == 1


def test_merging_what_is_no_mapping_is_noted():
    result = read("a:\n  <<: [1]\n  b: 2\n")
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.WRONG_TYPE, Span(2, 3, 2, 5))]
    assert scalar(result.roots[0].get("a", "b")).value == 2


def test_the_last_of_duplicate_keys_counts():
    result = read("a: 1\nb: 2\na: 3\n")
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.DUPLICATE_KEY, Span(3, 1, 3, 2))]
    assert scalar(result.roots[0].get("a")).value == 3


def test_a_key_that_is_a_collection_is_noted():
    result = read("? [a, b]\n: 1\nc: 2\n")
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.WRONG_TYPE, Span(1, 3, 1, 9))]
    assert list(result.roots[0].entries) == ["c"]


def test_compose_tags_are_kept_beside_the_value():
    node = root("a: !reset null\nb: !override\n  - x\nc: !reset []\nd: plain\n")
    assert [node.get(name).tag for name in "abcd"] == ["!reset", "!override", "!reset", None]
    assert scalar(node.get("a")).is_null
    assert scalar(node.get("b", 0)).text == "x"


def test_other_tags_make_a_scalar_unknown():
    text = "a: !secret db_password\nb: !!binary aGk=\nc: !If [x, y]\n"
    node = root(text)
    a, b, c = node.get("a"), node.get("b"), node.get("c")
    assert isinstance(a, Opaque)
    assert (a.text, a.tag, text_at(text, a.place)) == ("db_password", "!secret", "db_password")
    assert isinstance(b, Opaque)
    assert "binary" in b.reason
    assert isinstance(c, Sequence)
    assert c.tag == "!If"


def test_a_template_expression_is_unknown():
    text = "a: {{ password }}\nb: 1\n"
    result = read(text)
    a = result.roots[0].get("a")
    assert isinstance(a, Opaque)
    assert text_at(text, a.place) == "{{ password }}"
    assert [(n.kind, n.place) for n in result.notices] == [(NoticeKind.TEMPLATED, a.place)]


# ---------------------------------------------------------------- what cannot be read


def test_documents_before_an_error_are_kept():
    result = read("a: 1\n---\nb: c: d\n---\ne: 1\n")
    assert [list(node.entries) for node in result.roots] == [["a"]]
    (notice,) = result.notices
    assert (notice.kind, notice.place.span) == (NoticeKind.SYNTAX, Span(3, 5, 3, 6))
    assert notice.reason == (
        "This is not valid YAML: mapping values are not allowed in this context; this document and what follows are not read."
    )


def test_an_open_quote_is_reported_where_it_opens():
    (notice,) = read("a: 'x\nb: y\n").notices
    assert notice.place.span == Span(1, 4, 1, 5)


@pytest.mark.parametrize("text", ["x: 1\n---\na: b\x07c\n", "x: 1\n---\na: b\x07"])
def test_a_forbidden_character_ends_the_reading(text):
    result = read(text)
    assert [list(node.entries) for node in result.roots] == [["x"]]
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.SYNTAX, Span(3, 5, 3, 6))]
    assert "U+0007" in result.notices[0].reason


def test_a_lone_surrogate_is_noted():
    assert [n.kind for n in read("a: \ud800\n").notices] == [NoticeKind.SYNTAX]


def test_an_alias_without_anchor_is_noted():
    result = read("a: *nobody\nb: 1\n")
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.SYNTAX, Span(1, 4, 1, 11))]
    assert isinstance(result.roots[0].get("a"), Opaque)


def test_an_alias_within_its_anchor_is_not_followed():
    result = read("a: &a\n  b: *a\n")
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.LIMIT, Span(2, 6, 2, 8))]
    assert isinstance(result.roots[0].get("a", "b"), Opaque)


def test_anchors_end_with_their_document():
    assert [n.kind for n in read("a: &x 1\n---\nb: *x\n").notices] == [NoticeKind.SYNTAX]


def test_depth_is_limited_per_document():
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert not read(deepest).notices
    result = read(f"a: 1\n---\n[{deepest}]\n---\nb: 1\n")
    assert [list(node.entries) for node in result.roots] == [["a"], ["b"]]
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.LIMIT, Span(3, MAX_DEPTH + 1, 3, MAX_DEPTH + 2))]


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 100_000, "- " * 100_000, "".join(" " * i + "a:\n" for i in range(1500))])
def test_depth_bombs_are_noted_and_nothing_is_kept(text):
    result = read(text)
    assert not result.roots
    assert {n.kind for n in result.notices} == {NoticeKind.LIMIT}
    assert "nothing more is read" in result.notices[-1].reason


def test_alias_bombs_are_refused():
    levels = ["a: &l0 [x, x, x, x, x, x, x, x]"]
    levels += [f"b{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 8)}]" for i in range(1, 12)]
    result = read("\n".join(levels) + "\n---\nok: 1\n")
    assert [list(node.entries) for node in result.roots] == [["ok"]]
    assert [n.kind for n in result.notices] == [NoticeKind.LIMIT]


def test_aliases_cannot_nest_deeper_than_the_limit():
    lines = ["a0: &l0 [x]"] + [f"a{i}: &l{i} [*l{i - 1}]" for i in range(1, MAX_DEPTH + 20)]
    result = read("\n".join(lines))
    depths = {id(node): 0 for node in result.roots}
    deepest = 0
    for node in result.roots[0].walk():
        for child in node.children():
            depths[id(child)] = max(depths.get(id(child), 0), depths[id(node)] + 1)
            deepest = max(deepest, depths[id(child)])
    assert deepest <= MAX_DEPTH
    assert {n.kind for n in result.notices} == {NoticeKind.LIMIT}


def test_merge_bombs_are_refused():
    wide = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(2000)) + "}\n"
    result = read(wide + "b:\n" + "- <<: *a\n" * 200)
    assert not result.roots
    assert [n.kind for n in result.notices] == [NoticeKind.LIMIT]


def test_many_duplicates_are_counted_not_listed():
    result = read("a: 1\n" * 500)
    assert len(result.notices) == 101
    assert result.notices[-1].reason.startswith("399 more keys")


PIECES = [
    "a",
    "b: ",
    "- ",
    "\n",
    "\n  ",
    " ",
    "|",
    ">-\n",
    "'",
    '"',
    "\\n",
    "\\\n",
    "''",
    "#c",
    "&x ",
    "*x",
    "!t ",
    "[",
    "]",
    "{",
    "}",
]
PIECES += [", ", ": ", "? ", "---\n", "...\n", "\t", "\r\n", "\x85", "😀", "<<: ", "foo bar", "\n\n", "\x07", "{{ x }}"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_any_text_is_read_without_an_error_and_every_place_lies_in_it(text):
    source = Source("input", text, syntax="yaml")
    result = parse(source)
    last = len(source.line_starts)
    for document in result.roots:
        for node in document.walk():
            span = node.span
            assert (1, 1) <= span[:2] <= span[2:]
            assert span.end_line <= last
            assert span.end_column <= len(source.line(span.end_line)) + 1
            if isinstance(node, Scalar) and node.text:
                assert node.part(0, len(node.text)).span[:2] >= span[:2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_without_libyaml_the_texts_are_the_same(text):
    fast = read(text)
    loader = yaml.CLoader
    del yaml.CLoader
    try:
        slow = read(text)
    finally:
        yaml.CLoader = loader
    if not fast.notices and not slow.notices:
        assert [texts(node) for node in fast.roots] == [texts(node) for node in slow.roots]


def texts(node: Node) -> list[str]:
    return [part.text if isinstance(part, Scalar | Opaque) else repr(part) for part in node.walk()]


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.one_of(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30), st.text("ab \n'\":#", max_size=30)),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)),
        max_leaves=8,
    ),
    st.sampled_from([None, '"', "'", "|", ">"]),
)
def test_what_is_dumped_is_read_back(value, style):
    text = yaml.safe_dump({"top": value}, default_style=style, allow_unicode=True, width=20)
    result = read(text)
    assert plain(result.roots[0].get("top")) == value


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text
