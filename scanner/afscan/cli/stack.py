"""``afscan stack``: the joined picture of what the files describe."""

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from afscan.cli.run import INTERRUPTED, crash
from afscan.cli.scan import Render
from afscan.cli.terminal import Progress, complain, wants_color, width_of, write
from afscan.judge.config import ConfigError, load_config
from afscan.judge.threshold import CLEAN, INTERNAL, USAGE
from afscan.policy.rule import PolicyError

if TYPE_CHECKING:
    from afscan.picture.records import Pictures

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


class Format(StrEnum):
    """Forms of the picture."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"


@app.command("stack", epilog="To scan a folder called stack, write ./stack.")
def show_stack(
    paths: Annotated[list[str] | None, typer.Argument(help="Files and folders. [.]", show_default=False)] = None,
    *,
    form: Annotated[Format, typer.Option("--format", help="Form of the picture. [text]", show_default=False)] = Format.TEXT,
    render: Annotated[Render | None, typer.Option(help="auto lets kubectl and helm render. [never]", show_default=False)] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour (as with NO_COLOR).")] = False,
) -> None:
    """Show what runs, who talks to whom, what watches it, and what is not known.

    Nothing is judged: the exit code is 0, 2 for wrong usage or configuration,
    3 after an error inside afscan.
    """
    given = paths or ["."]
    for path in given:
        if not os.path.lexists(path):
            _stop(f"{path}: no such file or folder")
    progress = Progress(wanted=True)
    try:
        from afscan.files.discover import discover  # noqa: PLC0415 - wrong usage is told before the engine is imported
        from afscan.picture.whole import pictures_of  # noqa: PLC0415

        config = load_config(given)
        how = render.value if render is not None else config.render or "never"
        pictures, result = pictures_of(discover(given, exclude=config.excluded()), progress, render=how)
        data = _rendered(pictures, form, color=wants_color(sys.stdout, forbidden=no_color))
    except (ConfigError, PolicyError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'input'}: {error.strerror or error}")
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception:  # a mistake in afscan itself: named, and never a picture
        crash()
    finally:
        progress.close()
    write(data.encode(), prose=form is Format.TEXT)
    for one in result.errors:
        complain(f"afscan: internal error in {one.rule}: {one.error.strip().splitlines()[-1]}")
    raise typer.Exit(INTERNAL if result.errors else CLEAN)


def _rendered(pictures: "Pictures", form: Format, *, color: bool) -> str:
    if form is Format.JSON:
        from afscan.picture.whole import as_json  # noqa: PLC0415

        return as_json(pictures)
    if form is Format.TEXT:
        from afscan.picture.text import render  # noqa: PLC0415

        return render(pictures, color=color, width=width_of(sys.stdout))
    from afscan.picture.graphs import GRAPHS  # noqa: PLC0415

    return GRAPHS[form.value](pictures)


def _stop(message: str) -> NoReturn:
    complain(f"afscan: {message}")
    raise typer.Exit(USAGE)
