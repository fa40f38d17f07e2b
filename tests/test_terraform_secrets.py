"""Secrets and dependencies in Terraform."""

import pytest

from afscan.model.subjects import Credential, Dependency, Origin
from support import stack_of, text_at


class TestDependencies:
    def pinned(self, files: dict[str, str]) -> dict[str, bool | None]:
        return {found.name: found.pinned.value for found in stack_of(files).of(Dependency)}

    @pytest.mark.parametrize(
        ("source", "rest", "pinned"),
        [
            ("terraform-aws-modules/vpc/aws", "", False),
            ("terraform-aws-modules/vpc/aws", 'version = "5.1.0"', True),
            ("terraform-aws-modules/iam/aws//modules/user", "", False),
            ("app.terraform.io/org/vpc/aws", 'version = "~> 1.2"', True),
            ("terraform-aws-modules/vpc/aws", "version = var.v", None),
            ("git::https://example.com/vpc.git", "", False),
            ("git::https://example.com/vpc.git?ref=v1.2.0", "", True),
            ("git::https://example.com/vpc.git?ref=main", "", False),
            ("git@github.com:org/repo.git", "", False),
            ("github.com/org/repo", "", False),
        ],
    )
    def test_modules(self, source: str, rest: str, pinned: bool | None) -> None:
        text = f'module "m" {{\n  source = "{source}"\n  {rest}\n}}\n'
        assert self.pinned({"main.tf": text}) == {f"module m ({source})": pinned}

    def test_what_is_no_dependency_by_version(self) -> None:
        text = 'module "m" {\n  source = "https://example.com/vpc-1.2.zip"\n}\nmodule "l" {\n  source = "./l"\n}\n'
        assert self.pinned({"main.tf": text, "l/main.tf": ""}) == {}

    PROVIDERS = (
        'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n    null = "~> 3.0"\n'
        '    google = {\n      source = "hashicorp/google"\n      version = ">= 4.0"\n    }\n  }\n}\n'
    )

    def test_providers(self) -> None:
        found = stack_of({"main.tf": self.PROVIDERS}).of(Dependency)
        assert {d.name: d.pinned.value for d in found} == {"provider aws": False, "provider null": True, "provider google": True}
        assert text_at(self.PROVIDERS, found[0].place) == "aws"
        assert found[0].version.is_unset

    def test_a_lock_file_pins_providers(self) -> None:
        lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.31.0"\n  hashes = ["h1:x"]\n}\n'
        assert self.pinned({"main.tf": self.PROVIDERS, ".terraform.lock.hcl": lock})["provider aws"] is True
        assert self.pinned({"a/main.tf": self.PROVIDERS, ".terraform.lock.hcl": lock})["provider aws"] is False


class TestSecrets:
    def credentials(self, text: str, **files: str) -> list[Credential]:
        return stack_of({"main.tf": text, **files}).of(Credential)

    def test_literals(self) -> None:
        text = 'resource "aws_db_instance" "x" {\n  password = "V3ry-s3cret"\n}\n'
        found = self.credentials(text)[0]
        assert (found.key, found.kind, found.origin, found.holder) == ("password", "password", Origin.LITERAL, "terraform")
        assert text_at(text, found.value.place) == '"V3ry-s3cret"'

    def test_references(self) -> None:
        text = 'variable "p" { sensitive = true }\nresource "aws_db_instance" "x" {\n  password = var.p\n}\n'
        found = self.credentials(text)
        assert [(c.origin, c.value.is_unknown, text_at(text, c.value.place)) for c in found] == [
            (Origin.REFERENCE, True, "var.p")
        ]

    def test_a_default_is_told_once_at_the_default(self) -> None:
        text = (
            'variable "db_password" { default = "V3ry-s3cret" }\n'
            'resource "aws_db_instance" "x" {\n  password = var.db_password\n}\n'
            'resource "aws_rds_cluster" "y" {\n  master_password = var.db_password\n}\n'
        )
        found = self.credentials(text)
        assert [(c.origin, text_at(text, c.value.place)) for c in found] == [(Origin.LITERAL, '"V3ry-s3cret"')]

    def test_unused_defaults_locals_and_variable_files(self) -> None:
        files = {
            "main.tf": 'variable "api_token" { default = "aV3rys3cretT0ken" }\nlocals { smtp_password = "V3ry-s3cret" }\n',
            "prod.tfvars": 'db_password = "V3ry-s3cret2"\n',
        }
        found = stack_of(files).of(Credential)
        assert {text_at(files, c.value.place) for c in found} == {'"aV3rys3cretT0ken"', '"V3ry-s3cret"', '"V3ry-s3cret2"'}

    def test_inside_objects_and_encoded_objects(self) -> None:
        text = (
            'resource "aws_secretsmanager_secret_version" "v" {\n  secret_string = jsonencode({ password = "V3ry-s3cret" })\n}\n'
            'resource "aws_lambda_function" "f" {\n  environment {\n'
            '    variables = { DATABASE_URL = "postgres://u:V3ry-s3cret@db/x" }\n  }\n}\n'
        )
        found = self.credentials(text)
        assert [text_at(text, c.value.place) for c in found if c.value.is_set] == ['"V3ry-s3cret"', "V3ry-s3cret"]
        assert found[-1].in_url

    def test_a_value_is_named_by_the_name_beside_it(self) -> None:
        text = (
            'resource "helm_release" "r" {\n  set {\n    name  = "auth.password"\n    value = "V3ry-s3cret"\n  }\n'
            '  set {\n    name  = "auth.passwordPolicy"\n    value = "V3ry-s3cret"\n  }\n}\n'
        )
        found = self.credentials(text)
        assert [(c.key, c.value.place.line) for c in found] == [("auth.password", 4)]

    @pytest.mark.parametrize(
        "attribute",
        [
            "manage_master_user_password = true",
            'password_length = "16"',
            'tags = { password = "V3ry-s3cret" }',
            'name = "db-password"',
            'endpoint = "https://example.com/hook"',
        ],
    )
    def test_what_is_none(self, attribute: str) -> None:
        assert self.credentials(f'resource "aws_x" "y" {{\n  {attribute}\n}}\n') == []
