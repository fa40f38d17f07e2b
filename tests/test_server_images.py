"""What is known of PostgreSQL's and PgBouncer's images: the data files are whole, and each row names its source."""

import json
from pathlib import Path

import pytest

import afscan.platforms
from afscan.platforms.pgbouncerimages import keys, pooler_image
from afscan.platforms.postgresimages import makes_tables, needs_preload, postgres_image
from afscan.platforms.refusals import data

FOLDER = Path(afscan.platforms.__file__).parent


@pytest.mark.parametrize("name", ["postgresimages.json", "pgbouncerimages.json"])
def test_every_row_names_its_source(name):
    raw = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert all(row["source"] and row["repository"] for row in raw["images"])


def test_families_and_rows_are_laid_over_each_other():
    official, vector, bitnami = (postgres_image(one) for one in ("postgres", "pgvector/pgvector", "bitnami/postgresql"))
    assert official is not None
    assert vector is not None
    assert bitnami is not None
    assert (official.user, official.stops_on_error, official.closed) == ("POSTGRES_USER", True, True)
    assert "vector" in vector.extensions > official.extensions
    assert (bitnami.user, bitnami.stops_on_error, bitnami.preload) == ("POSTGRESQL_USERNAME", False, ("pgaudit",))
    mirrored = postgres_image("registry.example.com/bitnami/postgresql")
    assert mirrored is not None
    assert mirrored.user == bitnami.user
    assert postgres_image("registry.example.com/own") is None


def test_extensions():
    assert (needs_preload("pgaudit"), needs_preload("pg_stat_statements")) == (True, False)
    assert (makes_tables("pgcrypto"), makes_tables("postgis"), makes_tables("somebodys_own")) == (False, True, True)


def test_poolers():
    image = pooler_image("edoburu/pgbouncer")
    assert image is not None
    assert (image.host, image.url, image.writes["listen_port"]) == ("DB_HOST", "DATABASE_URL", "5432")
    assert pooler_image("icoretech/pgbouncer-docker") is None
    assert set(keys()) <= set(data("pgbouncer")["known"])


@pytest.mark.parametrize("product", ["postgres", "pgbouncer", "redis"])
def test_parameters_of_a_type_are_known_by_name(product):
    row = data(product)
    typed = {name for kind in ("bool", "number", "memory", "time") for name in row.get(kind, ())} | set(row.get("enums", ()))
    if product == "postgres":
        from afscan.files.postgresql import PARAMETERS  # noqa: PLC0415

        read_only = {"block_size", "data_checksums", "integer_datetimes", "in_hot_standby", "debug_assertions", "segment_size"}
        assert {name for name in typed if "_" in name} - PARAMETERS <= read_only | {
            "data_directory_mode",
            "max_function_args",
            "max_identifier_length",
            "max_index_keys",
            "shared_memory_size",
            "shared_memory_size_in_huge_pages",
            "wal_block_size",
            "wal_segment_size",
            "server_version_num",
            "trace_sort",
            "is_superuser",
            "ignore_system_indexes",
            "zero_damaged_pages",
        }
    else:
        assert typed <= set(row["known"])
    assert row["source"]
