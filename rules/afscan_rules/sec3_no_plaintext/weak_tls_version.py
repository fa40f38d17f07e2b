"""SEC310: TLS versions and cipher suites that are broken."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.tls import TlsSetting
from afscan.policy import Problem, Severity, fail, rule, unknown


@rule("SEC310", severity=Severity.MEDIUM, tags=("CWE-326", "CWE-327"))
def weak_tls_version(choice: TlsSetting, stack: Stack) -> Iterator[Problem]:
    """TLS version or cipher suite is weak.

    TLS 1.0 and 1.1 are deprecated (RFC 8996), and RC4, DES and NULL suites protect nothing: whoever stands between client and server
    can make them use the weakest that both accept. What is judged is what is written, and those defaults that are known to be old.

    ## Fix
    - Redis: set `tls-protocols "TLSv1.2 TLSv1.3"`.
    - PgBouncer: leave `client_tls_protocols` and `server_tls_protocols` at `secure`.
    - Postgres: set `ssl_min_protocol_version = 'TLSv1.2'`.
    - Kubernetes: set `ssl-protocols: "TLSv1.2 TLSv1.3"` in the controller's ConfigMap.
    - Terraform: set `ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"`, `minimum_protocol_version = "TLSv1.2_2021"`.
    - Any: accept TLS 1.2 and 1.3 only, and leave the cipher suites to the product.
    """
    value = choice.value
    if value.is_unknown:
        yield unknown(value.place, f"Which TLS versions `{choice.setting}` accepts is not known: {value.reason}.")
    elif choice.weakness:
        said = (
            f"`{choice.setting}` is `{' '.join(value.or_else('').split())[:80]}`"
            if value.is_set
            else f"`{choice.setting}` is not set"
        )
        yield fail(value.place, f"{_owner(choice)} takes weak encryption: {said}, and {choice.weakness}.")


def _owner(choice: TlsSetting) -> str:
    return choice.name.removeprefix(f"{choice.setting} of ")
