"""What ``count``, ``for_each``, ``for``, splats, ``dynamic`` blocks and files yield."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.engine import Options, scan
from afscan.model.subjects import ManagedResource, SecurityGroupRule
from support import stack_of, text_at
from test_terraform import encrypted, switches

DECLARED = """
variable "names" { default = ["b", "a"] }
variable "unset" {}
locals {
  zones = { b = { on = false }, a = { on = true } }
  pairs = [{ k = "x", on = true }, { k = "y", on = false }]
}
resource "aws_ebs_volume" "many" {
  count     = 2
  encrypted = count.index == 1
}
resource "aws_ebs_volume" "each" {
  for_each  = local.zones
  encrypted = each.value.on
}
"""


class TestExpressions:
    @pytest.mark.parametrize(
        ("expression", "meant"),
        [
            ('[for n in var.names : upper(n)] == ["B", "A"]', True),
            ('[for i, n in var.names : "${i}${n}"] == ["0b", "1a"]', True),
            ('[for k, v in local.zones : k if v.on] == ["a"]', True),
            ("{ for p in local.pairs : p.k => p.on }.x", True),
            ('{ for p in local.pairs : "all" => p.k... }.all == ["x", "y"]', True),
            ("local.pairs[*].on == [true, false]", True),
            ("local.pairs.*.on[0]", True),
            ('"x"[*] == ["x"] && null[*] == []', True),
            ("aws_ebs_volume.many[*].encrypted == [false, true]", True),
            ("aws_ebs_volume.many[1].encrypted", True),
            ('aws_ebs_volume.each["a"].encrypted', True),
            ('"%{ for n in var.names }${n},%{ endfor }" == "b,a,"', True),
            ('"%{ if var.names[0] == "b" ~}  yes%{ else }no%{ endif }" == "yes"', True),
            ('tolist(toset(["b", "a", "b"])) == ["a", "b"]', True),
            ('can(tonumber("x")) || !can(local.zones.a)', False),
            ("can(local.zones.none)", False),
            ('try(tonumber("x"), 3) == 3', True),
            ("range(3) == [0, 1, 2] && range(5, 1, -2) == [5, 3] && range(1, 2, 0.5) == [1, 1.5]", True),
            ('setproduct(["a", "b"], ["c"]) == [["a", "c"], ["b", "c"]]', True),
            ('zipmap(["a"], [1]).a == 1', True),
            ('jsondecode("{\\"a\\": [1, true]}").a[1]', True),
            ('yamldecode("a: {b: [x, 2]}").a.b[1] == 2', True),
            ("merge([{ a = 1 }, { b = 2 }]...).b == 2", True),
            ("-5 % 3 == -2", True),
            ('jsonencode({ b = "<é>" }) == "{\\"b\\":\\"\\\\u003cé\\\\u003e\\"}"', True),
            ('yamlencode({ a = [1, { b = true }], c = {} }) == "\\"a\\":\\n- 1\\n- \\"b\\": true\\n\\"c\\": {}\\n"', True),
            ('formatdate("YYYY", "x") == "x" || true', True),
            ('substr("hello", 1, -1) == "ello" && strcontains("ab", "b")', True),
            ('sum([1, 2.5]) == 3.5 && one(["x"]) == "x"', True),
            ('base64decode(base64encode("é")) == "é"', True),
        ],
    )
    def test_known(self, expression: str, meant: bool) -> None:
        found = encrypted(expression, DECLARED)
        assert (found.state, found.value) == ("set", meant)

    @pytest.mark.parametrize(
        ("expression", "reason"),
        [
            ("[for n in var.unset : n][0]", "`var.unset` has no default"),
            ("[for n in var.names : n if var.unset][0]", "`var.unset` has no default"),
            ("[for n in 3 : n][0]", "`[for n in 3 : n]` cannot be evaluated"),
            ("{ for p in local.pairs : 1 => p }.x", "two elements have the key `1`"),
            ("length(range(0, 1000000000)) == 0", "the list is too long"),
            ("can(var.unset)", "`var.unset` has no default"),
            ('jsondecode("{").a', "the text is not read as JSON"),
            ("aws_ebs_volume.each[*].encrypted == []", "`aws_ebs_volume.each` is known only when applied"),
        ],
    )
    def test_unknown(self, expression: str, reason: str) -> None:
        found = encrypted(expression, DECLARED)
        assert (found.state, found.reason) == ("unknown", reason)


class TestInstances:
    def test_instances_that_differ_are_told_apart(self) -> None:
        found = switches(stack_of({"main.tf": DECLARED}))
        assert {name: on.value for name, on in found.items()} == {
            "aws_ebs_volume.many[0]": False,
            "aws_ebs_volume.many[1]": True,
            'aws_ebs_volume.each["a"]': True,
            'aws_ebs_volume.each["b"]': False,
        }

    def test_instances_that_are_alike_are_one(self) -> None:
        text = 'resource "aws_dynamodb_table" "t" {\n  for_each = toset(["a", "b"])\n  name = each.key\n}\n'
        (table,) = stack_of({"main.tf": text}).of(ManagedResource)
        assert (table.name, table.endpoints) == ("aws_dynamodb_table.t", ["a", "b"])

    def test_instances_of_a_module(self) -> None:
        files = {
            "main.tf": 'module "m" {\n  for_each = { a = true, b = false }\n  source = "./m"\n  on = each.value\n}\n'
            'resource "aws_ebs_volume" "x" {\n  encrypted = module.m["a"].on\n}\n',
            "m/main.tf": 'variable "on" {}\nresource "aws_ebs_volume" "v" {\n  encrypted = var.on\n}\noutput "on" { value = var.on }\n',
        }
        found = {name: on.value for name, on in switches(stack_of(files)).items()}
        assert found == {
            "aws_ebs_volume.x": True,
            'module.m["a"].aws_ebs_volume.v': True,
            'module.m["b"].aws_ebs_volume.v': False,
        }

    def test_how_many_there_are_is_not_known(self) -> None:
        text = 'variable "n" {}\nresource "aws_ebs_volume" "v" {\n  count = var.n\n  encrypted = count.index == 0\n}\n'
        found = switches(stack_of({"main.tf": text}))
        assert found["aws_ebs_volume.v"].reason == "`count.index` differs from instance to instance"

    def test_more_instances_than_are_told_apart(self) -> None:
        text = 'resource "aws_ebs_volume" "v" {\n  count = 100000\n  encrypted = count.index == 0\n}\n'
        assert switches(stack_of({"main.tf": text}))["aws_ebs_volume.v"].is_unknown

    def test_dynamic_blocks(self) -> None:
        text = (
            'resource "aws_security_group" "g" {\n  dynamic "ingress" {\n    for_each = { ssh = 22, db = 5432 }\n    iterator = port\n'
            '    content {\n      from_port = port.value\n      to_port = port.value\n      protocol = "tcp"\n'
            '      description = port.key\n      cidr_blocks = ["0.0.0.0/0"]\n    }\n  }\n}\n'
        )
        rules = stack_of({"main.tf": text}).of(SecurityGroupRule)
        assert [rule.from_port.value for rule in rules] == [5432, 22]
        assert text_at(text, rules[0].from_port.place) == "port.value"


class TestFiles:
    def test_a_file_of_the_module(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "m").mkdir()
        (tmp_path / "main.tf").write_text('module "m" {\n  source = "./m"\n}\n')
        policy = '{"Statement": [{"Effect": "Allow", "Action": "*",\n  "Resource": "*"}]}\n'
        (tmp_path / "m" / "policy.json").write_text(policy)
        (tmp_path / "m" / "main.tf").write_text(
            'resource "aws_iam_policy" "p" {\n  policy = file("${path.module}/policy.json")\n}\n'
            'resource "aws_iam_policy" "q" {\n  policy = file("../../../../etc/passwd")\n}\n'
        )
        result = scan(["."], Options(select=("SEC212",)))
        found = [(f.place.path, f.place.line, f.verdict.value) for f in result.findings]
        assert ("m/policy.json", 1, "fail") in found
        assert ("m/main.tf", 5, "unknown") in found
        assert [(n.place.path, n.place.line) for n in result.notices] == [("m/main.tf", 5)]

    def test_a_template_with_values(self) -> None:
        files = {
            "main.tf": 'resource "aws_ebs_volume" "x" {\n'
            '  encrypted = templatefile("app.hcl", { on = true, list = ["a"] }) == "on=true a\\n"\n}\n',
            "app.hcl": "on=${on} %{ for one in list }${one}%{ endfor }\n",
        }
        assert switches(stack_of(files))["aws_ebs_volume.x"].value is True


class TestHostile:
    @pytest.mark.parametrize(
        "text",
        [
            "locals {\n" + "".join(f"  l{n} = [for x in range(1000) : l{n + 1}]\n" for n in range(50)) + "  l50 = 1\n}\n",
            "locals {\n" + "".join(f"  l{n} = concat(local.l{n + 1}, local.l{n + 1})\n" for n in range(60)) + "  l60 = [1]\n}\n",
            'resource "aws_ebs_volume" "a" {\n  for_each = aws_ebs_volume.a["k"].tags\n  encrypted = each.value\n}\n',
            "locals {\n  x = [for a in range(9999) : [for b in range(9999) : [for c in range(9999) : c]]]\n}\n",
            'module "m" {\n  for_each = toset(["a", "b"])\n  source = "./"\n}\n',
            "locals {\n  x = " + '"%{ if true }' * 200 + "%{ endif }" * 200 + '"\n}\n',
            'locals {\n  x = setproduct(range(9999), range(9999))\n  y = chunklist(range(99), 0)\n  z = zipmap(["a"], [])\n}\n',
        ],
    )
    def test_bounded(self, text: str) -> None:
        started = time.process_time()
        stack_of({"main.tf": text + 'resource "aws_ebs_volume" "x" {\n  encrypted = local.x == 1 || local.l0 == 1\n}\n'})
        assert time.process_time() - started < 60


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text('ab é<&"\\\n', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


class TestAgainstPython:
    """The evaluator against the obvious meaning in Python."""

    def holds(self, expression: str) -> bool | None:
        return encrypted(expression).value

    @settings(max_examples=60, deadline=None)
    @given(VALUES)
    def test_json_and_yaml_survive(self, value: object) -> None:
        literal = json.dumps(value, ensure_ascii=False).replace("${", "$${")
        assert self.holds(f"jsondecode(jsonencode({literal})) == {literal}") is True
        assert self.holds(f"yamldecode(yamlencode({literal})) == {literal}") is True

    @settings(max_examples=40, deadline=None)
    @given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 5)), st.integers(0, 5))
    def test_for_expressions(self, table: dict[str, int], limit: int) -> None:
        chosen = [f"{key}{table[key]}" for key in sorted(table) if table[key] > limit]
        written = json.dumps(table)
        assert self.holds(f'[for k, v in {written} : "${{k}}${{v}}" if v > {limit}] == {json.dumps(chosen)}') is True
        groups: dict[str, list[str]] = {}
        for key in sorted(table):
            groups.setdefault(str(table[key]), []).append(key)
        assert self.holds(f"{{ for k, v in {written} : v => k... }} == {json.dumps(groups)}") is True

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
    def test_sets(self, one: list[str], two: list[str]) -> None:
        left, right = json.dumps(one), json.dumps(two)
        assert self.holds(f"tolist(setunion({left}, {right})) == {json.dumps(sorted({*one, *two}))}") is True
        assert self.holds(f"tolist(setintersection({left}, {right})) == {json.dumps(sorted(set(one) & set(two)))}") is True
        assert self.holds(f"tolist(setsubtract({left}, {right})) == {json.dumps(sorted(set(one) - set(two)))}") is True


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed: its own console is not asked")
def test_terraform_itself_agrees(tmp_path: Path) -> None:
    expressions = [
        'yamlencode({a=[1,"x",{b=true,c=null}],d={},e=[],f="é",g={h={i="j"}},k=[[1,2]]})',
        'jsonencode({b="<é&>",a=[1.5,10000000000,null]})',
        '[for k, v in toset(["b","a"]) : "${k}${v}"]',
        "{for k, v in {b=1,a=2} : v => k...}",
        "[{a=1},{a=2}].*.a",
        '"x"[*]',
        "range(5, 1, -2)",
        'try(tonumber("x"), "d")',
        'setproduct(["b","a"],["c"])',
        'format("%s-%d-%v", "a", 1, [1,"b"])',
        "-7 % 3",
        'distinct(["b","a","b"])',
        'flatten([["a"],[["b"],[]]])',
        "merge({a=1}, null, {b=2})",
    ]
    asked = "jsonencode([" + ", ".join(f"jsonencode({one})" for one in expressions) + "])\n"
    told = subprocess.run(["terraform", "console"], input=asked, capture_output=True, text=True, cwd=tmp_path, check=True)
    answers = json.loads(json.loads(told.stdout.strip().splitlines()[-1]))
    for expression, answer in zip(expressions, answers, strict=True):
        literal = json.dumps(answer).replace("${", "$${")
        assert encrypted(f"jsonencode({expression}) == {literal}").value is True, (expression, answer)
