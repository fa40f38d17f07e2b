"""Where a written value comes from: a literal, a reference, an interpolation, a placeholder, a hash."""

import re

from afscan.model.patterns import pattern
from afscan.model.subjects import Origin

_LONGEST = 65536
"""Values beyond this many characters are judged by their beginning."""

_HASH = pattern(
    r"md5[0-9a-fA-F]{32}"  # PostgreSQL "Password Authentication"; pgbouncer.org, userlist.txt
    r"|SCRAM-SHA-(?:1|256)\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+"
    r"|\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{22,60}"  # crypt(5): bcrypt
    r"|\$(?:1|5|6|7|y|gy|apr1|sha1|scrypt|argon2(?:id|i|d)|pbkdf2[a-z0-9-]*)\$[^\s]{8,}"
    r"|\{(?:SSHA|SHA|SMD5|MD5|SSHA256|SSHA512|CRYPT|PBKDF2|ARGON2)[^}\s]{0,16}\}[^\s]{8,}"
    r"|(?:pbkdf2|bcrypt|scrypt|argon2)[a-z0-9_]*\$[^\s]{16,}"  # Django
    r"|#[0-9a-f]{64}"  # redis.io, ACL: the SHA-256 of a password
)
_REFERENCE = pattern(
    r"file:/|/(?:var/)?run/secrets/|/(?:vault|etc|mnt)/secrets?/"
    r"|(?:ref\+)?(?:vault|awssm|aws-sm|awsssm|gcpsm|gcp-sm|akv|azurekeyvault|keyvault|secretsmanager|secretref|sops|op|ssm|sm):"
    r"(?://)?[\w/#.{$%-]"
    r"|secretKeyRef:|valueFrom:"
    r"|arn:aws[a-z-]*:(?:secretsmanager|ssm|kms|rds):"
    r"|ENC\[|ENC\(|\{cipher\}|@Microsoft\.KeyVault\(|\{\{resolve:(?:secretsmanager|ssm)|projects/[^/\s]+/secrets/"
    r"|\$__(?:file|env|vault)\{|env[.:][A-Z_][A-Z0-9_]*\Z|<path:[^<>\s]+>\Z|!vault\b",
    re.IGNORECASE,
)
_PATH = pattern(r"(?:~|\.{1,2})?(?:/[a-z0-9_.@-]+){2,}/?\Z|[\w./-]+\.(?:pem|key|crt|p12|pfx|jks|json|txt|cred|creds)\Z")
_ACTIONS = pattern(r"\$\{\{[^{}]*\}\}")  # an expression of a GitHub workflow
_INTERPOLATION = pattern(
    r"\$\{[A-Za-z_][^{}]*\}"
    r"|\$\([A-Za-z_][A-Za-z0-9_.-]*\)"  # Kubernetes "dependent environment variables"
    r"|\#\{[^{}]+\}"  # Ruby in Fluentd, Spring, Octopus
    r"|%\(ENV_\w+\)s"  # supervisord
)
_WHOLE = pattern(r"\$[A-Za-z_][A-Za-z0-9_]*|\$\([^()]+\)|`[^`]+`|%[A-Za-z_]\w*%|\$(?:Env|ENV):\w+")

_BLANKED = pattern(
    r"\$\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\#\{[^{}]*\}|<[A-Za-z][^<>\s]*>|\$[A-Za-z_][A-Za-z0-9_]*"
)
_FILLER = "\ue000"


def blanked(text: str) -> str:
    """The text, of the same length, with every ``${...}``, ``$(...)``, ``{{...}}``, ``<...>`` and ``$NAME`` replaced by a filler.

    So a colon or slash inside a default value does not look like one of a URL. The filler is U+E000, of a private area.
    """
    if "$" not in text and "{" not in text and "<" not in text:
        return text
    for _ in range(4):  # a default may itself hold an interpolation; the innermost goes first
        text, count = _BLANKED.subn(lambda match: _FILLER * len(match.group()), text)
        if not count:
            break
    return text


def has_filler(text: str) -> bool:
    """Whether a piece of a :func:`blanked` text was an interpolation or placeholder."""
    return _FILLER in text


_MARKUP = pattern(
    r"<[A-Za-z][\w .:/,*-]{1,80}>|\{\{[^{}]{0,120}\}\}|\{%|<%|\[\[[^\[\]]{1,80}\]\]|@[A-Z][A-Z0-9_]{2,}@|__[A-Z][A-Z0-9_]+__\Z"
)
_FILLED = pattern(r"(?:^|[-_.:/ ])[xX]{3,}\Z|[xX]{6,}|\*{3,}|\.{3,}\Z|…|\A[0-]{8,}\Z|\A[-_?]{3,}\Z")
_WORDS = pattern(
    r"change[-_ ]?(?:me|it|this)(?:[^a-z]|\Z)|change[-_ ](?:in|before|for)[-_ ](?:prod|deploy)"
    r"|(?:^|[^a-z])(?:replace|fill|set)[-_ ]?(?:me|this|with|in)(?:[^a-z]|\Z)|replace[-_ ]?me"
    r"|(?:^|[^a-z])your[-_ ]?(?:own|new|real|actual|super|strong|secure|secret|api|access|auth|private|password|pass|pwd|token|"
    r"key|client|db|database|redis|postgres|mysql|mongo|smtp|jwt|aws|openai|github|gitlab|slack|stripe|qdrant|neo4j|app|account|user|"
    r"username|org|company|domain|credentials?|value)"
    r"|(?:^|[^a-z])your[-_ ][a-z0-9-_ ]*|(?:insert|enter|put|add|paste)[-_ ][a-z0-9-_ ]{0,40}here"
    r"|\A[a-z0-9_ -]*[-_ ]here\Z|(?:^|[^a-z])place[-_ ]?holder"
    r"|\A(?:todo|tbd|fixme|redacted|to[-_ ]be[-_ ](?:set|defined|changed))\b"
    r"|(?:^|[^a-z])dummy(?:[^a-z]|\Z)"
)
_EXAMPLE = pattern(r"(?:^|[^a-z])(?:an?[-_ ])?examples?(?:key|token|secret|password)?(?:[^a-z.@]|\Z)")


def is_placeholder(text: str) -> bool:
    """Whether a text only says that something belongs here: ``<password>``, ``{{ x }}``, ``changeme``, ``your-key-here``,
    ``xxxx``, ``***``, ``TODO``, an ``EXAMPLE`` of a manual."""
    if _MARKUP.search(text) or _FILLED.search(text):
        return True
    lower = text.lower()
    if _WORDS.search(lower) is not None:
        return True
    if text.endswith(("EXAMPLE", "EXAMPLEKEY", "EXAMPLETOKEN")):  # AWS documentation
        return True
    return "example" in lower and "://" not in text and _EXAMPLE.search(lower) is not None


def origin_of(text: str, *, expands: bool) -> Origin:
    """Where a written value comes from.

    :param text: the value after unquoting.
    :param expands: whether the reader of the file replaces ``${VAR}`` and ``$(VAR)`` (Compose, a shell; Kubernetes
        only ``$(VAR)``); Redis, PgBouncer and Qdrant take such a text literally.

    A ``$`` inside a password is no interpolation: only ``${...}``, ``$(NAME)`` and a value that is wholly ``$NAME`` are.
    """
    text = text[:_LONGEST].strip()
    if not text:
        return Origin.EMPTY
    if _HASH.fullmatch(text):
        return Origin.HASH
    if _REFERENCE.match(text):
        return Origin.REFERENCE
    if _ACTIONS.search(text):
        return Origin.REFERENCE if expands or "secrets." in text else Origin.PLACEHOLDER
    if _INTERPOLATION.search(text) or _WHOLE.fullmatch(text):
        return Origin.INTERPOLATED if expands else Origin.PLACEHOLDER
    if "://" not in text and is_placeholder(text):
        return Origin.PLACEHOLDER
    if _PATH.match(text):
        return Origin.REFERENCE
    return Origin.LITERAL
