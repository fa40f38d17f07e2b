"""What a PostgreSQL server makes of its settings and of its pg_hba.conf. Source: postgresql.org, "Connections and Authentication",
"The pg_hba.conf File".
"""

from collections.abc import Iterator

from afscan.model.node import Node
from afscan.model.record import field, record
from afscan.model.subjects import Authentication, ConfigFile, Container, HbaRule, Postgres, Setting
from afscan.model.value import Value
from afscan.platforms.hbamatching import PLAIN, TLS, admitting, certified
from afscan.platforms.settings import lookup, lower, on_off, typed, whole_number


@record(slots=True, kw_only=True)
class Effective:
    """All that is known of a server.

    ``settings`` are those that count; ``owner`` is what lacks the absent ones, ``unread`` says why an absence is not certain.
    ``own_file`` is whether its main file is its own and not one that an image makes. ``known`` is
    :attr:`Postgres.records_known`; ``host_auth_method`` is what the image is told to write into its own pg_hba.conf.
    """

    name: str
    node: Node
    settings: dict[str, Setting]
    owner: Node
    unread: str = ""
    container: Container | None = None
    own_file: bool = False
    partial: bool = False
    files: list[ConfigFile] = field(default_factory=list)
    records: list[HbaRule] = field(default_factory=list)
    known: Value[bool] | None = None
    host_auth_method: Value[str]

    def text(self, name: str) -> Value[str]:
        """The text of a setting."""
        return lookup(self.settings, name, self.owner, self.unread)

    def number(self, name: str) -> Value[int]:
        """A whole number."""
        return typed(self.text(name), whole_number, "a whole number")

    @property
    def remote(self) -> Value[bool] | None:
        """Whether the server listens for other hosts. localhost is the default; images write ``*`` into the file that they make."""
        addresses = self.text("listen_addresses")
        if addresses.is_set:
            from afscan.platforms.urls import is_loopback  # noqa: PLC0415  (start-up time: few servers say where they listen)

            listed = [one.strip() for one in addresses.or_else("").strip("'\"").split(",")]
            return addresses.map(lambda _: not all(is_loopback(one) for one in listed if one))
        if addresses.is_unset and self.own_file and self.container is not None:
            return Value.of(False, self.owner)
        return None


def server(effective: Effective) -> Postgres:
    """The typed server."""
    return Postgres(
        name=effective.name,
        node=effective.node,
        platform="postgres",
        product="postgres",
        settings=effective.settings,
        container=effective.container,
        files=effective.files,
        unread=effective.unread,
        tls=typed(effective.text("ssl"), on_off, "`on` or `off`"),
        max_connections=effective.number("max_connections"),
        reserved_connections=effective.number("superuser_reserved_connections"),
        password_encryption=typed(effective.text("password_encryption"), lower, "a word"),
        host_auth_method=effective.host_auth_method,
        remote=effective.remote,
        partial=effective.partial,
        records=effective.records,
        records_known=effective.known,
        plaintext_rules=admitting(effective.records, PLAIN),
        hba_methods=[rule.method for rule in _admitting(effective.records, (PLAIN, TLS))],
    )


def authentications(found: Postgres, by_image: tuple[Value[bool], str] | None) -> Iterator[Authentication]:
    """Whether a server asks for credentials: one answer, or one for each record of its pg_hba.conf that asks for none.

    :param by_image: the answer where no pg_hba.conf of its own is known, with its reason; None where that says nothing.
    """
    known = found.records_known
    tls_off = found.tls.is_unset or found.tls.value is False
    trusting = [
        rule
        for rule in _admitting(found.records, (PLAIN,) if tls_off else (PLAIN, TLS))
        if rule.method.value == "trust" and not certified(rule)
    ]
    for rule in trusting:
        users = ", ".join(word.or_else("")[:60] for word in rule.users[:5])
        how = f"`trust` lets `{users}` in from `{rule.address.or_else('')[:60]}` without a password"
        name = f"{found.name}, {rule.name}" if found.container is not None else rule.name
        yield _authentication(found, Value.of(False, rule.method.node, rule.method.at), how, name)
    if trusting:
        return
    if known is not None and not known.is_unset:
        yield _authentication(found, known, known.reason or "its pg_hba.conf demands credentials", found.name)
    elif by_image is not None:
        yield _authentication(found, *by_image, found.name)


def _admitting(records: list[HbaRule], transports: tuple[str, ...]) -> list[HbaRule]:
    """The records by which remote clients get in that come in one of these ways, in order."""
    reached = {id(rule) for transport in transports for rule in admitting(records, transport)}
    return [rule for rule in records if id(rule) in reached]


def _authentication(found: Postgres, required: Value[bool], how: str, name: str) -> Authentication:
    return Authentication(
        name=name,
        node=required.node,
        platform="postgres",
        product="postgres",
        required=required,
        how=how,
        container=found.container,
    )
