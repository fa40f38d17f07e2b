"""Notices: what could not be read, or only in part. Never a pass, never silent."""

from enum import StrEnum
from typing import NamedTuple

from afscan.model.place import Place


class NoticeKind(StrEnum):
    """Why something was not (wholly) read."""

    UNREADABLE = "unreadable"  # permission, vanished, a FIFO or device, a link out of the tree
    TOO_LARGE = "too-large"
    BINARY = "binary"
    ENCODING = "encoding-error"
    SYNTAX = "syntax-error"
    TEMPLATED = "templated"
    DUPLICATE_KEY = "duplicate-key"
    WRONG_TYPE = "wrong-type"
    LIMIT = "limit-reached"  # depth, aliases, nesting of embedded texts
    UNRESOLVED = "unresolved-reference"  # an include, an env_file, a module that could not be followed
    PARTIAL = "partly-read"  # a construct that this version does not evaluate
    SUPPRESSION = "suppression"  # a suppression that is malformed, names no rule or matches nothing


class Notice(NamedTuple):
    """One thing that was not read: where, and why in one sentence."""

    kind: NoticeKind
    place: Place
    reason: str
