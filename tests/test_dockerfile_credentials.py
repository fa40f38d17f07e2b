"""Credentials in Dockerfiles: what RUN executes and writes, what ADD fetches, what ENV and ARG hold."""

import pytest

from afscan.model.subjects import Credential, Origin
from support import interpreted, text_at


def credentials(text: str) -> list[Credential]:
    return [one for one in interpreted(text, "Dockerfile").subjects if isinstance(one, Credential)]


def literals(line: str) -> list[tuple[str, str, str]]:
    """(key, kind, text at its place) of each secret that stands in one instruction in full."""
    text = f"FROM a:1\n{line}\n"
    return [(c.key, c.kind, text_at(text, c.value.place)) for c in credentials(text) if c.origin is Origin.LITERAL]


@pytest.mark.parametrize(
    ("line", "key", "kind"),
    [
        ("RUN curl -u bot:Vq8f2LmZ0tRw4KxB https://x.example.net", "-u", "password"),
        ("RUN git clone https://bot:Vq8f2LmZ0tRw4KxB@git.example.net/a.git", "URL", "password"),
        ("RUN PGPASSWORD=Vq8f2LmZ0tRw4KxB psql -h db", "PGPASSWORD", "password"),
        ('RUN echo "machine h login bot password Vq8f2LmZ0tRw4KxB" > ~/.netrc', ".netrc password", "password"),
        ("RUN printf 'machine h\\nlogin bot\\npassword Vq8f2LmZ0tRw4KxB\\n' > ~/.netrc", ".netrc password", "password"),
        ("RUN npm config set //registry.npmjs.org/:_authToken=Vq8f2LmZ0tRw4KxB", "_authToken", "token"),
        ("RUN npm config set //registry.npmjs.org/:_authToken Vq8f2LmZ0tRw4KxB", "_authToken", "token"),
        ("RUN echo '//registry.npmjs.org/:_authToken=Vq8f2LmZ0tRw4KxB' > .npmrc", "_authToken", "token"),
        ('RUN curl -H "Authorization: Bearer Vq8f2LmZ0tRw4KxB" https://x', "Authorization", "token"),
        ("RUN curl --header 'X-Api-Key: Vq8f2LmZ0tRw4KxB' https://x", "X-Api-Key", "api-key"),
        ("RUN aws configure set aws_secret_access_key Vq8f2LmZ0tRw4KxB", "aws_secret_access_key", "secret"),
        ("RUN echo 'app:Vq8f2LmZ0tRw4KxB' | chpasswd", "chpasswd", "password"),
        ("RUN docker login -u bot -p Vq8f2LmZ0tRw4KxB registry.example.net", "login -p", "password"),
        ("RUN echo DB_PASSWORD=Vq8f2LmZ0tRw4KxB >> /app/.env", "DB_PASSWORD", "password"),
        ('RUN ["mysql", "-uapp", "-pVq8f2LmZ0tRw4KxB"]', "-p", "password"),
        ('RUN ["sh", "-c", "psql --password=Vq8f2LmZ0tRw4KxB"]', "password", "password"),
        ("ADD https://bot:Vq8f2LmZ0tRw4KxB@files.example.net/a.tgz /a.tgz", "ADD", "password"),
        ("ENV API_TOKEN='Vq8f2LmZ0tRw4KxB'", "API_TOKEN", "token"),
    ],
)
def test_what_stands_there_in_full(line: str, key: str, kind: str) -> None:
    assert literals(line) == [(key, kind, "'Vq8f2LmZ0tRw4KxB'" if "='" in line else "Vq8f2LmZ0tRw4KxB")]


@pytest.mark.parametrize(
    "line",
    [
        "RUN adduser --disabled-password --gecos '' app && adduser --disabled-password app",
        "RUN SECRET_KEY=dummy python manage.py collectstatic",
        "RUN SECRET_KEY=x DATABASE_URL=postgres://user:pass@localhost/x python manage.py collectstatic",
        "RUN docker login --password-stdin -u bot < /run/secrets/registry",
        'RUN curl -u "bot:$TOKEN" -H "Authorization: Bearer ${TOKEN}" -H "Accept: application/json" https://x',
        "RUN npm config set //registry.npmjs.org/:_authToken=${NPM_TOKEN}",
        "RUN echo PASSWORD_MIN_LENGTH=14 >> /etc/login.defs",
        "RUN git config --global user.name build",
        'ENV DB_PASSWORD="$DB_PASSWORD"',
        'ENV DB_PASSWORD=""',
        "ENV DB_PASSWORD_FILE=/run/secrets/db",
        "ADD https://files.example.net/a.tgz /a.tgz",
    ],
)
def test_what_is_none(line: str) -> None:
    assert literals(line) == []


def test_each_place_once_and_in_order() -> None:
    text = "FROM a:1\nRUN <<EOF\ncurl -u a:Vq8f2LmZ0tRw4KxB https://x\ncurl -u a:Gd7nKx2PzQ5vRt8L https://x\nEOF\n"
    assert [(c.name, text_at(text, c.value.place)) for c in credentials(text)] == [
        ("Dockerfile, -u in line 3", "Vq8f2LmZ0tRw4KxB"),
        ("Dockerfile, -u in line 4", "Gd7nKx2PzQ5vRt8L"),
    ]


def test_a_continued_line() -> None:
    text = "FROM a:1\nRUN true \\\n    # a comment\n    && PGPASSWORD=Vq8f2LmZ0tRw4KxB \\\n    psql\n"
    (one,) = credentials(text)
    assert (one.value.place.line, text_at(text, one.value.place)) == (4, "Vq8f2LmZ0tRw4KxB")


@pytest.mark.parametrize(
    "line", ["RUN echo " + "a=b " * 20_000, "RUN " + "-H x: " * 10_000, 'RUN "' + "machine " * 5_000, "RUN -p" * 9_000]
)
def test_long_lines_end(line: str) -> None:
    assert literals(line) == []
