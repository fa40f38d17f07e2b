"""Dockerfiles as subjects: stages, users, variables, references, ports, probes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Credential, ImageBuild, ImageReference
from support import interpreted, text_at


def build(text: str) -> ImageBuild:
    return next(subject for subject in interpreted(text, "Dockerfile").subjects if isinstance(subject, ImageBuild))


def references(text: str) -> list[ImageReference]:
    return [subject for subject in interpreted(text, "Dockerfile").subjects if isinstance(subject, ImageReference)]


def last_user(text: str) -> str | None:
    stage = build(text).stages[-1]
    return stage.user.value if stage.user.is_set else None


def test_stages_names_and_parents() -> None:
    text = "FROM --platform=$BUILDPLATFORM golang:1.22 as Build\nFROM build\nFROM scratch AS final\nFROM Build AS last\n"
    stages = build(text).stages
    assert [(s.name, s.base.reference.value if s.base else None, s.parent.name if s.parent else None) for s in stages] == [
        ("Build", "golang:1.22", None),
        (None, "build", "Build"),
        ("final", None, None),
        ("last", "Build", "Build"),
    ]
    assert [(r.reference.value, r.stage) for r in references(text)] == [("golang:1.22", False), ("build", True), ("Build", True)]
    assert build(text).stage("FINAL") is not None


def test_a_user_in_a_heredoc_is_none() -> None:
    text = "FROM a\nRUN <<EOF\nUSER nobody\nEOF\n"
    stage = build(text).stages[0]
    assert stage.user.is_unset
    assert (stage.user.place.line, stage.user.place.column) == (1, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("USER app", "app"),
        ("USER 1000:1000", "1000"),
        ("USER root:root", "root"),
        ("USER :1000", "0"),
        ('USER "app"', "app"),
        ("user ${WHO}", "svc"),
        ("USER $WHO:grp", "svc"),
        ("USER ${UID:-1001}", None),
        ("USER ${NONE}", None),
        ("USER ${OPEN}", None),
        ("USER ${OPEN:-1002}", "1002"),
        ("USER ${WHO:+other}", "other"),
        ("USER '$WHO'", "$WHO"),
        ("USER \\$WHO", "$WHO"),
        ("USER app # the app", None),
        ("ONBUILD USER root", None),
    ],
)
def test_user(line: str, expected: str | None) -> None:
    assert last_user(f"FROM a\nENV WHO=svc\nARG OPEN\n{line}\n") == expected


def test_an_unresolved_user_is_unknown_at_its_word() -> None:
    text = "FROM a\nUSER \\\n  ${MISSING}\n"
    user = build(text).stages[0].user
    assert user.is_unknown
    assert "MISSING" in user.reason
    assert user.place.span == (3, 3, 3, 13)


def test_a_user_line_with_a_comment_is_told() -> None:
    notices = interpreted("FROM a\nUSER app # note\n", "Dockerfile").notices
    assert [(n.kind, n.place.line, n.place.column) for n in notices] == [(NoticeKind.SYNTAX, 2, 6)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG V=3.11\nFROM python:${V}-slim", "python:3.11-slim"),
        ("ARG V=3\nARG W=$V.12\nFROM python:$W", "python:3.12"),
        ("ARG TAG=latest\nFROM redis:${TAG}", "redis:latest"),
        ("ARG TAG\nFROM redis:${TAG:-7}", "redis:7"),
        ("ARG TAG\nFROM redis:${TAG}", None),
        ("FROM redis:$NEVER", None),
        ("FROM ${IMAGE:-alpine}:3", "alpine:3"),
        ("ARG S=x\nFROM img${S:+-$S}", "img-x"),
        ("ARG TARGETARCH\nFROM img:$TARGETARCH", None),
        ('ARG I="a/b:1"\nFROM $I', "a/b:1"),
        ("ARG A=${B:-${C:-deep}}\nFROM x:$A", "x:deep"),
        ("ARG A=1\nFROM x:${A%.*}", None),
    ],
)
def test_from_is_resolved_by_arguments_before_it(text: str, expected: str | None) -> None:
    found = references(text + "\n")[0].reference
    assert (found.value if found.is_set else None) == expected
    assert text_at(text, found.place) == text.rsplit("FROM ", 1)[1]


def test_an_unknown_tag_keeps_the_repository() -> None:
    reference = references("ARG TAG\nFROM postgres:${TAG}\n")[0]
    assert reference.reference.is_unknown
    assert reference.repository == "postgres"


def test_a_global_argument_is_seen_in_a_stage_only_where_it_is_declared_again() -> None:
    text = "ARG WHO=app\nFROM a AS one\nUSER $WHO\nFROM a\nARG WHO\nUSER $WHO\nFROM one\nENV WHO=env\nARG WHO=arg\nUSER $WHO\n"
    stages = build(text).stages
    assert stages[0].user.is_unknown
    assert stages[1].user.value == "app"
    assert stages[2].user.value == "env"


def test_variables_pass_on_to_stages_built_on_a_stage() -> None:
    text = "FROM a AS base\nENV WHO=app\nARG GRP=g\nFROM base\nUSER $WHO:$GRP\n"
    assert last_user(text) == "app"


def test_an_env_line_is_expanded_with_what_held_before_it() -> None:
    text = "FROM scratch\nENV A=1\nENV A=2 B=$A\nUSER $B\n"
    assert last_user(text) == "1"


def test_copies_and_images_named_by_from() -> None:
    text = (
        "FROM a AS build\nFROM b\nCOPY --from=BUILD /x /y\nCOPY --from=0 /x /y\n"
        "COPY --chown=1 --from=nginx:latest /etc/nginx /c\nCOPY --from=context . .\n"
        "RUN --mount=type=cache,target=/x --mount=type=bind,from=ghcr.io/o/uv:0.4,source=/uv,target=/uv uv sync\n"
    )
    found = references(text)[2:]
    assert [(r.reference.value, text_at(text, r.place), r.place.line) for r in found] == [
        ("nginx:latest", "nginx:latest", 5),
        (None, "context", 6),
        ("ghcr.io/o/uv:0.4", "ghcr.io/o/uv:0.4", 7),
    ]
    stage = build(text).stages[1]
    assert [(c.source.value, c.target, c.from_stage) for c in stage.copies][:2] == [("/x", "/y", "BUILD"), ("/x", "/y", "0")]
    assert stage.commands[0].mounts == ["cache", "bind"]
    assert stage.commands[0].text.value == "uv sync"


def test_commands_ports_and_probes() -> None:
    text = 'FROM a\nENV P=9000\nEXPOSE 80/tcp 8000-8002 $P ${Q}\nENTRYPOINT ["/e", "x"]\nCMD run it\nHEALTHCHECK CMD curl -f http://l/\n'
    stage = build(text).stages[0]
    assert [p.value for p in stage.ports] == [80, 8000, 8001, 8002, 9000, None]
    assert text_at(text, stage.ports[4].place) == "$P"
    assert stage.entrypoint is not None
    assert stage.entrypoint.value == ["/e", "x"]
    assert stage.command is not None
    assert stage.command.value == ["/bin/sh", "-c", "run it"]
    probe = stage.healthcheck.value
    assert probe is not None
    assert probe.kind == "exec"
    assert probe.command is not None
    assert probe.command.value == ["/bin/sh", "-c", "curl -f http://l/"]
    assert text_at(text, probe.command.place) == "curl -f http://l/"
    none = build("FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n").stages[0].healthcheck
    assert none.value is not None
    assert none.value.kind == "none"
    assert none.place.line == 3


def test_shell_changes_what_the_shell_form_runs_in() -> None:
    text = 'FROM a\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nCMD x\n'
    command = build(text).stages[0].command
    assert command is not None
    assert command.value == ["/bin/bash", "-eo", "pipefail", "-c", "x"]


def test_the_text_of_a_run_with_a_heredoc() -> None:
    text = "FROM a\nRUN --mount=type=secret,id=t <<EOF\ncurl -k https://x\nEOF\n"
    command = build(text).stages[0].commands[0]
    assert command.text.value == "curl -k https://x\n"
    assert command.mounts == ["secret"]
    assert command.text.place.line == 3


def test_a_literal_secret_is_a_credential_at_its_value() -> None:
    text = 'FROM a\nENV A=1 \\\n    DB_PASSWORD="Zq8vT2LmK9xW"\n'
    found = [s for s in interpreted(text, "Dockerfile").subjects if isinstance(s, Credential)]
    assert [(c.key, c.holder, c.platform) for c in found] == [("DB_PASSWORD", "image", "dockerfile")]
    assert found[0].place.line == 3


def test_no_stage_is_a_notice_and_not_a_build() -> None:
    found = interpreted("RUN x\nUSER root\n", "Dockerfile")
    assert [(n.kind, n.place.line) for n in found.notices] == [(NoticeKind.PARTIAL, 1)]
    assert not [s for s in found.subjects if isinstance(s, ImageBuild)]


def test_a_file_written_out_in_a_copy_is_read_as_one() -> None:
    text = "FROM redis:7\nCOPY <<'EOF' /etc/redis.conf\nport 6379\nrequirepass Zq8vT2LmK9xW\nEOF\n"
    found = [s for s in interpreted(text, "Dockerfile").subjects if isinstance(s, Credential)]
    assert [(c.key, c.place.line) for c in found] == [("requirepass", 4)]


def test_a_file_that_docker_fills_in_is_told_not_judged() -> None:
    text = "FROM redis:7\nCOPY <<EOF /etc/redis.conf\nrequirepass ${PW}\nEOF\n"
    found = interpreted(text, "Dockerfile")
    assert [(n.kind, n.place.line) for n in found.notices] == [(NoticeKind.PARTIAL, 3)]
    assert not [s for s in found.subjects if isinstance(s, Credential)]


PIECES = [
    "FROM a",
    "RUN ",
    "USER ",
    "ENV ",
    "ARG ",
    "COPY --from=",
    "<<EOF",
    "EOF",
    "\n",
    "\\\n",
    "\r\n",
    "${A:-",
    "}",
    "$A",
    "'",
    '"',
    "A=1",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=30).map("".join))
def test_any_text_is_read_and_every_place_lies_in_it(text: str) -> None:
    lines = Source("Dockerfile", text).line_starts
    found = interpreted(text, "Dockerfile")
    for place in [*(s.place for s in found.subjects), *(n.place for n in found.notices)]:
        assert 1 <= place.line <= place.span.end_line <= len(lines)
        assert place.span[:2] <= place.span[2:]
