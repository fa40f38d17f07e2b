"""Files that hold secrets, by their names: what COPY and ADD should not take into an image."""

from posixpath import basename, dirname
from typing import NamedTuple

from afscan.model.patterns import pattern
from afscan.platforms.secrets.names import word_set


class SecretFile(NamedTuple):
    """What a file of this name holds, for a sentence; ``certain`` is False where such a file may well hold nothing secret."""

    what: str
    certain: bool


_ENVIRONMENT = SecretFile("environment variables, secrets among them", True)
_LOGINS = SecretFile("login data", True)
_KEY = SecretFile("a private key", True)
_STORE = SecretFile("a key store", True)
_ACCOUNT = SecretFile("a cloud account's key", True)

_NAMES = {
    **dict.fromkeys(word_set("id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk"), _KEY),
    **dict.fromkeys(
        word_set(
            ".netrc _netrc .pgpass pgpass.conf .my.cnf .mylogin.cnf .pypirc .git-credentials .dockercfg .dockerconfigjson "
            ".vault-token .s3cfg .boto kubeconfig auth.json"
        ),
        _LOGINS,
    ),
    **dict.fromkeys(
        word_set(
            "credentials.json client_secret.json client_secrets.json service-account.json service_account.json "
            "serviceaccount.json application_default_credentials.json gcp-key.json gcloud-service-key.json"
        ),
        _ACCOUNT,
    ),
    ".ssh": SecretFile("SSH keys", True),
    ".aws": _ACCOUNT,
    ".kube": _LOGINS,
    "userlist.txt": SecretFile("PgBouncer's users", True),
    "terraform.tfstate": SecretFile("Terraform's state, with every secret in it", True),
}
_IN_FOLDER = {
    ("credentials", ".aws"): _ACCOUNT,
    ("config.json", ".docker"): _LOGINS,
    ("config", ".kube"): _LOGINS,
}
_MAYBE = {
    **dict.fromkeys(
        word_set(".npmrc .yarnrc .yarnrc.yml pip.conf nuget.config .condarc gradle.properties"), "a package manager's token"
    ),
    **dict.fromkeys(word_set("secrets secret secrets.yml secrets.yaml secrets.json secrets.toml"), "secrets"),
    ".gnupg": "a private key",
}
_HARMLESS = pattern(
    r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|tpl|dist|defaults?|schema|test|testing|ci|pub|public|vault|encrypted|enc|sops)"
    r"(?:[._-]|\Z)"
)
_PUBLIC = pattern(
    r"(?:^|[^a-z])(?:ca|cas|root|bundle|chain|fullchain|cert|certs|certificate|certificates|crt|pub|public|dh|dhparam|dhparams|"
    r"gpg|apt|apk|yum|rpm|signing|release|archive|repo|repository|trust|truststore|cacerts|global|jwks)(?:[^a-z]|\Z)|cacert|cert"
)
_PRIVATE = pattern(r"(?:^|[^a-z])(?:key|keys|priv|private|rsa|secret)(?:[^a-z]|\Z)|privkey|private|keypair")
_KEYRINGS = pattern(r"keyrings?\b|trusted\.gpg|rpm-gpg|/apk/keys")


def secret_file(path: str, target: str = "") -> SecretFile | None:
    """What a file or folder of this path holds; None where its name announces no secret.

    Public halves are none: certificates, CA bundles, ``*.pub``, signing keys of package archives. Neither are examples
    (``.env.example``). Globs are judged by what they would take.

    :param path: as written, with ``/``.
    :param target: where it is copied to: a key that goes to a package manager's key ring is a public one.
    """
    path = path.rstrip("/").lower()
    name, folder = basename(path), basename(dirname(path))
    if not name or "://" in path or _HARMLESS.search(name):
        return None
    known = _NAMES.get(name) or _IN_FOLDER.get((name, folder))
    if known is not None:
        return known
    if name == ".env" or name.startswith((".env.", ".env*", ".env-")):
        return _ENVIRONMENT
    if name.endswith(".env"):
        return SecretFile("secrets", False)
    if name in _MAYBE:
        return SecretFile(_MAYBE[name], False)
    return _by_suffix(name, target.lower())


def _by_suffix(name: str, target: str) -> SecretFile | None:
    stem, _, suffix = name.rpartition(".")
    if suffix in ("p12", "pfx", "jks", "keystore", "ppk"):
        return None if _PUBLIC.search(stem) else _STORE
    if suffix == "tfstate":
        return _NAMES["terraform.tfstate"]
    if suffix == "key" and not _KEYRINGS.search(target):
        return None if _PUBLIC.search(stem) and not _PRIVATE.search(stem) else _KEY
    if suffix == "pem":
        if _PRIVATE.search(stem) and "pub" not in stem:
            return _KEY
        return None if _PUBLIC.search(stem) else SecretFile("a private key", False)
    return None
