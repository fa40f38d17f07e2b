"""docs/semantics.md is what the tests against real servers say, and the rules that it names exist."""

import importlib.util
from types import ModuleType

from afscan.policy.registry import load_packs
from support import ROOT


def semantics() -> ModuleType:
    spec = importlib.util.spec_from_file_location("semantics", ROOT / "tests" / "servers" / "semantics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8") == semantics().page()


def test_every_rule_that_is_named_exists() -> None:
    named = {code for _, _, rules, _ in semantics().facts() for code in rules}
    assert named <= {rule.code for rule in load_packs()}
