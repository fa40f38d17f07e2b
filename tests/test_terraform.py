"""Terraform: modules put together, expressions evaluated, places kept."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, TerraformFile
from afscan.model.value import Value
from support import stack_of, text_at

VOLUME = 'resource "aws_ebs_volume" "{name}" {{\n  encrypted = {value}\n}}\n'


def encrypted(value: str, declarations: str = "", **files: str) -> Value[bool]:
    """What an expression evaluates to where a boolean is expected."""
    named = {name.replace("__", "/").replace("_tf", ".tf").replace("-", "."): text for name, text in files.items()}
    stack = stack_of({"main.tf": declarations + VOLUME.format(name="x", value=value), **named})
    return switches(stack)["aws_ebs_volume.x"]


def switches(stack: Stack) -> dict[str, Value[bool]]:
    return {r.name: r.storage_encrypted.on for r in stack.of(ManagedResource) if r.storage_encrypted is not None}


class TestExpressions:
    @pytest.mark.parametrize(
        ("expression", "meant"),
        [
            ("true", True),
            ('"true"', True),
            ("var.on", True),
            ("!var.on", False),
            ("local.prod", True),
            ('var.env == "prod"', True),
            ('"${var.env}-x" == "prod-x"', True),
            ('var.env != "prod" || var.on', True),
            ("false && var.unset", False),
            ("true || var.unset", True),
            ("var.count > 2 && var.count <= 3", True),
            ("var.count * 2 + 1 == 7", True),
            ('var.env == "prod" ? var.on : false', True),
            ("var.unset ? true : true", True),
            ("local.map.on", True),
            ('local.map["on"]', True),
            ("local.map[local.key]", True),
            ("local.list[1]", True),
            ('lookup(local.map, "none", false)', False),
            ('lookup(local.map, "on")', True),
            ("merge({ on = false }, local.map).on", True),
            ("concat([false], [true])[1]", True),
            ("coalesce(null, true)", True),
            ("try(local.map.none, true)", True),
            ("try(local.map.on, false)", True),
            ("length(local.list) == 2", True),
            ('length(toset(["a", "a"])) == 1', True),
            ('upper(lower("A")) == "A"', True),
            ('tostring(1) == "1" && tonumber("2") == 2', True),
            ('tobool("true")', True),
            ('jsonencode({ b = [1, null], a = "x" }) == "{\\"a\\":\\"x\\",\\"b\\":[1,null]}"', True),
            ('join(",", ["a", "b"]) == "a,b"', True),
            ('split(",", "a,b")[1] == "b"', True),
            ('format("%s-%d%%", "a", 1) == "a-1%"', True),
            ('replace("a.b", ".", "-") == "a-b"', True),
            ('contains(["a", "b"], "b")', True),
            ("alltrue([true, false])", False),
            ("1 == true", False),
            ("aws_ebs_volume.other.encrypted", False),
        ],
    )
    def test_known(self, expression: str, meant: bool) -> None:
        declarations = """
variable "on" { default = true }
variable "env" { default = "prod" }
variable "count" { default = 3 }
variable "unset" {}
locals {
  prod = var.env == "prod"
  key  = "on"
  map  = { on = var.on }
  list = [false, local.prod]
}
resource "aws_ebs_volume" "other" { encrypted = false }
"""
        found = encrypted(expression, declarations)
        assert (found.state, found.value) == ("set", meant)

    @pytest.mark.parametrize(
        ("expression", "reason"),
        [
            ("var.unset", "`var.unset` has no default"),
            ("var.missing", "`var.missing` is not declared here"),
            ("local.missing", "`local.missing` is not declared here"),
            ("data.aws_x.y.on", "`data.aws_x.y.on` is known only when applied"),
            ("aws_kms_key.k.enabled", "`aws_kms_key.k.enabled` is known only when applied"),
            ("aws_ebs_volume.x.encrypted", "`aws_ebs_volume.x.encrypted` is known only when applied"),
            ("module.registry.on", "`module.registry.on` is known only when applied"),
            ("each.value.on", "`each.value.on` differs from instance to instance"),
            ("count.index == 0", "`count.index` differs from instance to instance"),
            ("local.circle", "`local.circle` refers to itself"),
            ("var.unset && true", "`var.unset` has no default"),
            ("var.unset ? true : false", "`var.unset` has no default"),
            ('"${var.unset}x" == "x"', "`var.unset` has no default"),
            ('file("x")', "`x` is not read: it is not part of this stack"),
            ('filesha256("x")', "the result of `filesha256` is not evaluated"),
            ("local.list[7]", "`local.list[7]` leads to nothing"),
            ("[for v in [var.unset] : v][0]", "`var.unset` has no default"),
            ("[for v in local.list : v if var.unset][0]", "`var.unset` has no default"),
            ('try(file("x"), true)', "`x` is not read: it is not part of this stack"),
            ("try(var.unset, true)", "`var.unset` has no default"),
            ("1 / 0 == 1", "`1 / 0` cannot be evaluated"),
        ],
    )
    def test_unknown(self, expression: str, reason: str) -> None:
        declarations = 'variable "unset" {}\nlocals {\n  list = [true]\n  circle = local.back\n  back = local.circle\n}\n'
        found = encrypted(expression, declarations)
        assert (found.state, found.reason) == ("unknown", reason)

    def test_the_place_is_the_value_in_the_resource(self) -> None:
        files = {"main.tf": 'variable "on" { default = false }\n' + VOLUME.format(name="x", value="var.on")}
        found = switches(stack_of(files))["aws_ebs_volume.x"]
        assert found.value is False
        assert text_at(files, found.place) == "var.on"
        assert found.place.line == 3

    def test_unset_is_placed_at_the_resource(self) -> None:
        files = {"main.tf": '# x\nresource "aws_ebs_volume" "x" {\n  encrypted = null\n}\n'}
        found = switches(stack_of(files))["aws_ebs_volume.x"]
        assert found.is_unset
        assert text_at(files, found.place) == 'resource "aws_ebs_volume" "x"'

    def test_a_wrong_type_is_unknown_and_noted(self) -> None:
        files = {"main.tf": VOLUME.format(name="x", value='"maybe"')}
        stack = stack_of(files)
        assert switches(stack)["aws_ebs_volume.x"].is_unknown
        assert [(n.kind, text_at(files, n.place)) for n in stack.notices] == [(NoticeKind.WRONG_TYPE, '"maybe"')]

    @pytest.mark.parametrize(
        ("argument", "count"),
        [
            ("count = 0", 0),
            ("count = var.no ? 1 : 0", 0),
            ("for_each = {}", 0),
            ("for_each = toset([])", 0),
            ("count = 2", 1),
            ("count = var.unset", 1),
            ('for_each = toset(["a"])', 1),
        ],
    )
    def test_resources_without_instances_do_not_exist(self, argument: str, count: int) -> None:
        text = f'variable "no" {{ default = false }}\nvariable "unset" {{}}\nresource "aws_ebs_volume" "x" {{\n  {argument}\n}}\n'
        assert len(stack_of({"main.tf": text}).of(ManagedResource)) == count


class TestModules:
    def test_files_of_a_directory_are_one_module_and_directories_are_apart(self) -> None:
        files = {
            "a/main.tf": VOLUME.format(name="a", value="var.on"),
            "a/variables.tf": 'variable "on" { default = true }',
            "b/main.tf": VOLUME.format(name="b", value="var.on"),
        }
        found = switches(stack_of(files))
        assert found["aws_ebs_volume.a"].value is True
        assert found["aws_ebs_volume.b"].reason == "`var.on` is not declared here"

    def test_variable_files(self) -> None:
        files = {
            "main.tf": 'variable "a" { default = false }\nvariable "b" {}\nvariable "c" { default = false }\n'
            + "".join(VOLUME.format(name=name, value=f"var.{name}") for name in "abc"),
            "terraform.tfvars": "a = true\nb = false\n",
            "later.auto.tfvars": "b = true\n",
            "prod.tfvars": "c = true\n",
        }
        found = switches(stack_of(files))
        assert [found[f"aws_ebs_volume.{name}"].value for name in "abc"] == [True, True, False]

    def test_override_files(self) -> None:
        files = {
            "main.tf": 'resource "aws_ebs_volume" "x" {\n  encrypted = false\n  size = 1\n}\n',
            "main_override.tf": 'resource "aws_ebs_volume" "x" {\n  encrypted = true\n}\n',
        }
        stack = stack_of(files)
        found = switches(stack)["aws_ebs_volume.x"]
        assert found.value is True
        assert found.place.path == "main_override.tf"
        assert len(stack.of(ManagedResource)) == 1

    CHILD = 'variable "on" { default = false }\nvariable "other" { default = true }\n' + VOLUME.format(name="v", value="var.on")

    def test_a_called_module_is_judged_as_it_is_called(self) -> None:
        files = {
            "live/main.tf": 'locals { yes = true }\nmodule "disk" {\n  source = "../modules/disk"\n  on = local.yes\n}\n',
            "modules/disk/main.tf": self.CHILD,
        }
        stack = stack_of(files)
        found = switches(stack)
        assert list(found) == ["module.disk.aws_ebs_volume.v"]
        assert found["module.disk.aws_ebs_volume.v"].value is True
        assert found["module.disk.aws_ebs_volume.v"].place.path == "modules/disk/main.tf"
        assert stack.notices == []

    def test_each_call_is_judged(self) -> None:
        files = {
            "main.tf": 'module "a" {\n  source = "./m"\n  on = true\n}\nmodule "b" {\n  source = "./m"\n}\n'
            'module "c" {\n  source = "./m"\n  count = 0\n}\n',
            "m/main.tf": self.CHILD,
        }
        found = switches(stack_of(files))
        assert {name: value.value for name, value in found.items()} == {
            "module.a.aws_ebs_volume.v": True,
            "module.b.aws_ebs_volume.v": False,
        }

    def test_outputs(self) -> None:
        files = {
            "main.tf": 'module "m" { source = "./m" }\n' + VOLUME.format(name="x", value="module.m.on"),
            "m/main.tf": 'variable "v" { default = true }\noutput "on" { value = var.v }\n',
        }
        assert switches(stack_of(files))["aws_ebs_volume.x"].value is True

    def test_null_inputs(self) -> None:
        files = {
            "main.tf": 'module "m" {\n  source = "./m"\n  a = null\n  b = null\n}\n',
            "m/main.tf": 'variable "a" { default = true }\nvariable "b" {\n  default = true\n  nullable = false\n}\n'
            + VOLUME.format(name="a", value="var.a")
            + VOLUME.format(name="b", value="var.b"),
        }
        found = switches(stack_of(files))
        assert found["module.m.aws_ebs_volume.a"].is_unset
        assert found["module.m.aws_ebs_volume.b"].value is True

    def test_a_module_that_is_not_here_is_noted(self) -> None:
        files = {"main.tf": 'module "m" {\n  source = "./gone"\n}\n'}
        stack = stack_of(files)
        assert [(n.kind, text_at(files, n.place)) for n in stack.notices] == [(NoticeKind.UNRESOLVED, '"./gone"')]

    def test_modules_that_call_each_other_end(self) -> None:
        files = {
            "a/main.tf": 'module "b" { source = "../b" }\n' + VOLUME.format(name="a", value="true"),
            "b/main.tf": 'module "a" { source = "../a" }\n' + VOLUME.format(name="b", value="true"),
        }
        stack = stack_of(files)
        assert [notice.kind for notice in stack.notices] == [NoticeKind.LIMIT]
        assert set(switches(stack)) == {"aws_ebs_volume.a", "module.b.aws_ebs_volume.b"}

    def test_a_module_that_multiplies_itself_ends(self) -> None:
        files = {f"m{n}/main.tf": "".join(f'module "x{i}" {{ source = "../m{n + 1}" }}\n' for i in range(8)) for n in range(8)}
        files["m8/main.tf"] = VOLUME.format(name="x", value="true")
        stack = stack_of(files)
        assert NoticeKind.LIMIT in {notice.kind for notice in stack.notices}

    def test_locals_that_multiply_end(self) -> None:
        chain = "".join(f"  l{n + 1} = concat(local.l{n}, local.l{n})\n" for n in range(14))
        found = encrypted("length(local.l14) > 1", 'locals {\n  l0 = ["x", "y"]\n' + chain + "}\n")
        assert found.reason == "the list is too long"
        chain = "".join(f'  l{n + 1} = "${{local.l{n}}}${{local.l{n}}}"\n' for n in range(18))
        found = encrypted('local.l18 == ""', 'locals {\n  l0 = "xy"\n' + chain + "}\n")
        assert found.reason == "the text is too long"

    def test_a_long_chain_of_locals_ends(self) -> None:
        chain = "".join(f"  l{n} = local.l{n + 1}\n" for n in range(3000))
        assert encrypted("local.l0", "locals {\n" + chain + "}\n").reason == "there is too much to evaluate"

    def test_fenced_blocks_are_modules_of_their_own(self) -> None:
        text = (
            "# Doc\n\n```hcl\n# infra/main.tf\n" + VOLUME.format(name="a", value="var.on") + "```\n\n"
            "```hcl\n# infra/variables.tf\n" + 'variable "on" { default = true }\n' + "```\n\n"
            "```hcl\n" + VOLUME.format(name="b", value="var.on") + "```\n"
        )
        files = {"README.md": text}
        found = switches(stack_of(files))
        assert found["aws_ebs_volume.a"].value is True
        assert text_at(files, found["aws_ebs_volume.a"].place) == "var.on"
        assert found["aws_ebs_volume.b"].reason == "`var.on` is not declared here"


class TestJson:
    def test_json_configuration(self) -> None:
        text = """{
  "variable": {"on": {"default": true}},
  "locals": {"name": "x-${var.on}"},
  "resource": {
    "aws_ebs_volume": {
      "a": {"encrypted": "${var.on}"},
      "b": [{"encrypted": false}]
    },
    "aws_eks_cluster": {"c": {"name": "${local.name}", "vpc_config": {"public_access_cidrs": ["10.0.0.0/8"]}}}
  }
}
"""
        files = {"main.tf.json": text}
        stack = stack_of(files)
        found = switches(stack)
        assert found["aws_ebs_volume.a"].value is True
        assert text_at(files, found["aws_ebs_volume.a"].place) == '"${var.on}"'
        assert found["aws_ebs_volume.b"].value is False
        cluster = next(r for r in stack.of(ManagedResource) if r.kind == "aws_eks_cluster")
        assert cluster.endpoints == ["x-true"]
        assert cluster.public is not None
        assert text_at(files, cluster.public.on.place) == '"10.0.0.0/8"'

    def test_json_variables(self) -> None:
        files = {
            "main.tf": 'variable "on" {}\n' + VOLUME.format(name="x", value="var.on"),
            "terraform.tfvars.json": '{"on": true}',
        }
        assert switches(stack_of(files))["aws_ebs_volume.x"].value is True

    def test_odd_shapes_are_noted(self) -> None:
        stack = stack_of(
            {"main.tf.json": '{"resource": {"aws_ebs_volume": "x", "a": [1], "b": null}}', "x.tf": 'resource "a" {}\n'}
        )
        assert {notice.kind for notice in stack.notices} == {NoticeKind.WRONG_TYPE}
        assert len(stack.notices) == 3


def test_every_file_is_kept_for_later() -> None:
    stack = stack_of({"main.tf": "", "x.tfvars": "a = 1\n", ".terraform.lock.hcl": ""})
    assert sorted((file.file, file.role) for file in stack.of(TerraformFile)) == [
        (".terraform.lock.hcl", "lock"),
        ("main.tf", "configuration"),
        ("x.tfvars", "variables"),
    ]
    assert [scope.module.directory for scope in stack.joined["terraform"]] == [""]
