"""SEC309: TLS whose certificates nobody verifies."""

import re
from collections.abc import Iterator

from afscan.model.monitoring import ScrapeJob
from afscan.model.scripts import Command
from afscan.model.stack import Stack
from afscan.model.subjects import Container, ImageBuild
from afscan.platforms.script.containers import words_of
from afscan.platforms.urls import is_loopback, parse_url
from afscan.platforms.verification import is_unverified_switch, unverified_option
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule

_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh\Z")


@rule("SEC309", severity=Severity.HIGH, tags=("CWE-295",))
def tls_verification_off(subject: Command | Container | ImageBuild | ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Certificates are not verified.

    TLS without verification talks to whoever answers: somebody in between shows a certificate of his own, and reads and changes
    everything. A download that is not verified puts his program into your image.

    ## Fix
    - Kubernetes: mount the CA's certificate and name it (`SSL_CERT_FILE`, `ca_file`, `--cacert`) instead of switching verification off.
    - Dockerfile: install `ca-certificates`, and add your own CA with `update-ca-certificates`.
    - Any: give the client the CA's certificate (`--cacert`, `--ca-certificate`, `ca_file`) instead of switching verification off.
    """
    if isinstance(subject, Command):
        yield from _command(subject)
    elif isinstance(subject, Container):
        yield from _container(subject)
    elif isinstance(subject, ImageBuild):
        yield from _image(subject)
    elif subject.verify_off.value is True:
        yield fail(subject.verify_off.place, f"{subject.name} does not verify the certificates of what it scrapes.")


def _command(command: Command) -> Iterator[Problem]:
    off = [(name, value) for name, value in command.assignments.items() if is_unverified_switch(name, value.or_else(""))]
    for name, value in off if command.wrapper is None else ():
        yield fail(value.place, f"`{name}={value.value}` turns the verification of certificates off.")
    program = command.name_of_program
    index = unverified_option(program, command.texts) if program else None
    if index is None:
        if not off:
            yield NOT_APPLICABLE
        return
    if not _stays_here(command.texts):
        word = command.words[index]
        yield fail(word.place, f"`{program}` does not verify the certificate of the server (`{command.texts[index]}`).")


def _stays_here(words: list[str]) -> bool:
    """Whether all URLs of a command lead to the machine itself."""
    urls = [url for word in words if "://" in word and (url := parse_url(word)) is not None]
    return bool(urls) and all(is_loopback(url.host) for url in urls)


def _container(container: Container) -> Iterator[Problem]:
    for name, variable in container.environment.items():
        if variable.value.is_set and is_unverified_switch(name, variable.value.or_else("")):
            yield fail(variable.value.place, f"`{name}={variable.value.value}` turns the verification of certificates off.")
    words = words_of(container)
    if words and not _SHELL.match(words[0][0]):
        texts = [text for text, _ in words]
        # where the image's entrypoint is kept, the first word may be an argument already
        before = 1 if texts[0].startswith("-") else 0
        texts = [""] * before + texts
        index = unverified_option(texts[0].rpartition("/")[2], texts)
        if index is not None and not _stays_here(texts):
            yield fail(words[index - before][1].head, f"`{texts[index]}` turns the verification of certificates off.")


def _image(build: ImageBuild) -> Iterator[Problem]:
    for stage in build.stages:
        for argument in stage.arguments:
            if argument.value.is_set and is_unverified_switch(argument.name, argument.value.or_else("")):
                yield fail(
                    argument.value.place, f"`{argument.name}={argument.value.value}` turns the verification of certificates off."
                )
