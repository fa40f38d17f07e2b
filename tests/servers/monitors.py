"""Prometheus and Alertmanager, and a receiver on the loopback interface."""

import json
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import machine


class Receiver:
    """What arrives at a webhook."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        taken = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @property
    def alerts(self) -> set[str]:
        """The names of the alerts that arrived."""
        return {alert["labels"]["alertname"] for one in self.got for alert in one["alerts"]}


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        thread.join()
        found.server.server_close()


@contextmanager
def prometheus(at: Path, port: int, *arguments: str) -> Iterator[machine.Running]:
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        f"--storage.tsdb.path={at}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with machine.server([*command, *arguments], at, ready="Server is ready to receive web requests") as found:
        yield found


@contextmanager
def alertmanager(at: Path, port: int, *arguments: str) -> Iterator[machine.Running]:
    command = [
        "prometheus-alertmanager", "--config.file=alertmanager.yml", f"--storage.path={at}/alerts",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    with machine.server([*command, *arguments], at, ready="Listening on") as found:
        yield found


def get(url: str, trusted: ssl.SSLContext | None = None) -> Any:
    """A JSON answer."""
    with urllib.request.urlopen(url, timeout=20, context=trusted) as answer:
        return json.loads(answer.read())
