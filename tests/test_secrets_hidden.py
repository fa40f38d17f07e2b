"""No report, picture or compliance view prints a secret: by name, by shape, by entropy, in a URL, on a command line."""

from pathlib import Path

import pytest

from afscan.cli import main

PARTS = {
    "name": "Tm4kRw8zQx" + "2vLb6nHy",
    "entropy": "Zq8vR2mXw5Kt9L" + "bNcYpH3sGdJf7u",
    "shape": "ghp_" + "Wd7sQk2mZr9xTb4nLv6hYc8jPf3gAe5uXwBt",
    "url": "Vn3xKq9wLm" + "5tRz",
    "line": "Jr6bWc2yQh" + "8fTm",
    "sql": "Pk4vXs7dNz" + "3gLw",
}
"""One secret each, put together here so that none stands in this file."""

FILES = {
    "compose.yaml": """\
services:
  db:
    image: postgres:16
    environment: {{POSTGRES_USER: shop, POSTGRES_PASSWORD: {name}}}
    volumes: ["./init:/docker-entrypoint-initdb.d:ro"]
  app:
    image: ghcr.io/agentflow/app:latest
    environment:
      MAILER_KEY: {entropy}
      NOTES: "use {shape} to pull"
      DATABASE_URL: postgresql://shop:{url}@db:5432/shop
    command: ["app", "--password={line}"]
""",
    "init/10.sql": "CREATE ROLE reader LOGIN PASSWORD '{sql}';\n",
    "backup.sh": "#!/bin/sh\nexport TOKEN={shape}\nPGPASSWORD={line} pg_dump -h db -U shop shop > /backup/shop.sql\n",
}

COMMANDS = [
    [],
    ["--format", "json"],
    ["--format", "sarif"],
    ["--verbose", "--profile", "strict"],
    ["stack"],
    ["stack", "--format", "json"],
    ["stack", "--format", "mermaid"],
    ["stack", "--format", "dot"],
    ["controls"],
    ["controls", "--format", "json"],
    ["controls", "--format", "markdown"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_a_secret(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.format(**PARTS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code = main([*command, "."])
    captured = capsys.readouterr()
    assert code in (0, 1), captured.err
    assert "compose.yaml" in captured.out or "app" in captured.out
    shown = {kind for kind, secret in PARTS.items() if secret in captured.out + captured.err}
    assert shown == set()


def test_each_of_the_secrets_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the test above hides something."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.format(**PARTS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["--select", "SEC1", "."])
    out = capsys.readouterr().out
    for place in (
        "compose.yaml:4",
        "compose.yaml:9",
        "compose.yaml:10",
        "compose.yaml:11",
        "compose.yaml:12",
        "10.sql:1",
        "backup.sh:2",
    ):
        assert place in out, place
