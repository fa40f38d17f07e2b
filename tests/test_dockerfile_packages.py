"""What RUN installs by name, and whether its version is held."""

import pytest

from afscan.model.subjects import Dependency
from afscan.platforms.dockerfile.shell import commands
from support import interpreted, text_at


def installed(run: str) -> dict[str, bool | None]:
    text = f"FROM a\n{run}\n"
    found = [s for s in interpreted(text, "Dockerfile").subjects if isinstance(s, Dependency)]
    return {text_at(text, s.place): s.pinned.value if s.pinned.is_set else None for s in found}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install --no-cache-dir --upgrade pip setuptools", {"pip": False, "setuptools": False}),
        ("pip3 install 'uv==0.4' \"ruff>=0.4\" black", {"'uv==0.4'": True, '"ruff>=0.4"': False, "black": False}),
        ("python -m pip install foo[extra]~=1.2", {"foo[extra]~=1.2": True}),
        ("/opt/venv/bin/pip3.11 install a===1 'b<2,>=1'", {"a===1": True, "'b<2,>=1'": True}),
        ("pip install -r requirements.txt", {}),
        ("pip install -r requirements.txt -c constraints.txt extra", {"extra": True}),
        ("pip install . ./pkg /tmp/x.whl -e .[dev]", {}),
        (
            "pip install git+https://h/a/b.git git+https://h/a/b.git@v1",
            {"git+https://h/a/b.git": False, "git+https://h/a/b.git@v1": True},
        ),
        ("pip install -i https://index/simple --target /x foo", {"foo": False}),
        ("pip install $PACKAGES foo==$VERSION", {"$PACKAGES": None, "foo==$VERSION": True}),
        ("pip --no-cache-dir install foo", {"foo": False}),
        ("pip download foo; pip list", {}),
        ("uv pip install --system foo && uv tool install bar==1 && uv sync --frozen", {"foo": False, "bar==1": True}),
        ("pipx install poetry", {"poetry": False}),
        (
            "apt-get update && apt-get install -y --no-install-recommends -t stable curl git=1:2.39",
            {"curl": False, "git=1:2.39": True},
        ),
        ("apt-get -o Dpkg::Use-Pty=0 install g++", {"g++": False}),
        ("apt install ./local.deb", {}),
        ("apt-get purge -y gcc", {}),
        (
            "apk add --no-cache --virtual .build gcc musl-dev~=1.2 bash=5.2-r0 zlib>1",
            {"gcc": False, "musl-dev~=1.2": True, "bash=5.2-r0": True, "zlib": False},
        ),
        (
            "npm install -g pm2 typescript@5 @s/x @s/y@^1 z@latest",
            {"pm2": False, "typescript@5": True, "@s/x": False, "@s/y@^1": True, "z@latest": False},
        ),
        ("npm ci && npm install --omit=dev && npm run install", {}),
        ("yarn global add serve && yarn add left-pad@1.3.0", {"serve": False, "left-pad@1.3.0": True}),
        ("gem install bundler -v 2.5.1 && gem install rake", {"bundler": True, "rake": False}),
        ("go install a.b/c@latest d.e/f@v1.2.3 ./...", {"a.b/c@latest": False, "d.e/f@v1.2.3": True}),
        ("if true; then sudo -E pip install foo; fi", {"foo": False}),
        ("X=1 DEBIAN_FRONTEND=noninteractive apt-get install -y nginx 2>&1 | tee log", {"nginx": False}),
        ("echo pip install foo", {}),
        ("echo 'x && pip install foo'", {}),
        ("true # pip install foo", {}),
    ],
)
def test_installs(command: str, expected: dict[str, bool | None]) -> None:
    assert installed(f"RUN {command}") == expected


def test_places_across_continuations() -> None:
    text = "FROM a\nRUN apt-get update \\\n # a note\n && apt-get install -y \\\n      curl \\\n      libpq5=15* && rm -rf /x\n"
    found = [s for s in interpreted(text, "Dockerfile").subjects if isinstance(s, Dependency)]
    assert [(s.place.span, s.version.value, s.pinned.value) for s in found] == [
        ((5, 7, 5, 11), None, False),
        ((6, 7, 6, 17), "15*", True),
    ]


def test_heredocs_are_scripts_only_where_a_shell_reads_them() -> None:
    assert installed("RUN <<EOF\npip install a\nEOF") == {"a": False}
    assert installed("RUN bash -e <<EOF\npip install a\nEOF") == {"a": False}
    assert installed("RUN cat <<EOF > /x\npip install a\nEOF") == {}
    assert installed("RUN <<EOF\n#!/usr/bin/env python3\npip install a\nEOF") == {}


def test_the_json_form() -> None:
    assert installed('RUN ["pip", "install", "a", "b==1"]') == {'"a"': False, '"b==1"': True}
    assert installed('RUN ["/bin/bash", "-euc", "pip install a"]') == {"a": False}


def test_other_shells_are_left_alone() -> None:
    assert installed('SHELL ["powershell", "-Command"]\nRUN pip install a') == {}


def test_splitting_a_script() -> None:
    text = "a 'b c' \"d $e\" f\\ g && h <<X > /o | i $(j k) 2>/dev/null; (l)\nm n\nX\no # p\n"
    found = [[word.text for word in command.words] for command in commands(text)]
    assert found == [["a", "b c", "d $e", "f g"], ["h"], ["i", "$(j k)"], ["l"], ["o"]]
    body = commands(text)[1].bodies[0]
    assert text[body[0] : body[1]] == "m n\n"
    assert [word.dynamic for word in commands(text)[0].words] == [False, False, True, False]


@pytest.mark.parametrize(
    "text", ["a $(", "a `b", "a 'b", 'a "b', "<<", "a <<X\nb", "\\", "a >", "((((", "&&&&", "${", "$(a '", "a <(b)"]
)
def test_broken_scripts_end(text: str) -> None:
    assert all(0 <= word.start < word.end <= len(text) for command in commands(text) for word in command.words)
