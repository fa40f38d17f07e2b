"""The grammar of python-hcl2, imported when the first HCL text turns up."""

from typing import Any


def parse_text(text: str) -> Any:
    """The tree of a text that ends in a line break.

    :raises lark.exceptions.LarkError: if the text does not parse.
    """
    from afscan.syntax.hcl.parser import parser  # noqa: PLC0415 - 30 ms, which a run without HCL must not pay

    return parser().parse(text)


def position_of(error: Exception) -> tuple[int, str]:
    """The offset at which an error of :func:`parse_text` stands, and the text found there."""
    token = getattr(error, "token", None)
    offset = getattr(token, "start_pos", None)
    if offset is None:
        offset = getattr(error, "pos_in_stream", None)
    return (offset if isinstance(offset, int) and offset >= 0 else 0), str(
        token if token is not None else getattr(error, "char", "")
    )
