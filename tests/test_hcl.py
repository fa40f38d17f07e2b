"""HCL as nodes: what is read, and where it stands."""

import pickle

import pytest

from afscan.model.node import Mapping, Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.syntax.hcl import MAX_CHARACTERS, Block, Expression, parse_template
from support import parsed, text_at


def root(text: str) -> Mapping:
    result = parsed(text, "hcl", "main.tf")
    assert result.notices == []
    node = result.roots[0]
    assert isinstance(node, Mapping)
    return node


def value(text: str, name: str = "a") -> Node:
    node = root(text).get(name)
    assert node is not None
    return node


def scalar(text: str) -> Scalar:
    node = value(text)
    assert isinstance(node, Scalar)
    return node


def expression(text: str) -> Expression:
    node = value(text)
    assert isinstance(node, Expression)
    return node


class TestLiterals:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("1", 1),
            ("-12", -12),
            ("1.5", 1.5),
            ("2e3", 2000.0),
            ("true", True),
            ("null", None),
            ('"text"', "text"),
            ('"true"', "true"),
            ('""', ""),
            (r'"a\tb\"c\\"', 'a\tb"c\\'),
            (r'"\u0041\U0001F600\ud800"', "A😀\ufffd"),
            ('"$${x} %%{y} $5 100%"', "${x} %{y} $5 100%"),
        ],
    )
    def test_value_and_span(self, written: str, meant: object) -> None:
        text = f"a = {written} # comment\n"
        node = scalar(text)
        assert node.value == meant
        assert text_at(text, node.place) == written

    def test_a_quoted_string_includes_its_quotes_and_knows_its_parts(self) -> None:
        text = 'x = 1\na = "käse and wine"\n'
        node = scalar(text)
        assert not node.plain
        assert node.span == (2, 5, 2, 20)
        assert text_at(text, node.part(9, 13)) == "wine"

    def test_parts_of_a_string_with_escapes(self) -> None:
        text = r'a = "one\ntwo $${x} three"' + "\n"
        node = scalar(text)
        assert node.text == "one\ntwo ${x} three"
        assert text_at(text, node.part(4, 7)) == "two"
        assert text_at(text, node.part(13, 18)) == "three"

    def test_heredoc(self) -> None:
        text = 'a = <<EOF\n  one\n two "x" {\nEOF\nb = 1\n'
        node = scalar(text)
        assert node.text == '  one\n two "x" {\n'
        assert text_at(text, node.place) == '<<EOF\n  one\n two "x" {\nEOF'
        assert text_at(text, node.part(7, 10)) == "two"

    def test_indented_heredoc_loses_its_common_indentation(self) -> None:
        text = "a = <<-EOF\n    one\n\n      two\n    EOF\n"
        node = scalar(text)
        assert node.text == "one\n\n  two\n"
        assert text_at(text, node.part(7, 10)) == "two"

    def test_heredoc_as_argument_of_a_function(self) -> None:
        text = "a = jsonencode(<<X\n{}\nX\n)\nb = 2\n"
        node = expression(text)
        assert (node.form, node.name) == ("call", "jsonencode")
        assert isinstance(node.operands[0], Scalar)
        assert node.operands[0].text == "{}\n"
        assert text_at(text, value(text, "b").place) == "2"

    def test_crlf(self) -> None:
        text = 'a = "x"\r\nb = <<E\r\nq\r\nE\r\nc = 3\r\n'
        assert text_at(text, value(text, "c").place) == "3"
        heredoc = value(text, "b")
        assert isinstance(heredoc, Scalar)
        assert heredoc.text == "q\r\n"


class TestStructure:
    TEXT = """# a comment
resource "aws_x" "y" {
  name = "n" // why
  tags = { a = 1, "b c" : true }
  list = [
    "one", # first
    "two",
  ]
  inner { p = 1 }
  inner {
    p = 2
  }
}
resource aws_z w {}
/* block
comment */
locals {
  in = 1
}
"""

    def test_blocks_of_one_type_are_a_sequence(self) -> None:
        blocks = value(self.TEXT, "resource")
        assert isinstance(blocks, Sequence)
        assert [[label.text for label in block.labels] for block in blocks.items if isinstance(block, Block)] == [
            ["aws_x", "y"],
            ["aws_z", "w"],
        ]

    def test_the_head_of_a_block_is_its_header(self) -> None:
        block = root(self.TEXT).get("resource", 0)
        assert block is not None
        assert text_at(self.TEXT, block.head) == 'resource "aws_x" "y"'
        assert text_at(self.TEXT, block.place).endswith("p = 2\n  }\n}")

    def test_values_keys_and_parents(self) -> None:
        node = root(self.TEXT).get("resource", 0, "tags", "b c")
        assert isinstance(node, Scalar)
        assert node.value is True
        assert text_at(self.TEXT, node.place) == "true"
        assert node.key is not None
        assert text_at(self.TEXT, node.key.place) == '"b c"'
        assert isinstance(node.parent, Mapping)

    def test_lists(self) -> None:
        node = root(self.TEXT).get("resource", 0, "list", 1)
        assert node is not None
        assert text_at(self.TEXT, node.place) == '"two"'

    def test_nested_blocks(self) -> None:
        node = root(self.TEXT).get("resource", 0, "inner", 1, "p")
        assert node is not None
        assert text_at(self.TEXT, node.place) == "2"
        assert node.place.line == 11

    def test_keywords_as_names(self) -> None:
        node = root(self.TEXT).get("locals", 0, "in")
        assert isinstance(node, Scalar)

    def test_nothing_at_all(self) -> None:
        assert root("").entries == {}
        assert root("\n# only a comment\n").entries == {}


class TestExpressions:
    @pytest.mark.parametrize(
        ("written", "form", "name"),
        [
            ("var.a", "attribute", "a"),
            ("var.a[0]", "index", ""),
            ('var.a["k"]', "index", ""),
            ("var.a.0", "index", ""),
            ("aws_x.y[*].id", "splat", ""),
            ("concat(a, [1])", "call", "concat"),
            ("concat(a...)", "spread", "concat"),
            ('"${var.a}-b"', "template", ""),
            ('"${var.a}"', "template", ""),
            ('"${\n var.a }"', "template", ""),
            ("x ? 1 : 2", "conditional", ""),
            ("x == 1 && y", "binary", "&&"),
            ("1 + 2", "binary", "+"),
            ("!x", "unary", "!"),
            ("{ (x) = 1 }", "object", ""),
            ("[for k, v in x : v if k]", "for_list", "k,v"),
            ("{ for s in x : s => s }", "for_object", "s"),
            ("string", "variable", "string"),
        ],
    )
    def test_form_and_span(self, written: str, form: str, name: str) -> None:
        text = f"a = {written}\nb = 1\n"
        node = expression(text)
        assert (node.form, node.name) == (form, name)
        assert text_at(text, node.place) == written

    def test_operands_have_their_own_places(self) -> None:
        text = 'a = concat(["10.0.0.0/8"], var.more)\n'
        node = expression(text).operands[0].get(0)
        assert node is not None
        assert text_at(text, node.place) == '"10.0.0.0/8"'

    def test_the_end_of_an_expression_is_not_the_comment_behind_it(self) -> None:
        text = "a = (x || # why\n  y # so\n)\n"
        assert text_at(text, expression(text).place) == "x || # why\n  y"

    def test_parts_of_a_template(self) -> None:
        text = 'a = "x ${var.a} y\\n${b}"\n'
        parts = expression(text).operands
        assert [part.text for part in parts if isinstance(part, Scalar | Expression)] == ["x ", "var.a", " y\n", "b"]
        assert [text_at(text, part.place) for part in parts] == ["x ", "var.a", " y\\n", "b"]

    def test_interpolation_in_a_heredoc(self) -> None:
        text = 'a = <<-E\n  host = ${var.h["}"]}\n  $${kept}\n  E\n'
        node = expression(text)
        assert node.form == "template"
        inner = node.operands[1]
        assert text_at(text, inner.place) == 'var.h["}"]'
        assert isinstance(node.operands[2], Scalar)
        assert "".join(part.text for part in node.operands[2:] if isinstance(part, Scalar)) == "\n${kept}\n"

    def test_directives_take_in_what_they_govern(self) -> None:
        text = 'a = "n%{ if x ~}  y%{ else }z%{ endif }%{ for k, v in m }${v}%{ endfor }"\n'
        node = expression(text)
        assert [part.form for part in node.operands if isinstance(part, Expression)] == ["conditional", "for_text"]
        condition, yes, no = [text_at(text, part.place) for part in node.operands[1].children()]
        assert (condition, yes, no) == ("x", "y", "z")
        assert isinstance(node.operands[2], Expression)
        assert node.operands[2].name == "k,v"

    @pytest.mark.parametrize("text", ["%{ if x }", "%{ endif }", "%{ else }", "%{ if x }%{ endfor }"])
    def test_unbalanced_directives_are_kept_unread(self, text: str) -> None:
        node = expression(f'a = "{text}"\n')
        assert {part.form for part in node.operands if isinstance(part, Expression)} == {"other"}

    def test_a_template_of_its_own(self) -> None:
        node = parse_template(Source("x", "a ${ broken + } b", syntax="hcl"))
        assert isinstance(node, Expression)
        assert [type(part) for part in node.operands] == [Scalar, Expression, Scalar]
        assert isinstance(node.operands[1], Expression)
        assert node.operands[1].form == "other"

    def test_nodes_can_be_sent_to_another_process(self) -> None:
        text = "a = " + "[" * 90 + "x" + "]" * 90 + "\nb = " + "(" * 60 + "x" + " && y)" * 60 + "\n"
        copy = pickle.loads(pickle.dumps(parsed(text, "hcl").roots[0]))
        assert isinstance(copy, Mapping)
        assert list(copy.entries) == ["a", "b"]


class TestBroken:
    def test_one_broken_block_does_not_lose_the_file(self) -> None:
        text = 'resource "a" "b" {\n  x = = 1\n}\nresource "c" "d" {\n  y = 1\n}\nz = 1\n'
        result = parsed(text, "hcl")
        assert [notice.kind for notice in result.notices] == [NoticeKind.SYNTAX]
        assert result.notices[0].place.span[:2] == (2, 7)
        assert result.notices[0].reason == "This is not valid HCL: unexpected `= 1`; this block or attribute is not read."
        kept = result.roots[0].get("resource", 0)
        assert isinstance(kept, Block)
        assert kept.labels[0].text == "c"
        assert result.roots[0].get("z") is not None

    @pytest.mark.parametrize(
        ("broken", "at", "why"),
        [
            ('resource "a" "b" {\n  x = [1\n', (2, 7), "This `[` is never closed"),
            ('resource "a" "b" {\n  x = "abc\n}\n', (2, 7), "This string is not closed on its line"),
            ('resource "a" "b" {\n  x = 1 }\n}\n', (3, 1), "This `}` closes nothing that is open"),
            ('resource "a" "b" {\n  x = (1]\n}\n', (2, 9), "This `]` closes nothing that is open"),
        ],
    )
    def test_brackets_and_quotes(self, broken: str, at: tuple[int, int], why: str) -> None:
        text = broken + 'variable "kept" {\n  default = 1\n}\n'
        result = parsed(text, "hcl")
        assert [(n.kind, n.place.span[:2]) for n in result.notices] == [(NoticeKind.SYNTAX, at)]
        assert result.notices[0].reason.startswith(why)
        kept = result.roots[0].get("variable", 0, "default")
        assert kept is not None
        assert text_at(text, kept.place) == "1"

    def test_an_open_heredoc(self) -> None:
        result = parsed("a = 1\nb = <<EOF\ntext\n EOFX\n", "hcl")
        assert result.notices[0].place.span[:2] == (2, 5)
        assert "never closed by `EOF`" in result.notices[0].reason
        assert next(iter(result.roots[0].children())).place.line == 1

    def test_a_doubled_attribute(self) -> None:
        text = 'resource "a" "b" {\n  x = 1\n  x = 2\n}\n'
        result = parsed(text, "hcl")
        assert [(n.kind, n.place.line) for n in result.notices] == [(NoticeKind.DUPLICATE_KEY, 3)]
        node = result.roots[0].get("resource", 0, "x")
        assert node is not None
        assert text_at(text, node.place) == "2"

    def test_a_text_that_is_too_large(self) -> None:
        result = parsed("a" * (MAX_CHARACTERS + 1), "hcl")
        assert [notice.kind for notice in result.notices] == [NoticeKind.LIMIT]
        assert result.roots == []


SIZE = 20_000


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a = " + "[" * SIZE, {NoticeKind.LIMIT}),
        ("a = " + "[" * SIZE + "]" * SIZE, {NoticeKind.LIMIT}),
        ("x {" * SIZE + "}" * SIZE, {NoticeKind.LIMIT}),
        ('a = "' + '${"' * SIZE, {NoticeKind.LIMIT}),
        ("]" * SIZE, {NoticeKind.SYNTAX}),
        ("{[" * SIZE + "}" * SIZE, {NoticeKind.LIMIT}),
        ("a = " + "!" * SIZE + "x", {NoticeKind.SYNTAX}),
        ("a = 1" + " + 1" * 1000, {NoticeKind.LIMIT}),
        ("a = x" + ".y" * 1000, {NoticeKind.LIMIT}),
        ("a = x" + " ? 1 : 1" * 1000, {NoticeKind.LIMIT}),
        ("a = <<A\n" + "\n" * SIZE + "A\n", set()),
        ("a = <<A\n" + " \n" * SIZE, {NoticeKind.SYNTAX}),
        ("a = <<A\n" + "${" * SIZE + "\nA\n", set()),
        ("a = <<A\n" + "${x}" * SIZE + "\nA\n", set()),
        ('resource "a" "b" {\n' * SIZE, {NoticeKind.SYNTAX, NoticeKind.LIMIT}),
        ("a\n" * SIZE, {NoticeKind.SYNTAX, NoticeKind.LIMIT}),
        ("x {\n" + "a = 1\n" * 1000 + "}\n", {NoticeKind.DUPLICATE_KEY}),
        ('a = "' + "$${" * SIZE + '"', {NoticeKind.SYNTAX}),
        ("/*" * SIZE, {NoticeKind.SYNTAX}),
        ("\x00\ufeff\ud800", {NoticeKind.SYNTAX}),
    ],
    ids=range(20),
)
def test_hostile_texts_end_in_notices(text: str, kinds: set[NoticeKind]) -> None:
    result = parsed(text, "hcl")
    assert {notice.kind for notice in result.notices} == kinds
    assert len(result.notices) <= 60
