"""SEC103: secrets kept in ConfigMaps."""

import re
from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import ConfigEntry, Credential, Origin
from afscan.platforms.secrets import kind_name, literal_place, literal_text, secret_shape
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown

_KEY_FILE = re.compile(
    r"(?:^|[._-])(?:id_(?:rsa|dsa|ecdsa|ed25519)|private[._-]?key)$|\.(?:key|p12|pfx|jks|keystore)$", re.IGNORECASE
)
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{64}|PRIVATE KEY-----")
_USERLIST = "pgbouncer-userlist"


@rule("SEC103", severity=Severity.HIGH, tags=("CWE-522",))
def secret_in_configmap(subject: ConfigEntry | Credential, stack: Stack) -> Iterator[Problem]:
    """Secret is kept in a ConfigMap.

    A ConfigMap is readable by everybody who may look at the namespace, is never encrypted at rest and shows up in plain text
    in every tool. Secrets have their own kind, with their own access rules, and operators that fill them from a store. It
    counts wherever in the ConfigMap it stands: as an entry, or in a configuration file that is one.

    ## Fix
    - Kubernetes: move the entry into a Secret that an external store fills, and mount that.
    - Redis: keep passwords in an ACL file that is mounted from a Secret.
    - PgBouncer: mount `userlist.txt` from a Secret instead of a ConfigMap.
    - Qdrant: remove the key, and set `QDRANT__SERVICE__API_KEY` from a Secret.
    - Any: keep it in a Secret instead of a ConfigMap.
    """
    if isinstance(subject, ConfigEntry):
        yield from _entry(subject)
    else:
        yield from _setting(subject)


def _entry(entry: ConfigEntry) -> Iterator[Problem]:
    """What is a secret as a whole: key material, a list of users."""
    text = entry.text
    if text.is_unknown:
        yield unknown(text.place, f"What `{entry.key}` of ConfigMap `{entry.config_map}` holds is not known: {text.reason}.")
        return
    content = text.or_else("")
    if secret_shape(content) == "a private key" or (_KEY_FILE.search(entry.key) and _is_key(content)):
        yield fail(
            entry.place, f"ConfigMap `{entry.config_map}` carries a private key in `{entry.key}`.", severity=Severity.CRITICAL
        )
    elif entry.recognised_as == _USERLIST:
        yield fail(
            entry.place,
            f"ConfigMap `{entry.config_map}` carries PgBouncer's users in `{entry.key}`: the password, or its hash, of each.",
        )


def _is_key(content: str) -> bool:
    return _KEY_BODY.search(content) is not None and not any(word in content for word in ("PUBLIC KEY", "BEGIN CERTIFICATE"))


def _setting(credential: Credential) -> Iterator[Problem]:
    """A setting that is a secret."""
    in_userlist = credential.node.source.syntax == "userlist"  # the entry as a whole is reported
    multi_line_key = credential.kind == "private-key" and "-----" in credential.value.or_else("")
    if credential.holder != "configmap" or credential.in_url or in_userlist or multi_line_key:
        yield NOT_APPLICABLE
        return
    what = kind_name(credential.kind)
    user = f" of user `{credential.user}`" if credential.user else ""
    if literal_text(credential) is not None:
        message = f"A ConfigMap carries the {what}{user} in full (`{credential.key}`)."
        yield fail(literal_place(credential), message, severity=Severity.CRITICAL)
    elif credential.origin is Origin.HASH:
        yield fail(credential.value.place, f"A ConfigMap carries the hash of the {what}{user} (`{credential.key}`).")
    elif credential.origin is Origin.UNKNOWN:
        yield unknown(credential.value.place, f"Where `{credential.key}` in a ConfigMap comes from is not known.")
    elif credential.origin in (Origin.PLACEHOLDER, Origin.EMPTY):
        yield NOT_APPLICABLE
