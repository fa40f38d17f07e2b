"""Docker Compose: services, what they run, publish, mount and build. Source: the Compose Specification.

A file is only a part of a project: override files, ``include``, ``extends`` and dotenv files make it whole. So a file becomes a
:class:`~afscan.model.subjects.ComposeFile`, and :mod:`afscan.join.projects` reads projects once all files of a stack are known.
"""

from posixpath import basename

from afscan.model.node import Mapping, Node
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ComposeFile
from afscan.platforms.compose.reading import document_of, folder_of
from afscan.platforms.compose.recognition import recognise
from afscan.platforms.reading import Interpretation

__all__ = ["interpret", "recognise"]


def interpret(source: Source, root: Node, out: Interpretation) -> None:
    """Put a Compose file into the interpretation, for the join to read."""
    if not isinstance(root, Mapping):
        out.notice(NoticeKind.WRONG_TYPE, root.head, "A Compose file should be a mapping; it is not judged.")
        return
    file = basename(source.name)
    out.subjects.append(
        ComposeFile(
            name=file, node=root, platform="compose", file=file, directory=folder_of(source), document=document_of(source)
        )
    )
