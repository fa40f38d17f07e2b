"""SEC103: secrets kept in ConfigMaps."""

import re
from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ConfigEntry, Origin
from afscan.platforms.secrets import credential_kind, origin_of, secret_shape
from afscan.policy import Problem, Severity, fail, rule, unknown

_KEY_FILE = re.compile(r"(?:^|[._-])(?:id_(?:rsa|dsa|ecdsa|ed25519)|private[._-]?key|tls\.key|.*\.(?:key|p12|pfx|jks|keystore))$", re.I)


@rule("SEC103", severity=Severity.HIGH, tags=("CWE-522",))
def secret_in_configmap(entry: ConfigEntry, stack: Stack) -> Iterator[Problem]:
    """Secret is kept in a ConfigMap.

    A ConfigMap is readable by everybody who may look at the namespace, is never encrypted at rest and shows up in plain text
    in every tool. Secrets have their own kind, with their own access rules, and operators that fill them from a store.

    ## Fix
    - Kubernetes: move the entry into a Secret that an external store fills, and mount that.
    - Any: keep it in a Secret instead of a ConfigMap.
    """
    text = entry.text
    if text.is_unknown:
        yield unknown(text.place, f"What `{entry.key}` of ConfigMap `{entry.config_map}` holds is not known: {text.reason}.")
        return
    content = text.or_else("")
    if "PRIVATE KEY-----" in content or (_KEY_FILE.search(entry.key) and content.strip() and "PUBLIC KEY" not in content):
        yield fail(entry.place, f"ConfigMap `{entry.config_map}` carries a private key in `{entry.key}`.")
    elif entry.recognised_as == "userlist":
        yield fail(entry.place, f"ConfigMap `{entry.config_map}` carries PgBouncer's user list in `{entry.key}`: every user's password or its hash.")
    elif "\n" not in content.strip():
        kind = credential_kind(entry.key)
        if kind is not None and content and origin_of(content, expands=False) in (Origin.LITERAL, Origin.HASH):
            yield fail(entry.place, f"ConfigMap `{entry.config_map}` carries a {kind} in `{entry.key}`.")
        elif secret_shape(content) is not None:
            yield fail(entry.place, f"ConfigMap `{entry.config_map}` carries a {secret_shape(content)} in `{entry.key}`.")
