"""JSON: exact places, escapes, and errors that are located."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.place import Span
from afscan.syntax import MAX_DEPTH, Parsed, parse
from support import parsed, text_at


def read(text: str, name: str = "input.json") -> Parsed:
    return parsed(text, "json", name)


def root(text: str) -> Node:
    result = read(text)
    assert not result.notices
    assert len(result.roots) == 1
    return result.roots[0]


def scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar)
    return node


def plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return scalar(node).value


def test_values_and_keys_have_exact_spans():
    text = '{\n\t"a": "x",\r\n  "b é": [1, {"c": null}],\n  "d": -1.5e3\n}\n'
    node = root(text)
    assert isinstance(node, Mapping)
    assert text_at(text, node.place) == text.rstrip()
    assert text_at(text, node.get("a").place) == '"x"'
    assert node.get("a").place.span == Span(2, 7, 2, 10)
    assert text_at(text, node.key_place("b é")) == '"b é"'
    assert text_at(text, node.get("b é").place) == '[1, {"c": null}]'
    assert text_at(text, node.get("b é", 1, "c").place) == "null"
    assert text_at(text, node.get("d").place) == "-1.5e3"
    assert node.get("b é").head.span == Span(3, 3, 3, 8)


def test_quoted_values_are_strings_and_numbers_stay_exact():
    node = root('["1", 1, true, "true", null, 123456789012345678901234567890, 0.5]')
    assert plain(node) == ["1", 1, True, "true", None, 123456789012345678901234567890, 0.5]


def test_escapes_are_undone_and_parts_keep_their_places():
    text = '{"a": "x\\n\\"y\\" \\/ \\u0041 \\ud83d\\ude00 secret"}'
    value = scalar(root(text).get("a"))
    assert value.text == 'x\n"y" / A 😀 secret'
    start = value.text.index("secret")
    assert text_at(text, value.part(start, start + 6)) == "secret"
    start = value.text.index("😀")
    assert text_at(text, value.part(start, start + 1)) == "\\ud83d\\ude00"


def test_a_lone_surrogate_becomes_a_replacement_character():
    assert scalar(root('"\\ud83d \\udc00"')).text == "\ufffd \ufffd"


def test_an_embedded_yaml_text_has_places_in_the_json_file():
    text = '{"data": {"app.yaml": "a:\\n  password: secret\\n"}}'
    inner = scalar(root(text).get("data", "app.yaml")).embed(name="app.yaml", holder="configmap", syntax="yaml")
    node = parse(inner).roots[0].get("a", "password")
    assert text_at(text, node.place) == "secret"
    assert text_at(text, node.key.place) == "password"


def test_the_last_of_duplicate_keys_counts():
    result = read('{"a": 1, "b": 2, "a": 3}')
    assert [(n.kind, n.place.span) for n in result.notices] == [(NoticeKind.DUPLICATE_KEY, Span(1, 18, 1, 21))]
    assert scalar(result.roots[0].get("a")).value == 3


def test_many_duplicates_are_counted_not_listed():
    result = read("{" + ",".join(['"a": 1'] * 500) + "}")
    assert len(result.notices) == 101
    assert result.notices[-1].reason.startswith("399 more keys")


COMMENTED = '// top\n{\n  "a": [1, 2,], /* two */ // three\n  "b": 1,\n}\n'


@pytest.mark.parametrize("name", ["a.jsonc", "x/a.json5", "tsconfig.json", "app/tsconfig.build.json", ".vscode/settings.json"])
def test_comments_and_trailing_commas_where_they_may_stand(name):
    result = read(COMMENTED, name)
    assert not result.notices
    assert plain(result.roots[0]) == {"a": [1, 2], "b": 1}
    assert text_at(COMMENTED, result.roots[0].get("b").place) == "1"


def test_comments_elsewhere_are_noted_once_and_passed_over():
    text = '{"a": 1, // one\n"b": 2 /* two */}'
    result = read(text)
    assert [(n.kind, text_at(text, n.place)) for n in result.notices] == [(NoticeKind.SYNTAX, "// one")]
    assert plain(result.roots[0]) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ('{"a": 1,}', 9, "a key in double quotes is expected"),
        ("[1, 2,]", 7, "a value is expected"),
        ('{"a" 1}', 6, "a colon is expected"),
        ("[1 2]", 4, "a comma or the end is expected"),
        ("{a: 1}", 2, "a key in double quotes is expected"),
        ('{"a": tru}', 7, "a value is expected"),
        ("[01]", 2, "a value is expected"),
        ("[}", 2, "a value is expected"),
        ('["a\tb"]', 2, "this string does not end on its line or holds a control character"),
        ('["a]', 2, "this string does not end on its line or holds a control character"),
        ('["\\x"]', 3, "`\\x` is no escape sequence"),
        ('{"a": [1', 9, "it ends too early"),
        ("/* x", 1, "a value is expected, or this comment never ends"),
    ],
)
def test_errors_are_located_and_nothing_is_kept(text, column, reason):
    result = read(text)
    assert not result.roots
    (notice,) = result.notices
    assert (notice.kind, notice.place.span[:2]) == (NoticeKind.SYNTAX, (1, column))
    assert notice.reason == f"This is not valid JSON: {reason}; the text is not read."


def test_what_follows_the_value_is_noted():
    result = read('{"a": 1}\n{"b": 2}\n')
    assert [list(node.entries) for node in result.roots] == [["a"]]
    assert [(n.kind, n.place.span[:2]) for n in result.notices] == [(NoticeKind.SYNTAX, (2, 1))]


def test_an_empty_text_has_no_root():
    assert read(" \n") == Parsed()


def test_a_byte_order_mark_is_no_content():
    text = '\ufeff{"a": 1}'
    assert text_at(text, root(text).get("a").place) == "1"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)])
def test_depth_is_limited(text):
    result = read(text)
    assert not result.roots
    assert [n.kind for n in result.notices] == [NoticeKind.LIMIT]


def test_depth_up_to_the_limit_is_read():
    assert not read("[" * MAX_DEPTH + "]" * MAX_DEPTH).notices


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"b\\n"',
    "1",
    "-2.5e3",
    "true",
    "null",
    " ",
    "\n",
    '"\\u0041"',
    "x",
    '"',
    "\\",
    "//",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_python_accepts_is_read_and_nothing_else(text):
    result = read(text)
    serious = [n for n in result.notices if n.kind is not NoticeKind.DUPLICATE_KEY]
    try:
        expected = json.loads(text)
    except ValueError:
        assert serious or not text.strip()
    else:
        assert not serious
        assert plain(result.roots[0]) == expected


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(st.characters(blacklist_categories=("Cs",)))),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text("abé\n", max_size=3), inner, max_size=4)),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_what_is_dumped_is_read_back_in_place(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    node = root(text)
    assert plain(node) == value
    for part in node.walk():
        assert json.loads(text_at(text, part.place)) == plain(part)
