"""The table of known scanners (``scanners.json``): which action, command, image or hook is which, and whether a finding of it
fails the run."""

import json
from functools import cache
from pkgutil import get_data
from typing import Any

Tool = dict[str, Any]


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(get_data(__package__, "scanners.json") or b"")
    return loaded


@cache
def _index(kind: str) -> dict[str, Tool]:
    return {name.lower(): tool for tool in _data()["tools"] for name in tool[kind]}


@cache
def _commands() -> dict[str, list[tuple[list[str], Tool]]]:
    """By first word: the commands, longest first."""
    found: dict[str, list[tuple[list[str], Tool]]] = {}
    for tool in _data()["tools"]:
        for command in tool["commands"]:
            words = command.split()
            found.setdefault(words[0], []).append((words, tool))
    for listed in found.values():
        listed.sort(key=lambda one: -len(one[0]))
    return found


def all_tools() -> list[Tool]:
    """Every row."""
    tools: list[Tool] = _data()["tools"]
    return tools


def tool_of_action(target: str) -> Tool | None:
    """The tool of an action (``owner/repository/path``, no revision): by the whole path, else by its beginning."""
    parts = target.lower().split("/")
    for length in range(len(parts), 1, -1):
        found = _index("actions").get("/".join(parts[:length]))
        if found is not None:
            return found
    return None


def tool_of_image(repository: str) -> Tool | None:
    """The tool of a container image, by repository."""
    return _index("images").get(repository.lower().removeprefix("docker.io/"))


def tool_of_hook(hook: str) -> Tool | None:
    """The tool of a pre-commit hook, by its id."""
    return _index("hooks").get(hook.lower())


def tool_of_command(words: list[str]) -> Tool | None:
    """The tool that a command line calls; None also where it only asks the version or prepares."""
    if not words:
        return None
    name = words[0].rpartition("/")[2].replace("pip_audit", "pip-audit").partition("@")[0]
    line = [name, *words[1:]]
    for wanted, tool in _commands().get(name, ()):
        if line[: len(wanted)] == wanted and not set(tool.get("no_scan", ())) & set(line[1:]):
            return None if len(line) == 1 and len(wanted) == 1 and tool["tool"] in ("Trivy", "gitleaks", "Grype") else tool
    return None


def config_files(tool: str) -> frozenset[str]:
    """The names of files that a tool reads by itself and that may change whether it gates."""
    row = next((one for one in all_tools() if one["tool"] == tool), None)
    return frozenset(row.get("config", ())) if row is not None else frozenset()


def is_updater(name: str) -> bool:
    """Whether an action, or a command's program, makes updates of dependencies."""
    updaters = _data()["updaters"]
    return name.lower() in updaters["actions"] or name in updaters["commands"]


def gitlab_template(path: str) -> tuple[str, frozenset[str]] | None:
    """The name and coverage of a scanning template of GitLab (``Security/SAST.gitlab-ci.yml``, ``Jobs/...latest...``)."""
    name = path.rpartition("/")[2].removesuffix(".yml").removesuffix(".gitlab-ci").removesuffix(".latest")
    covers = _data()["gitlab"]["templates"].get(name)
    return (f"GitLab {name.replace('-', ' ')}", frozenset(covers)) if covers is not None else None


def only_reports(kind: str, value: str) -> bool:
    """Whether an option turns a scan into one that sends its results to the product's own server."""
    return kind == "monitor" and value.strip().lower() in ("monitor", "true")


def lists_only(tool: Tool, formats: "list[str]") -> bool:
    """Whether one of these output formats makes a list of components (SBOM) instead of a scan."""
    return not set(tool.get("lists", ())).isdisjoint(formats)


def effect(kind: str, value: str) -> bool | None:
    """Whether a scan gates with an option of a kind (see the table) at this value; None where it makes no difference.

    ``status``: an exit status; ``on`` and ``off``: a switch; ``gate``: true or false; ``never``, ``ignore`` and ``format``:
    words. ``monitor`` is no gate and does not mean to be one: see :func:`only_reports`.
    """
    word = value.strip().lower()
    truth = word not in ("false", "no", "off", "0", "none") if kind in ("on", "off", "gate") else False
    match kind:
        case "status":
            return word not in ("0", "")
        case "on":
            return True if truth else None
        case "off":
            return False if truth else None
        case "gate":
            return truth
        case "never":
            return word != "never"
        case "ignore":
            return False if word in ("all", "results") else None
        case "monitor":
            return None
        case _:
            return False if word in ("json", "sarif", "openvex") else None
