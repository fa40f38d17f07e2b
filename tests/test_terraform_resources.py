"""Terraform: what resources say, with the providers' defaults, exact to the place."""

import pytest

from afscan.model.subjects import Facet, ManagedResource
from support import stack_of


def only(text: str, **files: str) -> ManagedResource:
    """The single managed resource of a configuration."""
    found = stack_of({"main.tf": text, **files}).of(ManagedResource)
    assert len(found) == 1
    return found[0]


def resource(kind: str, body: str, rest: str = "") -> ManagedResource:
    return only(f'resource "{kind}" "x" {{\n{body}\n}}\n{rest}')


def facet(found: ManagedResource, name: str) -> Facet:
    value = getattr(found, name)
    assert isinstance(value, Facet)
    return value


STORAGE, TRANSIT, PUBLIC = "storage_encrypted", "transit_encrypted", "public"


class TestDefaults:
    @pytest.mark.parametrize(
        ("kind", "body", "name", "effective"),
        [
            ("aws_db_instance", 'engine = "mysql"', STORAGE, False),
            ("aws_db_instance", 'engine = "mysql"', PUBLIC, False),
            ("aws_db_instance", "snapshot_identifier = var.s", STORAGE, None),
            ("aws_db_instance", "replicate_source_db = aws_db_instance.y.arn", STORAGE, None),
            ("aws_rds_cluster", 'engine = "aurora-mysql"', STORAGE, False),
            ("aws_rds_cluster", 'engine_mode = "serverless"', STORAGE, True),
            ("aws_rds_cluster_instance", "", PUBLIC, False),
            ("aws_elasticache_replication_group", "", STORAGE, False),
            ("aws_elasticache_replication_group", "", TRANSIT, False),
            ("aws_elasticache_replication_group", 'engine = "valkey"', STORAGE, True),
            ("aws_elasticache_replication_group", 'engine = "valkey"', TRANSIT, None),
            ("aws_elasticache_cluster", 'engine = "redis"', TRANSIT, False),
            ("aws_elasticache_cluster", 'engine = "memcached"\ntransit_encryption_enabled = true', TRANSIT, True),
            ("aws_memorydb_cluster", "", TRANSIT, True),
            ("aws_ebs_volume", "", STORAGE, False),
            ("aws_ebs_volume", 'snapshot_id = "snap-1"', STORAGE, None),
            ("aws_efs_file_system", "", STORAGE, False),
            ("aws_docdb_cluster", "", STORAGE, False),
            ("aws_neptune_cluster", "", STORAGE, False),
            ("aws_redshift_cluster", "", STORAGE, True),
            ("aws_redshift_cluster", "", PUBLIC, False),
            ("aws_msk_cluster", "", TRANSIT, True),
            ("aws_db_proxy", "", TRANSIT, False),
            ("aws_dms_replication_instance", "", PUBLIC, False),
            ("aws_eks_cluster", "", PUBLIC, True),
            ("aws_opensearch_domain", "", STORAGE, False),
            ("aws_opensearch_domain", "", TRANSIT, False),
            ("aws_opensearch_domain", "", PUBLIC, None),
            ("google_sql_database_instance", 'database_version = "POSTGRES_15"', TRANSIT, False),
            ("google_sql_database_instance", 'database_version = "POSTGRES_15"', PUBLIC, False),
        ],
    )
    def test_effective_without_the_argument(self, kind: str, body: str, name: str, effective: bool | None) -> None:
        assert facet(resource(kind, body), name).effective is effective

    @pytest.mark.parametrize(
        "kind", ["aws_dynamodb_table", "aws_msk_cluster", "aws_memorydb_cluster", "google_sql_database_instance"]
    )
    def test_what_is_always_encrypted_has_no_such_switch(self, kind: str) -> None:
        assert resource(kind, "").storage_encrypted is None

    @pytest.mark.parametrize(
        ("kind", "body", "days", "default"),
        [
            ("aws_db_instance", "", None, 0),
            ("aws_db_instance", "backup_retention_period = 14", 14, 0),
            ("aws_rds_cluster", "", None, 1),
            ("aws_docdb_cluster", "", None, 1),
            ("aws_neptune_cluster", "", None, 1),
            ("aws_redshift_cluster", "", None, 1),
            ("aws_elasticache_replication_group", "", None, 0),
            ("aws_elasticache_cluster", 'engine = "redis"\nsnapshot_retention_limit = 3', 3, 0),
            ("aws_dynamodb_table", "", None, 0),
            ("aws_dynamodb_table", "point_in_time_recovery {\n enabled = true\n}", 35, 0),
            ("aws_dynamodb_table", "point_in_time_recovery {\n enabled = false\n}", 0, 0),
            ("aws_dynamodb_table", "point_in_time_recovery {\n enabled = true\n recovery_period_in_days = 5\n}", 5, 0),
            ("google_sql_database_instance", "settings {\n backup_configuration { enabled = true }\n}", 7, 0),
        ],
    )
    def test_backups(self, kind: str, body: str, days: int | None, default: int) -> None:
        found = resource(kind, body)
        assert found.backup_days is not None
        assert (found.backup_days.value, found.backup_default) == (days, default)
        assert found.backup_days.is_unset is (days is None)

    def test_a_replica_owes_no_backup(self) -> None:
        assert resource("aws_db_instance", "replicate_source_db = var.primary").backup_days is None

    def test_types_that_nobody_judges(self) -> None:
        stack = stack_of({"main.tf": 'resource "aws_sqs_queue" "x" {\n  name = "b"\n}\nresource "azurerm_x" "y" {}\n'})
        assert stack.of(ManagedResource) == []
