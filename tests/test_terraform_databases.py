"""Databases and caches in Terraform: effective settings by engine, version and parameter group."""

import pytest

from afscan.model.subjects import Authentication, Login, ManagedResource
from support import stack_of, text_at
from test_terraform_resources import PUBLIC, STORAGE, TRANSIT, facet, only, resource


class TestDatabases:
    GROUP = """
resource "aws_db_parameter_group" "pg" {
  name = "pg"
  parameter {
    name  = "rds.force_ssl"
    value = "0"
  }
  parameter {
    name  = "max_connections"
    value = 250
  }
}
resource "aws_db_parameter_group" "bare" {}
"""

    def postgres(self, body: str) -> ManagedResource:
        return resource("aws_db_instance", 'engine = "postgres"\n' + body, self.GROUP)

    @pytest.mark.parametrize(
        ("body", "effective"),
        [
            ("", True),
            ('engine_version = "15.4"', True),
            ('engine_version = "14"', False),
            ("engine_version = var.v", None),
            ('engine_version = "16"\nparameter_group_name = "default.postgres16"', True),
            ('engine_version = "16"\nparameter_group_name = "elsewhere"', None),
            ('engine_version = "16"\nparameter_group_name = aws_db_parameter_group.gone.name', None),
            ('engine_version = "16"\nparameter_group_name = aws_db_parameter_group.pg.name', False),
            ('engine_version = "16"\nparameter_group_name = aws_db_parameter_group.pg[0].id', False),
            ('engine_version = "16"\nparameter_group_name = "pg"', False),
            ('engine_version = "14"\nparameter_group_name = aws_db_parameter_group.bare.name', False),
        ],
    )
    def test_forced_tls(self, body: str, effective: bool | None) -> None:
        assert facet(self.postgres(body), TRANSIT).effective is effective

    def test_places_in_the_parameter_group(self) -> None:
        group = "  parameter_group_name = aws_db_parameter_group.pg.name\n"
        text = 'resource "aws_db_instance" "x" {\n  engine = "postgres"\n' + group + "}\n"
        found = only(text + self.GROUP)
        assert text_at(text + self.GROUP, facet(found, TRANSIT).on.place) == '"0"'
        assert found.max_connections is not None
        assert found.max_connections.value == 250
        assert text_at(text + self.GROUP, found.max_connections.place) == "250"

    def test_how_passwords_are_stored_where_a_group_says_it(self) -> None:
        group = 'resource "aws_db_parameter_group" "pg" {\n  parameter {\n    name = "password_encryption"\n    value = "md5"\n  }\n}\n'
        text = (
            'resource "aws_db_instance" "x" {\n  engine = "postgres"\n  parameter_group_name = aws_db_parameter_group.pg.id\n}\n'
        )
        found = only(text + group)
        assert found.password_encryption is not None
        assert (found.password_encryption.value, text_at(text + group, found.password_encryption.place)) == ("md5", '"md5"')
        assert self.postgres("").password_encryption is None
        assert self.postgres('parameter_group_name = "elsewhere"').password_encryption is None

    def test_a_group_that_lacks_the_parameter_is_where_it_lacks(self) -> None:
        found = self.postgres('engine_version = "14"\nparameter_group_name = aws_db_parameter_group.bare.name')
        assert facet(found, TRANSIT).on.is_unset
        assert facet(found, TRANSIT).on.node.head.line == 18

    def test_aurora(self) -> None:
        def aurora(version: str) -> bool | None:
            return facet(resource("aws_rds_cluster", f'engine = "aurora-postgresql"\n{version}'), TRANSIT).effective

        assert aurora('engine_version = "16.2"') is False
        assert aurora('engine_version = "17.1"') is True
        assert aurora("") is None

    @pytest.mark.parametrize(
        ("engine", "product"),
        [("postgres", "postgres"), ("aurora-postgresql", "postgres"), ("mariadb", "mysql"), ("sqlserver-ex", "sqlserver")],
    )
    def test_products(self, engine: str, product: str) -> None:
        assert resource("aws_db_instance", f'engine = "{engine}"').product == product

    def test_the_first_user_is_administrative(self) -> None:
        stack = stack_of({"main.tf": 'resource "aws_db_instance" "x" {\n  engine = "postgres"\n  username = "postgres"\n}\n'})
        login = stack.of(Login)[0]
        assert (login.user.value, login.superuser, login.administrative, login.product) == ("postgres", True, True, "postgres")

    def test_the_identifier_is_an_endpoint(self) -> None:
        assert resource("aws_db_instance", 'identifier = "orders"').endpoints == ["orders"]

    @pytest.mark.parametrize(
        ("constraint", "storage", "public"),
        [
            ("~> 5.0", None, True),
            (">= 4.0, < 6.0.0", None, True),
            ("~> 6.2", True, False),
            (">= 4.0", True, False),
            ("~> 5", None, None),
        ],
    )
    def test_redshift_by_the_version_of_the_provider(self, constraint: str, storage: bool | None, public: bool | None) -> None:
        text = f'terraform {{\n  required_providers {{\n    aws = {{ version = "{constraint}" }}\n  }}\n}}\n'
        found = resource("aws_redshift_cluster", "", text)
        assert (facet(found, STORAGE).effective, facet(found, PUBLIC).effective) == (storage, public)

    def test_cloud_sql_open_to_everybody(self) -> None:
        text = (
            'resource "google_sql_database_instance" "x" {\n  database_version = "POSTGRES_16"\n  settings {\n'
            "    ip_configuration {\n"
            '      ssl_mode = "ENCRYPTED_ONLY"\n      authorized_networks {\n        value = "0.0.0.0/0"\n      }\n'
            "    }\n  }\n}\n"
        )
        found = only(text)
        assert facet(found, TRANSIT).effective is True
        assert text_at(text, facet(found, PUBLIC).on.place) == '"0.0.0.0/0"'
        assert found.product == "postgres"


class TestCaches:
    def group(self, body: str) -> tuple[ManagedResource, Authentication]:
        stack = stack_of({"main.tf": f'resource "aws_elasticache_replication_group" "x" {{\n{body}\n}}\n'})
        return stack.of(ManagedResource)[0], stack.of(Authentication)[0]

    def test_preferred_is_not_enforced(self) -> None:
        found, _ = self.group('transit_encryption_enabled = true\ntransit_encryption_mode = "preferred"')
        assert facet(found, TRANSIT).effective is False
        assert facet(found, TRANSIT).setting == "transit_encryption_mode"

    @pytest.mark.parametrize(
        ("body", "required"),
        [
            ("transit_encryption_enabled = true", False),
            ("auth_token = var.t", True),
            ("user_group_ids = [aws_elasticache_user_group.g.id]", True),
            ('global_replication_group_id = "g"', None),
        ],
    )
    def test_authentication(self, body: str, required: bool | None) -> None:
        assert self.group(body)[1].required.value is required

    def test_members_of_a_group_are_judged_with_the_group(self) -> None:
        assert (
            stack_of({"main.tf": 'resource "aws_elasticache_cluster" "x" {\n  replication_group_id = "g"\n}\n'}).of(
                ManagedResource
            )
            == []
        )

    def test_a_user_without_a_password(self) -> None:
        text = 'resource "aws_elasticache_user" "u" {\n  no_password_required = true\n}\n'
        found = stack_of({"main.tf": text}).of(Authentication)[0]
        assert found.required.value is False
        assert text_at(text, found.required.place) == "true"
