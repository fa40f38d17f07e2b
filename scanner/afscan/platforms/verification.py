"""What turns the verification of TLS certificates off: options of programs, environment variables.

Sources: curl.se manpage (-k), GNU wget (--no-check-certificate), git-config (http.sslVerify), docs.npmjs.com (strict-ssl), pip.pypa.io
(--trusted-host), kubernetes.io kubectl (--insecure-skip-tls-verify), AWS CLI (--no-verify-ssl), redis-cli (--insecure), mongosh
(--tlsAllowInvalidCertificates), apt.conf (Verify-Peer), nodejs.org cli (NODE_TLS_REJECT_UNAUTHORIZED), git(1) (GIT_SSL_NO_VERIFY), PEP 493
(PYTHONHTTPSVERIFY), developer.hashicorp.com/vault (VAULT_SKIP_VERIFY), grafana.com (tls_skip_verify_insecure).
"""

import re

from afscan.platforms.script.options import command_line

_OPTIONS = {
    "curl": ("insecure", "proxy-insecure"),
    "wget": ("no-check-certificate",),
    "redis-cli": ("insecure",),
    "valkey-cli": ("insecure",),
    "aws": ("no-verify-ssl",),
    "kubectl": ("insecure-skip-tls-verify",),
    "oc": ("insecure-skip-tls-verify",),
    "helm": ("insecure-skip-tls-verify", "kube-insecure-skip-tls-verify"),
    "pip": ("trusted-host",),
    "pip3": ("trusted-host",),
    "mongosh": ("tlsAllowInvalidCertificates", "tlsInsecure"),
    "mongodump": ("tlsInsecure", "sslAllowInvalidCertificates"),
    "argocd": ("insecure",),
    "trivy": ("insecure",),
    "vault": ("tls-skip-verify",),
}
_ANYWHERE = (
    "--insecure-skip-tls-verify",
    "--insecure-skip-verify",
    "--tls-skip-verify",
    "--kubelet-insecure-tls",
    "--no-check-certificate",
)
"""Options that mean the same in every program that has them."""

_SWITCHES = {
    "NODE_TLS_REJECT_UNAUTHORIZED": False,
    "PYTHONHTTPSVERIFY": False,
    "NPM_CONFIG_STRICT_SSL": False,
    "YARN_STRICT_SSL": False,
    "YARN_ENABLE_STRICT_SSL": False,
    "GIT_SSL_NO_VERIFY": True,
    "VAULT_SKIP_VERIFY": True,
    "CONSUL_TLS_SKIP_VERIFY": True,
    "NOMAD_SKIP_VERIFY": True,
    "ARGOCD_INSECURE_SKIP_VERIFY": True,
    "PIP_TRUSTED_HOST": True,
}
"""Variables, and the truth value with which they turn the verification off."""

_OFF_NAME = re.compile(
    r"(?:^|_)(?:(?:TLS|SSL|CERT(?:IFICATE)?)_VERIF(?:Y|ICATION)|VERIFY_(?:SSL|TLS|CERTS?)|SSL_VERIFY_PEER|REJECT_UNAUTHORIZED)\Z"
)
_ON_NAME = re.compile(
    r"(?:^|_)(?:(?:TLS_|SSL_)?INSECURE_SKIP_VERIFY|(?:TLS|SSL)_SKIP_VERIFY(?:_INSECURE)?|(?:TLS|SSL)_INSECURE|SSL_NO_VERIFY)\Z"
)
_FALSE = frozenset(("0", "false", "no", "off", "none"))
_TRUE = frozenset(("1", "true", "yes", "on"))


def unverified_option(program: str, words: list[str]) -> int | None:
    """The index of the word that turns the verification off; None where none does. ``words`` is the argv."""
    names = _OPTIONS.get(program)
    if names is not None:
        for option in command_line(program, words).options:
            if option.name.partition("=")[0] in names and _holds(words[option.word]):
                return option.word
    for index, word in enumerate(words[1:], 1):
        if word.partition("=")[0] in _ANYWHERE and _holds(word):
            return index
    return _by_setting(program, words)


def _holds(word: str) -> bool:
    return word.partition("=")[2].lower() not in _FALSE


def _by_setting(program: str, words: list[str]) -> int | None:
    """``git config http.sslVerify false``, ``npm config set strict-ssl false``, ``apt-get -o Acquire::https::Verify-Peer=false``."""
    for index, word in enumerate(words[1:], 1):
        name, equals, value = word.lower().partition("=")
        following = words[index + 1].lower() if not equals and index + 1 < len(words) else value
        if program == "git" and name.endswith("http.sslverify") and following in _FALSE:
            return index
        if program in ("npm", "yarn", "pnpm") and name.lstrip("-") == "strict-ssl" and following in _FALSE:
            return index
        if program in ("apt-get", "apt") and name.endswith("::verify-peer") and following in _FALSE:
            return index
    return None


def is_unverified_switch(name: str, value: str) -> bool:
    """Whether an environment variable with this value turns the verification off."""
    word = value.strip().lower()
    known = _SWITCHES.get(name.upper())
    if name.upper() == "PIP_TRUSTED_HOST":
        return bool(word)
    if known is not None:
        return word in (_TRUE if known else _FALSE)
    upper = name.upper()
    return (word in _FALSE and _OFF_NAME.search(upper) is not None) or (word in _TRUE and _ON_NAME.search(upper) is not None)
