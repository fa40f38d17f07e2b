"""Registry modules judged by their inputs, references to what nobody declares, containers of ECS tasks."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, Credential, Dependency, ManagedResource, Origin
from afscan.model.terraform import IamStatement, ModuleInput, TerraformReference
from support import stack_of, text_at

RDS = """
module "db" {
  source  = "terraform-aws-modules/rds/aws"
  version = "VERSION"

  identifier = "shop"
  engine     = "postgres"
  engine_version = "14"
  backup_retention_period = 3
  INPUT
}
"""


def made(text: str, name: str = "module.db") -> ManagedResource:
    return {one.name: one for one in stack_of({"main.tf": text}).of(ManagedResource)}[name]


class TestRegistryModules:
    def rds(self, given: str = "", version: str = "~> 6.0") -> str:
        return RDS.replace("INPUT", given).replace("VERSION", version)

    def test_a_database(self) -> None:
        text = self.rds()
        found = made(text)
        assert (found.kind, found.product, found.endpoints) == ("aws_db_instance", "postgres", ["shop"])
        assert found.backup_days is not None
        assert text_at(text, found.backup_days.place) == "3"
        assert found.storage_encrypted is not None
        assert (found.storage_encrypted.on.is_unset, found.storage_encrypted.effective) == (True, True)
        assert text_at(text, found.place) == 'module "db"'
        assert stack_of({"main.tf": text}).notices == []

    def test_what_the_call_says_counts(self) -> None:
        text = self.rds("storage_encrypted = false")
        found = made(text).storage_encrypted
        assert found is not None
        assert (found.effective, text_at(text, found.on.place)) == (False, "false")

    def test_the_final_snapshot_has_a_name_of_the_module_s(self) -> None:
        kept, skipped = made(self.rds()).final_snapshot, made(self.rds("skip_final_snapshot = true")).final_snapshot
        assert kept is not None
        assert skipped is not None
        assert (kept.effective, skipped.effective) == (True, False)

    def test_parameters(self) -> None:
        text = self.rds('parameters = [{ name = "rds.force_ssl", value = "1" }, { name = "max_connections", value = 50 }]')
        found = made(text)
        assert found.transit_encrypted is not None
        assert (found.transit_encrypted.effective, text_at(text, found.transit_encrypted.on.place)) == (True, '"1"')
        assert found.max_connections is not None
        assert found.max_connections.value == 50
        assert found.parameters is not None
        assert {name: one.value for name, one in found.parameters.items()} == {"rds.force_ssl": "1", "max_connections": "50"}

    @pytest.mark.parametrize("version", ["~> 2.0", "1.2.3"])
    def test_versions_that_are_not_known_are_noted(self, version: str) -> None:
        stack = stack_of({"main.tf": self.rds(version=version)})
        assert stack.of(ManagedResource) == []
        assert [notice.kind for notice in stack.notices] == [NoticeKind.UNRESOLVED]

    def test_nothing_is_made(self) -> None:
        assert stack_of({"main.tf": self.rds("create_db_instance = false")}).of(ManagedResource) == []

    def test_a_cache(self) -> None:
        text = 'module "c" {\n  source = "terraform-aws-modules/elasticache/aws"\n  replication_group_id = "c"\n}\n'
        found = made(text, "module.c")
        for facet in (found.storage_encrypted, found.transit_encrypted, found.logs):
            assert facet is not None
            assert facet.effective is True

    def test_inputs_that_were_removed(self) -> None:
        text = 'module "e" {\n  source = "terraform-aws-modules/eks/aws"\n  version = "~> 18.2"\n  node_groups = {}\n  cluster_name = "x"\n}\n'
        found = stack_of({"main.tf": text}).of(ModuleInput)
        assert [(one.input, one.absent.value, one.instead) for one in found] == [
            ("node_groups", True, "eks_managed_node_groups"),
            ("cluster_name", False, "name"),
        ]
        assert text_at(text, found[0].absent.place) == "node_groups"


class TestReferences:
    def test_each_once_with_all_its_places(self) -> None:
        text = 'locals {\n  a = var.x\n  b = [for var_y in var.x : aws_vpc.main[var.i].id]\n}\nvariable "i" {}\n'
        found = {one.target: one for one in stack_of({"main.tf": text}).of(TerraformReference)}
        assert {name: one.declared.value for name, one in found.items()} == {
            "var.x": False,
            "var.i": True,
            "aws_vpc.main": False,
        }
        assert text_at(text, found["var.x"].declared.place) == "var.x"
        assert [text_at(text, place) for place in found["var.x"].others] == ["var.x"]
        assert text_at(text, found["aws_vpc.main"].declared.place) == "aws_vpc.main[var.i].id"

    def test_another_file_of_the_folder_declares_it_another_folder_does_not(self) -> None:
        files = {
            "a/main.tf": 'output "x" {\n  value = var.x\n}\n',
            "a/vars.tf": 'variable "x" {}\n',
            "b/main.tf": "locals {\n  y = var.x\n}\n",
        }
        found = {(one.module, one.target): one.declared.value for one in stack_of(files).of(TerraformReference)}
        assert found == {("a", "var.x"): True, ("b", "var.x"): False}

    def test_a_file_that_could_not_be_read_may_declare_it(self) -> None:
        files = {"main.tf": "locals {\n  y = var.x\n}\n", "vars.tf": 'variable "x" {\n  type = = 1\n}\n'}
        (found,) = stack_of(files).of(TerraformReference)
        assert found.declared.is_unknown

    def test_opentofu_reads_its_own_file_instead(self) -> None:
        files = {"main.tf": 'variable "x" {}\n', "main.tofu": 'variable "y" {}\nlocals {\n  a = [var.x, var.y]\n}\n'}
        found = {one.target: one.declared.value for one in stack_of(files).of(TerraformReference)}
        assert found == {"var.x": False, "var.y": True}


TASK = """
variable "tag" {}
variable "password" { default = "Correct-Horse-7" }
resource "aws_ecs_task_definition" "app" {
  family       = "app"
  network_mode = "host"
  cpu          = "512"
  memory       = 1024
  volume {
    name      = "data"
    host_path = "/var/run"
  }
  container_definitions = <<-JSON
    [
      {
        "name": "api",
        "image": "acme/api:${var.tag}",
        "user": "1000:1000",
        "memory": ${1 + 255},
        "privileged": true,
        "environment": [{"name": "DB_PASSWORD", "value": "${var.password}"}, {"name": "KEY", "value": "x${var.tag}"}],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:x"}],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/run", "readOnly": true}],
        "portMappings": [{"containerPort": 8080}],
        "healthCheck": {"command": ["CMD-SHELL", "test -f /ok"]},
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}}
      },
      {"name": "side", "image": "acme/side:1", "cpu": ${var.tag}}
    ]
  JSON
}
resource "aws_ecs_service" "app" {
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = 3
  load_balancer {
    container_name = "side"
  }
}
"""


class TestTasks:
    def test_a_heredoc_with_expressions(self) -> None:
        stack = stack_of({"main.tf": TASK})
        assert stack.notices == []
        api, side = stack.of(Container)
        assert (api.name, api.workload.replicas.value) == ("aws_ecs_task_definition.app, container api", 3)
        assert not api.workload.runs_to_completion
        assert (api.user.value, text_at(TASK, api.user.place)) == ("1000", '"1000:1000"')
        assert (api.privileged.value, text_at(TASK, api.privileged.place)) == (True, "true")
        assert (api.memory_limit.value, text_at(TASK, api.memory_limit.place)) == (256 * 1024 * 1024, "${1 + 255}")
        assert api.image is not None
        assert (api.image.reference.is_unknown, api.image.written) == (True, "acme/api:${var.tag}")
        assert text_at(TASK, api.image.reference.place) == '"image"'
        assert [one.value for one in api.capabilities_dropped] == ["ALL"]
        assert [(mount.kind, mount.source.value, mount.read_only) for mount in api.mounts] == [("host", "/var/run", True)]
        assert [port.port.value for port in api.ports] == [8080]
        probe = api.liveness.value
        assert probe is not None
        assert probe.command is not None
        assert probe.command.value == ["/bin/sh", "-c", "test -f /ok"]
        assert {name: one.origin for name, one in api.environment.items()} == {
            "DB_PASSWORD": Origin.REFERENCE,
            "KEY": Origin.REFERENCE,
            "TOKEN": Origin.REFERENCE,
        }
        assert [(one.kind, one.shared.value) for one in api.host_namespaces] == [("network", True)]
        assert (side.memory_limit.value, side.cpu_limit.value) == (1024**3, 0.5)
        assert side.cpu_request.is_unknown
        assert side.liveness.is_set

    def test_jsonencode_of_a_local(self) -> None:
        text = (
            'locals {\n  image = "redis:7"\n  all = [for n in ["a", "b"] : { name = n, image = local.image, privileged = n == "a" }]\n}\n'
            'resource "aws_ecs_task_definition" "t" {\n  requires_compatibilities = ["FARGATE"]\n'
            "  container_definitions = jsonencode(local.all)\n}\n"
        )
        found = stack_of({"main.tf": text}).of(Container)
        assert [(one.name.rpartition(" ")[2], one.privileged.value) for one in found] == [("a", True), ("b", False)]
        assert found[0].workload.runs_to_completion
        assert found[0].privilege_escalation.is_unknown
        assert found[0].image is not None
        assert found[0].image.repository == "redis"

    @pytest.mark.parametrize("value", ["var.unset", '"[{"', "jsonencode(data.x.y.z)", 'file("none.json")'])
    def test_what_is_not_known_is_noted(self, value: str) -> None:
        text = f'resource "aws_ecs_task_definition" "t" {{\n  container_definitions = {value}\n}}\n'
        stack = stack_of({"main.tf": text})
        assert [(n.kind, text_at(text, n.place)) for n in stack.notices] == [(NoticeKind.PARTIAL, "container_definitions")]
        assert stack.of(Container) == []


class TestPolicies:
    def test_a_document_in_a_data_source_is_read_once(self) -> None:
        text = (
            'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:*"]\n    resources = ["*"]\n  }\n}\n'
            'resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
        )
        (found,) = stack_of({"main.tf": text}).of(IamStatement)
        assert (found.name, [one.value for one in found.actions]) == ("data.aws_iam_policy_document.d, statement 1", ["s3:*"])
        assert text_at(text, found.actions[0].place) == '"s3:*"'

    def test_inline_policies_and_single_statements(self) -> None:
        text = (
            'resource "aws_iam_role" "r" {\n  inline_policy {\n    policy = <<-P\n'
            '      {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}\n    P\n  }\n}\n'
        )
        (found,) = stack_of({"main.tf": text}).of(IamStatement)
        assert [one.value for one in found.not_actions] == ["iam:*"]
        assert text_at(text, found.not_actions[0].place) == '"iam:*"'


class TestReleases:
    def release(self, body: str) -> str:
        return f'variable "p" {{}}\nresource "helm_release" "r" {{\n  chart = "redis"\n  repository = "https://charts.example.com"\n{body}\n}}\n'

    @pytest.mark.parametrize(
        ("version", "pinned"),
        [
            ('version = "19.6.4"', True),
            ('version = "^3.12"', True),
            ('version = "3.x"', True),
            ('version = ">= 3, < 4"', True),
            ('version = ">= 3.0"', False),
            ('version = "*"', False),
            ("", False),
            ("version = var.p", None),
        ],
    )
    def test_the_version_of_a_chart(self, version: str, pinned: bool | None) -> None:
        (chart,) = stack_of({"main.tf": self.release(version)}).of(Dependency)
        assert (chart.kind, chart.name, chart.pinned.value) == ("helm-chart", "chart redis", pinned)

    def test_a_chart_of_this_repository_is_fetched_from_nowhere(self) -> None:
        text = 'resource "helm_release" "r" {\n  chart = "${path.module}/charts/app"\n}\n'
        assert stack_of({"main.tf": text}).of(Dependency) == []

    def test_secrets_in_values(self) -> None:
        text = self.release(
            "  values = [\n    <<-Y\n      auth:\n        password: pK7vQ2mZ9xL4\n        replicas: ${var.p}\n    Y\n"
            '    , yamlencode({ admin = { password = "vB8wM3nX5qR1" }, existingSecret = "redis-auth" })\n  ]'
        )
        found = stack_of({"main.tf": text}).of(Credential)
        shown = {text_at(text, one.value.place) for one in found if one.value.is_set}
        assert shown == {"pK7vQ2mZ9xL4", '"vB8wM3nX5qR1"'}
