"""``afscan [PATHS...]``: scan, report, and end with the exit code that the findings call for."""

import os
import sys
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from afscan import __version__
from afscan.cli.terminal import Progress, complain, wants_color, width_of, write
from afscan.judge.config import Config, ConfigError, load_config
from afscan.judge.threshold import FINDINGS, INTERNAL, USAGE, exit_code
from afscan.policy.rule import PolicyError
from afscan.report import FORMATS, render
from afscan.report.text import internal_errors
from afscan.result import Result

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


class Format(StrEnum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class Profile(StrEnum):
    """Which rules are called."""

    DEFAULT = "default"
    STRICT = "strict"


class Context(StrEnum):
    """What is read beside the given files."""

    NONE = "none"
    STACK = "stack"


class FailOn(StrEnum):
    """The threshold of the exit code."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"


_EPILOG = """\b
Commands:
  afscan rules          list the rules
  afscan explain CODE   what a rule is about, with examples

\b
Exit codes:
  0  no finding at or above the threshold
  1  findings
  2  wrong usage or configuration
  3  an error inside afscan: never a pass
"""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"afscan {__version__}")
        raise typer.Exit


@app.command(epilog=_EPILOG)
def scan(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files and folders; - is standard input. [.]", show_default=False)
    ] = None,
    *,
    form: Annotated[Format, typer.Option("--format", help="Report on standard output. [text]", show_default=False)] = Format.TEXT,
    output: Annotated[
        list[str] | None, typer.Option("--output", metavar="FORMAT=FILE", help="Write a report to a file, too.")
    ] = None,
    profile: Annotated[Profile | None, typer.Option(help="strict adds what is true but noisy.")] = None,
    context: Annotated[
        Context, typer.Option(help="stack reads unreported neighbours. [none]", show_default=False)
    ] = Context.NONE,
    select: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Only these rules: SEC201,SEC3,DB-1")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Not these rules.")] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(metavar="SEVERITY", help="low, medium, high, critical or never. [low]", show_default=False)
    ] = None,
    fail_on_unknown: Annotated[bool, typer.Option("--fail-on-unknown", help="Unknown verdicts fail, too.")] = False,
    fail_on_notice: Annotated[bool, typer.Option("--fail-on-notice", help="Files that were not read fail, too.")] = False,
    stdin_name: Annotated[
        str, typer.Option(metavar="NAME", help="File name of standard input. [stdin]", show_default=False)
    ] = "stdin",
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour (as with NO_COLOR).")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Findings only.")] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="List what is only counted.", show_default=False)
    ] = 0,
    version: Annotated[bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Scan the files that describe a platform and prove or refute twenty rules.

    Compose, Kubernetes, Dockerfiles, Terraform, redis.conf, PgBouncer, Qdrant.
    """
    given = [path for path in paths or [] if path != "-"] or ([] if paths else ["."])
    outputs = _outputs(output or [])
    for path in given:
        if not os.path.lexists(path):
            _stop(f"{path}: no such file or folder")
    from afscan.engine import Options, scan as run  # noqa: I001, PLC0415

    progress = Progress(wanted=not quiet)
    try:
        stdin = (stdin_name, _standard_input()) if "-" in (paths or []) else None
        config = load_config(given)
        options = Options(
            profile=profile.value if profile is not None else None,
            select=_codes(select),
            ignore=_codes(ignore),
            context=context.value,
            config=config,
            progress=progress,
        )
        result = run(given, options, stdin=stdin)
    except (ConfigError, PolicyError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'input'}: {error.strerror or error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception:  # a mistake in afscan itself, outside any rule: named, and never a pass
        _crash()
    finally:
        progress.close()
    fail_unknown = fail_on_unknown or config.fail_on_unknown
    _report(result, form.value, outputs, no_color=no_color, quiet=quiet, verbose=verbose, with_unknown=fail_unknown)
    raise typer.Exit(_judged(result, config, fail_on, fail_unknown, fail_on_notice or config.fail_on_notice))


def _judged(result: Result, config: Config, fail_on: FailOn | None, unknown: bool, notice: bool) -> int:
    threshold = fail_on.value if fail_on is not None else config.fail_on or "low"
    code = exit_code(result, fail_on=threshold, fail_on_unknown=unknown, fail_on_notice=notice)
    if code == FINDINGS and exit_code(result, fail_on=threshold, fail_on_unknown=unknown) == 0:
        complain(f"afscan: {len(set(result.notices))} notices, and --fail-on-notice is set")
    return code


def _report(
    result: Result, form: str, outputs: list[tuple[str, str]], *, no_color: bool, quiet: bool, verbose: int, with_unknown: bool
) -> None:
    """Write all reports; the one on standard output last, so that a reader that goes away loses no file."""
    for kind, path in outputs:
        data = render(kind, result, verbose=verbose, with_unknown=with_unknown)
        try:
            with open(path, "wb") as stream:
                stream.write(data)
        except OSError as error:
            _stop(f"{path}: {error.strerror or error}")
    color = wants_color(sys.stdout, forbidden=no_color)
    width = width_of(sys.stdout)
    report = render(form, result, color=color, width=width, verbose=verbose, quiet=quiet, with_unknown=with_unknown)
    write(report, prose=form == "text")
    for line in internal_errors(result, verbose=verbose):
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


def _codes(words: list[str] | None) -> tuple[str, ...]:
    return tuple(code.strip() for word in words or [] for code in word.split(",") if code.strip())


def _standard_input() -> bytes:
    from afscan.files.read import MAX_BYTES  # noqa: PLC0415

    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _stop(message: str) -> NoReturn:
    """End with exit code 2."""
    complain("\n".join(f"afscan: {line}" for line in message.split("\n")))
    raise typer.Exit(USAGE)


def _crash() -> NoReturn:
    """End with exit code 3 and the traceback."""
    import traceback  # noqa: PLC0415

    complain(traceback.format_exc().rstrip())
    complain("afscan: internal error: this is a fault of afscan, not of your files; nothing was judged")
    raise typer.Exit(INTERNAL)
