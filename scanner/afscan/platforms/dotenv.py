"""Dotenv files: the secrets that stand in them, and the values that they give to Compose.

A file called ``.env.example`` (``sample``, ``template``, ``dist``) shows what belongs into the real one: it holds no secrets of
anybody, but may still be named as an ``env_file``. Source of how values expand: the Compose Specification, "env_file" and
"Interpolation", and compose-go's ``dotenv`` package: what is known from outside wins over the entries above.
"""

import re
from posixpath import basename
from typing import NamedTuple

from afscan.model.node import Mapping, Node, Scalar
from afscan.model.source import Source
from afscan.model.subjects import Credential, DotenvFile, Origin, Subject, Variable
from afscan.model.value import Value
from afscan.platforms.compose.interpolation import Lookup, interpolate
from afscan.platforms.compose.reading import document_of, folder_of
from afscan.platforms.reading import Interpretation

_EXAMPLE = re.compile(r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|tpl|dist)(?:[._-]|\Z)", re.IGNORECASE)
_ENCRYPTED = "encrypted:"
"""How dotenvx begins a value that only its private key opens."""


class Entry(NamedTuple):
    """One entry after expansion: what is known of its value, and where that comes from."""

    value: Value[str]
    origin: Origin


def is_known(entry: Entry) -> bool:
    """Whether a value is known in full: no variable is left in it."""
    return entry.value.is_set and (entry.origin is not Origin.INTERPOLATED or "${" not in entry.value.or_else(""))


def recognise(source: Source, root: Node) -> bool:
    """Every text of this syntax is."""
    return source.syntax == "dotenv" and isinstance(root, Mapping)


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put the file and the credentials in it into the interpretation."""
    if not isinstance(root, Mapping):
        return
    file = basename(source.name)
    example = _EXAMPLE.search(file) is not None
    out.subjects.append(
        DotenvFile(
            name=file,
            node=root,
            platform="dotenv",
            file=file,
            directory=folder_of(source),
            document=document_of(source),
            example=example,
        )
    )
    if not example:
        out.subjects += (one for one in _described(file, root, set(root.entries)) if isinstance(one, Credential))


def connections_of(file: DotenvFile) -> list[Subject]:
    """The connections and logins in those entries that no file of the stack has read: somebody else reads them."""
    if file.example or not isinstance(file.node, Mapping):
        return []
    names = file.node.entries.keys() - file.used
    return [one for one in _described(file.file, file.node, names) if not isinstance(one, Credential)]


def _described(file: str, root: Mapping, names: "set[str]") -> list[Subject]:
    """What the entries of these names say; a password is seen together with the user beside it (``DB_USER``, ``DB_PASSWORD``)."""
    from afscan.platforms.variables.roles import Group, Prefix, role_of  # noqa: PLC0415
    from afscan.platforms.variables.settings import Owner, describe  # noqa: PLC0415

    out = Interpretation()
    whose = Owner(owner=file, platform="dotenv", holder="file", out=out)
    variables = {name: Variable(name=name, value=value, origin=origin) for name, (value, origin) in _written(root).items()}
    prefixes: dict[str, Prefix] = {}
    groups: dict[Prefix, Group] = {}
    for name, variable in variables.items():
        prefixes[name], role = role_of(name)
        if role is not None:
            groups.setdefault(prefixes[name], Group(prefixes[name])).members.setdefault(role, variable)
    for name, variable in variables.items():
        if name in names and variable.origin is not Origin.UNKNOWN:
            group = groups.get(prefixes[name])
            describe(name, variable.value, variable.origin, whose, group.user_name() if group is not None else None)
    return out.subjects


def _written(root: Mapping) -> dict[str, Entry]:
    """The entries as they are written, variables not expanded: a secret is reported where it stands."""
    from afscan.platforms.secrets import origin_of  # noqa: PLC0415

    found: dict[str, Entry] = {}
    for name, node in root.entries.items():
        if isinstance(node, Scalar):
            origin = Origin.REFERENCE if node.text.startswith(_ENCRYPTED) else origin_of(node.text, expands=node.tag != "'")
            found[name] = Entry(Value.of(node.text.replace("$$", "$") if node.tag != "'" else node.text, node), origin)
        else:
            found[name] = Entry(Value.unknown(node, getattr(node, "reason", "")), Origin.UNKNOWN)
    return found


def entries_of(root: Mapping, lookup: Lookup, *, raw: bool = False) -> dict[str, Entry]:
    """The entries with their variables expanded.

    :param lookup: what is known of variables outside the file; a name that neither it nor an entry above gives stays unknown.
    :param raw: whether values are taken as they stand, quotes included (``format: raw``).
    """
    from afscan.platforms.secrets import origin_of  # noqa: PLC0415

    found: dict[str, Entry] = {}

    def known(name: str) -> str | None:
        outside = lookup(name)
        if outside is not None:
            return outside
        entry = found.get(name)
        return entry.value.value if entry is not None and is_known(entry) else None

    for name, node in root.entries.items():
        if not isinstance(node, Scalar):
            passed_on = lookup(name)
            reason = getattr(node, "reason", "it is not known")
            value = Value.of(passed_on, node) if passed_on is not None else Value.unknown(node, reason)
            found[name] = Entry(value, Origin.INTERPOLATED)
        elif raw or node.tag == "'":
            text = _raw(root, name, node) if raw else node.text
            found[name] = Entry(Value.of(text, node), origin_of(text, expands=False))
        else:
            text_of = interpolate(node.text, known)
            origin = origin_of(text_of.partial, expands=False) if text_of.literal else Origin.INTERPOLATED
            if text_of.malformed or text_of.only_variables:
                what = (
                    f"`${{{text_of.missing[0]}}}` comes from the environment" if text_of.missing else "a reference is malformed"
                )
                found[name] = Entry(Value.unknown(node, what), origin)
            else:
                found[name] = Entry(Value.of(text_of.partial, node), origin)
    return found


def _raw(root: Mapping, name: str, node: Scalar) -> str:
    """All that stands behind the sign on the entry's line."""
    key = root.keys[name]
    line = node.source.line(key.span.line)[key.span.end_column - 1 :]
    return line.lstrip()[1:]
