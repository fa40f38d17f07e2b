"""Real servers as tests start them: found or skipped by name, in folders of their own, unprivileged, stopped by their own pid."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PACKAGES = {
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "pgbouncer": "pgbouncer",
    "postgres": "postgresql",
    "initdb": "postgresql",
    "psql": "postgresql",
    "pg_dump": "postgresql",
    "pg_dumpall": "postgresql",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "shellcheck": "shellcheck",
}
"""Which Debian package brings a program."""

PATIENCE = 30.0
"""Seconds after which a server that neither is ready nor has ended counts as hanging."""

_ANSWERS = 0.01


def folders() -> list[str]:
    """Where programs lie: the PATH, the administrator's folders, the newest PostgreSQL's own."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return [*(str(path) for path in newest[-1:]), *os.environ.get("PATH", "").split(":"), "/usr/sbin", "/sbin"]


def program(name: str) -> str:
    """The path of a program; the test is skipped, saying so, where it is absent."""
    found = shutil.which(name, path=":".join(folders()))
    if found is None:
        hint = f" (Debian package {PACKAGES[name]})" if name in PACKAGES else ""
        pytest.skip(f"{name} is not installed{hint}")
    return found


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def as_user() -> dict[str, object]:
    """Arguments of subprocess with which a program runs as an ordinary user: several servers refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def give(path: Path) -> None:
    """Let a folder and what is in it belong to the user that the servers run as."""
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    for one in (path, *path.rglob("*")):
        os.chown(one, nobody.pw_uid, nobody.pw_gid)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the servers' user owns; pytest's own are root's alone. The name is short: sockets have room for 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="afscan-"))
    try:
        give(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(command: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None, text: str = "") -> "Ended":
    """A program run to its end by the servers' user."""
    done = subprocess.run(  # type: ignore[call-overload]
        [program(command[0]) if "/" not in command[0] else command[0], *command[1:]],
        cwd=cwd or "/",
        env={"PATH": ":".join(folders()), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **(env or {})},
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **as_user(),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> str:
        """What it wrote; the test fails with its errors where it did not succeed."""
        assert self.code == 0, self.out + self.err
        return self.out.strip()


@dataclass
class Running:
    """A server that was started: ``started`` says whether it became ready, or ended before."""

    name: str
    process: subprocess.Popen[bytes]
    log_file: Path
    started: bool = False
    files: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def until(self, check: Callable[[], object], what: str) -> None:
        """Wait for something to happen while the server runs; fail with the server's own log where it does not."""
        deadline = time.monotonic() + PATIENCE
        while not check():
            if self.process.poll() is not None:
                pytest.fail(f"{self.name} ended (exit {self.process.returncode}) before {what}:\n{self.log}")
            if time.monotonic() > deadline:
                pytest.fail(f"{self.name}: not within {PATIENCE:.0f} s: {what}:\n{self.log}")
            time.sleep(_ANSWERS)

    def must_start(self) -> "Running":
        """The server, which must be ready."""
        if not self.started:
            pytest.fail(f"{self.name} did not start (exit {self.process.returncode}):\n{self.log}")
        return self

    def must_refuse(self, words: str = "") -> str:
        """The log of a server that must not start, and says why."""
        if self.started:
            pytest.fail(f"{self.name} started, and should not:\n{self.log}")
        assert words in self.log, self.log
        return self.log


@contextmanager
def server(command: Sequence[str], at: Path, *, ready: str, stop: signal.Signals = signal.SIGTERM) -> Iterator[Running]:
    """Start a server, wait until its log says that it is ready or until it ends, and stop it afterwards.

    :param ready: words that its log has once it is ready.
    """
    path, log = program(command[0]), at / f"{command[0]}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # type: ignore[call-overload]
            [path, *command[1:]],
            cwd=at,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={"PATH": ":".join(folders()), "LC_ALL": "C.UTF-8", "HOME": str(at)},
            start_new_session=True,
            **as_user(),
        )
    running = Running(command[0], process, log)
    try:
        deadline = time.monotonic() + PATIENCE
        while ready not in running.log:
            if process.poll() is not None and ready not in running.log:
                break
            if time.monotonic() > deadline:
                pytest.fail(f"{running.name} is neither ready nor ended after {PATIENCE:.0f} s:\n{running.log}")
            time.sleep(_ANSWERS)
        else:
            running.started = process.poll() is None
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(stop)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
