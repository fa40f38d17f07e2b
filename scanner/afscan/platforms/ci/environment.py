"""Variables and inputs in workflows, and which of their secrets are anybody's.

A workflow is full of passwords that protect nothing: of a database that lives as long as a job, of a test that needs some key. A
literal counts only where it looks like a real one: a shape that nobody makes up (a cloud key), or a text that is neither weak nor
calls itself one of a test, nor opens a service of the file. Connections and logins of a workflow are those of its tests: they are
left out.
"""

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.patterns import pattern
from afscan.model.subjects import Credential, Origin, Variable
from afscan.model.value import Value
from afscan.platforms.ci import expressions as at
from afscan.platforms.reading import Interpretation, Reader

PLATFORM = "github"
_TEST = pattern(
    r"(?:\A|[^a-z])(?:tests?|testing|ci|local(?:host)?|dev|dummy|fake|mock|sample|examples?|insecure|unsafe|not|no|secret|pass(?:word)?|"
    r"foo|bar|abc|ephemeral|throwaway|temporary|temp|placeholder|random|null|none|unused)(?:[^a-z]|\Z)"
)
_WORDLESS = pattern(r"[A-Za-z]{1,24}\Z")
_LOCAL_URL = pattern(r"@(?:localhost|127\.0\.0\.1|\[::1\]|host\.docker\.internal|[a-z][a-z0-9_-]{0,40})(?:[:/?]|\Z)")
_MAX_SERVICES = 200


def throwaway_secrets(services: list[Node]) -> frozenset[str]:
    """The values of the variables that a workflow gives to its services."""
    found: set[str] = set()
    for node in services[:_MAX_SERVICES]:
        for service in node.entries.values() if isinstance(node, Mapping) else ():
            given = service.get("env")
            if isinstance(given, Mapping):
                found.update(value.text for value in given.entries.values() if isinstance(value, Scalar))
    return frozenset(found)


def add_environment(owner: str, reader: Reader, into: dict[str, Variable], known: frozenset[str]) -> None:
    """Fill in the variables of ``env`` and emit the credentials among them."""
    from afscan.platforms.secrets import origin_of  # noqa: PLC0415  (start-up time)

    for name, value in at.string_map(reader, "env").items():
        origin = origin_of(value.or_else(""), expands=True) if value.is_set else Origin.UNKNOWN
        into[name] = Variable(name=name, value=value, origin=origin)
    _describe(owner, {name: one.value for name, one in into.items()}, reader.out, known)
    if "AWS_ACCESS_KEY_ID" in into:
        from afscan.platforms.ci.cloudkeys import add_variables  # noqa: PLC0415

        add_variables(owner, PLATFORM, into, reader.out)


def add_inputs(owner: str, inputs: dict[str, Value[str]], out: Interpretation, known: frozenset[str]) -> None:
    """Emit the credentials among the inputs of an action (``with``)."""
    _describe(owner, inputs, out, known)


def _describe(owner: str, settings: dict[str, Value[str]], out: Interpretation, known: frozenset[str]) -> None:
    from afscan.platforms.variables import describe_setting, origin_of  # noqa: PLC0415

    for name, value in settings.items():
        text = value.or_else("")
        if not value.is_set or not text or _is_local(text):
            continue
        found = Interpretation()
        origin = origin_of(text, expands=True)
        describe_setting(name, value, origin, owner=owner, platform=PLATFORM, holder="environment", out=found)
        out.subjects += [one for one in found.subjects if isinstance(one, Credential) and _counts(one, known)]


def _is_local(text: str) -> bool:
    """Whether a URL leads to the machine itself or to a service beside the job: a host without a dot."""
    return "://" in text and _LOCAL_URL.search(text) is not None


def _counts(credential: Credential, known: frozenset[str]) -> bool:
    """Whether a credential is a reference, or a literal that somebody has to keep."""
    from afscan.platforms.secrets import find_shape, is_weak  # noqa: PLC0415

    text = credential.value.or_else("")
    if credential.origin in (Origin.REFERENCE, Origin.INTERPOLATED):
        return True
    if credential.origin is not Origin.LITERAL or not credential.value.is_set:
        return False
    if find_shape(text) is not None:
        return True
    weak = is_weak(text, user=credential.user, product=credential.reader, key=credential.key) is not None
    return not weak and text not in known and not _WORDLESS.match(text) and not _TEST.search(text.lower())
