"""Command lines: which words start a server, each with its place, through shells and wrappers."""

import re
from collections.abc import Callable
from posixpath import basename

from afscan.join.servers.shell import Word, shell_words, told
from afscan.model.node import Node, Scalar, Sequence
from afscan.model.place import Place
from afscan.model.record import field, record
from afscan.model.subjects import BuildStage, Container
from afscan.model.value import Value
from afscan.platforms.dockerfile import shell

SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_WRAPPERS = frozenset(
    ("exec", "command", "nohup", "nice", "time", "env", "tini", "dumb-init", "docker-entrypoint.sh", "--", "-g", "-s")
)
_USER_SWITCHES = frozenset(("gosu", "su-exec", "setpriv", "chroot"))
_KEYWORDS = frozenset(("then", "do", "else", "elif", "if", "while", "until", "!", "{", "("))
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_MAX_SCRIPT = 20_000
_MAX_PLACED = 500
_LEFT_OVER = {
    "kubernetes": re.compile(r"\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)"),
    "compose": re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"),
}


@record(slots=True)
class Launch:
    """How a container starts a server: the words after the program. ``unread`` says why they are not known."""

    words: list[Word] = field(default_factory=list)
    unread: str = ""
    default: bool = False  # the image's own command


def launch(container: Container, programs: frozenset[str], *, implied: Callable[[str], bool]) -> Launch:
    """The server's own words in a container's command line.

    :param programs: the names under which the server is started.
    :param implied: whether a first word is an argument to which the image's entrypoint adds the program.
    """
    if container.command.is_unknown or container.arguments.is_unknown:
        unknown = container.command if container.command.is_unknown else container.arguments
        return Launch(unread=f"the command line is not known: {unknown.reason}")
    argv = words_of(container, container.command) + words_of(container, container.arguments)
    if not argv:
        return _image_command(container, programs, implied)
    if container.command.is_unset and implied(argv[0].text):
        return Launch(argv)
    found = _server(container, argv, programs)
    return Launch(found) if found is not None else Launch(unread=f"the container runs `{argv[0].text}`")


def _image_command(container: Container, programs: frozenset[str], implied: Callable[[str], bool]) -> Launch:
    """What an image does by itself; one that is built here may do anything that its Dockerfile says."""
    stage: BuildStage | None = container.stage
    for _ in range(50):
        if stage is None:
            break
        entrypoint = words_of(container, stage.entrypoint) if stage.entrypoint is not None else []
        command = words_of(container, stage.command) if stage.command is not None else []
        argv = entrypoint + command
        if argv:
            if not entrypoint and implied(argv[0].text):
                return Launch(argv)
            found = _server(container, argv, programs)
            return Launch(found) if found is not None else Launch(unread="the image's own Dockerfile says what runs")
        stage = stage.parent
    if container.build is not None and container.stage is None:
        return Launch(unread="the image is built from a Dockerfile that was not read")
    return Launch(default=True)


def words_of(container: Container, written: Value[list[str]]) -> list[Word]:
    """The words of ``command`` or ``arguments`` with their places."""
    texts = written.or_else([])
    node = written.node
    items = node.items if isinstance(node, Sequence) else []
    if len(items) == len(texts):
        places: list[tuple[Node, Place | None]] = [(item, None) for item in items]
    elif isinstance(node, Scalar):
        places = [(node, at) for at in _places(node, texts)]
    else:
        places = [(node, None)] * len(texts)
    left_over = _LEFT_OVER.get(container.platform)
    words = []
    for text, (where, at) in zip(texts, places):
        match = left_over.search(text) if left_over is not None else None
        reason = told(container, match[1]) if match is not None else ""
        words.append(Word(text, where, at, reason))
    return words


def mentioned(container: Container) -> set[str]:
    """The variables that a container's own command line and health checks refer to."""
    texts: list[str] = []
    for written in (container.command, container.arguments):
        texts += written.or_else([]) if written.is_set else []
    for probe in (container.liveness, container.readiness, container.startup):
        if probe is not None and probe.value is not None and probe.value.command is not None:
            texts += probe.value.command.or_else([])
    return set(re.findall(r"\$[{(]?([A-Za-z_][A-Za-z0-9_]*)", "\n".join(texts)))


def _places(node: Scalar, texts: list[str]) -> list[Place | None]:
    """Where each word stands in a command that is one string; None from the first one that is not found as it is."""
    found: list[Place | None] = []
    at = 0
    for text in texts if len(node.text) <= _MAX_SCRIPT else ():
        start = node.text.find(text, at) if text and len(found) < _MAX_PLACED else -1
        if start < 0 or node.text[at:start].strip(" \t\n\"'\\"):
            break
        found.append(node.part(start, start + len(text)))
        at = start + len(text)
    return found + [None] * (len(texts) - len(found))


def _server(container: Container, argv: list[Word], programs: frozenset[str]) -> list[Word] | None:
    """The words after the server's program, None where nothing here starts it."""
    argv = argv[_program([word.text for word in argv]) :]
    if not argv:
        return None
    if basename(argv[0].text) not in SHELLS:
        return argv[1:] if basename(argv[0].text) in programs else None
    index = next((index for index, word in enumerate(argv) if _takes_script(word.text)), None)
    if index is None or index + 1 >= len(argv):
        return None
    script = argv[index + 1]
    for command in shell.commands(script.text[:_MAX_SCRIPT]):
        texts = [word.text for word in command.words]
        at = _program(texts)
        if at < len(texts) and basename(texts[at]) in programs:
            return shell_words(container, script, command.words[at + 1 :])
    return None


def _takes_script(word: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and word.endswith("c")


def _program(argv: list[str]) -> int:
    """Where the program stands in a command behind what merely starts it: ``exec``, ``tini --``, ``gosu redis``, assignments."""
    at = 0
    while at < len(argv):
        name = basename(argv[at])
        following = basename(argv[at + 1]) if at + 1 < len(argv) else "-"
        if name in _USER_SWITCHES:
            at += 2
        elif name == "entrypoint.sh" and following[:1] not in ("", "-") and ("." not in following or following.endswith(".sh")):
            at += 1  # a file as argument would mean that the script itself starts the server
        elif name in _WRAPPERS or name in _KEYWORDS or _ASSIGNMENT.match(argv[at]):
            at += 1
        else:
            break
    return min(at, len(argv))


def split_words(value: Value[str]) -> list[Word]:
    """The words of a variable that a script puts into a command line, split at blanks."""
    text, node = value.or_else(""), value.node
    own = isinstance(node, Scalar) and node.text == text and value.at is None
    found = []
    for match in re.finditer(r"\S+", text):
        at = node.part(*match.span()) if own and isinstance(node, Scalar) else value.at
        found.append(Word(match[0].strip("\"'"), node, at))
    return found
