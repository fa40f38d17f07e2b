"""Read one file into a source: bounded, decoded, or a notice that says why not."""

import os
import stat

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.source import Source

MAX_BYTES = 4 * 1024 * 1024
"""Larger files are not read: no hand-written configuration comes near it."""

MAX_LINE = 200_000
"""A longer line is machine-made data."""

_START = Span(1, 1, 1, 1)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def read_file(path: str, display: str) -> Source | Notice:
    """The text of a regular file.

    :param path: where it is on disk.
    :param display: the path to report.
    :returns: the source, or a notice: unreadable, too large, binary or undecodable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        return _notice(NoticeKind.UNREADABLE, display, f"The file cannot be opened: {error.strerror or error}.")
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return _notice(
                NoticeKind.UNREADABLE, display, "This is not a regular file (a pipe, device or socket); it is not read."
            )
        if status.st_size > MAX_BYTES:
            return _notice(
                NoticeKind.TOO_LARGE, display, f"The file has {status.st_size:,} bytes; more than {MAX_BYTES:,} are not read."
            )
        with os.fdopen(os.dup(handle), "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _notice(NoticeKind.UNREADABLE, display, f"The file cannot be read: {error.strerror or error}.")
    finally:
        os.close(handle)
    return decode(data, display)


def decode(data: bytes, display: str) -> Source | Notice:
    """Bytes as a source: UTF-8, or UTF-16/32 with a byte order mark; anything else is a notice."""
    if len(data) > MAX_BYTES:
        return _notice(NoticeKind.TOO_LARGE, display, f"The input has more than {MAX_BYTES:,} bytes; it is not read.")
    encoding = "utf-8"
    for mark, name in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = NoticeKind.BINARY if b"\0" in data[:8192] else NoticeKind.ENCODING
        what = "binary" if kind is NoticeKind.BINARY else f"not valid {encoding.upper()} (byte {error.start + 1})"
        return _notice(kind, display, f"The file is {what}; it is not read.")
    if "\0" in text:
        return _notice(NoticeKind.BINARY, display, "The file holds NUL bytes; it is not read.")
    if len(text) > MAX_LINE and max(map(len, text.splitlines()), default=0) > MAX_LINE:
        return _notice(NoticeKind.TOO_LARGE, display, f"A line has more than {MAX_LINE:,} characters; the file is not read.")
    return Source(display, text)


def _notice(kind: NoticeKind, display: str, reason: str) -> Notice:
    return Notice(kind, Place(display, _START), reason)
