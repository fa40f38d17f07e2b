"""What Grafana makes of its settings. Source: grafana.com/docs, "Configure Grafana"; grafana/conf/defaults.ini."""

from afscan.model.grafana import Grafana
from afscan.model.node import Node
from afscan.model.subjects import Authentication, ConfigFile, Container
from afscan.model.value import Value
from afscan.platforms.grafanaini import PLATFORM
from afscan.platforms.settings import Layered, lower

SETTINGS = (
    "server.protocol",
    "server.cert_file",
    "server.cert_key",
    "server.min_tls_version",
    "server.http_addr",
    "server.http_port",
    "auth.anonymous.enabled",
    "auth.anonymous.org_role",
    "auth.basic.enabled",
    "auth.disable_login_form",
    "security.admin_user",
    "security.admin_password",
    "security.secret_key",
    "security.cookie_secure",
    "security.allow_embedding",
    "security.disable_initial_admin_creation",
    "users.allow_sign_up",
    "database.type",
    "database.host",
    "database.ssl_mode",
    "database.user",
    "database.password",
)
"""The settings that something here asks for: only for these is it looked which variable sets them."""


def variable_of(name: str) -> str:
    """The variable that sets a setting: ``auth.anonymous.enabled`` is ``GF_AUTH_ANONYMOUS_ENABLED``."""
    return "GF_" + name.replace(".", "_").replace("-", "_").upper()


def server(settings: Layered, *, name: str, node: Node, container: Container | None, files: list[ConfigFile]) -> Grafana:
    """The typed server."""
    return Grafana(
        name=name,
        node=node,
        platform=PLATFORM,
        product=PLATFORM,
        settings=settings.by_name,
        container=container,
        files=files,
        unread=settings.unread,
        protocol=settings.text("server.protocol").map(lambda text: lower(text) or ""),
        certificate=settings.text("server.cert_file"),
        key=settings.text("server.cert_key"),
        min_tls=settings.text("server.min_tls_version"),
        anonymous=settings.switch("auth.anonymous.enabled"),
        anonymous_role=settings.text("auth.anonymous.org_role"),
        admin_user=settings.text("security.admin_user"),
        admin_password=settings.text("security.admin_password"),
        secret_key=settings.text("security.secret_key"),
        cookie_secure=settings.switch("security.cookie_secure"),
        embedding=settings.switch("security.allow_embedding"),
        sign_up=settings.switch("users.allow_sign_up"),
    )


def authentication(settings: Layered, found: Grafana) -> Authentication:
    """Whether Grafana asks for a login that not everybody knows."""
    required, how = _required(settings, found)
    return Authentication(
        name=found.name,
        node=required.node,
        platform=PLATFORM,
        product=PLATFORM,
        required=required,
        how=how,
        container=found.container,
    )


def _required(settings: Layered, found: Grafana) -> tuple[Value[bool], str]:
    anonymous, password = found.anonymous, found.admin_password
    if anonymous.value:
        return Value.of(False, anonymous.node, anonymous.at), _how(settings, "auth.anonymous.enabled", "lets everybody in")
    if anonymous.is_unknown and "auth.anonymous.enabled" in settings.by_name:
        return Value.unknown(anonymous.node, anonymous.reason, anonymous.at), anonymous.reason
    if _without_passwords(settings):
        return Value.of(True, settings.owner), "neither the login form nor basic authentication takes a password"
    if "security.admin_password" in settings.by_name:
        if password.is_set and password.value in ("admin", "grafana"):
            user = found.admin_user.or_else("admin")
            how = f"`{user}`/`{password.value}` is a login that everybody tries first"
            return Value.of(False, password.node, password.at), how
        return Value.of(True, password.node, password.at), "an administrator's password is set"
    if settings.switch("security.disable_initial_admin_creation").value:
        return Value.of(True, settings.owner), "no administrator is made at the start"
    if settings.unread:
        return Value.unknown(settings.owner, settings.unread), settings.unread
    return Value.of(False, settings.owner), "nobody sets `GF_SECURITY_ADMIN_PASSWORD`: the first login is `admin`/`admin`"


def _how(settings: Layered, name: str, effect: str) -> str:
    written = variable_of(name) if settings.by_name[name].layer == "environment" else name
    return f"`{written}` {effect}"


def _without_passwords(settings: Layered) -> bool:
    """Whether only other ways than a password lead in (single sign-on)."""
    return settings.switch("auth.disable_login_form").value is True and settings.switch("auth.basic.enabled").value is False
