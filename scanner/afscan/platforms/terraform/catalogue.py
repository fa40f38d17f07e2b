"""Resource types and what their arguments switch: data, not code.

Paths are arguments below the resource, ``block.argument``. Defaults are the providers' own, from the "Argument Reference" of each
resource: registry.terraform.io/providers/hashicorp/aws/latest/docs (6.x, differences to earlier versions in ``managed.py``) and
registry.terraform.io/providers/hashicorp/google/latest/docs. A type whose storage is always encrypted has no such switch here:
S3 (since January 2023), DynamoDB, MSK, MemoryDB, ElastiCache Serverless, Cloud SQL.
"""

from afscan.model.record import record


@record(slots=True, frozen=True)
class Switch:
    """An argument that turns something on. ``on`` lists the words that mean on where it is no boolean."""

    path: str
    default: bool
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    why: str = ""


@record(slots=True, frozen=True)
class ResourceType:
    """One resource type. ``backup`` is the argument with the days that backups are kept, ``backup_default`` its default.

    ``inherits`` are arguments that, where given, make an unset storage encryption the source's (a snapshot, a primary).
    ``identifier`` is the argument that names the thing to others.
    """

    product: str
    datastore: bool = True
    storage: Switch | None = None
    transit: Switch | None = None
    public: Switch | None = None
    backup: str | None = None
    backup_default: int = 0
    inherits: tuple[str, ...] = ()
    identifier: str = ""


_STORAGE = Switch("storage_encrypted", default=False)
_PUBLIC = Switch("publicly_accessible", default=False)
_OPENSEARCH = ResourceType(
    "elasticsearch",
    storage=Switch("encrypt_at_rest.enabled", default=False),
    transit=Switch("domain_endpoint_options.enforce_https", default=False, why="the domain also answers plain HTTP"),
    identifier="domain_name",
)
_LISTENER = ResourceType(
    "load-balancer",
    datastore=False,
    transit=Switch("protocol", default=False, on=("HTTPS", "TLS"), off=("HTTP",), why="the listener speaks plain HTTP"),
)

RESOURCES: dict[str, ResourceType] = {
    "aws_alb": ResourceType("load-balancer", datastore=False),
    "aws_alb_listener": _LISTENER,
    "aws_db_instance": ResourceType(
        "database",
        storage=_STORAGE,
        public=_PUBLIC,
        backup="backup_retention_period",
        inherits=("replicate_source_db", "snapshot_identifier", "restore_to_point_in_time"),
        identifier="identifier",
    ),
    "aws_db_proxy": ResourceType(
        "database",
        datastore=False,
        transit=Switch("require_tls", default=False, why="clients may connect without TLS"),
        identifier="name",
    ),
    "aws_dax_cluster": ResourceType(
        "dynamodb",
        storage=Switch("server_side_encryption.enabled", default=False),
        transit=Switch("cluster_endpoint_encryption_type", default=False, on=("TLS",), off=("NONE",)),
        identifier="cluster_name",
    ),
    "aws_dms_replication_instance": ResourceType("replication", datastore=False, public=_PUBLIC),
    "aws_docdb_cluster": ResourceType(
        "mongodb",
        storage=_STORAGE,
        backup="backup_retention_period",
        backup_default=1,
        inherits=("snapshot_identifier", "global_cluster_identifier", "restore_to_point_in_time"),
        identifier="cluster_identifier",
    ),
    "aws_dynamodb_table": ResourceType("dynamodb", identifier="name"),
    "aws_ebs_volume": ResourceType(
        "volume", datastore=False, storage=Switch("encrypted", default=False), inherits=("snapshot_id",)
    ),
    "aws_efs_file_system": ResourceType("file-system", datastore=False, storage=Switch("encrypted", default=False)),
    "aws_ecr_repository": ResourceType("registry", datastore=False, identifier="name"),
    "aws_eks_cluster": ResourceType("cluster", datastore=False, identifier="name"),
    "aws_elasticache_cluster": ResourceType("redis", identifier="cluster_id"),
    "aws_elasticache_replication_group": ResourceType(
        "redis",
        storage=Switch("at_rest_encryption_enabled", default=False),
        transit=Switch("transit_encryption_enabled", default=False),
        backup="snapshot_retention_limit",
        inherits=("global_replication_group_id",),
        identifier="replication_group_id",
    ),
    "aws_elasticsearch_domain": _OPENSEARCH,
    "aws_lb": ResourceType("load-balancer", datastore=False),
    "aws_lb_listener": _LISTENER,
    "aws_memorydb_cluster": ResourceType(
        "redis",
        transit=Switch("tls_enabled", default=True),
        backup="snapshot_retention_limit",
        identifier="name",
    ),
    "aws_mq_broker": ResourceType("queue", datastore=False, public=_PUBLIC, identifier="broker_name"),
    "aws_msk_cluster": ResourceType(
        "kafka",
        transit=Switch(
            "encryption_info.encryption_in_transit.client_broker",
            default=True,
            on=("TLS",),
            off=("TLS_PLAINTEXT", "PLAINTEXT"),
            why="brokers also take clients without TLS",
        ),
        public=Switch(
            "broker_node_group_info.connectivity_info.public_access.type",
            default=False,
            on=("SERVICE_PROVIDED_EIPS",),
            off=("DISABLED",),
        ),
        identifier="cluster_name",
    ),
    "aws_neptune_cluster": ResourceType(
        "neptune",
        storage=_STORAGE,
        backup="backup_retention_period",
        backup_default=1,
        inherits=("snapshot_identifier", "replication_source_identifier", "global_cluster_identifier"),
        identifier="cluster_identifier",
    ),
    "aws_neptune_cluster_instance": ResourceType("neptune", public=_PUBLIC, identifier="identifier"),
    "aws_opensearch_domain": _OPENSEARCH,
    "aws_rds_cluster": ResourceType(
        "database",
        storage=_STORAGE,
        backup="backup_retention_period",
        backup_default=1,
        inherits=(
            "snapshot_identifier",
            "replication_source_identifier",
            "global_cluster_identifier",
            "restore_to_point_in_time",
            "s3_import",
        ),
        identifier="cluster_identifier",
    ),
    "aws_rds_cluster_instance": ResourceType("database", public=_PUBLIC, identifier="identifier"),
    "aws_redshift_cluster": ResourceType(
        "redshift",
        storage=Switch("encrypted", default=True),
        public=_PUBLIC,
        backup="automated_snapshot_retention_period",
        backup_default=1,
        inherits=("snapshot_identifier", "snapshot_arn"),
        identifier="cluster_identifier",
    ),
    "azurerm_kubernetes_cluster": ResourceType("cluster", datastore=False, identifier="name"),
    "google_container_cluster": ResourceType("cluster", datastore=False, identifier="name"),
    "google_sql_database_instance": ResourceType("database", identifier="name"),
}

ENGINES = (
    ("aurora-postgresql", "postgres"),
    ("postgres", "postgres"),
    ("aurora", "mysql"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("oracle", "oracle"),
    ("sqlserver", "sqlserver"),
    ("valkey", "redis"),
    ("redis", "redis"),
    ("memcached", "memcached"),
)
"""How engine names begin (in lower case), and the product each is; the first that fits counts."""
