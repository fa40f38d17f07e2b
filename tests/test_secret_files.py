"""Files that hold secrets, by name; credentials in lines of settings, probes and defaults."""

import pytest

from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import literal_place, literal_text, secret_file
from support import interpreted, text_at


@pytest.mark.parametrize(
    ("path", "certain"),
    [
        (".env", True),
        ("deploy/.env.production", True),
        (".env*", True),
        ("id_rsa", True),
        ("keys/id_ed25519", True),
        (".ssh/", True),
        (".aws/credentials", True),
        (".docker/config.json", True),
        ("tls.key", True),
        ("certs/*.key", True),
        ("server-key.pem", True),
        ("privkey.pem", True),
        ("shop.p12", True),
        ("terraform.tfstate", True),
        (".npmrc", False),
        ("server.pem", False),
        ("secrets/", False),
        ("shop.env", False),
    ],
)
def test_what_holds_a_secret(path: str, certain: bool) -> None:
    found = secret_file(path)
    assert found is not None
    assert found.certain is certain


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        "example.env",
        "id_ed25519.pub",
        "ca.pem",
        "rds-combined-ca-bundle.pem",
        "fullchain.pem",
        "server-cert.pem",
        "public.pem",
        "dhparam.pem",
        "public.key",
        "nginx.gpg.key",
        "truststore.jks",
        ".docker/nginx.conf",
        ".docker",
        "config",
        "package.json",
        "keyboard.txt",
        "https://files.example.net/release.key",
        "",
        "/",
        ".",
    ],
)
def test_what_holds_none(path: str) -> None:
    assert secret_file(path) is None


def test_a_key_for_a_key_ring_is_a_public_one() -> None:
    assert secret_file("vendor.key", "/etc/apt/keyrings/") is None
    assert secret_file("vendor.key", "/etc/ssl/") is not None


def credentials(text: str, name: str) -> list[Credential]:
    return [one for one in interpreted(text, name).subjects if isinstance(one, Credential)]


def test_the_default_of_a_variable_is_literal() -> None:
    environment = "      API_TOKEN: ${API_TOKEN:-Vq8f2LmZ0tRw4KxB}\n      DB_PASSWORD: x-${PW}\n"
    text = f"services:\n  a:\n    image: a:1\n    environment:\n{environment}"
    token, password = credentials(text, "compose.yaml")
    assert (literal_text(token), text_at(text, literal_place(token))) == ("Vq8f2LmZ0tRw4KxB", "Vq8f2LmZ0tRw4KxB")
    assert literal_text(password) is None


def test_a_value_from_another_setting_stands_there() -> None:
    text = "FROM a:1\nARG DB_PASSWORD=Vq8f2LmZ0tRw4KxB\nENV DB_PASSWORD=$DB_PASSWORD\n"
    first, second = credentials(text, "Dockerfile")
    assert (literal_text(first), first.value.place.line) == ("Vq8f2LmZ0tRw4KxB", 2)
    assert (literal_text(second), second.origin) == (None, Origin.INTERPOLATED)


COMPOSE = """services:
  a:
    image: redis:7
    healthcheck:
      test: {test}
"""


@pytest.mark.parametrize(
    "test",
    [
        '["CMD", "redis-cli", "-a", "Vq8f2LmZ0tRw4KxB", "ping"]',
        '["CMD-SHELL", "redis-cli -a Vq8f2LmZ0tRw4KxB ping"]',
        "redis-cli -c -a Vq8f2LmZ0tRw4KxB ping",
    ],
)
def test_a_password_in_a_health_check(test: str) -> None:
    text = COMPOSE.format(test=test)
    (one,) = credentials(text, "compose.yaml")
    assert (one.holder, one.origin, text_at(text, one.value.place)) == ("command-line", Origin.LITERAL, "Vq8f2LmZ0tRw4KxB")


def test_a_probe_logs_in_nowhere() -> None:
    text = COMPOSE.format(test='["CMD-SHELL", "psql -U postgres -c \'select 1\'"]')
    assert not [one for one in interpreted(text, "compose.yaml").subjects if type(one).__name__ in ("Login", "Connection")]


LINES = """apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  {name}: |
    # db.password=Vq8f2LmZ0tRw4KxA
    db.user=shop
    db.password=Vq8f2LmZ0tRw4KxB
    api.token: "Vq8f2LmZ0tRw4KxC"
    cache.password=${{CACHE_PASSWORD}}
    other.password=$1
    secret = os.environ["X"]
    mail.url=smtps://shop:Vq8f2LmZ0tRw4KxD@mail.example.net
"""


def test_lines_of_settings() -> None:
    text = LINES.format(name="application.properties")
    found = [(one.key, one.origin, text_at(text, one.value.place)) for one in credentials(text, "settings.yaml")]
    assert found == [
        ("db.password", Origin.LITERAL, "Vq8f2LmZ0tRw4KxB"),
        ("api.token", Origin.LITERAL, "Vq8f2LmZ0tRw4KxC"),
        ("mail.url", Origin.LITERAL, "Vq8f2LmZ0tRw4KxD"),
    ]


@pytest.mark.parametrize("name", ["app.py", "filter.lua"])
def test_programs_are_no_lines_of_settings(name: str) -> None:
    assert credentials(LINES.format(name=name), "settings.yaml") == []
