"""``afscan controls [PATHS...]``: the compliance view of a scan, control by control, with evidence."""

from enum import StrEnum
from typing import Annotated

import typer

from afscan.cli.run import Request, run
from afscan.cli.scan import Context, FailOn, Profile, Render

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


class Format(StrEnum):
    """Forms of the view."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.command(epilog="The exit codes are those of a scan: 1 where a control is violated.")
def controls(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files and folders; - is standard input. [.]", show_default=False)
    ] = None,
    *,
    form: Annotated[Format, typer.Option("--format", help="Form of the view. [text]", show_default=False)] = Format.TEXT,
    profile: Annotated[Profile | None, typer.Option(help="strict adds what is true but noisy.")] = None,
    context: Annotated[
        Context, typer.Option(help="stack reads unreported neighbours. [none]", show_default=False)
    ] = Context.NONE,
    render: Annotated[Render | None, typer.Option(help="auto lets kubectl and helm render. [never]", show_default=False)] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(metavar="SEVERITY", help="low, medium, high, critical or never. [low]", show_default=False)
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour (as with NO_COLOR).")] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="List every place, not three of each rule.", show_default=False)
    ] = 0,
) -> None:
    """Show each control: met, violated, not proven or not applicable; by which rules, on what, where."""
    request = Request(
        paths=paths or [],
        form=f"controls-{form.value}",
        profile=profile.value if profile is not None else None,
        context=context.value,
        render=render.value if render is not None else None,
        fail_on=fail_on.value if fail_on is not None else None,
        no_color=no_color,
        verbose=verbose,
    )
    raise typer.Exit(run(request))
