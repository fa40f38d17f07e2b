"""Prometheus and Alertmanager: the facts that rules lean on, and the reference platform's own configuration."""

from pathlib import Path

import pytest

import certificates
import judged
import machine
import monitors
import reference
import wire

fact = pytest.mark.fact
RULES = "groups:\n- name: g\n  rules:\n  - alert: Always\n    expr: vector(1)\n    labels: {severity: critical}\n    annotations: {summary: It is so}\n"


def stack(prometheus: str, rules: str = RULES) -> dict[str, str]:
    compose = (
        "services:\n  prometheus:\n    image: prom/prometheus:v2.42.0\n"
        "    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro', './rules:/etc/prometheus/rules:ro']\n"
    )
    return {"compose.yaml": compose, "prometheus.yml": prometheus, "rules/alerts.yml": rules}


def checked(at: Path, prometheus: str) -> machine.Ended:
    (at / "prometheus.yml").write_text(prometheus)
    return machine.run(["promtool", "check", "config", "prometheus.yml"], cwd=at)


@fact("Prometheus", "A pattern in rule_files that matches nothing is accepted, and no rule is loaded", ["MON103"])
def test_pattern_without_match(at: Path) -> None:
    text = "global: {evaluation_interval: 1s}\nrule_files: [elsewhere/*.yml]\n"
    port = machine.free_port()
    assert checked(at, text).code == 0
    with monitors.prometheus(at, port) as found:
        found.must_start()
        assert monitors.get(f"http://127.0.0.1:{port}/api/v1/rules")["data"]["groups"] == []
    assert ("MON103", "rules/alerts.yml", 1) in judged.fails(stack(text), "MON103") or "MON103" in judged.codes(
        stack(text), "MON103"
    )


@fact("Prometheus", "A literal path in rule_files that is missing fails promtool; an unknown key ends the start", ["MON103"])
def test_missing_path_and_unknown_key(at: Path) -> None:
    assert "does not point to an existing file" in checked(at, "rule_files: [elsewhere.yml]\n").err
    checked(at, "scrape_interval: 30s\n")
    with monitors.prometheus(at, machine.free_port()) as found:
        found.must_refuse("field scrape_interval not found")
    assert judged.codes(stack("global: {scrape_interval: 30s}\nrule_files: [elsewhere.yml]\n"), "MON103") == {"MON103"}


@fact("Prometheus", "Without `alerting` an alert fires and nobody hears of it; promtool is content", ["MON201"])
def test_alerts_go_nowhere(at: Path) -> None:
    text = "global: {evaluation_interval: 1s}\nrule_files: [rules/*.yml]\n"
    (at / "rules").mkdir()
    (at / "rules" / "alerts.yml").write_text(RULES)
    machine.give(at)
    assert checked(at, text).code == 0
    port = machine.free_port()
    with monitors.prometheus(at, port) as found:
        found.must_start()
        found.until(lambda: monitors.get(f"http://127.0.0.1:{port}/api/v1/alerts")["data"]["alerts"], "the alert fires")
        assert monitors.get(f"http://127.0.0.1:{port}/api/v1/alertmanagers")["data"]["activeAlertmanagers"] == []
    assert judged.codes(stack(text), "MON201") == {"MON201"}
    assert (
        judged.codes(
            stack(text + "alerting:\n  alertmanagers:\n  - static_configs: [{targets: ['alertmanager:9093']}]\n"), "MON201"
        )
        == set()
    )


@fact("Prometheus", "`up == 0` says so when the exporter is down, `pg_up == 0` says nothing", ["MON205"])
def test_silent_expression(at: Path) -> None:
    port = machine.free_port()
    text = f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: pg\n  static_configs: [{{targets: ['127.0.0.1:{machine.free_port()}']}}]\n"
    (at / "prometheus.yml").write_text(text)
    with monitors.prometheus(at, port) as found:
        found.must_start()
        ask = f"http://127.0.0.1:{port}/api/v1/query?query="
        found.until(lambda: monitors.get(ask + "up%20%3D%3D%200")["data"]["result"], "the target counts as down")
        assert monitors.get(ask + "pg_up%20%3D%3D%200")["data"]["result"] == []
        assert monitors.get(ask + "absent(pg_up)")["data"]["result"]


@fact(
    "Alertmanager",
    "amtool accepts a receiver without integrations, which drops everything; it refuses one that is not there",
    ["MON202"],
)
@pytest.mark.parametrize(("text", "accepted", "codes"), [
    ("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", True, {"MON202"}),
    ("route: {receiver: nobody}\nreceivers: [{name: somebody}]\n", False, {"MON202"}),
    ("route: {receiver: chat}\nreceivers:\n- name: chat\n  webhook_configs: [{url: 'https://chat.example.com/'}]\n", True, set()),
])  # fmt: skip
def test_receivers(text: str, accepted: bool, codes: set[str], at: Path) -> None:
    (at / "alertmanager.yml").write_text(text)
    assert (machine.run(["amtool", "check-config", "alertmanager.yml"], cwd=at).code == 0) is accepted
    assert judged.codes({"alertmanager.yml": text}, "MON202") == codes


def _rules(at: Path, text: str) -> None:
    (at / "rules").mkdir(exist_ok=True)
    (at / "rules" / "rules.yml").write_text(text)
    machine.give(at)


@pytest.mark.parametrize("platform", ["compose", "kubernetes"])
def test_a_firing_alert_arrives(platform: str, at: Path, tls: certificates.Certificates) -> None:
    """Prometheus evaluates the platform's own rules, tells Alertmanager over TLS, and that one calls the receiver."""
    port, alerting = machine.free_port(), machine.free_port()
    ca = {"compose": "/run/secrets/ca.pem", "kubernetes": "/etc/prometheus/tls/ca.crt"}[platform]
    paths = {
        ca: str(tls.ca),
        "/etc/prometheus/rules/": f"{at}/rules/",
        "alertmanager:9093": f"localhost:{alerting}",
        "_interval: 30s": "_interval: 1s",
    }
    if platform == "compose":
        text = reference.config("prometheus.yml", paths)
        rules = reference.config("alerts.yml", {"for: 2m": "for: 0s"})
        receivers = {"/run/secrets/chat-url": f"{at}/url", "group_by: [alertname]": "group_by: [alertname]\n  group_wait: 0s"}
        routing = reference.config("alertmanager.yml", receivers)
        web, names = reference.config("web.yml", {"/run/secrets/monitoring.pem": str(tls.certificate), "/run/secrets/monitoring.key": str(tls.key)}), {"PostgresDown"}  # fmt: skip
    else:
        text = reference.config_map("monitoring.yaml", "prometheus-config", "prometheus.yml", {**paths, "/etc/prometheus/secrets/qdrant-api-key": f"{at}/key"})  # fmt: skip
        rules = reference.config_map("monitoring.yaml", "prometheus-rules", "platform.yml", {"for: 2m": "for: 0s"})
        receivers = {"/etc/alertmanager/secrets/chat-url": f"{at}/url", "url_file: /etc/alertmanager/secrets/on-call-url": "url: RECEIVER", "group_wait: 30s": "group_wait: 0s"}  # fmt: skip
        routing = reference.config_map("monitoring.yaml", "alertmanager-config", "alertmanager.yml", receivers)
        web = reference.config_map("monitoring.yaml", "alertmanager-config", "web.yml", {"/etc/alertmanager/tls/tls.crt": str(tls.certificate), "/etc/alertmanager/tls/tls.key": str(tls.key)})  # fmt: skip
        names = {"PoolerDown", "CacheDown", "VectorStoreDown"}
    (at / "key").write_text("key")
    (at / "prometheus.yml").write_text(text)
    (at / "web.yml").write_text(web)
    _rules(at, rules)
    with monitors.receiver() as receiver:
        (at / "url").write_text(receiver.url)
        (at / "alertmanager.yml").write_text(routing.replace("RECEIVER", receiver.url))  # url_file came with 0.26
        machine.run(["promtool", "check", "config", "prometheus.yml"], cwd=at).ok
        machine.run(["amtool", "check-config", "alertmanager.yml"], cwd=at).ok
        secured = "--web.config.file=web.yml"
        with (
            monitors.alertmanager(at, alerting, secured) as manager,
            monitors.prometheus(at, port, secured, "--rules.alert.resend-delay=1s") as found,
        ):
            manager.must_start()
            found.must_start()
            if platform == "compose":  # Slack's format differs, and a token comes first: what arrives here is what would
                manager.until(lambda: receiver.got, "something arrives")
                assert "PostgresDown" in str(receiver.got)
            else:
                found.until(lambda: names <= receiver.alerts, f"{names} arrive")
            assert monitors.get(f"https://localhost:{alerting}/api/v2/status", tls.trusting())["config"]
            assert wire.speaks(alerting).startswith(("-", "HTTP/1.0 400"))
