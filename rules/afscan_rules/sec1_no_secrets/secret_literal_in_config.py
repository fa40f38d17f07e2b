"""SEC101: credentials written out in configuration."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Credential, Origin
from afscan.platforms.secrets import is_of_a_test, kind_name, literal_place, literal_text
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC101", severity=Severity.CRITICAL, tags=("CWE-798",))
def secret_literal_in_config(credential: Credential, stack: Stack) -> Iterator[Problem]:
    """Secret is written in a configuration file.

    Whoever can read the repository, a backup of it or a log of the build has the password, for as long as its history exists.
    A reference to a secret store, an environment variable or a mounted file says the same without telling it. A default counts
    too: `${PASSWORD:-literal}` is the password wherever nobody sets the variable. Images, URLs, ConfigMaps and Secret manifests
    have rules of their own, so that each secret is reported once. Of a workflow's variables, passwords of its own services and of
    tests are nobody's: weak ones, words, and what calls itself one of a test are left out; so is
    what only a setting's name makes a secret in a folder of tests.

    ## Fix
    - Kubernetes: refer to a Secret with `secretKeyRef`, filled by an external secret store.
    - Compose: write `${NAME:?}` and set it in an uncommitted `.env`, or use `secrets:`.
    - GitHub: keep it as a secret of the repository or environment, and write `${{ secrets.NAME }}`.
    - Terraform: use a `sensitive` variable without a default, or read it from a secret store.
    - SQL: take the password from a psql variable, `PASSWORD :'name'`.
    - Redis: keep it in an ACL file that is mounted from a secret.
    - PgBouncer: mount `userlist.txt` from a secret, or use `auth_query`.
    - Qdrant: remove the key, and set `QDRANT__SERVICE__API_KEY` from a secret.
    - Any: replace the value by a reference to a secret store, and change the password: it is known now.
    """
    value, origin = credential.value, credential.origin
    if credential.holder in ("secret", "image", "configmap") or credential.in_url or is_of_a_test(credential, stack.root):
        yield NOT_APPLICABLE
    elif literal_text(credential) is not None:
        user = f" of user `{credential.user}`" if credential.user else ""
        default = " as a default" if origin is Origin.INTERPOLATED else ""
        what = kind_name(credential.kind)
        yield fail(literal_place(credential), f"The {what}{user} stands here in full{default} (`{credential.key}`).")
    elif origin is Origin.HASH and value.or_else("").startswith("md5"):
        yield fail(
            value.place,
            f"The md5 hash in `{credential.key}` is as good as the password: PostgreSQL accepts it in its place.",
            severity=Severity.HIGH,
        )
    elif origin is Origin.UNKNOWN or (origin is Origin.LITERAL and value.is_unknown):
        reason = value.reason or "it is not evaluated"
        yield unknown(value.place, f"Where `{credential.key}` comes from is not known: {reason}.")
    elif origin in (Origin.PLACEHOLDER, Origin.EMPTY):
        yield NOT_APPLICABLE  # no secret; whether that is good is another rule's question
