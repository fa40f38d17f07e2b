"""What becomes of a script when one of its commands fails, by the rules of ``set -e``.

Source: GNU Bash manual, "The Set Builtin" (-e, -o pipefail), "Command Substitution" and ``shopt inherit_errexit``; POSIX, XCU 2.8.1.
"""

from collections.abc import Callable

from afscan.model.scripts import Command, Frame, Function

_MAX_DEPTH = 60
"""So many calls of functions within functions are followed."""

_SHELLS = frozenset(("subshell", "pipe", "substitution", "background"))
"""What is run by a shell of its own, which ``set -e`` may end without ending the script."""


class Fate:
    """Follows the failure of a command outwards, to the calls of functions. Answers about calls are remembered."""

    def __init__(self, functions: dict[str, Function]) -> None:
        self.functions = functions
        self._known: dict[tuple[str, str], bool | None] = {}
        self._depth = 0

    def ends(self, command: Command) -> bool | None:
        """Whether the script ends when this command fails and all others succeed; None where it cannot be told."""
        return self._outwards(command.frame, self._leaves(command.frame, command.errexit.value), fails=True)

    def _succeeds(self, command: Command) -> bool | None:
        return self._outwards(command.frame, False, fails=False)

    def _leaves(self, frame: Frame | None, errexit: bool | None) -> bool | None:
        """Whether a failure within ``frame`` makes ``set -e`` end the innermost shell."""
        ignored = self._is_ignored(frame)
        if ignored or errexit is False:
            return False
        return True if errexit and ignored is False else None

    def _outwards(self, frame: Frame | None, leaves: bool | None, *, fails: bool) -> bool | None:
        """Whether the script ends. ``fails``: with which status the innermost statement ends; ``!`` turns that round."""
        at = frame
        while at is not None:
            if leaves is None:
                return None
            if at.kind in _SHELLS:
                if at.kind == "pipe" and not at.last and at.pipefail is None:
                    return None
                lost = at.kind == "background" or at.caught or (at.kind == "pipe" and not at.last and not at.pipefail)
                fails = fails and not lost
                leaves = self._leaves(at.parent, at.errexit) if fails else False
            elif at.kind == "function":
                return self._call(at.name, leaves=leaves, fails=fails)
            elif leaves:
                pass
            elif at.kind == "not":
                fails = not fails
            elif at.kind == "condition" or at.caught or (at.kind == "block" and not at.last):
                fails = False  # it is answered here, or lost
            at = at.parent
        return leaves

    def _call(self, name: str, *, leaves: bool, fails: bool) -> bool | None:
        """A function in which the shell ends, or that ends with a status: its call's."""
        if leaves:
            return self._of_calls("left", name, lambda call: self._outwards(call.frame, True, fails=True))
        return self._of_calls("fails", name, self.ends) if fails else self._of_calls("succeeds", name, self._succeeds)

    def _is_ignored(self, frame: Frame | None) -> bool | None:
        """Whether something around makes ``set -e`` ignore failures: a condition, ``!``, ``&&`` and ``||`` but for the last."""
        at = frame
        while at is not None:
            if at.kind in ("condition", "not") or (at.kind == "list" and not at.last):
                return True
            if at.kind in ("substitution", "background"):
                return False
            if at.kind == "function":
                return self._of_calls("ignored", at.name, lambda call: self._is_ignored(call.frame))
            at = at.parent
        return False

    def _of_calls(self, question: str, name: str, answer: "Callable[[Command], bool | None]") -> bool | None:
        """What all calls of a function agree on; None where they do not, or where nothing calls it."""
        key = (question, name)
        if key not in self._known:
            self._known[key] = None  # a function that calls itself proves nothing
            function = self.functions.get(name)
            self._depth += 1
            answers = {answer(call) for call in function.calls} if function is not None and self._depth < _MAX_DEPTH else set()
            self._depth -= 1
            self._known[key] = answers.pop() if len(answers) == 1 else None
        return self._known[key]
