"""Which TLS versions managed services accept, by the argument that says so.

Source: the "Argument Reference" of each resource in the providers' documentation (hashicorp/aws 6.x, hashicorp/azurerm 4.x,
hashicorp/google 6.x), and what it says of defaults: a listener without ``ssl_policy`` gets ELBSecurityPolicy-2016-08, a distribution
with a certificate of its own and no ``minimum_protocol_version`` TLSv1, a Google SSL policy TLS 1.0.
"""

from collections.abc import Iterator

from afscan.model.tls import TlsSetting
from afscan.model.value import Value
from afscan.platforms.terraform.body import Body
from afscan.platforms.tlsversions import Judge, made, policy, versions

_LISTENERS = ("aws_lb_listener", "aws_alb_listener")
_SETTINGS: dict[str, tuple[tuple[tuple[str, ...], Judge], ...]] = {
    "aws_api_gateway_domain_name": ((("security_policy",), versions),),
    "aws_opensearch_domain": ((("domain_endpoint_options", "tls_security_policy"), policy),),
    "aws_elasticsearch_domain": ((("domain_endpoint_options", "tls_security_policy"), policy),),
    "azurerm_storage_account": ((("min_tls_version",), versions),),
    "azurerm_mssql_server": ((("minimum_tls_version",), versions),),
    "azurerm_redis_cache": ((("minimum_tls_version",), versions),),
    "azurerm_postgresql_server": ((("ssl_minimal_tls_version_enforced",), versions),),
    "azurerm_mysql_server": ((("ssl_minimal_tls_version_enforced",), versions),),
    "azurerm_linux_web_app": ((("site_config", "minimum_tls_version"), versions),),
}


def read_tls(kind: str, name: str, body: Body) -> Iterator[TlsSetting]:
    """The settings of one resource; those that are not written only where the default is known to be old."""
    for path, judge in _SETTINGS.get(kind, ()):
        value = body.text(*path)
        if not value.is_unset:
            yield made(name, ".".join(path), value, judge, "terraform")
    if kind in _LISTENERS and body.text("protocol").or_else("").upper() in ("HTTPS", "TLS"):
        yield _default(
            name, "ssl_policy", body.text("ssl_policy"), policy, "the default, ELBSecurityPolicy-2016-08, accepts TLS 1.0"
        )
    elif kind == "aws_cloudfront_distribution":
        yield from _distribution(name, body)
    elif kind == "google_compute_ssl_policy":
        yield _default(name, "min_tls_version", body.text("min_tls_version"), versions, "the default accepts TLS 1.0")


def _distribution(name: str, body: Body) -> Iterator[TlsSetting]:
    """CloudFront's own certificate always comes with TLSv1: there is nothing to choose."""
    certificate = body.block("viewer_certificate")
    if isinstance(certificate, Value) or certificate.boolean("cloudfront_default_certificate").value is True:
        return
    value = certificate.text("minimum_protocol_version")
    why = "the default accepts TLS 1.0"
    yield _default(name, "viewer_certificate.minimum_protocol_version", value, versions, why)


def _default(name: str, setting: str, value: Value[str], judge: Judge, why: str) -> TlsSetting:
    found = made(name, setting, value, judge, "terraform")
    found.weakness = why if value.is_unset else found.weakness
    return found
