"""Shell scripts: what is read, where it stands, what ``set -e`` makes of a failure (the real shell is the judge)."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afscan.files.recognise import syntax_of
from afscan.interpret import interpret
from afscan.model.node import Scalar
from afscan.model.notice import NoticeKind
from afscan.model.scripts import Command, Script
from afscan.model.source import Source
from afscan.model.subjects import Connection, Credential, ImageReference, Login
from afscan.platforms.reading import Interpretation
from afscan.platforms.script.options import command_line
from afscan.platforms.script.wrappers import image_of_run, inner_command
from afscan.syntax import parse
from afscan.syntax.shell.nodes import Redirect, Statement, Word
from support import ROOT


def read(text: str, name: str = "x.sh") -> tuple[Script, Interpretation]:
    out, _, recognised = interpret(Source(name, text))
    assert recognised
    return next(one for one in out.subjects if isinstance(one, Script)), out


def tree(text: str, name: str = "x.sh") -> Statement:
    source = Source(name, text, syntax="shell")
    root = parse(source).roots[0]
    assert isinstance(root, Statement)
    return root


def named(script: Script, program: str) -> list[Command]:
    return [one for one in script.commands if one.name_of_program == program]


# what is a script


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("a.sh", "echo", "shell"),
        ("a.bash", "echo", "shell"),
        ("bin/backup", "#!/bin/sh\necho", "shell"),
        ("bin/backup", "#!/usr/bin/env -S bash -e\necho", "shell"),
        ("a.sh", "#!/usr/bin/env python3\nprint()", None),
        ("a.sh", "#!/bin/zsh\necho", None),
        ("bin/tool", "#!/usr/bin/ruby\n", None),
        ("notes", "echo hello", None),
    ],
)
def test_what_is_a_script(name: str, text: str, syntax: str | None) -> None:
    assert syntax_of(name, text) == syntax


@pytest.mark.parametrize(
    ("block", "scripts"),
    [
        ("```bash\n#!/bin/bash\ndocker run redis:latest\n```\n", 1),
        ("```bash\n# infra/scripts/run.sh\ndocker run redis:latest\n```\n", 1),
        ("```bash\ndocker run redis:latest\n```\n", 0),
        ("```console\n$ docker run redis:latest\n```\n", 0),
        ("```sh\n$ docker run redis:latest\n```\n", 0),
    ],
)
def test_blocks_of_a_document(block: str, scripts: int) -> None:
    out, _, _ = interpret(Source("README.md", block))
    assert sum(isinstance(one, Script) for one in out.subjects) == scripts
    assert not out.notices


# places

SCRIPTS = [
    *sorted((ROOT / "fixtures").rglob("*.sh")),
    *sorted((ROOT / "reference-infra").rglob("*.sh")),
    *sorted((ROOT / "tests" / "data").rglob("*.sh")),
]
HARD = """#!/bin/bash
# é before
A="ö $x" B='a b'\\''c' cmd "q \\"u\\" $(inner 'é' | two) end"\\ more $'an\\tsi' "" <<EOF >"o u t" 2>&1
body $v \\$w é
EOF
cat <<-'RAW' | grep -q "x"
	raw $v
	RAW
if ! test -f "a b"; then f() { local y="$1"; }; elif (( 1 < 2 )); then :; fi; case $z in a|b) k;; esac
for i in 1 "2 3"; do echo ${i:-d é}; done & ( sub ); { grp; } >x
"""


def _texts(root: Statement) -> list[Scalar]:
    return [node for node in root.walk() if isinstance(node, Scalar)]


@pytest.mark.parametrize("text", [HARD, HARD.replace("\n", "\r\n"), *(path.read_text() for path in SCRIPTS)])
def test_the_text_at_every_span_is_the_value(text: str) -> None:
    root = tree(text)
    source = root.source
    seen = 0
    for node in root.walk():
        start, end = source.offset(*node.span[:2]), source.offset(*node.span[2:])
        assert 0 <= start <= end <= len(text)
        if not isinstance(node, Scalar):
            continue
        seen += 1
        for index, char in enumerate(node.text):  # each character of a word stands where the word says
            line, column = node.part(index, index + 1).span[:2]
            at = source.offset(line, column)
            assert start <= at < end
            assert text[at] == char or (text[at] == "\r" and char == " ")
    assert seen > 5 or len(text) < 200


def test_words_without_quotes_and_escapes() -> None:
    root = tree(HARD.replace("é before", "before"))
    command = root.items[0]
    assert isinstance(command, Statement)
    assert [word.text for word in command.words] == ["cmd", "q \"u\" $(inner 'é' | two) end more", "an\\tsi", ""]
    assert [(a.name.text, a.word.text if a.word else None) for a in command.assignments] == [("A", "ö $x"), ("B", "a b'c")]
    operators = [(one.operator, one.target.text if one.target else None) for one in command.redirects]
    assert operators == [("<<", None), (">", "o u t"), (">&", "1")]
    assert command.redirects[0].body is not None
    assert command.redirects[0].body.text == "body $v $w é\n"


def test_places_in_an_embedded_script() -> None:
    text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: s}\ndata:\n  run.sh: |\n    #!/bin/sh\n    echo a\n    psql -h db -U postgres\n"
    out, _, _ = interpret(Source("cm.yaml", text))
    script = next(one for one in out.subjects if isinstance(one, Script))
    assert script.holder == "configmap"
    (psql,) = named(script, "psql")
    assert psql.place.span[:2] == (8, 5)
    assert psql.words[2].place.span == (8, 13, 8, 15)


# errexit


NESTS = st.recursive(
    st.sampled_from(["FAIL", "true", "FAIL"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"{p[0]} && {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} || {p[1]}"),
        inner.map(lambda one: f"! {one}" if one in ("FAIL", "true") else f"! ( {one} )"),  # the grammar knows no `! {`
        inner.map(lambda one: f"( {one} )"),
        inner.map(lambda one: f"{{ {one}; }}"),
        st.tuples(inner, inner).map(lambda p: f"{{ {p[0]}; {p[1]}; }}"),
        inner.map(lambda one: f"{{ {one}; }} | cat"),
        inner.map(lambda one: f"true | {{ {one}; }}"),
        inner.map(lambda one: f"if {one}; then true; fi"),
        inner.map(lambda one: f"if true; then {one}; fi"),
        inner.map(lambda one: f"for i in 1; do {one}; done"),
        inner.map(lambda one: f"case a in a) {one};; esac"),
        inner.map(lambda one: f"while {one}; do break; done"),
        inner.map(lambda one: f"x=$({one})"),
        inner.map(lambda one: f"echo $({one})"),
        inner.map(lambda one: f"CALL<{one}>"),
    ),
    max_leaves=4,
)


def _with_functions(text: str) -> str:
    """``CALL<body>`` becomes a function that is defined first, and its call."""
    definitions: list[str] = []
    while "CALL<" in text:
        start = text.rindex("CALL<")
        end = text.index(">", start)
        name = f"f{len(definitions)}"
        definitions.append(f"{name}() {{ {text[start + 5 : end]}; }}")
        text = text[:start] + name + text[end + 1 :]
    return "\n".join([*definitions, text])


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    nest=NESTS,
    options=st.sampled_from(["", "set -e", "set -o pipefail", "set -eo pipefail", "set -e\nset +e"]),
    which=st.integers(0, 3),
)
def test_what_becomes_of_the_script_is_what_bash_does(nest: str, options: str, which: int) -> None:
    count = nest.count("FAIL")
    if count == 0:
        return
    pieces = nest.split("FAIL")
    chosen = which % count
    text = pieces[0]
    for index, piece in enumerate(pieces[1:]):
        text += ("fail_here" if index == chosen else "true") + piece
    body = f"{options}\n{_with_functions(text)}\necho went-on\n"
    prelude = "fail_here() { echo reached >&2; return 1; }\n"
    ran = subprocess.run(["bash", "-c", prelude + body], capture_output=True, text=True, timeout=20, check=False)
    if ran.stderr.count("reached") != 1:
        return  # another branch was taken, or it ran several times: the question does not arise
    script, out = read("#!/bin/bash\n" + body)
    if script.broken:  # the grammar knows no `while { ...; }`: it says so
        assert out.notices
        return
    (failing,) = named(script, "fail_here")
    assert failing.ends_script.is_set
    assert failing.ends_script.value is ("went-on" not in ran.stdout), body


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("#!/bin/bash -e\nx\n", True),
        ("#!/bin/bash\nx\n", False),
        ("#!/usr/bin/env -S bash -e\nx\n", True),
        ("set -o errexit\nx\n", True),
        ("set -euo pipefail\nx | y\n", True),
        ("set -eu\nx | y\n", False),
        ("set -e\nf() { x; }\nif f; then a; fi\n", False),
        ("set -e\nf() { x; }\nf\n", True),
        ("set -e\nf() { x; }\nf || true\n", False),
        ("set -e\nf() { x; }\n", None),
        ("set -e\nf() { x; }\nf\nf || true\n", None),
        ("set -e\nx &\n", False),
        ("set -e\nlocal y=$(x)\n", False),
        ("if a; then set -e; fi\nx\n", None),
        ("set -e\nif a; then set +e; fi\nx\n", None),
        ("set -e\n( set +e; x; y )\n", False),
        ("set -e\nf() { x; f; }\nf\n", None),
        ("set -e\nx\nif a; then\n", None),
    ],
)
def test_whether_a_failure_ends_the_script(text: str, ends: bool | None) -> None:
    script, _ = read(text)
    (command,) = named(script, "x")
    assert command.ends_script.value is ends
    assert command.ends_script.is_unknown is (ends is None)


# words and variables


def test_constants_and_defaults() -> None:
    script, _ = read(
        'HOST=db\nNAME="x-$HOST"\nURL="${URL:-http://localhost:1}"\nTWICE=a\nTWICE=b\npsql "$HOST" "$NAME" "$URL" $TWICE "$1"\n'
    )
    (psql,) = named(script, "psql")
    assert psql.texts == ["psql", "db", "x-db", "http://localhost:1", "$TWICE", "$1"]
    assert [word.is_set for word in psql.words] == [True, True, True, False, False, False]
    assert script.constants["NAME"].value == "x-db"


@pytest.mark.parametrize(
    ("line", "inner", "remote"),
    [
        ("sudo -u postgres pg_dump app", ["pg_dump", "app"], False),
        ("env A=1 B=2 pg_dump app", ["pg_dump", "app"], False),
        ("timeout 30 pg_dump app", ["pg_dump", "app"], False),
        ("timeout -k 5 30 pg_dump app", ["pg_dump", "app"], False),
        ("kubectl exec -n x pod/db -- pg_dump app", ["pg_dump", "app"], True),
        ("docker exec -i db pg_dump app", ["pg_dump", "app"], True),
        ("docker compose exec -T db pg_dump app", ["pg_dump", "app"], True),
        ("docker run --rm -e A=1 postgres:16 pg_dump app", ["pg_dump", "app"], True),
        ("ssh -p 22 host pg_dump app", ["pg_dump", "app"], True),
        ("ls | xargs -n 1 pg_dump app", ["pg_dump", "app"], False),
    ],
)
def test_the_command_that_a_command_runs(line: str, inner: list[str], remote: bool) -> None:
    script, _ = read(line + "\n")
    (found,) = named(script, "pg_dump")
    assert found.texts == inner
    assert found.remote is remote
    assert found.wrapper is not None


def test_a_command_that_is_only_looked_for() -> None:
    assert inner_command("command", ["command", "-v", "psql"]) is None


def test_options_by_the_table() -> None:
    line = command_line("pg_dump", ["pg_dump", "-h", "db", "-Uapp", "--format=custom", "-Ox", "-f", "out", "name"])
    assert [(one.name, one.at) for one in line.options] == [
        ("host", 2),
        ("username", 3),
        ("format", 4),
        ("no-owner", None),
        ("no-privileges", None),
        ("file", 7),
    ]
    assert line.operands == [8]
    curl = command_line("curl", ["curl", "-fsSLk", "-o", "x", "https://a"])
    assert curl.option("insecure") is not None
    assert curl.operands == [4]
    assert image_of_run("docker", ["docker", "run", "--rm", "-v", "a:b", "redis:7", "redis-cli"]) == 5


# what scripts connect to


def test_connections_credentials_and_images() -> None:
    _, out = read(
        'API="http://api.example.com/x"\nexport PGPASSWORD=s3cr3t-Zq81\npsql -U postgres\nredis-cli -a Hq72-secret-x ping\n'
        'docker run redis:latest\ncurl "${API_URL:-http://localhost:8000}/health"\ncurl http://api.prod.example.com/\n'
    )
    connections = [one for one in out.subjects if isinstance(one, Connection)]
    assert [(one.host.value, one.place.line) for one in connections] == [
        ("api.example.com", 1),
        ("localhost", 6),
        ("api.prod.example.com", 7),
    ]
    assert [(one.key, one.place.line) for one in out.subjects if isinstance(one, Credential)] == [("PGPASSWORD", 2), ("-a", 4)]
    assert [one.user.value for one in out.subjects if isinstance(one, Login)] == ["postgres"]
    assert [one.reference.value for one in out.subjects if isinstance(one, ImageReference)] == ["redis:latest"]


# bad input


@pytest.mark.parametrize(
    "text", ['echo "a\nb', "if a; then b\n", "cat <<EOF\nx\n", "echo $(a\n", "case x in a) b\n", "f() { a\n", "a ) b\n"]
)
def test_what_nobody_closes_is_noted_and_the_rest_is_read(text: str) -> None:
    out, _, _ = interpret(Source("x.sh", f"first --word\n{text}"))
    assert [notice.kind for notice in out.notices][:1] == [NoticeKind.SYNTAX]
    assert all(notice.place.line >= 1 for notice in out.notices)
    script = next(one for one in out.subjects if isinstance(one, Script))
    assert script.broken
    assert named(script, "first")


@pytest.mark.parametrize(
    "text",
    [
        "( " * 500 + "a" + " )" * 500,
        "if a; then " * 500 + "a;" + " fi;" * 500,
        "$(echo " * 300 + ")" * 300,
        "a && " * 5000 + "b",
        "a | " * 5000 + "b",
        "f() { f; }; f; " * 2000,
        "".join(f"f{i}() {{ f{i + 1}; }}; " for i in range(2000)) + "f0",
        '"' * 5000,
        "\0\ud7ff\u2028é" * 500,
        "<<A " * 3000,
    ],
)
def test_hostile_input(text: str) -> None:
    interpret(Source("x.sh", text))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab \n\t'\"\\$(){}[]|&;<>!=#`~é-0")), max_size=120))
def test_any_text_is_read(text: str) -> None:
    out, _, _ = interpret(Source("x.sh", text))
    last = len(text.split("\n")) + text.count("\r") + 1
    for one in out.subjects:
        assert one.place.line <= last


def test_a_redirection_is_a_node() -> None:
    root = tree("a 2>/dev/null >out\n")
    found = [node for node in root.walk() if isinstance(node, Redirect)]
    assert [(one.descriptor, one.operator, one.target.text if one.target else "") for one in found] == [
        ("2", ">", "/dev/null"),
        ("", ">", "out"),
    ]
    assert all(isinstance(one.target, Word) for one in found)


def test_scripts_of_the_repository_are_read() -> None:
    for path in [ROOT / ".ci" / "run", *Path(ROOT / "reference-infra").rglob("*.sh")]:
        out, _, recognised = interpret(Source(path.as_posix(), path.read_text(encoding="utf-8")))
        assert recognised
        assert not out.notices
