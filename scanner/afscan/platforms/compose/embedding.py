"""Texts inside a Compose file: ``configs.*.content`` and ``build.dockerfile_inline``.

Compose interpolates them as it does every value, so the embedded text is the interpolated one: what it holds of missing
variables stands there as ``${NAME}``, and comes from the environment. Places stay those of the file.
"""

from afscan.model.node import Scalar
from afscan.model.source import Source
from afscan.platforms.compose.reading import Context

MAX_CHARACTERS = 300_000
"""Longer interpolated texts keep exact lines but not exact columns behind a variable: a table of characters would be too
large."""


class Embedding:
    """Embeds each text of one file once, whoever refers to it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._done: dict[int, Source] = {}

    def embed(self, scalar: Scalar, *, name: str, holder: str, syntax: str | None = None, owner: str = "") -> Source:
        """A scalar's text as a source of its own, put into the interpretation."""
        done = self._done.get(id(scalar))
        if done is not None:
            return done
        source = scalar.embed(name=name, holder=holder, syntax=syntax)
        text = self.context.expanded(scalar)
        if text.offsets is not None:
            inner = source
            if len(text.partial) <= MAX_CHARACTERS:
                positions = [inner.position(offset) for offset in text.offsets]
            else:
                starts = [0, *(index + 1 for index, char in enumerate(text.partial) if char == "\n")]
                positions = [inner.position(text.offsets[start]) for start in starts]
            source = Source.embedded(inner, text.partial, positions, name=name, holder=holder, syntax=syntax)
        source.owner = owner
        self._done[id(scalar)] = source
        self.context.out.embedded.append(source)
        return source
