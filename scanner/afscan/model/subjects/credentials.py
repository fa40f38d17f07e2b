"""Credentials: secret values, entries that may hold them, who is asked to log in and as whom."""

from afscan.model.place import Place
from afscan.model.record import record
from afscan.model.subjects.base import Origin, Subject
from afscan.model.subjects.workloads import Container
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Credential(Subject):
    """A secret value, or the place where one belongs.

    ``key`` is the setting's own name (``POSTGRES_PASSWORD``, ``requirepass``), ``kind`` is ``password``, ``api-key``, ``token``,
    ``private-key``, ``secret``; ``in_url`` marks a URL's userinfo. ``reader`` names the product that reads the value, None for
    an application unknown to us. ``holder``: ``file``, ``environment``, ``configmap``, ``secret``, ``image`` (Dockerfile),
    ``command-line``, ``terraform``, ``sql``.
    """

    key: str
    kind: str
    value: Value[str]
    origin: Origin
    user: str | None = None
    reader: str | None = None
    holder: str = "file"
    in_url: bool = False
    container: Container | None = None


@record(slots=True, kw_only=True, eq=False)
class ConfigEntry(Subject):
    """One entry of a ConfigMap (SEC103): its name and text, and what it was recognised as (``redis``, ``pgbouncer-userlist``, ...)."""

    key: str
    text: Value[str]
    config_map: str
    namespace: str
    recognised_as: str | None = None

    @property
    def place(self) -> Place:
        """The entry's key."""
        return self.node.key.place if self.node.key is not None else self.node.head


@record(slots=True, kw_only=True, eq=False)
class SecretEntry(Subject):
    """One entry of a Secret in the files. ``text`` is decoded; unknown where it is no text, too long or encrypted (SOPS).

    ``encoded``: it stands there in base64 (``data``), so that places inside it are the whole entry's. ``secret_type`` is the
    Secret's ``type``, empty where none is written (Opaque).
    """

    key: str
    text: Value[str]
    secret: str
    namespace: str
    encoded: bool = False
    secret_type: str = ""

    @property
    def place(self) -> Place:
        """The entry's key."""
        return self.node.key.place if self.node.key is not None else self.node.head


@record(slots=True, kw_only=True, eq=False)
class Authentication(Subject):
    """Whether a server asks who is there (SEC503). ``required`` is effective: defaults and overrides are applied.

    ``how`` names the setting and its effect for the message: "`auth_type = any` lets everybody in".
    """

    product: str
    required: Value[bool]
    how: str
    container: Container | None = None


@record(slots=True, kw_only=True, eq=False)
class Login(Subject):
    """A user name with which an application or script logs in (SEC504). ``superuser`` names that the product ships as all-powerful."""

    product: str
    user: Value[str]
    superuser: bool
    container: Container | None = None
    administrative: bool = False  # the server's own bootstrap user, a job that must be one: not an application
