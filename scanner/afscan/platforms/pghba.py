"""pg_hba.conf: its records as PostgreSQL reads them. What it refuses is noted: with one such record it does not start.

Source: postgresql.org, "The pg_hba.conf File"; postgresql/src/backend/libpq/hba.c (``parse_hba_line``).
"""

import re
from typing import NamedTuple

from afscan.model.node import Node, Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import Credential, HbaRule, Setting
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.settings import holder_of, origin_in, shortened, written

TYPES = frozenset(("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"))
INCLUDES = frozenset(("include", "include_if_exists", "include_dir"))
METHODS = frozenset(
    (
        *("trust", "reject", "md5", "scram-sha-256", "password", "ident", "peer", "gss", "sspi", "ldap", "radius", "cert", "pam"),
        *("bsd", "oauth"),
    )
)
KEYWORD_ADDRESSES = frozenset(("all", "samehost", "samenet"))
_NUMERIC = re.compile(r"[0-9][0-9.]*\Z|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?\Z")
_SECRETS = frozenset(("ldapbindpasswd", "radiussecrets"))
_REFUSED = "PostgreSQL refuses this record and does not start."


class Refused(NamedTuple):
    """Why PostgreSQL does not take a record, and at which of its nodes."""

    node: Node
    why: str


def records(source: Source, root: Node, out: Interpretation) -> list[HbaRule | Setting]:
    """The records of a file in order; an ``include`` (PostgreSQL 16 and later) is a setting between them."""
    found: list[HbaRule | Setting] = []
    for item in root.children():
        if not isinstance(item, Sequence) or not item.items:
            continue
        first = item.get(0, 0)
        if isinstance(first, Scalar) and first.text in INCLUDES:
            path = item.get(1, 0)
            if isinstance(path, Scalar) and len(item.items) == 2:
                found.append(Setting(name=first.text, value=written(path.text, path), key_place=first.place))
            else:
                _note(out, Refused(first, f"`{first.text}` takes one path"))
            continue
        rule = _rule(source, item, len(found))
        if isinstance(rule, Refused):
            _note(out, rule)
        else:
            found.append(rule)
    return found


def _note(out: Interpretation, refused: Refused) -> None:
    out.notice(NoticeKind.SYNTAX, refused.node.head, f"{_REFUSED[:-1]}: {refused.why}.")


def _rule(source: Source, record: Sequence, order: int) -> HbaRule | Refused:
    fields = [[word for word in field.children() if isinstance(word, Scalar)] for field in record.items]
    kind, refused = _one(fields, 0, record, "connection type")
    if refused is not None or kind is None:
        return refused or Refused(record, "it has no connection type")
    if kind.is_set and kind.value not in TYPES:
        return Refused(kind.node, f"`{shortened(kind.or_else(''))}` is no connection type")
    if len(fields) < 3:
        return Refused(record, "it ends before its user")
    address: Value[str] = Value.unset(record)
    mask: Value[str] = Value.unset(record)
    at = 3
    if kind.value != "local":
        found, refused = _one(fields, 3, record, "address")
        if refused is not None or found is None:
            return refused or Refused(record, "it ends before its address")
        address, at = found, 4
        if _needs_mask(address):
            separate, refused = _one(fields, 4, record, "address mask")
            if refused is not None or separate is None:
                return refused or Refused(record, "its address has no mask")
            mask, at = separate, 5
        if (wrong := _bad_address(address, mask)) is not None:
            return wrong
    method, refused = _one(fields, at, record, "authentication method")
    if refused is not None or method is None:
        return refused or Refused(record, "it ends before its authentication method")
    if (why := _bad_method(kind, method)) is not None:
        return Refused(method.node, why)
    options: dict[str, Value[str]] = {}
    for word in (word for field in fields[at + 1 :] for word in field):
        name, sign, text = word.text.partition("=")
        if not sign:
            return Refused(word, f"`{shortened(word.text)}` is no option of the form `name=value`")
        options[name] = written(text, word, word.part(len(name) + 1, len(word.text)) if text else None)
    texts = " ".join(shortened(word.text) for field in fields[: at + 1] for word in field)
    return HbaRule(
        name=f"`{texts[:120]}` in {source.name}",
        node=record,
        platform="postgres",
        type=kind,
        databases=[written(word.text, word) for word in fields[1]],
        users=[written(word.text, word) for word in fields[2]],
        address=address,
        mask=mask,
        method=method,
        options=options,
        order=order,
    )


def _one(fields: list[list[Scalar]], at: int, record: Node, what: str) -> tuple[Value[str] | None, Refused | None]:
    """The only word of a field; None where the field is absent."""
    if at >= len(fields):
        return None, None
    if len(fields[at]) != 1:
        return None, Refused(fields[at][1] if len(fields[at]) > 1 else record, f"a second {what} is not allowed")
    word = fields[at][0]
    return written(word.text, word), None


def is_keyword(word: Value[str]) -> bool:
    """Whether a word of a record keeps its special meaning: one in quotes is an ordinary name."""
    return isinstance(word.node, Scalar) and word.node.plain


def _needs_mask(address: Value[str]) -> bool:
    text = address.or_else("")
    return "/" not in text and _NUMERIC.match(text) is not None


def _bad_address(address: Value[str], mask: Value[str]) -> Refused | None:
    text = address.or_else("")
    host, slash, _ = text.partition("/")
    if slash and _NUMERIC.match(host) is None:
        return Refused(address.node, f"a mask does not go with the host name in `{shortened(text)}`")
    if slash and not networks_of(address, mask):
        return Refused(address.node, f"`{shortened(text)}` is no address range")
    if mask.is_set and _NUMERIC.match(mask.or_else("")) is None:
        return Refused(mask.node, f"`{shortened(mask.or_else(''))}` is no address mask")
    return None


def _bad_method(kind: Value[str], method: Value[str]) -> str | None:
    text = method.or_else("")
    if method.is_set and text not in METHODS:
        return f"`{shortened(text)}` is no authentication method"
    if text == "peer" and kind.is_set and kind.value != "local":
        return "`peer` is for local sockets"
    if text == "cert" and kind.is_set and kind.value != "hostssl":
        return "`cert` is for `hostssl`"
    return None


def networks_of(address: Value[str], mask: Value[str]) -> list[tuple[int, int, int]]:
    """The network of a numeric address as (IP version, first, last); nothing where it is a name, a keyword or not known."""
    text = address.or_else("")
    host, slash, prefix = text.partition("/")
    if len(text) > 100 or _NUMERIC.match(host) is None:
        return []
    if slash and not (prefix.isascii() and prefix.isdecimal()):
        return []
    number = _number(host)
    if number is None:
        return []
    version, value = number
    bits = 32 if version == 4 else 128
    length: int | None = int(prefix) if slash else bits
    if mask.is_set:
        length = _mask_length(mask.or_else(""), version)
    if length is None or length > bits:
        return []
    rest = (1 << (bits - length)) - 1
    return [(version, value & ~rest, value | rest)]


def _number(host: str) -> tuple[int, int] | None:
    """An address as (IP version, number); ``10.1`` is 10.0.0.1, as the C library reads it."""
    from ipaddress import ip_address  # noqa: PLC0415  (start-up time)

    parts = host.split(".")
    if ":" not in host and 0 < len(parts) < 4 and all(part.isdecimal() and len(part) <= 10 for part in parts):
        value = int(parts[-1])
        for index, part in enumerate(parts[:-1]):
            value += int(part) << (24 - 8 * index)
        return (4, value) if value < 2**32 else None
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found.version, int(found)


def _mask_length(mask: str, version: int) -> int | None:
    """How many bits a mask has; None where they do not stand together or it is of the other kind of address."""
    found = _number(mask) if _NUMERIC.match(mask) else None
    if found is None or found[0] != version:
        return None
    bits = 32 if version == 4 else 128
    length = found[1].bit_count()
    return length if found[1] == ((1 << length) - 1) << (bits - length) else None


def credentials(rule: HbaRule, source: Source) -> list[Credential]:
    """The secrets in a record's options."""
    return [
        Credential(
            name=f"{name} in {source.name}",
            node=value.node,
            platform="postgres",
            key=name,
            kind="password",
            value=value,
            origin=origin_in(value),
            reader="postgres",
            holder=holder_of(source),
        )
        for name, value in rule.options.items()
        if name in _SECRETS
    ]
