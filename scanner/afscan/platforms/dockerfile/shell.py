"""A shell script as commands and words with their indices: enough to see which programs run with which arguments.

No evaluation: a word with a variable or a substitution is marked ``dynamic``. What stands inside ``$(...)`` is one word. Linear
in the text, never raises.
"""

from afscan.model.record import field, record

_OPERATORS = "&|;\n()"
_SPACE = " \t\r"
_RESERVED = frozenset(
    ("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "case", "esac", "in", "!", "{", "}", "time")
)
_WRAPPERS = frozenset(("sudo", "exec", "command", "nice", "nohup", "env", "eatmydata", "builtin"))


@record(slots=True)
class ShellWord:
    """One word: its text without quotes, where it stands, whether its value is known only at run time, whether it was quoted."""

    text: str
    start: int
    end: int
    dynamic: bool = False
    quoted: bool = False


@record(slots=True)
class Command:
    """One simple command: program and arguments, redirections left out. ``bodies`` are its here-documents (start, end)."""

    words: list[ShellWord] = field(default_factory=list)
    bodies: list[tuple[int, int]] = field(default_factory=list)

    def program(self) -> tuple[str, list[ShellWord]]:
        """The program's base name and its arguments, behind keywords, assignments and ``sudo``; "" if unknown."""
        words = self.words
        index = 0
        wrapped = False
        while index < len(words):
            word = words[index]
            name, equals, _ = word.text.partition("=")
            if word.text in _RESERVED or (equals and name.isidentifier()) or (wrapped and word.text.startswith("-")):
                index += 1
            elif word.text in _WRAPPERS:
                wrapped = True
                index += 1
            elif word.dynamic:
                return "", []
            else:
                return word.text.rpartition("/")[2], words[index + 1 :]
        return "", []


def commands(text: str) -> list[Command]:
    """The simple commands of a script, in order."""
    return _Splitter(text).run()


class _Splitter:
    """One pass over a script."""

    __slots__ = ("current", "found", "index", "text", "waiting")

    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0
        self.found: list[Command] = []
        self.current = Command()
        self.waiting: list[tuple[Command, str, bool]] = []  # here-documents whose bodies begin after this line

    def run(self) -> list[Command]:
        text = self.text
        while self.index < len(text):
            char = text[self.index]
            if char in _SPACE:
                self.index += 1
            elif text.startswith(("\\\n", "\\\r\n"), self.index):
                self.index += 2 if text[self.index + 1] == "\n" else 3
            elif char == "#":
                end = text.find("\n", self.index)
                self.index = len(text) if end == -1 else end
            elif char in "<>" or (char == "&" and text.startswith("&>", self.index)):
                self._redirect()
            elif char in _OPERATORS:
                self.index += 1
                self._end_command()
                if char == "\n":
                    self._bodies()
            else:
                word = self._word()
                # A number directly before a redirection is a file descriptor.
                if not (word.text.isdigit() and not word.quoted and text[self.index : self.index + 1] in ("<", ">")):
                    self.current.words.append(word)
        self._end_command()
        return self.found

    def _end_command(self) -> None:
        if self.current.words or (self.waiting and self.waiting[-1][0] is self.current):
            self.found.append(self.current)
        self.current = Command()

    def _redirect(self) -> None:
        """Step over a redirection and its target; remember a here-document."""
        text = self.text
        heredoc = text.startswith("<<", self.index) and not text.startswith("<<<", self.index)
        while self.index < len(text) and text[self.index] in "<>&|":
            self.index += 1
        strip_tabs = heredoc and text.startswith("-", self.index)
        self.index += 1 if strip_tabs else 0
        if text.startswith("(", self.index):
            return
        while self.index < len(text) and text[self.index] in _SPACE:
            self.index += 1
        if self.index < len(text) and text[self.index] not in _OPERATORS:
            target = self._word()
            if heredoc:
                self.waiting.append((self.current, target.text, strip_tabs))

    def _bodies(self) -> None:
        """Step over the here-documents that the line just ended has opened."""
        for command, name, strip_tabs in self.waiting:
            start = end = self.index
            while self.index < len(self.text):
                stop = self.text.find("\n", self.index)
                stop = len(self.text) if stop == -1 else stop
                line = self.text[self.index : stop].rstrip("\r")
                self.index = min(stop + 1, len(self.text))
                if (line.lstrip("\t") if strip_tabs else line) == name:
                    break
                end = self.index
            command.bodies.append((start, end))
        self.waiting = []

    def _word(self) -> ShellWord:
        text, start = self.text, self.index
        word = ShellWord("", start, start)
        parts: list[str] = []
        while self.index < len(text):
            char = text[self.index]
            if char in _SPACE or char in _OPERATORS or char in "<>":
                break
            if char == "'":
                self._single(parts, word)
            elif char == '"':
                self._double(parts, word)
            elif char == "\\":
                if text[self.index + 1 : self.index + 2] != "\n":
                    parts.append(text[self.index + 1 : self.index + 2])
                self.index += 2
            elif char in "$`":
                self._substitution(parts, word)
            else:
                parts.append(char)
                self.index += 1
        self.index = min(self.index, len(text))
        word.text, word.end = "".join(parts), self.index
        return word

    def _single(self, parts: list[str], word: ShellWord) -> None:
        end = self.text.find("'", self.index + 1)
        end = len(self.text) if end == -1 else end
        parts.append(self.text[self.index + 1 : end].replace("\\\n", ""))
        self.index, word.quoted = end + 1, True

    def _double(self, parts: list[str], word: ShellWord) -> None:
        text = self.text
        self.index, word.quoted = self.index + 1, True
        while self.index < len(text) and text[self.index] != '"':
            char = text[self.index]
            if char == "\\":
                following = text[self.index + 1 : self.index + 2]
                parts.append("" if following == "\n" else following if following in '"$`\\' else char + following)
                self.index += 2
            elif char in "$`":
                self._substitution(parts, word)
            else:
                parts.append(char)
                self.index += 1
        self.index += 1

    def _substitution(self, parts: list[str], word: ShellWord) -> None:
        """Step over ``$x``, ``${x}``, ``$(...)`` or a command in backticks; its text stays as written."""
        text, start = self.text, self.index
        opening = text[start + 1 : start + 2]
        if text[start] == "`":
            end = text.find("`", start + 1)
            self.index = len(text) if end == -1 else end + 1
            word.dynamic = True
        elif opening in ("(", "{"):
            self.index = _balanced(text, start + 1, opening, ")" if opening == "(" else "}")
            word.dynamic = True
        else:
            self.index += 1
            while self.index < len(text) and (text[self.index].isalnum() or text[self.index] in "_@*#?"):
                self.index += 1
            word.dynamic = word.dynamic or self.index > start + 1
        parts.append(text[start : self.index])


def _balanced(text: str, index: int, opening: str, closing: str) -> int:
    """Behind the bracket that closes the one at ``index``, quotes respected; the text's end where there is none."""
    depth, quote = 0, ""
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return index + 1
        index += 1
    return len(text)
