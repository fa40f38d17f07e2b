"""Programs that run another program: where the inner command begins in their words, and whether it runs elsewhere."""

from typing import NamedTuple

from afscan.platforms.script.options import command_line


class Inner(NamedTuple):
    """Where the inner command begins; ``remote``: on another machine or in a container. ``text``: it is one word of shell text."""

    start: int
    remote: bool = False
    text: bool = False


_PLAIN = {
    "sudo": "u g h p C r t T U",
    "doas": "u C",
    "env": "u C S",
    "nice": "n",
    "nohup": "",
    "exec": "a",
    "command": "",
    "builtin": "",
    "time": "f o",
    "timeout": "s k",
    "xargs": "I n P d L E s a",
    "ionice": "c n p",
    "stdbuf": "i o e",
    "setsid": "",
    "chrt": "",
    "flock": "w E",
    "gosu": "",
    "su-exec": "",
    "retry": "",
    "unbuffer": "",
}
"""Options that take a value, one letter each; from sudo(8), env(1), nice(1), timeout(1), xargs(1), flock(1) and so on."""

_OPERANDS = {"timeout": 1, "flock": 1, "gosu": 1, "su-exec": 1, "chrt": 1}
"""Words between the options and the command: a duration, a lock file, a user."""

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))
_ENGINES = frozenset(("docker", "podman", "nerdctl"))


def inner_command(program: str, words: list[str]) -> Inner | None:
    """The command that a command runs; None where it runs none, or that cannot be told.

    :param program: the base name of the first word.
    :param words: the argv as far as it is known.
    """
    if program in _PLAIN:
        return _plain(program, words)
    if program in ("kubectl", "oc"):
        return _behind_dashes(words) if "exec" in words[:8] or "run" in words[:4] or "debug" in words[:4] else None
    if program in _ENGINES or program == "docker-compose":
        return _container(program, words)
    if program == "ssh":
        return _ssh(words)
    return None


def _plain(program: str, words: list[str]) -> Inner | None:
    index = 1
    valued = _PLAIN[program].split()
    while index < len(words):
        word = words[index]
        if word == "--":
            index += 1
            break
        if word.startswith("-") and len(word) > 1:
            index += 2 if len(word) == 2 and word[1] in valued else 1
        elif program in ("env", "sudo", "doas") and "=" in word:
            index += 1
        else:
            break
    index += _OPERANDS.get(program, 0)
    if program == "command" and any(word in ("-v", "-V") for word in words[1:3]):
        return None
    return Inner(index) if index < len(words) else None


def _behind_dashes(words: list[str]) -> Inner | None:
    at = words.index("--") + 1 if "--" in words else len(words)
    return Inner(at, remote=True) if at < len(words) else None


def image_of_run(program: str, words: list[str]) -> int | None:
    """The index of the image in ``docker run [OPTIONS] IMAGE [COMMAND]``; None where this is no such command."""
    if program not in _ENGINES:
        return None
    operands = _until_image(program, words)
    return operands[1] if operands is not None and words[operands[0]] in ("run", "create") else None


def _until_image(program: str, words: list[str]) -> tuple[int, int] | None:
    """The indices of the subcommand and of the first operand behind it."""
    first = command_line(program, words).operands
    if first and words[first[0]] == "container":
        first = first[1:]
    return (first[0], first[1]) if len(first) > 1 else None


def _container(program: str, words: list[str]) -> Inner | None:
    """``docker run IMAGE cmd``, ``docker exec NAME cmd``, ``docker compose exec SERVICE cmd``, ``docker compose run SERVICE cmd``."""
    line = command_line("docker", words)
    operands = line.operands
    if operands and program != "docker-compose" and words[operands[0]] in ("container", "compose"):
        operands = operands[1:]
    if len(operands) < 3 or words[operands[0]] not in ("run", "exec"):
        return None
    entrypoint = line.option("entrypoint")
    if entrypoint is not None:
        return None
    return Inner(operands[1] + 1, remote=True)


def _ssh(words: list[str]) -> Inner | None:
    index = 1
    valued = "BbcDEeFIiJLlmOopQRSWw"
    while index < len(words) and words[index].startswith("-"):
        index += 2 if len(words[index]) == 2 and words[index][1] in valued else 1
    index += 1
    if index >= len(words):
        return None
    return Inner(index, remote=True, text=index == len(words) - 1 and " " in words[index])
