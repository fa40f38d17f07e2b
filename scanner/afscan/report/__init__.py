"""Reports: one module per format, each made from a :class:`~afscan.result.Result`. A report never changes the exit code."""

from afscan.result import Result

FORMATS = ("text", "json", "sarif")
VIEWS = ("controls-text", "controls-json", "controls-markdown")
"""Forms of the compliance view, which needs a result with evidence."""


def render(
    form: str,
    result: Result,
    *,
    color: bool = False,
    width: int | None = None,
    verbose: int = 0,
    quiet: bool = False,
    with_unknown: bool = False,
) -> bytes:
    """A whole report as UTF-8.

    :param form: one of :data:`FORMATS` or :data:`VIEWS`. What follows is for ``text`` alone, colour and width for its view too.
    :param color: whether it is coloured.
    :param width: columns of the terminal; None where there is none.
    :param verbose: 1 lists what is otherwise only counted.
    :param quiet: findings only.
    :param with_unknown: unknown verdicts count as findings.
    """
    if form == "json":
        from afscan.report import json_  # noqa: PLC0415

        return json_.render(result)
    if form == "sarif":
        from afscan.report import sarif  # noqa: PLC0415

        return sarif.render(result)
    if form in VIEWS:
        from afscan.report import compliance  # noqa: PLC0415

        return compliance.render(form, result, color=color, width=width, verbose=verbose)
    from afscan.report import text  # noqa: PLC0415

    report = text.render(result, color=color, width=width, verbose=verbose, quiet=quiet, with_unknown=with_unknown)
    return report.encode("utf-8", "replace")
