"""What a Sentinel makes of its settings. Source: redis.io, "High availability with Redis Sentinel"; redis/src/sentinel.c."""

from afscan.model.node import Node
from afscan.model.redis import Monitored, RedisSentinel
from afscan.model.subjects import Authentication, ConfigFile, Container, Setting
from afscan.model.value import Value
from afscan.platforms.redisserver import Effective, authentication, bind_of
from afscan.platforms.settings import typed, whole_number


def sentinel(
    settings: list[Setting], effective: Effective, *, name: str, node: Node, container: Container | None, files: list[ConfigFile]
) -> tuple[RedisSentinel, Authentication]:
    """The typed server, and whether it asks for a password."""
    found = RedisSentinel(
        name=name,
        node=node,
        platform="redis",
        product="redis-sentinel",
        settings=effective.by_name,
        container=container,
        files=files,
        unread=effective.unread,
        port=effective.number("port"),
        tls_port=effective.number("tls-port"),
        tls_replication=effective.switch("tls-replication"),
        password=effective.text("requirepass"),
        bind=bind_of(effective),
        protected_mode=effective.switch("protected-mode"),
        masters=_masters(settings),
    )
    required = authentication(effective, name=name, node=node, platform="redis", container=container)
    required.product = "redis-sentinel"
    return found, required


def _masters(settings: list[Setting]) -> list[Monitored]:
    """The masters in the order in which they are named; what concerns one comes after its ``monitor`` line."""
    found: dict[str, Monitored] = {}
    for one in settings:
        words = one.arguments if one.name == "sentinel" else []
        key = words[0].or_else("").lower() if words else ""
        name = words[1].or_else("") if len(words) > 1 else ""
        if key == "monitor" and len(words) == 5:
            node = words[2].node
            found[name] = Monitored(
                node=node,
                name=name,
                host=words[2],
                port=typed(words[3], whole_number, "a port"),
                quorum=typed(words[4], whole_number, "a whole number"),
                password=Value.unset(node),
                user=Value.unset(node),
            )
        elif key == "auth-pass" and len(words) == 3 and name in found:
            found[name].password = words[2]
        elif key == "auth-user" and len(words) == 3 and name in found:
            found[name].user = words[2]
    return list(found.values())
