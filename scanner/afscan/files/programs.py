"""Programs that render what afscan cannot: found outside of the scanned tree, run with bounds and without network.

Only where the user allows it (``render: auto``). A program gets no input, a home of its own that is empty, no plugins, a proxy that
leads nowhere and no protocol for git; it is ended after a while, and what it prints is bounded.
"""

import os
import re
import selectors
import signal
import subprocess
import tempfile
import time

SECONDS = 30
"""How long a program may take."""

MAX_OUTPUT = 16 * 1024 * 1024
"""How many bytes it may print."""

MAX_SHOWN = 300
_NOWHERE = "http://127.0.0.1:9"
_UNSHOWN = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff]+")


def find_program(name: str, tree: str) -> str | None:
    """The path of a program on PATH, by absolute entries outside of the scanned tree only; None where there is none."""
    inside = os.path.realpath(tree or ".")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder):
            continue
        path = os.path.join(folder, name)
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            continue
        if not any(_within(one, inside) for one in (os.path.abspath(path), os.path.realpath(path))):
            return path
    return None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def run_program(argv: list[str], tree: str) -> tuple[str, str]:
    """Run a program.

    :param argv: its path and arguments.
    :param tree: the scanned folder: nothing in it is a program.
    :returns: what it printed, and "" or why that is not to be used: the program's own last words, in one line.
    """
    with tempfile.TemporaryDirectory(prefix="afscan-") as home:
        try:
            process = subprocess.Popen(
                argv,
                cwd=home,
                env=_environment(home, tree),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            return "", f"it cannot be started: {error.strerror or error}"
        with process:
            try:
                printed, said, problem = _read(process)
            finally:
                _end(process)
        if problem:
            return "", problem
        if process.returncode != 0:
            return "", shown(said.decode("utf-8", "replace")) or f"it ended with {process.returncode}"
        try:
            return printed.decode("utf-8"), ""
        except UnicodeDecodeError:
            return "", "what it prints is not UTF-8"


def _environment(home: str, tree: str) -> dict[str, str]:
    inside = os.path.realpath(tree or ".")
    folders = [one for one in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(one)]
    empty = os.path.join(home, "empty")
    os.makedirs(empty, exist_ok=True)
    homes = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    helm = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
    return {
        "PATH": os.pathsep.join(one for one in folders if not _within(os.path.realpath(one), inside)),
        "LC_ALL": "C.UTF-8",
        **dict.fromkeys((*homes, *helm), home),
        **dict.fromkeys(("HELM_PLUGINS", "KUSTOMIZE_PLUGIN_HOME"), empty),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), _NOWHERE),
        "KUBECONFIG": os.path.join(empty, "none"),
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _read(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes, str]:
    """Both outputs until they end, the time is over or there is too much."""
    assert process.stdout is not None
    assert process.stderr is not None
    parts: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    deadline = time.monotonic() + SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, "out")
        selector.register(process.stderr, selectors.EVENT_READ, "err")
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return b"", b"", f"it took more than {SECONDS} seconds"
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                parts[key.data] += data
            if sum(map(len, parts.values())) > MAX_OUTPUT:
                return b"", b"", f"it prints more than {MAX_OUTPUT // 1024 // 1024} MiB"
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return b"", b"", f"it took more than {SECONDS} seconds"
    return bytes(parts["out"]), bytes(parts["err"]), ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program that still runs, and what it started: they are a session of their own."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            process.kill()


def shown(text: str) -> str:
    """A program's words as one line that can be shown: without control characters, bounded, without the full stop at its end."""
    line = " ".join(_UNSHOWN.sub(" ", text).split())
    return (line if len(line) <= MAX_SHOWN else line[:MAX_SHOWN] + " ...").rstrip(".")
