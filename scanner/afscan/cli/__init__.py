"""The command line: ``afscan [PATHS...]``, ``afscan rules``, ``afscan explain CODE``.

A word is a command only in the first place, so that scanning needs no command; a folder called ``rules`` is reached as
``./rules``. Each door is imported when it is opened: the start is a part of every pre-commit run.
"""

import sys
from collections.abc import Sequence

from afscan import __version__

COMMANDS = ("rules", "explain")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run afscan and return the exit code.

    :param arguments: the words after the program's name; those of the process if None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):
        print(f"afscan {__version__}")
        return 0
    try:
        if words and words[0] in COMMANDS:
            from afscan.cli.catalogue import app  # noqa: PLC0415
        else:
            from afscan.cli.scan import app  # noqa: PLC0415
        app(args=words, prog_name="afscan")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return 130
    return 0
