"""Standard output and error: colour, width, whole reports in bytes, readers that go away, progress."""

import os
import sys
import time
from typing import Any, TextIO

from afscan.report.lines import escape


def wants_color(stream: TextIO, *, forbidden: bool) -> bool:
    """Whether to colour: never with ``--no-color`` or NO_COLOR, else with FORCE_COLOR, else on a terminal that can."""
    if forbidden or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """Columns of a terminal; None where the stream is none."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return 80


def write(report: bytes, *, prose: bool = True) -> None:
    """Write a UTF-8 report to standard output; prose in its encoding (what that cannot say is replaced), data as it is.

    A reader that has gone away (``| head``) ends the output quietly.
    """
    stream = sys.stdout
    encoding = (stream.encoding or "utf-8").lower().replace("_", "-")
    data = report if encoding in ("utf-8", "utf8") or not prose else report.decode("utf-8", "replace").encode(encoding, "replace")
    buffer: Any = getattr(stream, "buffer", None)
    try:
        if buffer is None:
            stream.write(report.decode("utf-8", "replace"))
        else:
            stream.flush()
            buffer.write(data)
        stream.flush()
    except BrokenPipeError:
        abandon(stream)


def abandon(stream: TextIO) -> None:
    """Send what is still to come nowhere: the interpreter flushes at its end, and must not complain then."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file, such as a test's buffer
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)


def complain(text: str) -> None:
    """A line on standard error, with nothing in it that a terminal would obey."""
    try:
        print("\n".join(map(escape, text.split("\n"))), file=sys.stderr)
    except UnicodeEncodeError:
        print(ascii(text), file=sys.stderr)
    except BrokenPipeError:
        abandon(sys.stderr)


class Progress:
    """A bar on standard error for scans that take over a second; nothing where that is no terminal."""

    AFTER = 1.0

    def __init__(self, *, wanted: bool) -> None:
        self.started = time.monotonic()
        self.wanted = wanted and sys.stderr.isatty()
        self.bar: Any = None
        self.task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Files read so far, of how many."""
        if not self.wanted or (self.bar is None and time.monotonic() - self.started < self.AFTER):
            return
        if self.bar is None:
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress as Bar  # noqa: PLC0415

            self.bar = Bar(console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task("reading files")
        self.bar.update(self.task, completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
