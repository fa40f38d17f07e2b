"""Until when versions are supported: the table, and how versions and tags are found in it."""

import json
import re
from datetime import date
from importlib.resources import files

import pytest

from afscan.platforms.lifecycles import as_of, product_of_image, support_of

DATA = json.loads(files("afscan.platforms").joinpath("lifecycles.json").read_text("utf-8"))


@pytest.mark.parametrize("product", sorted(DATA["products"]))
def test_every_product_names_its_source_and_ends_before_the_day_of_the_table(product: str) -> None:
    row = DATA["products"][product]
    assert row["source"].startswith("https://")
    assert row["title"]
    assert row["support"]
    assert not set(row["ended"]) & set(row["supported"])
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)*", line) for line in (*row["ended"], *row["supported"]))
    assert all(date.fromisoformat(day) < date.fromisoformat(as_of()) for day in row["ended"].values())


def test_images_lead_to_products() -> None:
    assert set(DATA["images"].values()) <= set(DATA["products"])
    assert product_of_image("postgis/postgis") == "postgres"
    assert product_of_image("registry.example.com/shop/redis") == ""


@pytest.mark.parametrize(
    ("product", "version", "line", "ended"),
    [
        ("postgres", "13.20-alpine3.20", "13", "2025-11-13"),
        ("postgres", "16.10", "16", ""),
        ("postgres", "9.6", "9.6", "2021-11-11"),
        ("redis", "7-alpine", "7.4", ""),
        ("redis", "7.0.15-debian-12-r0", "7.0", "2024-07-29"),
        ("redis", "5", "5", "2022-04-27"),
        ("mysql", "8", "8.4", ""),
        ("rds-mysql", "8.0.39", "8.0", "2026-07-31"),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.2", "5.7", "2024-10-31"),
        ("elasticache", "6.x", "6", ""),
        ("eks", "1.28", "1.28", "2024-11-26"),
        ("neo4j", "5.23.0-enterprise", "5.23", "2024-09-27"),
        ("neo4j", "5", "5.26", ""),
        ("neo4j", "2025.02.0", "2025.02", "2025-03-27"),
        ("mongodb", "6.0.27-jammy", "6.0", "2025-07-31"),
        ("elasticsearch", "7.17.29", "7", "2026-01-15"),
        ("elasticsearch", "8", "8.19", ""),
        ("mariadb", "10.5.23", "10.5", "2025-06-24"),
        ("rabbitmq", "3.12-management", "3.12", "2024-06-30"),
        ("grafana", "11.3.0", "11.3", "2025-07-22"),
        ("valkey", "8.0-alpine", "8.0", ""),
    ],
)
def test_versions_and_tags(product: str, version: str, line: str, ended: str) -> None:
    found = support_of(product, version)
    assert found is not None
    assert (found.line, found.ended) == (line, ended)


@pytest.mark.parametrize(
    ("product", "version"),
    [
        ("postgres", "latest"),
        ("postgres", "17rc1"),
        ("postgres", "99"),
        ("postgres", "1600"),
        ("redis", "6.2"),
        ("redis", "6"),
        ("mysql", "9"),
        ("qdrant", "1.0"),
        ("eks", ""),
    ],
)
def test_what_the_table_does_not_say(product: str, version: str) -> None:
    assert support_of(product, version) is None
