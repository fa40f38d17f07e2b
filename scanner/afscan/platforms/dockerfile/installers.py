"""How package managers' command lines name packages and versions.

Command lines as documented: pip.pypa.io/en/stable/cli/pip_install, manpages.debian.org (apt-get), wiki.alpinelinux.org (apk),
docs.npmjs.com/cli (npm install), classic.yarnpkg.com, guides.rubygems.org (gem install), go.dev/ref/mod (go install),
docs.astral.sh/uv.
"""

import re
from collections.abc import Callable, Iterator

from afscan.platforms.dockerfile.shell import ShellWord

Package = tuple[str, str | None, bool | None]
"""A package as named: (name, version as written or None, whether it is held; None where a variable decides)."""

Installer = Callable[[list[ShellWord]], Iterator[tuple[ShellWord, Package]]]

_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*\Z")
_PIP = re.compile(r"pip[0-9.]*\Z")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_MAX_OPTIONS = 20


def _options(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PIP_VALUES = _options(
    """-r --requirement --requirements -c --constraint --constraints -e --editable -i --index-url --extra-index-url -f
    --find-links -t --target --prefix --root --src --platform --python-version --implementation --abi --no-binary
    --only-binary --progress-bar --cert --client-cert --trusted-host --proxy --timeout --retries --cache-dir --log
    --exists-action --upgrade-strategy --global-option -C --config-settings --report --use-feature --use-deprecated
    --python -p --build-option --install-option --index-strategy --exclude-newer --resolution --keyring-provider
    --link-mode --override --overrides --build-constraint --torch-backend --with --index --default-index
    --allow-insecure-host --config-file --directory --project --prerelease --fork-strategy --color --pip-args --suffix
    --spec --index-url --backend -b --no-build-package --no-binary-package --reinstall-package -P --upgrade-package
    --refresh-package --group --extra --excludes"""
)
_APT_VALUES = _options(
    "-t --target-release --default-release -o --option -c --config-file -a --host-architecture -P --build-profiles"
)
_APK_VALUES = _options(
    """-t --virtual -X --repository -p --root --arch --repositories-file --keys-dir --cache-dir --wait --cache-max-age
    --progress-fd --timeout"""
)
_NPM_VALUES = _options(
    """--prefix -C --registry --cache --loglevel --tag -w --workspace --userconfig --globalconfig --omit --include --cpu
    --os --libc --install-strategy --before --cwd --modules-folder --global-folder --network-timeout --cache-folder
    --dir --filter --store-dir"""
)
_GEM_VALUES = _options(
    """-s --source -i --install-dir -n --bindir --document --platform --build-root -P --trust-policy -p --http-proxy -B
    --bulk-threshold -g --file --without --config-file"""
)
_GO_VALUES = _options("-tags -ldflags -gcflags -asmflags -mod -modfile -p -o -C")


def installed(program: str, arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, str, Package]]:
    """The packages that one command installs: (word, kind, package)."""
    words = [word.text for word in arguments]
    if _PYTHON.match(program) and "-m" in words[:4]:
        # python -m pip ...
        index = words.index("-m")
        program, arguments = [*words, ""][index + 1], arguments[index + 2 :]
        if not program:
            return
    found = _PROGRAMS.get("pip" if _PIP.match(program) else program)
    if found is None:
        return
    kind, installer, verbs = found
    rest = _behind(arguments, verbs)
    if rest is not None:
        for word, package in installer(rest):
            yield word, kind, package


def _behind(arguments: list[ShellWord], verbs: tuple[tuple[str, ...], ...]) -> list[ShellWord] | None:
    """The arguments behind the verb (``install``, ``pip install``); None where another verb stands there."""
    # Before the verb there are only options and their values: `apt-get -o x=y install`.
    start = 0
    while start < len(arguments) and start < _MAX_OPTIONS:
        for verb in verbs:
            if tuple(word.text for word in arguments[start : start + len(verb)]) == verb:
                return arguments[start + len(verb) :]
        if not arguments[start].text.startswith("-") and not (start and arguments[start - 1].text.startswith("-")):
            return None
        start += 1
    return None


def _named(arguments: list[ShellWord], with_value: frozenset[str]) -> Iterator[ShellWord]:
    """The arguments that are neither options nor options' values."""
    skip = False
    only_names = False
    for word in arguments:
        if skip:
            skip = False
        elif only_names or not word.text.startswith("-"):
            if word.text:
                yield word
        elif word.text == "--":
            only_names = True
        else:
            skip = word.text in with_value


def _has(arguments: list[ShellWord], *options: str) -> bool:
    """Whether one of the options is given."""
    return any(word.text.partition("=")[0] in options for word in arguments)


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~", "file:")) or "/" in text.partition("@")[0].partition("[")[0]


def _pip(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    held = _has(arguments, "-c", "--constraint", "--constraints", "--require-hashes") or any(
        word.text.startswith("-c") and not word.text.startswith("--") and len(word.text) > 2 for word in arguments
    )
    for word in _named(arguments, _PIP_VALUES):
        text = word.text
        if "://" in text.partition("@")[2] or "://" in text:
            if text.startswith(("git+", "hg+", "svn+", "bzr+")) or "git+" in text:
                reference = text.rpartition("://")[2].partition("#")[0].partition("/")[2]
                yield word, (text, None, "@" in reference or held)
            continue
        if text.startswith("$"):
            yield word, (text, None, True if held else None)
            continue
        if _is_path(text) or text.endswith((".whl", ".tar.gz", ".zip", ".txt")):
            continue
        match = _REQUIREMENT.match(text)
        if match is None:
            continue
        specifier = match[2].partition(";")[0].strip()
        bounded: bool | None = held or any(mark in specifier for mark in ("==", "~=", "<", "@"))
        if not bounded and word.dynamic and specifier.startswith("$"):
            bounded = None
        yield (
            word,
            (match[1], specifier or None, bounded or held or (None if word.dynamic and specifier.startswith("$") else False)),
        )


def _apt(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    for word in _named(arguments, _APT_VALUES):
        text = word.text
        if text.startswith(("/", ".")) or text.endswith((".deb", "-")):
            continue
        name, equals, version = text.partition("=")
        if not equals and word.dynamic:
            yield word, (text, None, None)
        else:
            yield word, (name, version or None, bool(equals))


def _apk(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    for word in _named(arguments, _APK_VALUES):
        text = word.text
        if text.startswith(("/", ".", "!")) or text.endswith(".apk"):
            continue
        match = re.match(r"([^=<>~@]+)(.*)", text, re.DOTALL)
        if match is None:
            continue
        version = match[2]
        held: bool | None = version.startswith(("=", "~", "<"))
        if not held and word.dynamic and not version.startswith(">"):
            held = None
        yield word, (match[1], version or None, held)


def _npm(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    for word in _named(arguments, _NPM_VALUES):
        text = word.text
        if text.startswith((".", "/", "~", "file:", "$")) or "://" in text or text.endswith((".tgz", ".tar.gz")):
            if text.startswith("$"):
                yield word, (text, None, None)
            continue
        scope, slash, rest = text.partition("/") if text.startswith("@") else ("", "", text)
        if not slash and "/" in rest.partition("@")[0]:
            continue  # user/repository
        name, at, version = rest.partition("@")
        if version.startswith("npm:"):
            version = version.rpartition("@")[2] if "@" in version else ""
        yield word, (scope + slash + name, version if at else None, _npm_held(version, word.dynamic))


def _npm_held(version: str, dynamic: bool) -> bool | None:
    """Whether a version or range keeps the major line; a distribution tag (``latest``, ``lts``) does not."""
    if version.startswith("$") or (dynamic and not version):
        return None
    if version.startswith(">") and "<" not in version:
        return False
    return re.match(r"[\^~=v<>]*\s*[0-9$]", version) is not None


def _gem(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    version: str | None = None
    for index, word in enumerate(arguments):
        if word.text in ("-v", "--version") and index + 1 < len(arguments):
            version = arguments[index + 1].text
        elif word.text.startswith("--version="):
            version = word.text.partition("=")[2]
    for word in _named(arguments, _GEM_VALUES | {"-v", "--version"}):
        if word.text.endswith(".gem") or word.text.startswith((".", "/")):
            continue
        name, colon, own = word.text.partition(":")
        found = own if colon else version
        if found is None and word.dynamic:
            yield word, (name, None, None)
        else:
            yield word, (name, found, bool(found) and not (found or "").lstrip().startswith((">", "!")))


def _go(arguments: list[ShellWord]) -> Iterator[tuple[ShellWord, Package]]:
    for word in _named(
        arguments, frozenset(("-tags", "-ldflags", "-gcflags", "-asmflags", "-mod", "-modfile", "-p", "-o", "-C"))
    ):
        name, at, version = word.text.partition("@")
        if at:
            floating = version in ("latest", "upgrade", "patch", "main", "master", "HEAD")
            yield word, (name, version, None if version.startswith("$") else not floating)


_PROGRAMS: dict[str, tuple[str, Installer, tuple[tuple[str, ...], ...]]] = {
    "pip": ("pip", _pip, (("install",),)),
    "uv": ("pip", _pip, (("pip", "install"), ("tool", "install"))),
    "pipx": ("pip", _pip, (("install",),)),
    "apt-get": ("apt", _apt, (("install",),)),
    "apt": ("apt", _apt, (("install",),)),
    "aptitude": ("apt", _apt, (("install",),)),
    "apk": ("apk", _apk, (("add",),)),
    "npm": ("npm", _npm, (("install",), ("i",), ("add",))),
    "pnpm": ("npm", _npm, (("add",), ("install",), ("i",))),
    "yarn": ("npm", _npm, (("global", "add"), ("add",))),
    "gem": ("gem", _gem, (("install",),)),
    "go": ("go", _go, (("install",), ("get",))),
}
"""Programs, the kind of their packages, how to read their arguments, and the verbs that install."""
