"""What is known of public images, and which product a container serves."""

import json
from importlib.resources import files

import pytest

from afscan.model.subjects import Container
from afscan.platforms.images import facts_of, facts_of_product, facts_of_reference, product_of, product_of_repository
from support import stack_of

DATA = json.loads(files("afscan.platforms").joinpath("images.json").read_text("utf-8"))


def test_every_row_names_its_source_and_only_known_fields() -> None:
    known = {"repository", "tags", "product", "user", "drops", "kept_root_by", "datastore", "internal", "ports"}
    known |= {"programs", "absent", "health", "absent_health", "health_check", "watches", "source"}
    for row in DATA["images"]:
        assert row["source"]
        assert set(row) <= known
        assert row.get("user") in (None, "root", "nonroot")
        assert "drops" not in row or row["user"] == "root"


def test_no_row_is_hidden_behind_an_earlier_one() -> None:
    closed: set[str] = set()
    for row in DATA["images"]:
        for repository in row["repository"]:
            assert repository not in closed, repository
            if not row.get("tags"):
                closed.add(repository)


def test_a_program_is_never_both_present_and_absent() -> None:
    for row in DATA["images"]:
        named = {program for program in row.get("programs", ()) if not program.startswith("@")}
        assert not named & set(row.get("absent", ())), row["repository"]


@pytest.mark.parametrize(
    ("repository", "tag", "product", "user"),
    [
        ("redis", "7-alpine", "redis", "root"),
        ("qdrant/qdrant", "latest", "qdrant", "root"),
        ("qdrant/qdrant", "v1.12.4-unprivileged", "qdrant", "nonroot"),
        ("pgbouncer/pgbouncer", None, "pgbouncer", "nonroot"),
        ("bitnami/postgresql", "16", "postgres", "nonroot"),
        ("public.ecr.aws/docker/library/postgres", "16", "postgres", "root"),
        ("python", "3.11-slim", None, "root"),
        ("nginx", None, "nginx", "root"),
        ("nginxinc/nginx-unprivileged", "1.27", "nginx", "nonroot"),
        ("gcr.io/distroless/static", "nonroot", None, "nonroot"),
        ("gcr.io/distroless/static", None, None, "root"),
        ("cgr.dev/chainguard/python", "latest", None, "nonroot"),
        ("mcr.microsoft.com/dotnet/aspnet", "8.0-jammy-chiseled", None, "nonroot"),
        ("haproxy", "2.2-alpine", "haproxy", "root"),
        ("haproxy", "3.0", "haproxy", "nonroot"),
    ],
)
def test_facts(repository: str, tag: str | None, product: str | None, user: str) -> None:
    facts = facts_of(repository, tag)
    assert facts is not None
    assert (facts.product, facts.user) == (product, user)


def test_what_is_not_known_is_none() -> None:
    assert facts_of("registry.corp/team/app", "1") is None
    assert facts_of("registry.corp/mirror/redis", "7") is None
    assert product_of_repository("registry.corp/mirror/redis") == "redis"
    assert product_of_repository("registry.corp/redis/api") is None


def test_programs_on_board() -> None:
    qdrant = facts_of("qdrant/qdrant", "v1.9.0")
    assert qdrant is not None
    assert (qdrant.carries("curl"), qdrant.carries("/bin/bash"), qdrant.carries("jq")) == (False, True, None)
    alpine, debian = facts_of("postgres", "16-alpine"), facts_of("postgres", "16")
    assert alpine is not None
    assert debian is not None
    assert (alpine.carries("wget"), debian.carries("wget"), debian.carries("pg_isready")) == (True, False, True)
    assert debian.carries("aws") is False


def test_health_paths() -> None:
    qdrant = facts_of_product("qdrant")
    assert qdrant is not None
    assert qdrant.health_paths is not None
    assert {"/healthz", "/livez", "/readyz"} <= set(qdrant.health_paths)
    assert "/health" in qdrant.absent_paths
    assert qdrant.user is None
    assert qdrant.programs is None


@pytest.mark.parametrize(
    ("first", "drops"),
    [
        (None, True),
        ("redis-server", True),
        ("/usr/local/bin/redis-server", True),
        ("--port", True),
        ("/etc/redis.conf", True),
        ("sh", False),
    ],
)
def test_when_the_redis_entrypoint_leaves_root(first: str | None, drops: bool) -> None:
    facts = facts_of("redis", "7")
    assert facts is not None
    assert facts.drops_for(first) is drops


def container(service: str) -> Container:
    return stack_of({"compose.yaml": f"services:\n  x:\n{service}"}).of(Container)[0]


def test_an_unknown_tag_leaves_only_what_holds_for_all() -> None:
    image = container("    image: qdrant/qdrant:${TAG}\n").image
    assert image is not None
    facts = facts_of_reference(image)
    assert facts is not None
    assert (facts.product, facts.user, facts.carries("curl")) == ("qdrant", None, False)


@pytest.mark.parametrize(
    ("service", "product"),
    [
        ("    image: redis:7\n", "redis"),
        ("    image: redis:7\n    command: redis-server --port 1\n", "redis"),
        ("    image: redis:7\n    command: ['--port', '1']\n", "redis"),
        ("    image: redis:7\n    command: redis-cli --cluster create a b\n", None),
        ("    image: redis:7\n    command: sh -c 'sleep 5; redis-cli -h r ping'\n", None),
        ("    image: redis:7\n    command: sh -c 'chown x /d && exec redis-server /etc/r.conf'\n", "redis"),
        ("    image: redis:7\n    entrypoint: /start.sh\n", "redis"),
        ("    image: postgres:16\n    command: postgres -c ssl=on\n", "postgres"),
        ("    image: postgres:16\n    entrypoint: ['sh', '-c', 'pg_dump x | gzip > y']\n", None),
        ("    image: me/app:1\n    command: docker-entrypoint.sh postgres\n", "postgres"),
        ("    image: me/app:1\n    command: python app.py redis-server\n", None),
        ("    image: corp/mirror/neo4j:5\n", "neo4j"),
        ("    image: me/app:1\n", None),
    ],
)
def test_the_product_of_a_container(service: str, product: str | None) -> None:
    assert product_of(container(service)) == product


def test_a_job_on_a_servers_image_is_its_client() -> None:
    job = """apiVersion: batch/v1
kind: Job
metadata: {name: backup}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: backup
          image: postgres:16
          command: [/scripts/backup.sh]
"""
    assert product_of(stack_of({"job.yaml": job}).of(Container)[0]) is None
