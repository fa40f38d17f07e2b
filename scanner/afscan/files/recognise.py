"""What a text is, by its content first and its name second: the syntax to parse it with.

Platforms then look at the parsed nodes; this only has to choose the parser. Pure functions of name and text.
"""

import re
from posixpath import basename

_DOCKERFILE = re.compile(r"\A(?:\s*(?:#[^\n]*)?\n)*\s*(?:ARG\s+\S+\s*\n(?:\s*(?:#[^\n]*)?\n)*)*FROM\s+\S+", re.IGNORECASE)
_DOCKERFILE_NAME = re.compile(r"(?:.*\.)?(?:dockerfile|containerfile)(?:[.-].*)?\Z", re.IGNORECASE)
_PGBOUNCER = re.compile(r"^\s*\[(?:databases|pgbouncer)\]\s*$", re.MULTILINE)
_USERLIST = re.compile(r'\A(?:\s*(?:;[^\n]*)?\n)*"[^"\n]*"[ \t]+"[^"\n]*"')
_REDIS = re.compile(
    r"^\s*(?:requirepass|masterauth|maxmemory(?:-policy)?|appendonly|appendfsync|rename-command|tls-port|tls-cert-file|"
    r"protected-mode|cluster-enabled|save\s+(?:\d|\"\")|replicaof|slaveof|aclfile|user\s+\S+\s+(?:on|off)|unixsocket|tcp-keepalive|"
    r"tcp-backlog|loadmodule|dbfilename|cluster-config-file)\b",
    re.MULTILINE | re.IGNORECASE,
)
_YAML = re.compile(r"^(?:---\s*$|apiVersion:\s*\S|kind:\s*\S|services:\s*$)", re.MULTILINE)
_SQL = re.compile(r"^\s*(?:CREATE|ALTER|GRANT|REVOKE)\s+(?:USER|ROLE|TABLE|DATABASE|SCHEMA|EXTENSION|POLICY|SELECT)\b", re.MULTILINE | re.I)

_SUFFIXES = {
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "tf": "hcl",
    "tfvars": "hcl",
    "hcl": "hcl",
    "md": "markdown",
    "markdown": "markdown",
    "sql": "sql",
}
_TEMPLATE_SUFFIXES = frozenset(("j2", "tpl", "tmpl", "template", "gotmpl", "erb", "jinja", "jinja2"))

FOREIGN = frozenset(
    "py pyc pyi js mjs cjs ts tsx jsx css scss html htm svg png jpg jpeg gif ico webp pdf zip gz tgz bz2 xz tar whl jar so o a "
    "dylib dll exe class go rs java kt c h cc cpp hpp cs rb php pl lua ex exs erl hs scala swift r ipynb csv tsv parquet db sqlite "
    "woff woff2 ttf eot mp3 mp4 mov avi lock sum mod map rst adoc log diff patch pem crt key csr der p12".split()
)
"""Suffixes of what afscan never reads: code, media, archives, data, key files."""


def suffix_of(name: str) -> str:
    """The lower-case suffix of a path without the dot; empty where there is none."""
    base = basename(name)
    return base.rpartition(".")[2].lower() if "." in base[1:] else ""


def is_template(name: str) -> bool:
    """Whether a name says that the text is a template to be rendered first."""
    return suffix_of(name) in _TEMPLATE_SUFFIXES


def syntax_of(name: str, text: str, *, hint: str | None = None) -> str | None:
    """The syntax to parse a text with; None where it is nothing that afscan reads.

    :param name: path or entry name.
    :param text: the text, or at least its first few kilobytes.
    :param hint: the language a Markdown fence names.
    """
    base = basename(name).lower()
    suffix = suffix_of(name)
    if suffix in FOREIGN and not _DOCKERFILE_NAME.match(base):
        return None
    if suffix not in _SUFFIXES:
        if _PGBOUNCER.search(text):
            return "ini"
        if base == "userlist.txt" or _USERLIST.match(text):
            return "userlist"
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if _DOCKERFILE_NAME.match(base) or (suffix in ("", "dev", "prod") and _DOCKERFILE.match(text)):
        return "dockerfile"
    if base in ("redis.conf", "valkey.conf") or (suffix in ("conf", "", "acl") and len(_REDIS.findall(text[:65536])) >= 2):
        return "redisconf"
    if suffix == "ini" and base.startswith("pgbouncer"):
        return "ini"
    if hint is not None:
        return _from_hint(hint, text)
    if suffix == "" and _YAML.search(text) and not text.startswith("#!"):
        return "yaml"
    if suffix == "" and text.lstrip()[:1] == "{" and '"' in text[:200]:
        return "json"
    return None


def _from_hint(hint: str, text: str) -> str | None:
    word = hint.strip().lower()
    if word in ("dockerfile", "docker", "containerfile"):
        return "dockerfile"
    if word in ("terraform", "hcl", "tf"):
        return "hcl"
    if word in ("yaml", "yml", "json", "sql"):
        return _SUFFIXES[word]
    if word in ("postgresql", "postgres", "psql", "pgsql"):
        return "sql"
    if not word and _YAML.search(text):
        return "yaml"
    return None
