"""A scan from the outside: what is asked for, what is written, and the exit code that the findings call for."""

import os
import sys
from typing import NoReturn

from afscan.cli.terminal import Progress, complain, wants_color, width_of, write
from afscan.judge.config import Config, ConfigError, load_config
from afscan.judge.threshold import FINDINGS, INTERNAL, USAGE, exit_code
from afscan.model.record import field, record
from afscan.policy.rule import PolicyError
from afscan.report import FORMATS, VIEWS, render
from afscan.report.text import internal_errors
from afscan.result import Result

INTERRUPTED = 130
"""The exit code after Ctrl-C, as of any program that the signal ends."""


@record(slots=True, kw_only=True)
class Request:
    """What the command line asks for: its options, by their names. ``paths`` may hold ``-`` for standard input.

    ``form`` is the report on standard output, ``outputs`` are ``FORMAT=FILE``; None leaves an option to the configuration.
    """

    paths: list[str]
    form: str = "text"
    outputs: list[str] = field(default_factory=list)
    profile: str | None = None
    context: str = "none"
    render: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    fail_on_unknown: bool = False
    fail_on_notice: bool = False
    stdin_name: str = "stdin"
    no_color: bool = False
    quiet: bool = False
    verbose: int = 0


def run(request: Request) -> int:
    """Scan, write the reports, and return the exit code.

    :raises SystemExit: where the request cannot be met: code 2 for wrong usage or configuration, 3 for an error inside afscan,
        130 when interrupted.
    """
    given = [path for path in request.paths if path != "-"] or ([] if request.paths else ["."])
    outputs = _outputs(request.outputs)
    for path in given:
        if not os.path.lexists(path):
            _stop(f"{path}: no such file or folder")
    progress = Progress(wanted=not request.quiet)
    try:
        config = load_config(given)
        result = _scan(request, given, config, progress)
    except (ConfigError, PolicyError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'input'}: {error.strerror or error}")
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception:  # a mistake in afscan itself, outside any rule: named, and never a pass
        crash()
    finally:
        progress.close()
    _report(result, request, outputs, with_unknown=request.fail_on_unknown or config.fail_on_unknown)
    return _judged(result, config, request)


def _scan(request: Request, given: list[str], config: Config, progress: Progress) -> Result:
    from afscan.engine import Options, scan  # noqa: PLC0415 - wrong usage is told before the engine is imported

    stdin = (request.stdin_name, _standard_input()) if "-" in request.paths else None
    options = Options(
        profile=request.profile,
        select=request.select,
        ignore=request.ignore,
        context=request.context,
        render=request.render,
        config=config,
        progress=progress,
        evidence=request.form in VIEWS,
    )
    return scan(given, options, stdin=stdin)


def _judged(result: Result, config: Config, request: Request) -> int:
    threshold = request.fail_on or config.fail_on or "low"
    unknown = request.fail_on_unknown or config.fail_on_unknown
    notice = request.fail_on_notice or config.fail_on_notice
    code = exit_code(result, fail_on=threshold, fail_on_unknown=unknown, fail_on_notice=notice)
    if code == FINDINGS and exit_code(result, fail_on=threshold, fail_on_unknown=unknown) == 0:
        complain(f"afscan: {len(set(result.notices))} notices, and --fail-on-notice is set")
    return code


def _report(result: Result, request: Request, outputs: list[tuple[str, str]], *, with_unknown: bool) -> None:
    """Write all reports; the one on standard output last, so that a reader that goes away loses no file."""
    for kind, path in outputs:
        data = render(kind, result, verbose=request.verbose, with_unknown=with_unknown)
        try:
            with open(path, "wb") as stream:
                stream.write(data)
        except OSError as error:
            _stop(f"{path}: {error.strerror or error}")
    report = render(
        request.form,
        result,
        color=wants_color(sys.stdout, forbidden=request.no_color),
        width=width_of(sys.stdout),
        verbose=request.verbose,
        quiet=request.quiet,
        with_unknown=with_unknown,
    )
    write(report, prose=request.form in ("text", "controls-text"))
    for line in internal_errors(result, verbose=request.verbose):
        complain(line)


def _outputs(words: list[str]) -> list[tuple[str, str]]:
    """``FORMAT=FILE`` options as pairs, refused before the scan where they cannot work."""
    pairs = []
    for word in words:
        form, sign, path = word.partition("=")
        if form not in FORMATS or not sign or not path:
            _stop(f"--output {word}: not FORMAT=FILE with one of {', '.join(FORMATS)}")
        if os.path.isdir(path) or not os.path.isdir(os.path.dirname(path) or "."):
            _stop(f"--output {word}: no such folder, or a folder itself")
        pairs.append((form, path))
    return pairs


def _standard_input() -> bytes:
    from afscan.files.read import MAX_BYTES  # noqa: PLC0415 - only where something is read from there

    if sys.stdin is None:
        _stop("standard input is closed")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _stop(message: str) -> NoReturn:
    """End with exit code 2."""
    complain("\n".join(f"afscan: {line}" for line in message.split("\n")))
    raise SystemExit(USAGE)


def crash() -> NoReturn:
    """End with exit code 3 and the traceback of the exception that is being handled."""
    import traceback  # noqa: PLC0415 - only where something went wrong

    error = sys.exception()
    if error is not None and isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while a class is made (Python 3.11)
        raise SystemExit(INTERRUPTED)
    complain(traceback.format_exc().rstrip())
    complain("afscan: internal error: this is a fault of afscan, not of your files; nothing was judged")
    raise SystemExit(INTERNAL)
