"""Containers joined with their Dockerfiles, and as whom they really run."""

import pytest

from afscan.join.users import EffectiveUser, effective_user, effective_user_of_build, is_root
from afscan.model.subjects import Container, ImageBuild, ImageReference
from support import interpreted, stack_of, text_at


def compose(service: str, dockerfile: str | None = None, path: str = "app/Dockerfile") -> tuple[Container, dict[str, str]]:
    files = {"compose.yaml": f"services:\n  x:\n{service}"}
    if dockerfile is not None:
        files[path] = dockerfile
    return stack_of(files).of(Container)[0], files


def kubernetes(spec: str, pod: str = "") -> Container:
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n{pod}  containers:\n    - name: c\n{spec}"
    return stack_of({"pod.yaml": text}).of(Container)[0]


def user_of(dockerfile: str, target: str | None = None) -> EffectiveUser:
    builds = [s for s in interpreted(dockerfile, "Dockerfile").subjects if isinstance(s, ImageBuild)]
    return effective_user_of_build(builds[0], target)


BUILD = "    build: ./app\n"


@pytest.mark.parametrize(
    ("user", "root"),
    [
        ("0", True),
        ("root", True),
        ("0:0", True),
        ("root:app", True),
        ("00", True),
        ("0x0", True),
        ("0o0", True),
        (" 0 ", True),
        ("1000", False),
        ("app", False),
        ("1000:0", False),
        ("rooty", False),
        ("10", False),
        ("9" * 5000, False),
    ],
)
def test_user_zero_by_any_spelling(user: str, root: bool) -> None:
    assert is_root(user) is root


def test_a_service_is_joined_with_the_dockerfile_it_builds() -> None:
    found, _ = compose(BUILD, "FROM a AS one\nFROM b AS two\n")
    assert found.dockerfile is not None
    assert found.dockerfile.built_by == [found]
    assert found.stage is not None
    assert found.stage.name == "two"


@pytest.mark.parametrize(
    ("build", "path"),
    [
        ("    build: {context: app, dockerfile: docker/prod.Dockerfile}\n", "app/docker/prod.Dockerfile"),
        ("    build: {context: app, dockerfile: ../Dockerfile.api}\n", "Dockerfile.api"),
        ("    build: .\n", "Dockerfile"),
    ],
)
def test_paths_are_normalised(build: str, path: str) -> None:
    found, _ = compose(build, "FROM a\n", path)
    assert found.dockerfile is not None


def test_another_dockerfile_is_not_taken() -> None:
    found, _ = compose(BUILD, "FROM a\nUSER app\n", "other/Dockerfile")
    assert found.dockerfile is None
    assert effective_user(found).verdict == "unknown"


def test_the_target_decides_the_stage() -> None:
    build = "    build: {context: app, target: ONE}\n"
    found, files = compose(build, "FROM python:3.12 AS one\nUSER root\nFROM python:3.12\nUSER app\n")
    result = effective_user(found)
    assert (result.verdict, text_at(files, result.place), result.place.line) == ("root", "root", 2)
    assert found.place in result.related
    missing, _ = compose("    build: {context: app, target: three}\n", "FROM python:3.12\nUSER app\n")
    assert effective_user(missing).verdict == "unknown"


def test_an_inline_dockerfile() -> None:
    found, files = compose("    build:\n      dockerfile_inline: |\n        FROM python:3.12\n        USER root\n")
    result = effective_user(found)
    assert (result.verdict, result.place.path, text_at(files, result.place)) == ("root", "compose.yaml", "root")


def test_build_arguments_override_defaults() -> None:
    build = "    build:\n      context: app\n      args: {WHO: app, TAG: latest}\n"
    dockerfile = "ARG TAG=7.2\nFROM redis:${TAG}\nARG WHO=root\nUSER $WHO\n"
    files = {"compose.yaml": f"services:\n  x:\n{build}", "app/Dockerfile": dockerfile}
    stack = stack_of(files)
    assert effective_user(stack.of(Container)[0]).verdict == "nonroot"
    assert user_of(dockerfile).verdict == "root"
    found = [(r.reference.value, r.place.path, text_at(files, r.place)) for r in stack.of(ImageReference)]
    assert ("redis:7.2", "app/Dockerfile", "redis:${TAG}") in found
    assert ("redis:latest", "compose.yaml", "latest") in found


def test_an_unknown_build_argument_is_not_the_default() -> None:
    found, _ = compose("    build:\n      context: app\n      args: {WHO: '${WHO}'}\n", "FROM a\nARG WHO=app\nUSER $WHO\n")
    assert effective_user(found).verdict == "unknown"


@pytest.mark.parametrize(
    ("dockerfile", "verdict"),
    [
        ("FROM python:3.12\nUSER app\n", "nonroot"),
        ("FROM python:3.12\nUSER app\nUSER 0:0\n", "root"),
        ("FROM python:3.12\nUSER ${UNSET}\n", "unknown"),
        ("FROM python:3.12\nONBUILD USER app\n", "root"),
        ("FROM python:3.12\nRUN <<EOF\nUSER app\nEOF\n", "root"),
        ("FROM python:3.12 AS a\nUSER app\nFROM a\nFROM a\n", "nonroot"),
        ("FROM python:3.12 AS a\nUSER app\nFROM python:3.12\n", "root"),
        ("FROM scratch\n", "root"),
        ("FROM scratch\nUSER 65532\n", "nonroot"),
        ("FROM corp/base:1\n", "unknown"),
        ("FROM gcr.io/distroless/static:nonroot\n", "nonroot"),
        ("ARG B=python:3.12\nFROM $B\n", "root"),
        ("FROM redis:7\n", "nonroot"),
        ('FROM redis:7\nCOPY x /etc/redis.conf\nCMD ["redis-server", "/etc/redis.conf"]\n', "nonroot"),
        ('FROM redis:7\nENTRYPOINT ["/mine.sh"]\n', "root"),
        ('FROM redis:7\nENTRYPOINT ["docker-entrypoint.sh"]\nCMD ["redis-server"]\n', "nonroot"),
        ("FROM redis:7\nCMD redis-server /etc/redis.conf\n", "root"),
        ('FROM redis:7 AS a\nCMD ["sh"]\nFROM a\nCMD ["redis-server"]\n', "nonroot"),
    ],
)
def test_the_user_of_a_dockerfile(dockerfile: str, verdict: str) -> None:
    assert user_of(dockerfile).verdict == verdict


def test_without_a_user_the_last_stage_is_the_place_and_the_image_the_reason() -> None:
    text = "FROM python:3.12 AS a\nFROM a\nRUN x\n"
    found = user_of(text)
    assert (found.place.line, text_at(text, found.place)) == (2, "FROM a")
    assert [text_at(text, place) for place in found.related] == ["python:3.12"]
    assert "python:3.12" in found.why


@pytest.mark.parametrize(
    ("service", "verdict", "at"),
    [
        ("    image: me/app:1\n    user: '0:0'\n", "root", "'0:0'"),
        ("    image: me/app:1\n    user: app\n", "nonroot", "app"),
        ("    image: me/app:1\n", "unknown", "me/app:1"),
        ("    image: me/app:1\n    user: ${WHO}\n", "unknown", "${WHO}"),
        ("    image: me/app:1\n    user: ${WHO:-0}\n", "root", "${WHO:-0}"),
        ("    image: nginx:1.27\n", "root", "nginx:1.27"),
        ("    image: redis:7\n", "nonroot", "redis:7"),
        ("    image: redis:7\n    command: redis-server --port 1\n", "nonroot", "redis:7"),
        ("    image: redis:7\n    command: sh -c redis-server\n", "root", "redis:7"),
        ("    image: redis:7\n    entrypoint: redis-server\n", "root", "redis:7"),
        ("    image: redis:7\n    cap_drop: [ALL]\n", "root", "redis:7"),
        ("    image: redis:7\n    cap_drop: [ALL]\n    cap_add: [SETUID, SETGID]\n", "nonroot", "redis:7"),
        ("    image: redis:8\n    environment: {SKIP_DROP_PRIVS: '1'}\n", "root", "redis:8"),
        ("    image: qdrant/qdrant:${TAG}\n", "unknown", "qdrant/qdrant:${TAG}"),
        ("    image: postgres:${TAG}\n", "nonroot", "postgres:${TAG}"),
    ],
)
def test_compose(service: str, verdict: str, at: str) -> None:
    found, files = compose(service)
    result = effective_user(found)
    assert (result.verdict, text_at(files, result.place)) == (verdict, at)


@pytest.mark.parametrize(
    ("spec", "pod", "verdict"),
    [
        ("      image: redis:7\n", "", "nonroot"),
        ("      image: redis:7\n      args: [redis-server, /x]\n", "", "nonroot"),
        ("      image: redis:7\n      command: [redis-server, /x]\n", "", "root"),
        ("      image: nginx:1\n      securityContext: {runAsNonRoot: true}\n", "", "nonroot"),
        ("      image: nginx:1\n", "  securityContext: {runAsNonRoot: true}\n", "nonroot"),
        ("      image: nginx:1\n      securityContext: {runAsNonRoot: true, runAsUser: 0}\n", "", "root"),
        ("      image: nginx:1\n      securityContext: {runAsUser: 101}\n", "", "nonroot"),
        ("      image: nginx:1\n      securityContext: {runAsUser: 0}\n", "  securityContext: {runAsUser: 101}\n", "root"),
        ("      image: agentflow/api:latest\n", "", "unknown"),
    ],
)
def test_kubernetes(spec: str, pod: str, verdict: str) -> None:
    assert effective_user(kubernetes(spec, pod)).verdict == verdict


def test_in_one_document_the_dockerfile_is_found_by_its_name() -> None:
    text = """# Platform

```yaml
# infra/docker-compose.yml
services:
  api:
    build:
      context: ..
      dockerfile: apps/api/Dockerfile
```

```dockerfile
# apps/api/Dockerfile
FROM python:3.12-slim
USER app
```
"""
    found = stack_of({"PLATFORM.md": text}).of(Container)[0]
    assert found.dockerfile is not None
    result = effective_user(found)
    assert (result.verdict, result.place.line, text_at(text, result.place)) == ("nonroot", 15, "app")
