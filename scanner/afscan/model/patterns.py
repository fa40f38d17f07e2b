"""Regular expressions that are compiled when they are first used.

Compiling takes longer than most of them are ever used for: a run over one Dockerfile meets a third of all there are.
"""

import re
from typing import TYPE_CHECKING, Any

__all__ = ["pattern"]

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:
        """What ``re.compile`` returns, later: for module-level patterns that not every run needs."""

        def __init__(self, text: str, flags: int = 0) -> None:
            self._made_of = text, flags

        def __getattr__(self, name: str) -> Any:
            method = getattr(re.compile(*self._made_of), name)  # re keeps what it compiled
            setattr(self, name, method)  # so this is not asked again
            return method
