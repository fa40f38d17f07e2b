"""Grafana as it runs, and what it is provisioned with."""

from afscan.model.monitoring import AlertReceiver, AlertRoute
from afscan.model.record import field, record
from afscan.model.subjects import Server, Subject
from afscan.model.value import Value


@record(slots=True, kw_only=True, eq=False)
class Grafana(Server):
    """Grafana. Settings are named ``section.key``. Source: grafana.com/docs, "Configure Grafana" (defaults.ini)."""

    protocol: Value[str]  # server.protocol, lower case: http (the default), https, h2, socket, socket_h2
    certificate: Value[str]  # server.cert_file
    key: Value[str]  # server.cert_key
    min_tls: Value[str]  # server.min_tls_version, default TLS1.2
    anonymous: Value[bool]  # auth.anonymous.enabled, default false
    anonymous_role: Value[str]  # auth.anonymous.org_role, default Viewer
    admin_user: Value[str]  # security.admin_user, default admin
    admin_password: Value[str]  # security.admin_password, default admin
    secret_key: Value[str]  # security.secret_key, which has a well-known default
    cookie_secure: Value[bool]  # security.cookie_secure, default false
    embedding: Value[bool]  # security.allow_embedding, default false
    sign_up: Value[bool]  # users.allow_sign_up, default false


@record(slots=True, kw_only=True, eq=False)
class Datasource(Subject):
    """A provisioned data source: ``kind`` is its plugin (``prometheus``, ``postgres``); ``url`` as written.

    ``verify_off``: whether the server's certificate goes unchecked (``jsonData.tlsSkipVerify``, default false); ``basic_auth``
    whether it logs in with a name and a password.
    """

    kind: Value[str]
    url: Value[str]
    verify_off: Value[bool]
    basic_auth: Value[bool]


@record(slots=True, kw_only=True, eq=False)
class DashboardProvider(Subject):
    """Where Grafana looks for dashboards: ``path`` is a folder in its container."""

    path: Value[str]


@record(slots=True, kw_only=True, eq=False)
class GrafanaAlerting(Subject):
    """One provisioning file of Grafana's own alerting: its contact points by name, the notification policies, the rules' titles.

    A policy may name a contact point of another file.
    """

    contact_points: dict[str, AlertReceiver] = field(default_factory=dict)
    policies: list[AlertRoute] = field(default_factory=list)
    rules: list[Value[str]] = field(default_factory=list)
