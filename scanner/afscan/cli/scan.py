"""``afscan [OPTIONS] [PATHS...]``: the words of the command line as a request to scan."""

from enum import StrEnum
from typing import Annotated

import typer

from afscan import __version__
from afscan.cli.run import Request, run

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


class Render(StrEnum):
    """Whether other programs may render what afscan cannot."""

    AUTO = "auto"
    NEVER = "never"


class FailOn(StrEnum):
    """The threshold of the exit code."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"


_EPILOG = """\b
Commands:
  afscan rules             list the rules
  afscan explain CODE      what a rule is about, with examples
  afscan controls [PATHS]  the twenty controls, with evidence
  afscan stack [PATHS]     what runs, and who talks to whom

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
    render: Annotated[Render | None, typer.Option(help="auto lets kubectl and helm render. [never]", show_default=False)] = None,
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

    Compose, Kubernetes, Dockerfiles, Terraform, and the configuration of
    Redis, PgBouncer, PostgreSQL, Qdrant, Prometheus, Fluentd and others.
    """
    request = Request(
        paths=paths or [],
        form=form.value,
        outputs=output or [],
        profile=profile.value if profile is not None else None,
        context=context.value,
        render=render.value if render is not None else None,
        select=_codes(select),
        ignore=_codes(ignore),
        fail_on=fail_on.value if fail_on is not None else None,
        fail_on_unknown=fail_on_unknown,
        fail_on_notice=fail_on_notice,
        stdin_name=stdin_name,
        no_color=no_color,
        quiet=quiet,
        verbose=verbose,
    )
    raise typer.Exit(run(request))


def _codes(words: list[str] | None) -> tuple[str, ...]:
    return tuple(code.strip() for word in words or [] for code in word.split(",") if code.strip())
