"""Whether servers that are known by their image ask who is there, by what their environment and command line say.

Sources: the images' documentation on Docker Hub (mysql, mariadb, mongo, elasticsearch, rabbitmq, minio) and the
products' manuals. What is not listed here is not judged.
"""

import re
from collections.abc import Callable
from typing import Protocol

from afscan.model.subjects import Container, Variable
from afscan.model.value import Value
from afscan.platforms.settings import truth

Verdict = tuple[Value[bool], str]
"""Whether the server asks, placed at what decides; and how, in a clause."""


class Variables(Protocol):
    """What these questions need of a container's environment."""

    container: Container
    variables: dict[str, Variable]
    unread: str

    def text(self, name: str) -> Value[str]:
        """A variable's value."""

    def given(self, name: str) -> bool | None:
        """Whether it has a value that is not empty; None where that is not known."""


def judge(product: str, environment: Variables, words: str) -> Verdict | None:
    """Whether the server asks; None where nothing is known of the product. ``words`` is its command line as one text."""
    question = _QUESTIONS.get(product)
    return question(environment, words) if question is not None else None


def _says(value: Value[str], required: bool) -> Value[bool]:
    return Value.of(required, value.node, value.at)


def _true(value: Value[str]) -> bool:
    return value.is_set and truth(value.or_else("").strip()) is True


def _false(value: Value[str]) -> bool:
    return value.is_set and truth(value.or_else("").strip()) is False


def _absent(environment: Variables, required: bool, how: str) -> Verdict:
    """The product's default, unless another source may set the variable."""
    if environment.unread:
        return Value.unknown(environment.container.node, environment.unread), environment.unread
    return Value.of(required, environment.container.node), how


def _mounted(environment: Variables, *ends: str) -> Verdict | None:
    """Unknown where a configuration file of one's own is mounted, which may decide otherwise."""
    for mount in environment.container.mounts:
        target = mount.target.or_else("").rstrip("/")
        if target.endswith(ends):
            reason = f"`{target}` may say otherwise, and is not read"
            return Value.unknown(mount.node, reason), reason
    return None


def _elasticsearch(environment: Variables, words: str) -> Verdict:
    for name in ("xpack.security.enabled", "ES_SETTING_XPACK_SECURITY_ENABLED"):
        enabled = environment.text(name)
        if _false(enabled):
            return _says(enabled, False), "`xpack.security.enabled` is false"
        if _true(enabled):
            return _says(enabled, True), "`xpack.security.enabled` is true"
        if enabled.is_unknown and name in environment.variables:
            return Value.unknown(enabled.node, enabled.reason, enabled.at), enabled.reason
    argument = re.search(r"xpack\.security\.enabled=(\w+)", words)
    if argument is not None and truth(argument[1]) is not None:
        node = environment.container.arguments.node
        return Value.of(bool(truth(argument[1])), node), f"`xpack.security.enabled` is {argument[1]}"
    mounted = _mounted(environment, "elasticsearch.yml", "/usr/share/elasticsearch/config")
    if mounted is not None:
        return mounted
    major = _major(environment.container)
    if major is None:
        reason = "the image's version is not known, and before 8 security was off by default"
        return Value.unknown(environment.container.node, reason), reason
    how = "security is on by default since 8" if major >= 8 else f"security is off by default in version {major}"
    return _absent(environment, major >= 8, how)


def _opensearch(environment: Variables, words: str) -> Verdict:
    for name in ("DISABLE_SECURITY_PLUGIN", "plugins.security.disabled"):
        disabled = environment.text(name)
        if _true(disabled):
            return _says(disabled, False), f"`{name}` turns security off"
    return _mounted(environment, "opensearch.yml") or _absent(environment, True, "the security plugin is on by default")


def _mysql(environment: Variables, words: str) -> Verdict:
    if "skip-grant-tables" in words or "skip_grant_tables" in words:
        return Value.of(False, environment.container.arguments.node), "`--skip-grant-tables` lets everybody in"
    passwords = ("MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE", "MARIADB_ROOT_PASSWORD_FILE")
    given = [environment.given(name) for name in (*passwords, "MARIADB_ROOT_PASSWORD_HASH")]
    for name in ("MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD"):
        empty = environment.text(name)
        # The official images ask whether the variable is empty, not what it says.
        allowed = _true(empty) if name == "ALLOW_EMPTY_PASSWORD" else environment.given(name) is True
        if allowed and not any(given):
            if None in given:
                return Value.unknown(empty.node, environment.unread, empty.at), environment.unread
            return _says(empty, False), f"`{name}` leaves root without a password"
    return Value.of(True, environment.container.node), "the image demands a password for root"


def _mongodb(environment: Variables, words: str) -> Verdict:
    asked = re.search(r"--(?:auth|keyFile|clusterAuthMode)\b", words)
    if asked is not None:
        return Value.of(True, environment.container.arguments.node), f"`{asked[0]}` is on the command line"
    if "--noauth" in words:
        return Value.of(False, environment.container.arguments.node), "`--noauth` lets everybody in"
    for name in (
        "MONGO_INITDB_ROOT_USERNAME",
        "MONGO_INITDB_ROOT_USERNAME_FILE",
        "MONGODB_ROOT_PASSWORD",
        "MONGODB_ROOT_PASSWORD_FILE",
    ):
        if environment.given(name):
            return _says(environment.text(name), True), f"`{name}` is set"
    if re.search(r"(?:--config|-f)\b", words):
        reason = "its configuration file decides, which is not read"
        return Value.unknown(environment.container.node, reason), reason
    how = "MongoDB asks nobody unless `MONGO_INITDB_ROOT_USERNAME` and its password, or `--auth`, are set"
    return _mounted(environment, "mongod.conf", "mongodb.conf") or _absent(environment, False, how)


def _rabbitmq(environment: Variables, words: str) -> Verdict:
    return Value.of(True, environment.container.node), "RabbitMQ asks for a password; `guest` is let in from the host itself only"


def _minio(environment: Variables, words: str) -> Verdict:
    for name in ("MINIO_ROOT_PASSWORD", "MINIO_ROOT_PASSWORD_FILE", "MINIO_SECRET_KEY", "MINIO_CONFIG_ENV_FILE"):
        password = environment.text(name)
        if password.is_set and password.value == "minioadmin":
            return _says(password, False), "`minioadmin`/`minioadmin` is the login that everybody knows"
        if environment.given(name):
            return _says(password, True), f"`{name}` is set"
    return _absent(environment, False, "nobody sets `MINIO_ROOT_PASSWORD`: the login is `minioadmin`/`minioadmin`")


def _major(container: Container) -> int | None:
    tag = container.image.tag if container.image is not None else None
    match = re.match(r"v?(\d{1,3})(?:[.-]|\Z)", tag or "")
    return int(match[1]) if match is not None else None


_QUESTIONS: dict[str, Callable[[Variables, str], Verdict]] = {
    "elasticsearch": _elasticsearch,
    "opensearch": _opensearch,
    "mysql": _mysql,
    "mariadb": _mysql,
    "mongodb": _mongodb,
    "rabbitmq": _rabbitmq,
    "minio": _minio,
}

JUDGED = frozenset(_QUESTIONS)
"""The products of which :func:`judge` knows something."""
