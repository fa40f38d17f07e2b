"""What a text is, by its content first and its name second: the syntax to parse it with.

Platforms then look at the parsed nodes; this only has to choose the parser. Pure functions of name and text.
"""

import re
from posixpath import basename

from afscan.model.patterns import pattern

_LOOKED_AT = 65_536
# No pattern lets "\s*" run over line breaks, and none can match a line in two ways: time stays linear on any text.
_DOCKERFILE = pattern(
    r"\A(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*[ \t]*"
    r"(?:ARG[ \t]+[^\r\n]*\r?\n(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*[ \t]*)*"
    r"FROM[ \t]+(?:--\S+[ \t]+)*\S+(?:[ \t]+AS[ \t]+\S+)?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_DOCKERFILE_NAME = pattern(r"(?:.*\.)?(?:dockerfile|containerfile)(?:[.-].*)?\Z", re.IGNORECASE)
_PGBOUNCER = pattern(r"^[ \t]*\[(?:databases|pgbouncer)\][ \t]*\r?$", re.MULTILINE)
_USERLIST = pattern(r'\A(?:[ \t]*(?:;[^\r\n]*)?\r?\n)*[ \t]*"[^"\n]*"[ \t]+"[^"\n]*"')
_REDIS = pattern(
    r"^[ \t]*(?:requirepass|masterauth|maxmemory(?:-policy)?|appendonly|appendfsync|rename-command|tls-port|tls-cert-file|"
    r"protected-mode|cluster-enabled|save[ \t]+(?:\d|\"\")|replicaof|slaveof|aclfile|user[ \t]+\S+[ \t]+(?:on|off)|unixsocket|"
    r"tcp-keepalive|tcp-backlog|sentinel[ \t]+(?:monitor|auth-pass|down-after-milliseconds|parallel-syncs|failover-timeout)|"
    r"loadmodule|dbfilename|cluster-config-file)\b",
    re.MULTILINE | re.IGNORECASE,
)
_REDIS_NAMES = frozenset(("redis.conf", "valkey.conf", "sentinel.conf"))
_YAML = pattern(r"^(?:apiVersion:[ \t]*\S|services:[ \t]*\r?$)", re.MULTILINE)
_RULES = re.compile(r"^(?:groups|scrape_configs):[ \t]*\r?\n[ \t]*- ", re.MULTILINE)
"""Rules of Prometheus, or its configuration, under a name without a suffix that says YAML (``alerts``, ``node.rules``)."""

_YAML_START = pattern(r"(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*---[ \t]*\r?\n")
_JSON = pattern(r'\s*\{\s*["}]')
_SQL = pattern(
    r"^[ \t]*(?:CREATE|ALTER|GRANT|REVOKE)[ \t]+(?:USER|ROLE|TABLE|DATABASE|SCHEMA|EXTENSION|POLICY|SELECT)\b",
    re.MULTILINE | re.I,
)
_CONSOLE = pattern(r"\s*\$[ \t]")
"""A session at a terminal, which may well show a manifest in a heredoc."""

_LANGUAGE = pattern(r"[{.\s]*([\w+#-]*)")

_SUFFIXES = {
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "jsonc": "json",
    "json5": "json",
    "tf": "hcl",
    "tofu": "hcl",
    "tfvars": "hcl",
    "hcl": "hcl",
    "md": "markdown",
    "markdown": "markdown",
    "sql": "sql",
    "psql": "sql",
    "pgsql": "sql",
}
_LANGUAGES = {
    **_SUFFIXES,
    "terraform": "hcl",
    "opentofu": "hcl",
    "docker": "dockerfile",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "postgresql": "sql",
    "postgres": "sql",
    "plpgsql": "sql",
    "fluentd": "fluentd",
}
_OPEN_LANGUAGES = frozenset(
    ("", "conf", "config", "cfg", "ini", "properties", "redis", "pgbouncer", "text", "txt", "plain", "plaintext", "none")
)
_POSTGRES_NAME = pattern(r"postgres(?:ql)?(?:[._-][\w.-]*)?\.conf(?:\.sample)?\Z")
_HBA_NAME = pattern(r"(?:[\w.-]*[._-])?pg_?hba(?:[._-][\w.-]*)?\.conf(?:\.sample)?\Z")
_FLUENTD_NAME = pattern(r"(?:fluent|fluentd|td-agent)\.conf\Z")
_FLUENTD = pattern(
    r"^[ \t]*<(?:source|match|filter|label|system|worker)(?:[ \t][^<>\r\n]*)?>[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE
)
_FLUENTD_TYPE = pattern(r"^[ \t]*@?type[ \t]+\S", re.MULTILINE)
_FLUENTBIT_NAME = pattern(r"(?:fluent-?bit|td-agent-bit)\.conf\Z")
_FLUENTBIT = pattern(r"^[ \t]*\[(?:SERVICE|INPUT|FILTER|OUTPUT)\][ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_FLUENTBIT_ENTRY = pattern(r"^[ \t]+(?:Name|Match|Flush|Parsers_File|Log_Level)[ \t]+\S", re.MULTILINE | re.IGNORECASE)
_NEO4J = pattern(
    r"^[ \t]*(?:dbms\.(?:connectors?|memory|security|ssl|default|directories|tx_log|logs|mode|jvm)|"
    r"server\.(?:bolt|https?|memory|directories|default|jvm|metrics|config|cluster)|"
    r"causal_clustering|db\.(?:tx_log|logs|transaction))[._][\w.]*[ \t]*=",
    re.MULTILINE,
)
_GRAFANA_NAME = pattern(r"grafana(?:[._-][\w.-]*)?\.ini\Z")
_GRAFANA = pattern(
    r"^\[(?:auth\.(?:anonymous|basic|proxy|generic_oauth|grafana_com|jwt)|unified_alerting|date_formats|snapshots|dashboards)\][ \t]*\r?$",
    re.MULTILINE,
)
_DOTENV_NAME = pattern(r"(?:\.env(?:[.-].+)?|.+\.env)\Z")
_DOTENV = pattern(r"\A(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*[ \t]*(?:#[^\r\n]*)?(?:\Z|(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*[=:])")
_UNIT = pattern(r"^[ \t]*\[(?:Timer|Service|Unit)\][ \t]*\r?$", re.MULTILINE)
_CRONTAB_NAME = pattern(r"(?:\A|/)(?:[\w.-]*crontab|cron\.d/[\w-]+|crontabs/[\w-]+)\Z", re.IGNORECASE)
_CRONTAB = pattern(
    r"^[ \t]*(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|[\d*/,-]+(?:[ \t]+[\w*/,-]+){4})[ \t]+\S",
    re.MULTILINE,
)
_NO_DOTENV = frozenset(("sh", "bash", "zsh", "fish", "ps1", "bat", "cmd", "vault"))
"""Suffixes of scripts, and of files that dotenv-vault has encrypted."""

_SHELLS = frozenset(("sh", "bash", "dash", "ash"))
"""Shells whose language the grammar reads. Others (zsh, ksh, fish) are not read."""
_RENOVATE = frozenset(("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5"))
"""Source: Renovate documentation, "Configuration Overview"."""

_TEMPLATE_SUFFIXES = frozenset(("j2", "tpl", "tmpl", "template", "gotmpl", "erb", "jinja", "jinja2", "tftpl"))

_FOREIGN = """
py pyc pyi js mjs cjs ts tsx jsx css scss html htm svg png jpg jpeg gif ico webp pdf zip gz tgz bz2 xz tar whl jar so o a
dylib dll exe class go rs java kt c h cc cpp hpp cs rb php pl lua ex exs erl hs scala swift r ipynb csv tsv parquet db sqlite
woff woff2 ttf eot mp3 mp4 mov avi lock sum mod map rst adoc log diff patch pem crt key csr der p12 dockerignore
"""
FOREIGN = frozenset(_FOREIGN.split())
"""Suffixes of what afscan never reads: code, media, archives, data, key files."""


def suffix_of(name: str) -> str:
    """The lower-case suffix of a path without the dot; empty where there is none."""
    base = basename(name)
    return base.rpartition(".")[2].lower() if "." in base[1:] else ""


def is_foreign(name: str) -> bool:
    """Whether a path alone says that afscan does not read the file. ``Dockerfile.go`` does not: its content decides.

    Nor does ``Chart.lock``: that there is one says that a chart's dependencies are held.
    """
    return suffix_of(name) in FOREIGN and not _DOCKERFILE_NAME.match(basename(name)) and basename(name) != "Chart.lock"


def is_template(name: str) -> bool:
    """Whether a name says that the text is a template to be rendered first."""
    return suffix_of(name) in _TEMPLATE_SUFFIXES


def is_renovate(name: str) -> bool:
    """Whether a name alone makes a file a configuration of Renovate."""
    return basename(name).lower() in _RENOVATE


def syntax_of(name: str, text: str, *, hint: str | None = None) -> str | None:
    """The syntax to parse a text with; None where it is nothing that afscan reads.

    :param name: path or entry name.
    :param text: the text, or at least its first few kilobytes.
    :param hint: the language a Markdown fence names.
    """
    text = text[:_LOOKED_AT]
    if hint is not None:
        return _in_fence(hint, name, text)
    if is_template(name):
        if _DOTENV_NAME.match(basename(name).lower()):
            return None  # .env.template says what belongs into .env: nobody renders it, and nothing runs with it
        name = name.rpartition(".")[0]
    base = basename(name).lower()
    suffix = suffix_of(name)
    if suffix in FOREIGN:  # "Dockerfile.go" is often one, "dockerfile.go" may be a program
        return "dockerfile" if _DOCKERFILE_NAME.match(base) and _DOCKERFILE.match(text) else None
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix in ("sh", "bash") or (text.startswith("#!") and suffix not in ("env", "ini", "rules")):
        return "shell" if _is_script(text) else None
    if _DOTENV_NAME.match(base) and suffix not in _NO_DOTENV and (base == ".env" or _DOTENV.match(text)):
        return "dotenv" if not text.startswith("#!") else None
    if suffix in ("timer", "service") and _UNIT.search(text):
        return "systemd"
    if (_CRONTAB_NAME.search(name) or suffix in ("cron", "crontab")) and _CRONTAB.search(text):
        return "crontab"
    if _PGBOUNCER.search(text):
        return "ini"
    if base == "userlist.txt" or _USERLIST.match(text):
        return "userlist"
    if _DOCKERFILE_NAME.match(base) or (suffix in ("", "dev", "prod") and _DOCKERFILE.match(text)):
        return "dockerfile"
    if _HBA_NAME.match(base):
        return "pghba"
    if _POSTGRES_NAME.match(base):
        return "postgresconf"
    if _is_fluentd(base, text):
        return "fluentd"
    if _is_fluentbit(base, text):
        return "fluentbit"
    if base == "neo4j.conf" or (suffix in ("conf", "", "properties") and len(_NEO4J.findall(text)) >= 2):
        return "properties"
    if _GRAFANA_NAME.match(base) or (suffix in ("ini", "") and _GRAFANA.search(text)):
        return "goini"
    found = len(_REDIS.findall(text)) if suffix in ("conf", "", "acl") else 0
    if base in _REDIS_NAMES or found >= (1 if suffix == "acl" else 2):
        return "redisconf"
    if suffix == "ini" and base.startswith("pgbouncer"):
        return "ini"
    if suffix in ("rules", "rule", "alerts"):
        return "yaml" if _RULES.search(text) else None
    if suffix == "" and not text.startswith("#!"):
        if _YAML.search(text) or _YAML_START.match(text) or _RULES.search(text):
            return "yaml"
        if _JSON.match(text):
            return "json"
    return _postgresql(name, text) if suffix in ("", "conf") else None


def _is_script(text: str) -> bool:
    """Whether a text that may be a script is one for a shell that is read: by its first line, where that names an interpreter."""
    if not text.startswith("#!"):
        return True
    words = text[2:].split("\n", 1)[0].split()
    if words and basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return bool(words) and basename(words[0]) in _SHELLS


def _is_fluentd(base: str, text: str) -> bool:
    suffix = suffix_of(base)
    written = suffix in ("conf", "") and _FLUENTD.search(text) is not None and _FLUENTD_TYPE.search(text) is not None
    return written or _FLUENTD_NAME.match(base) is not None


def _is_fluentbit(base: str, text: str) -> bool:
    suffix = suffix_of(base)
    written = suffix in ("conf", "") and _FLUENTBIT.search(text) is not None and _FLUENTBIT_ENTRY.search(text) is not None
    return written or _FLUENTBIT_NAME.match(base) is not None


def _postgresql(name: str, text: str) -> str | None:
    """The syntax of a file of PostgreSQL's that has another name."""
    from afscan.files.postgresql import is_access_list, is_configuration  # noqa: PLC0415  (few files need its list of names)

    if is_configuration(name, text):
        return "postgresconf"
    return "pghba" if is_access_list(name, text) else None


def _in_fence(hint: str, name: str, text: str) -> str | None:
    """The syntax of a fenced block: what its language says; where that says little, what name and content say."""
    found = _LANGUAGE.match(hint)
    language = found.group(1).lower() if found else ""
    if language in _LANGUAGES:
        return _LANGUAGES[language]
    if language in ("sh", "bash", "shell"):  # most are a few commands to type: a script says so in its first line, or its name
        named = suffix_of(name) in ("sh", "bash") and not name.startswith("block-")
        return "shell" if (named or text.startswith("#!")) and _is_script(text) else None
    if language not in _OPEN_LANGUAGES or text.lstrip().startswith("#!") or _CONSOLE.match(text):
        return None
    syntax = syntax_of(name, text)
    if syntax is None and suffix_of(name) not in FOREIGN:
        bare = syntax_of("", text)
        syntax = bare if bare is not None or not _SQL.search(text) else "sql"
    return syntax
