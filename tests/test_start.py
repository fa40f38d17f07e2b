"""What makes the start cheap means the same as what it stands for: records, patterns, entry points, controls, the kept parser."""

import copy
import dataclasses
import gc
import importlib.metadata
import inspect
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from afscan import cli
from afscan.docs import main as docs
from afscan.join import JOINS
from afscan.model.patterns import pattern
from afscan.model.record import field, record
from afscan.model.record import replace as replaced
from afscan.model.subjects import Subject
from afscan.policy import entrypoints
from afscan.policy.controls import generated_controls, load_controls
from afscan.policy.index import generated_index
from afscan.policy.registry import GROUP, load_pack, load_packs
from afscan.policy.rule import PolicyError, late, registered
from afscan.syntax.hcl import parser as hcl

# ---------------------------------------------------------------- what is imported


def imported(folder: Path, *words: str) -> set[str]:
    """The modules that a run with these words imports."""
    code = "import sys; from afscan.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=folder, check=True)
    assert "internal error" not in done.stderr
    return set(done.stderr.split())


def test_a_dockerfile_pays_for_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nUSER 1000\n")
    modules = imported(tmp_path, "Dockerfile")
    assert "afscan.platforms.dockerfile" in modules
    unwanted = ("typer", "yaml", "hcl2", "lark", "markdown_it", "pydantic", "rich", "sarif_om", "pathspec", "importlib.metadata")
    assert not modules & {*unwanted, "dataclasses", "inspect"}
    assert not modules & {"afscan.join.servers", "afscan.join.modules", "afscan.platforms.kubernetes"}
    assert not modules & {"afscan.model.ci", "afscan.model.kustomize", "afscan.model.charts", "afscan.model.sql"}
    judging = {name for name in modules if name.startswith("afscan_rules.") and name.count(".") == 2}
    kinds = {"ImageBuild", "ImageReference", "Dependency", "Subject"}
    wanted = {rule.module for rule in load_packs() if kinds & {kind.__name__ for kind in rule.kinds}}
    assert judging
    assert judging <= wanted, "rules that have nothing to judge are not imported"


def test_options_are_parsed_by_typer_and_hcl_by_lark(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "a" {}\n')
    modules = imported(tmp_path, "main.tf", "-q")
    assert {"typer", "lark"} <= modules
    assert not modules & {"yaml", "hcl2", "hcl2.transformer"}


def test_the_collector_is_tuned_for_a_process_of_our_own_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *values: calls.append(values))
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    assert cli.main(["--version"]) == 0
    assert not calls
    monkeypatch.setattr(sys, "argv", ["afscan", "--version"])
    assert cli.main() == 0
    assert [type(call) for call in calls] == [tuple, str]


# ---------------------------------------------------------------- records


@dataclasses.dataclass(slots=True)
class Twin:
    a: int
    b: list[str] = dataclasses.field(default_factory=list)
    c: str = "c"


@record(slots=True)
class Plain:
    a: int
    b: list[str] = field(default_factory=list)
    c: str = "c"


@record(slots=True, kw_only=True, eq=False)
class Base:
    name: str


@record(slots=True, kw_only=True, eq=False)
class Derived(Base):
    size: int = 3
    other: "Derived | None" = None


@record(slots=True, frozen=True)
class Frozen:
    a: int
    b: tuple[int, ...] = ()


def test_a_record_is_made_as_a_dataclass_is() -> None:
    for given, named in (((1,), {}), ((1, ["x"]), {"c": "d"}), ((), {"a": 1, "b": ["y"]}), ((1, [], "e"), {})):
        assert dataclasses.asdict(Plain(*given, **named)) == dataclasses.asdict(Twin(*given, **named))
        assert repr(Plain(*given, **named)) == repr(Twin(*given, **named)).replace("Twin", "Plain")
    assert Plain(1).b is not Plain(1).b
    assert not hasattr(Plain(1), "__dict__")
    assert [f.name for f in dataclasses.fields(Derived)] == ["name", "size", "other"]
    assert dataclasses.is_dataclass(Derived)
    changed = dataclasses.replace(Derived(name="x", size=1), name="y")
    assert (type(changed), changed.name, changed.size) == (Derived, "y", 1)
    other = replaced(changed, size=2)
    assert (type(other), other.name, other.size, changed.size) == (Derived, "y", 2, 1)
    with pytest.raises(TypeError):
        replaced(changed, nonsense=2)


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, [], "c", 4), {}), ((1,), {"a": 2}), ((1,), {"nonsense": 2}), ((1,), {"self": 2})]
)
def test_a_record_refuses_what_a_dataclass_refuses(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Twin, Plain):
        with pytest.raises(TypeError):
            kind(*given, **named)
    with pytest.raises(TypeError):
        Derived("x")  # type: ignore[call-arg]


def test_equality_and_hashes_of_records() -> None:
    assert Plain(1, ["x"]) == Plain(1, ["x"])
    assert Plain(1) != Plain(2)
    assert Plain(1) != Twin(1)  # type: ignore[comparison-overlap]
    assert Plain.__hash__ is None
    one = Derived(name="x")
    assert one != Derived(name="x")
    assert {one: 1}[one] == 1
    assert len({Frozen(1, (2,)), Frozen(1, (2,)), Frozen(2)}) == 2


def test_frozen_records() -> None:
    one = Frozen(1, (2, 3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.a = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.a
    assert copy.copy(one) == one == pickle.loads(pickle.dumps(one))


def test_records_that_hold_themselves_can_be_shown() -> None:
    one = Derived(name="x")
    one.other = one
    assert repr(one) == "Derived(name='x', size=3, other=...)"


def test_a_record_keeps_its_own_methods_and_has_no_post_init() -> None:
    @record(slots=True)
    class Own:
        a: int

        def __repr__(self) -> str:
            return "own"

    assert repr(Own(1)) == "own"
    with pytest.raises(TypeError, match="__post_init__"):
        record(type("Late", (), {"__post_init__": lambda self: None}))


# ---------------------------------------------------------------- patterns


def test_a_pattern_is_compiled_when_it_is_used() -> None:
    late = pattern(r"(a+)b", re.IGNORECASE)
    assert not isinstance(late, re.Pattern)
    match = late.search("xAab")
    assert match is not None
    assert (match[1], late.pattern, late.groups) == ("Aa", "(a+)b", 1)
    assert late.sub("-", "aab AB") == "- -"
    with pytest.raises(re.error):
        pattern("(").match("")


# ---------------------------------------------------------------- entry points


@pytest.mark.parametrize("group", [GROUP, "console_scripts", "pytest11", "no.such.group"])
def test_entry_points_are_those_of_the_standard_library(group: str) -> None:
    wanted = sorted((point.name, point.value) for point in importlib.metadata.entry_points(group=group))
    assert sorted(map(tuple, entrypoints.entry_points(group))) == wanted


def distribution(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "entry_points.txt").write_text(text)
    (folder / name / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1\n")


def test_packs_of_all_kinds_of_installation_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    distribution(
        first,
        "House_Rules-1.0.dist-info",
        "# rules\n[other]\nx = y\n\n[afscan.rules]\nhouse = house_rules\n; no\nmore=house.more\n",
    )
    distribution(first, "linked.egg-info", "[afscan.rules]\nlinked = linked_rules\n")
    distribution(second, "house.rules-0.9.dist-info", "[afscan.rules]\nold = shadowed\n")
    distribution(second, "silent-1.dist-info", "[console_scripts]\nsilent = a:b\n")
    (second / "empty-1.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), str(first), str(second), str(first)])
    monkeypatch.setattr(entrypoints, "_is_plain", lambda path: True)
    found = sorted(map(tuple, entrypoints.entry_points(GROUP)))
    assert found == [("house", "house_rules"), ("linked", "linked_rules"), ("more", "house.more")]


class _Finder:
    @staticmethod
    def find_spec(*_: object) -> None:
        return None

    @staticmethod
    def find_distributions(*_: object) -> list[Any]:
        return []


def test_what_is_no_folder_is_left_to_the_standard_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [entry for entry in sys.path if os.path.isdir(entry)]
    monkeypatch.setattr(
        sys, "meta_path", [f for f in sys.meta_path if getattr(f, "__name__", "") in ("PathFinder", "BuiltinImporter")]
    )
    assert entrypoints._is_plain(plain)
    (tmp_path / "packed.zip").touch()
    assert not entrypoints._is_plain([*plain, str(tmp_path / "packed.zip")])
    assert not entrypoints._is_plain([*plain, "pack-1.0.egg"])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, _Finder])
    assert not entrypoints._is_plain(plain)
    points = entrypoints.entry_points(GROUP)
    assert ("afscan", "afscan_rules") in points


# ---------------------------------------------------------------- the index of a pack


def test_the_generated_index_is_up_to_date() -> None:
    generated = Path(str(importlib.import_module("afscan_rules").__file__)).with_name("rules.json")
    assert generated.read_text(encoding="utf-8") == generated_index(), "run `make docs`"


def test_a_rule_out_of_the_index_is_the_rule_of_its_module() -> None:
    for one in load_packs():
        known = late(code=one.code, module=one.module)
        assert (known.check, known.kinds, known.doc, known.title) == (one.check, one.kinds, one.doc, one.title)
        assert one.doc == inspect.cleandoc(one.check.__doc__ or "")
        assert not hasattr(known, "nonsense")


RULE = '''
from afscan.model.subjects import Service
from afscan.policy import Severity, rule

@rule("ZZZ{n}", severity=Severity.LOW)
def r{n}(one: Service, stack: object):
    """Some.

    ## Fix
    - Any: that.
    """
    return iter(())
'''


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a pack's two rules; the pack is on the path."""
    folder = tmp_path / "some_pack" / "sec9_some"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").touch()
    for number in (901, 902):
        (folder / f"r{number}.py").write_text(RULE.format(n=number))
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for code in ("ZZZ901", "ZZZ902"):
        registered.pop(code, None)
    for name in [name for name in sys.modules if name.startswith("some_pack")]:
        del sys.modules[name]


def test_what_an_index_does_not_know_is_imported(pack: Path) -> None:
    known = {"code": "ZZZ901", "name": "r", "control": "SEC-9", "severity": "low", "profile": "default", "absence": False}
    row = known | {"size": (pack / "r901.py").stat().st_size, "tags": [], "judges": []}
    (pack.parent / "rules.json").write_text(json.dumps({"sec9_some.r901": row, "sec9_some.r902": {"size": 1}}))
    load_pack(importlib.import_module("some_pack"))
    assert [name in sys.modules for name in ("some_pack.sec9_some.r901", "some_pack.sec9_some.r902")] == [False, True]
    assert {"ZZZ901", "ZZZ902"} <= registered.keys()
    assert registered["ZZZ901"].title == "Some"
    assert "some_pack.sec9_some.r901" in sys.modules


def test_a_pack_without_an_index_is_imported(pack: Path) -> None:
    load_pack(importlib.import_module("some_pack"))
    assert {"some_pack.sec9_some.r901", "some_pack.sec9_some.r902"} <= sys.modules.keys()


@pytest.mark.parametrize(("text", "said"), [("import nowhere_at_all\n", "cannot be imported"), ("", "out of date")])
def test_a_late_rule_that_is_none_is_refused(pack: Path, text: str, said: str) -> None:
    (pack / "r901.py").write_text(text)
    with pytest.raises(PolicyError, match=said):
        _ = late(code="ZZZ901", module="some_pack.sec9_some.r901").check


def test_every_join_starts_from_subjects_that_there_are() -> None:
    for one in iter_modules(importlib.import_module("afscan.model").__path__, "afscan.model."):
        importlib.import_module(one.name)
    kinds: list[type] = [Subject]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {name for _, names in JOINS for name in names} <= {kind.__name__ for kind in kinds}


# ---------------------------------------------------------------- controls


def test_the_generated_controls_are_those_that_are_written() -> None:
    generated = Path(str(importlib.import_module("afscan_rules").__file__)).with_name("controls.json")
    assert generated.read_text(encoding="utf-8") == generated_controls(), "run `make docs`"
    assert len(load_controls()) >= 20
    with pytest.raises(PolicyError, match=r"json has no controls\.json"):
        load_controls("json")


def test_stale_controls_are_told_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "controls.json"
    stale.write_text("[]\n")
    monkeypatch.setattr("afscan.docs._in_pack", lambda name: tmp_path / name)
    monkeypatch.setattr("afscan.docs._platforms", dict)
    assert docs([str(tmp_path / "docs"), "--check"]) == 1
    assert "controls.json" in capsys.readouterr().err
    assert stale.read_text() == "[]\n"
    assert docs([str(tmp_path / "docs")]) == 0
    assert stale.read_text(encoding="utf-8") == generated_controls()


# ---------------------------------------------------------------- the kept HCL parser

TEXT = 'a = "x${var.y}z"\nb "c" {\n  d = [1, -2.5, true]\n  e = f(g.h[0]...) ? !i : j\n  # k\n}\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "afscan"


def test_a_kept_parser_reads_as_the_original(house: Path) -> None:
    from hcl2.parser import parser as original  # noqa: PLC0415

    wanted = original().parse(TEXT)
    for _ in range(2):  # built and written, then read
        assert hcl.parser.__wrapped__().parse(TEXT) == wanted
    (kept,) = house.iterdir()
    assert (house.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    kept.write_bytes(kept.read_bytes()[:1000])
    assert hcl.parser.__wrapped__().parse(TEXT) == wanted
    assert pickle.loads(kept.read_bytes()).parse(TEXT) == wanted, "a damaged one is replaced"
    assert list(house.iterdir()) == [kept]


def test_a_parser_that_others_could_have_written_is_not_read(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hcl._cache_folder() == str(house)
    house.chmod(0o770)
    assert hcl._cache_folder() is None
    house.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: house.stat().st_uid + 1)
    assert hcl._cache_folder() is None
    monkeypatch.undo()
    other = house.with_name("other")
    other.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(other))
    (other / "afscan").symlink_to(house)
    assert hcl._cache_folder() is None
    (house / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(house / "file"))
    assert hcl._cache_folder() is None


def test_a_relative_cache_folder_is_no_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")  # a scanned tree could bring one
    assert hcl._cache_folder() == str(tmp_path / "home" / ".cache" / "afscan")


def test_a_parser_that_cannot_be_kept_is_used_all_the_same(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert hcl.parser.__wrapped__().parse("a = 1\n").data == "start"
    assert not list(house.iterdir())
