"""Plans (``terraform show -json``): resolved values, what is known after apply, secrets, and the configuration beside them."""

import json
from typing import Any

from afscan.engine import Options, scan
from afscan.model.subjects import ManagedResource, TerraformRoot
from support import stack_of, text_at


def plan(resources: list[dict[str, Any]], *, modules: list[dict[str, Any]] | None = None, **more: Any) -> str:
    root = {"resources": resources, "child_modules": modules or []}
    changes = more.pop("changes", [])
    whole = {"format_version": "1.2", "planned_values": {"root_module": root}, "resource_changes": changes, **more}
    return json.dumps(whole, indent=2)


def database(address: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind, label = address.split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": label.split("[")[0], "values": values, **more}


def change(address: str, after_unknown: dict[str, Any], actions: tuple[str, ...] = ("create",)) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "change": {"actions": list(actions), "after_unknown": after_unknown}}


def databases(files: dict[str, str]) -> dict[str, ManagedResource]:
    return {one.name: one for one in stack_of(files).of(ManagedResource)}


class TestAlone:
    def test_values_stand_in_the_plan(self) -> None:
        text = plan([database("aws_db_instance.x", {"engine": "postgres", "storage_encrypted": False, "multi_az": None})])
        found = databases({"tf.json": text})["aws_db_instance.x"]
        assert found.product == "postgres"
        assert found.storage_encrypted is not None
        assert found.storage_encrypted.on.value is False
        assert text_at(text, found.storage_encrypted.on.place) == "false"
        assert text_at(text, found.place) == '"aws_db_instance.x"'
        assert found.hardening[0].on.is_unset
        assert text_at(text, found.hardening[0].on.place) == '"aws_db_instance.x"'

    def test_known_after_apply_is_unknown(self) -> None:
        address = "aws_db_instance.x"
        text = plan([database(address, {"engine": "mysql"})], changes=[change(address, {"storage_encrypted": True, "tags": {}})])
        on = databases({"tf.json": text})[address].storage_encrypted
        assert on is not None
        assert (on.on.state, on.on.reason) == ("unknown", "it is known only after apply")
        assert text_at(text, on.on.place) in ('"storage_encrypted"', "true")

    def test_instances_and_modules(self) -> None:
        one = database('module.m["a"].aws_db_instance.x[0]', {"engine": "mysql", "storage_encrypted": True}, index=0)
        two = database('module.m["a"].aws_db_instance.y["k"]', {"engine": "mysql"}, index="k")
        text = plan([], modules=[{"address": 'module.m["a"]', "resources": [one], "child_modules": [{"resources": [two]}]}])
        names = {one.name for one in stack_of({"tf.json": text}).of(ManagedResource)}
        assert names == {"module.m.aws_db_instance.x", "aws_db_instance.y"}

    def test_what_is_deleted_is_not_judged(self) -> None:
        gone = {"address": "aws_db_instance.x", "mode": "managed", "type": "aws_db_instance", "name": "x"}
        text = json.dumps(
            {"format_version": "1.0", "resource_changes": [{**gone, "change": {"actions": ["delete"], "after": None}}]}
        )
        assert databases({"tf.json": text}) == {}

    def test_a_state_is_read_likewise(self) -> None:
        text = json.dumps(
            {
                "format_version": "1.0",
                "terraform_version": "1.11.4",
                "values": {"root_module": {"resources": [database("aws_ebs_volume.x", {"encrypted": False})]}},
            }
        )
        assert list(databases({"state.json": text})) == ["aws_ebs_volume.x"]

    def test_a_plan_is_no_root_module_of_its_own(self) -> None:
        text = plan([database("aws_ebs_volume.x", {"encrypted": True})])
        assert stack_of({"tf.json": text}).of(TerraformRoot) == []

    def test_text_that_looks_like_a_template_is_none(self) -> None:
        text = plan([database("aws_db_instance.x", {"engine": "postgres", "identifier": "${var.x}"})])
        assert databases({"tf.json": text})["aws_db_instance.x"].endpoints == ["${var.x}"]

    def test_secrets_are_neither_judged_nor_shown(self, tmp_path: Any, monkeypatch: Any) -> None:
        monkeypatch.chdir(tmp_path)
        values = {"engine": "postgres", "username": "app", "password": "Correct-Horse-7"}
        resource = database("aws_db_instance.x", values, sensitive_values={"password": True})
        shown = {"db_password": {"value": "Correct-Horse-7"}, "count": {"value": 1}}
        (tmp_path / "tf.json").write_text(plan([resource], variables=shown).replace("\n", ""))
        result = scan(["."], Options(profile="strict"))
        assert not result.errors
        assert "SEC101" not in {finding.rule.code for finding in result.findings}
        text = (tmp_path / "tf.json").read_text()
        hidden = [text[span.column - 1 : span.end_column - 1] for span in result.secrets["tf.json"]]
        assert hidden.count('"Correct-Horse-7"') == 2

    def test_hostile_plans(self) -> None:
        deep: Any = {"address": "module.a"}
        for _ in range(40):
            deep = {"address": "module.a", "resources": [{"address": 1}, "x", None], "child_modules": [deep, 3]}
        for root in (deep, {"resources": {}}, {"child_modules": {}}, []):
            stack_of({"tf.json": json.dumps({"format_version": "1.0", "planned_values": {"root_module": root}})})


CONFIGURATION = """
variable "encrypted" { type = bool }
resource "aws_db_instance" "x" {
  engine            = "postgres"
  storage_encrypted = var.encrypted
  multi_az          = data.aws_x.y.on
}
module "remote" {
  source  = "acme/db/aws"
  version = "1.0.0"
}
"""


class TestBesideItsConfiguration:
    def files(self) -> dict[str, str]:
        inner = database("module.remote.aws_db_instance.inner", {"engine": "mysql", "storage_encrypted": False})
        text = plan(
            [database("aws_db_instance.x", {"engine": "postgres", "storage_encrypted": False, "multi_az": True})],
            modules=[{"address": "module.remote", "resources": [inner]}],
            variables={"encrypted": {"value": False}},
        )
        return {"main.tf": CONFIGURATION, "tf.json": text}

    def test_the_configuration_speaks_and_takes_values_from_the_plan(self) -> None:
        files = self.files()
        found = stack_of(files).of(ManagedResource)
        assert [one.name for one in found] == ["aws_db_instance.x", "module.remote.aws_db_instance.inner"]
        storage, zones = found[0].storage_encrypted, found[0].hardening[0]
        assert storage is not None
        assert (storage.on.value, text_at(files, storage.on.place)) == (False, "var.encrypted")
        assert (zones.setting, zones.on.value, text_at(files, zones.on.place)) == ("multi_az", True, "data.aws_x.y.on")
        assert found[1].place.path == "tf.json"

    def test_what_the_plan_shows_of_a_module_needs_no_notice(self) -> None:
        assert stack_of(self.files()).notices == []
        assert len(stack_of({"main.tf": CONFIGURATION}).notices) == 1

    def test_a_plan_of_another_root_is_judged_by_itself(self) -> None:
        files = self.files() | {"tf.json": plan([database("aws_db_instance.other", {"engine": "mysql"})])}
        assert [one.name for one in stack_of(files).of(ManagedResource)] == ["aws_db_instance.x", "aws_db_instance.other"]

    def test_two_roots_that_could_be_meant(self) -> None:
        files = self.files()
        both = {"a/main.tf": CONFIGURATION, "b/main.tf": CONFIGURATION, "tf.json": files["tf.json"]}
        assert len(stack_of(both).of(ManagedResource)) == 4
        beside = {"a/main.tf": CONFIGURATION, "b/main.tf": CONFIGURATION, "a/tf.json": files["tf.json"]}
        assert len(stack_of(beside).of(ManagedResource)) == 3
