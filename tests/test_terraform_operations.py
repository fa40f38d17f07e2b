"""Terraform: how managed services are kept running, and what a root module says of itself."""

import pytest

from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, TerraformOutput, TerraformRoot, TerraformVariable
from support import stack_of, text_at
from test_terraform_resources import facet, only, resource


class TestDeletion:
    @pytest.mark.parametrize(
        ("body", "snapshot", "protection"),
        [
            ("", False, False),
            ('skip_final_snapshot = true\nfinal_snapshot_identifier = "x"', False, False),
            ("skip_final_snapshot = false", False, False),
            ('final_snapshot_identifier = "x"\ndeletion_protection = true', True, True),
            ("final_snapshot_identifier = var.name\ndeletion_protection = var.on", True, None),
            ('final_snapshot_identifier = "x"\nskip_final_snapshot = var.on', None, False),
        ],
    )
    @pytest.mark.parametrize("kind", ["aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"])
    def test_snapshot_and_protection(self, kind: str, body: str, snapshot: bool | None, protection: bool | None) -> None:
        found = resource(kind, body)
        assert facet(found, "final_snapshot").effective is snapshot
        assert facet(found, "deletion_protection").effective is protection

    def test_the_place_is_what_decides(self) -> None:
        text = 'resource "aws_db_instance" "x" {\n  skip_final_snapshot = true\n}\n'
        assert text_at(text, facet(only(text), "final_snapshot").on.place) == "true"

    @pytest.mark.parametrize("body", ['replicate_source_db = "y"', "lifecycle {\n  prevent_destroy = true\n}"])
    def test_where_nothing_is_lost(self, body: str) -> None:
        found = resource("aws_db_instance", f"skip_final_snapshot = true\n{body}")
        assert found.final_snapshot is None
        assert found.deletion_protection is None


class TestHardeningAndMonitoring:
    def switches(self, found: ManagedResource) -> dict[str, bool | None]:
        return {one.setting: one.effective for one in (*found.hardening, *found.monitoring)}

    @pytest.mark.parametrize(
        ("kind", "body", "wanted"),
        [
            (
                "aws_db_instance",
                'engine = "postgres"',
                {
                    "multi_az": False,
                    "iam_database_authentication_enabled": False,
                    "auto_minor_version_upgrade": True,
                    "performance_insights_enabled": False,
                    "monitoring_interval": False,
                    "enabled_cloudwatch_logs_exports": False,
                },
            ),
            (
                "aws_db_instance",
                'engine = "mariadb"\ninstance_class = "db.t3.micro"\nmulti_az = var.on\nmonitoring_interval = 5',
                {
                    "multi_az": None,
                    "auto_minor_version_upgrade": True,
                    "monitoring_interval": True,
                    "enabled_cloudwatch_logs_exports": False,
                },
            ),
            ("aws_neptune_cluster", 'enable_cloudwatch_logs_exports = ["audit"]', {"enable_cloudwatch_logs_exports": True}),
            ("aws_docdb_cluster", "enabled_cloudwatch_logs_exports = var.types", {"enabled_cloudwatch_logs_exports": None}),
            (
                "aws_elasticache_replication_group",
                'multi_az_enabled = true\nauto_minor_version_upgrade = "false"',
                {"multi_az_enabled": True, "auto_minor_version_upgrade": False},
            ),
        ],
    )
    def test_switches(self, kind: str, body: str, wanted: dict[str, bool | None]) -> None:
        assert self.switches(resource(kind, body)) == wanted

    def test_an_instance_without_its_cluster(self) -> None:
        found = resource("aws_rds_cluster_instance", "cluster_identifier = var.c")
        assert self.switches(found) == {
            "auto_minor_version_upgrade": True,
            "performance_insights_enabled": None,
            "monitoring_interval": None,
        }


class TestLogs:
    @pytest.mark.parametrize(
        ("version", "body", "effective"),
        [
            ('"~> 20.0"', "", True),
            ('"17.24.0"', "", False),
            ("var.v", "", None),
            ('"~> 20.0"', "cluster_enabled_log_types = []", False),
            ('"~> 21.0"', 'enabled_log_types = ["audit"]', True),
            ('"~> 21.0"', "enabled_log_types = []", False),
        ],
    )
    def test_the_registry_module(self, version: str, body: str, effective: bool | None) -> None:
        found = only(f'module "eks" {{\n  source = "terraform-aws-modules/eks/aws"\n  version = {version}\n  {body}\n}}\n')
        assert facet(found, "logs").effective is effective

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("aws_lb", 'load_balancer_type = "network"'),
            ("aws_lb", "load_balancer_type = var.kind"),
            ("aws_elasticache_replication_group", 'engine_version = "5.0.6"'),
            ("aws_elasticache_cluster", 'engine = "memcached"'),
        ],
    )
    def test_what_has_none(self, kind: str, body: str) -> None:
        assert resource(kind, body).logs is None


class TestScans:
    RULE = """
resource "aws_ecr_registry_scanning_configuration" "r" {{
  scan_type = "BASIC"
  rule {{
    scan_frequency = {frequency}
    repository_filter {{
      filter      = {filter}
      filter_type = "WILDCARD"
    }}
  }}
}}
"""

    @pytest.mark.parametrize(
        ("frequency", "chosen", "name", "effective"),
        [
            ('"SCAN_ON_PUSH"', '"*"', "var.n", True),
            ('"CONTINUOUS_SCAN"', '"api"', '"shop/api-v2"', True),
            ('"SCAN_ON_PUSH"', '"api*"', '"shop/api"', False),
            ('"SCAN_ON_PUSH"', '"shop/*"', '"shop/api"', True),
            ('"SCAN_ON_PUSH"', '"shop/*"', "var.n", None),
            ('"SCAN_ON_PUSH"', "var.f", '"shop/api"', None),
            ('"MANUAL"', '"*"', '"shop/api"', False),
            ("var.f", '"*"', '"shop/api"', None),
        ],
    )
    def test_of_a_registry(self, frequency: str, chosen: str, name: str, effective: bool | None) -> None:
        rule = self.RULE.format(frequency=frequency, filter=chosen)
        assert facet(resource("aws_ecr_repository", f"name = {name}", rule), "scan_on_push").effective is effective


class TestRoots:
    def root(self, files: dict[str, str]) -> TerraformRoot | None:
        found = stack_of(files).of(TerraformRoot)
        assert len(found) < 2
        return found[0] if found else None

    @pytest.mark.parametrize(
        ("backend", "kind", "locking"),
        [
            ("", None, None),
            ('backend "local" {}', "local", True),
            ('backend "s3" {}', "s3", None),
            ('backend "s3" {\n bucket = "b"\n key = "k"\n}', "s3", False),
            ('backend "s3" {\n bucket = "b"\n key = "k"\n dynamodb_table = "t"\n}', "s3", True),
            ('backend "s3" {\n use_lockfile = true\n}', "s3", True),
            ('backend "http" {\n address = "https://state.example.com"\n}', "http", False),
            ('backend "azurerm" {}', "azurerm", True),
            ("cloud {}", "cloud", True),
        ],
    )
    def test_backends(self, backend: str, kind: str | None, locking: bool | None) -> None:
        found = self.root({"main.tf": f'terraform {{\n{backend}\n}}\nprovider "aws" {{}}\n'})
        assert found is not None
        assert (found.backend.value, found.locking.value) == (kind, locking)
        assert found.required_version.is_unset

    @pytest.mark.parametrize(
        ("files", "root"),
        [
            ({"main.tf": 'provider "aws" {}\nvariable "a" {}\n'}, True),
            ({"main.tf": 'resource "aws_s3_bucket" "a" {}\n'}, True),
            ({"main.tf": 'variable "a" {}\nresource "aws_s3_bucket" "a" {}\n'}, False),
            ({"main.tf": 'variable "a" {}\nresource "aws_s3_bucket" "a" {}\n', "terraform.tfvars": "a = 1\n"}, True),
            ({"main.tf": 'variable "a" {}\n'}, False),
            ({"examples/main.tf": 'provider "aws" {}\n'}, False),
        ],
    )
    def test_which_modules_are_roots(self, files: dict[str, str], root: bool) -> None:
        assert (self.root(files) is not None) is root


class TestSecrets:
    def stack(self, text: str) -> Stack:
        return stack_of({"main.tf": text})

    @pytest.mark.parametrize(
        ("variable", "kind"),
        [
            ('variable "db_password" {}', "password"),
            ('variable "db_password" {\n type = bool\n}', None),
            ('variable "api_token" {\n default = 30\n}', None),
            ('variable "api_token" {\n default = null\n}', "token"),
            ('variable "region" {}', None),
        ],
    )
    def test_variables(self, variable: str, kind: str | None) -> None:
        found = self.stack(variable + "\n").of(TerraformVariable)
        assert [one.credential for one in found] == ([kind] if kind else [])

    @pytest.mark.parametrize(
        ("value", "exposed"),
        [
            ("var.db_password", "var.db_password"),
            ('"x:${var.db_password}"', "var.db_password"),
            ("{ a = [var.db_password] }", "var.db_password"),
            ("var.on ? var.db_password : null", "var.db_password"),
            ("random_password.a.result", "random_password.a.result"),
            ("aws_iam_access_key.a[0].secret", "aws_iam_access_key.a[0].secret"),
            ("sha256(var.db_password)", None),
            ("nonsensitive(var.db_password)", None),
            ("aws_db_instance.a.master_user_secret[0].secret_arn", None),
            ("data.aws_secretsmanager_secret.password", None),
            ("local.db_password", None),
        ],
    )
    def test_outputs(self, value: str, exposed: str | None) -> None:
        text = f'variable "db_password" {{}}\noutput "o" {{\n  value = {value}\n}}\n'
        (found,) = self.stack(text).of(TerraformOutput)
        assert found.exposes.is_set is (exposed is not None)
        if exposed is not None:
            assert text_at(text, found.exposes.place) == exposed
