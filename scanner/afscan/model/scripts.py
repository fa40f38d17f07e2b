"""Subjects of shell scripts: scripts, their commands, what becomes of the script when one of them fails."""

from typing import TYPE_CHECKING

from afscan.model.node import Node
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects import Container, Subject
from afscan.model.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator


@record(slots=True, frozen=True)
class Frame:
    """One thing around a command, seen from inside; ``parent`` is the next one outwards.

    ======================== =================================================================================================
    ``block``                statements in a row; ``last``: nothing follows in it
    ``list``                 ``&&`` and ``||``; ``last``: the last of them; ``caught``: a ``||`` follows, so that a failure is answered
    ``condition``            the condition of ``if``, ``while`` or ``until``
    ``branch``, ``loop``     a body that is run only if; a body that is run several times
    ``not``                  ``!``
    ``pipe``                 a part of a pipeline; ``last``: its last one
    ``group``                ``{ ... }``
    ``subshell``             ``( ... )``
    ``substitution``         ``$(...)``; ``caught``: its status is lost (it is an argument of a command, or ``local x=$(...)``)
    ``background``           ``... &``
    ``function``             the body of the function ``name``
    ======================== =================================================================================================

    ``branch`` has a number (``index``) that tells apart the branches of the whole script. ``errexit`` and ``pipefail`` of a
    ``pipe``, ``subshell``, ``substitution`` are those outside of it; None is unknown.
    """

    kind: str
    parent: "Frame | None" = None
    last: bool = False
    caught: bool = False
    name: str = ""
    index: int = 0
    errexit: bool | None = None
    pipefail: bool | None = None

    def outwards(self) -> "Iterator[Frame]":
        """This frame and those around it."""
        at: Frame | None = self
        while at is not None:
            yield at
            at = at.parent


@record(slots=True)
class Redirection:
    """``> file``: operator, target (None for a here-document or descriptor), ``body`` of a here-document."""

    node: Node
    operator: str
    target: Value[str] | None
    text: str = ""
    body: Value[str] | None = None


@record(slots=True, kw_only=True, eq=False)
class Command(Subject):
    """One simple command of a script, or the command that one runs (``sudo``, ``kubectl exec ... --``): ``wrapper`` is then the
    outer one, and ``remote`` says that it runs elsewhere than the script.

    ``words`` is the argv, the program first; a word is set where its text is certain (written out, or made of constants that the
    script assigns once). ``texts`` is the same as far as it is known: constants and defaults (``${X:-default}``) filled in, the
    rest as written. ``program`` is the base name; unset where there are assignments only, unknown where it is computed.
    ``pipeline`` lists the commands of the same pipeline in order, empty where there is none. ``order`` counts the commands of the
    script. ``errexit`` and ``pipefail`` are what holds when it runs; ``ends_script``: whether its failure ends the script, if all
    else succeeds. ``calls`` is the script of this stack that it runs, filled by the join.
    """

    script: "Script" = field(repr=False)
    program: Value[str]
    words: list[Value[str]]
    texts: list[str]
    assignments: dict[str, Value[str]] = field(default_factory=dict)
    redirections: list[Redirection] = field(default_factory=list)
    frame: Frame | None = None
    pipeline: "list[Command]" = field(default_factory=list, repr=False)
    order: int = 0
    errexit: Value[bool]
    pipefail: Value[bool]
    ends_script: Value[bool]
    wrapper: "Command | None" = None
    calls: "Script | None" = field(default=None, repr=False)
    remote: bool = False

    @property
    def place(self) -> Place:
        """Its first line."""
        return self.node.head

    @property
    def name_of_program(self) -> str:
        """The program's base name; "" where there is none or it is not known."""
        return self.program.or_else("")


@record(slots=True, kw_only=True, eq=False)
class Function:
    """A function of a script, and the commands that call it. ``frames`` are those around its definition."""

    name: str
    node: Node
    calls: list[Command] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


@record(slots=True, kw_only=True, eq=False)
class Trap:
    """``trap ACTION SIGNAL...``: the action as written, the signals in upper case (``EXIT``, ``ERR``)."""

    node: Node
    action: str
    signals: list[str]


@record(slots=True, kw_only=True, eq=False)
class Script(Subject):
    """A shell script: a file, an entry of a ConfigMap, a block of a document, the text of ``sh -c``.

    ``holder`` is the source's (``file``, ``configmap``, ``markdown``, ``container``, ``workflow``); ``source_path`` the file that
    holds it, ``file_name`` what it is called itself. ``interpreter`` is ``bash``, ``sh``, ``dash`` or ``ash``, unset where nothing
    says. The options are those after the last unconditional ``set``. ``constants`` are variables that are assigned once, at the
    top level, with a text that is known; ``variables`` are all assignments. ``broken``: a part of it could not be read.

    The join fills ``container`` (the container whose command it is, or that mounts and runs it), ``runners`` (what runs it: a
    Workload, a workflow's job, a timer, a script that calls it), ``schedules`` (where a schedule is written) and ``open``: why
    something may run it again and again all the same; "" where nothing says so.
    """

    interpreter: Value[str]
    errexit: Value[bool]
    nounset: Value[bool]
    pipefail: Value[bool]
    holder: str
    source_path: str
    file_name: str
    commands: list[Command] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    traps: list[Trap] = field(default_factory=list)
    constants: dict[str, Value[str]] = field(default_factory=dict)
    variables: dict[str, list[Value[str]]] = field(default_factory=dict)
    broken: bool = False
    container: Container | None = None
    runners: list[Subject] = field(default_factory=list)
    schedules: list[Value[str]] = field(default_factory=list)
    open: str = ""

    @property
    def options(self) -> dict[str, Value[bool]]:
        """errexit, nounset, pipefail."""
        return {"errexit": self.errexit, "nounset": self.nounset, "pipefail": self.pipefail}
