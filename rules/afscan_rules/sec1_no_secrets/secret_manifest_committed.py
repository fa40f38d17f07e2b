"""SEC104: Secrets that are written out in the repository."""

from collections.abc import Iterator

from afscan.model.objects import SecretManifest
from afscan.model.stack import Stack
from afscan.model.subjects import Origin
from afscan.model.value import Value
from afscan.platforms.secrets import is_placeholder, origin_of
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule

_PUBLIC = ("-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY", "-----BEGIN X509 CRL", "ssh-rsa ", "ssh-ed25519 ")
_HARMLESS = (Origin.REFERENCE, Origin.INTERPOLATED, Origin.PLACEHOLDER, Origin.EMPTY)
_CONTENT = ("it is not text", "it is too long to be decoded")
_SHOWN = 3


@rule("SEC104", severity=Severity.HIGH, tags=("CWE-312", "CWE-540"))
def secret_manifest_committed(secret: SecretManifest, stack: Stack) -> Iterator[Problem]:
    """Secret is committed.

    A manifest of the kind Secret carries its values in the clear: base64 is an encoding, not an encryption. Whoever can read
    the repository, or its history, has them, and they outlive every rotation there. Encrypted forms (SealedSecret, SOPS) and
    references to a store (ExternalSecret) are fine, and so are Secrets whose values are filled in when they are applied, or that
    hold certificates only.

    ## Fix
    - Kubernetes: keep the values in a secret store and declare an ExternalSecret, or encrypt the manifest (SealedSecret, SOPS);
      then replace the values, since those that were committed are known.
    - Any: keep the values in a secret store, and replace those that were committed.
    """
    if secret.encrypted or not secret.entries:
        yield NOT_APPLICABLE
        return
    written = [key for key, value in secret.entries.items() if _is_secret(value)]
    if written:
        shown = ", ".join(f"`{key}`" for key in written[:_SHOWN]) + (" and others" if len(written) > _SHOWN else "")
        coded = "; base64 hides nothing" if secret.encoded else ""
        yield fail(secret.place, f"{secret.name} is committed with the values of {shown}{coded}.")


def _is_secret(value: Value[str]) -> bool:
    """Whether a value is written out: no reference, no placeholder, nothing public. What is no text (a keystore) is.

    What is not known otherwise is no literal: a variable of Terraform, something that is not base64 and so is filled in later.
    """
    if value.is_unknown:
        return value.reason in _CONTENT
    text = value.or_else("").strip()
    if not text or text.startswith(_PUBLIC) or is_placeholder(text):
        return False
    return origin_of(text, expands=True) not in _HARMLESS
