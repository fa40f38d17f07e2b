"""Alertmanager's whole file: nested routes in old and new syntax, inhibition, time intervals, what it refuses."""

import pytest

from afscan.model.monitoring import AlertRouting
from afscan.model.subjects import Credential
from support import interpreted, text_at

WHOLE = """\
global:
  smtp_smarthost: mail.example.org:587
  smtp_auth_password: kX9vTq2mWzL0
  smtp_require_tls: false
route:
  receiver: mail
  group_by: [alertname]
  routes:
    - match: {severity: critical}
      match_re: {team: "db|web"}
      receiver: on-call
      continue: true
      routes:
        - matchers: ['area =~ "eu.*"', "tier!=test"]
          mute_time_intervals: [nights]
          active_time_intervals: [office]
inhibit_rules:
  - source_match: {severity: critical}
    target_match_re: {severity: "warning|info"}
    equal: [alertname, instance]
  - source_matchers: [alertname="Down"]
    target_matchers: ['severity="warning"']
time_intervals:
  - name: nights
mute_time_intervals:
  - name: office
  - name: office
receivers:
  - name: mail
    email_configs: [{to: a@example.org}]
  - name: on-call
    pushover_configs: [{user_key: kX9vTq2mWzL0rT7p, token: rT7pLs4nQwkX9vTq}]
    discord_configs: [{webhook_url_file: /run/secrets/discord}]
  - name: mail
"""


def routing(text: str) -> AlertRouting:
    return next(one for one in interpreted(text, "alertmanager.yml").subjects if isinstance(one, AlertRouting))


def test_routes_in_both_syntaxes() -> None:
    root = routing(WHOLE).root
    assert root is not None
    below = root.routes[0]
    assert below.matchers == ['severity="critical"', 'team=~"db|web"']
    assert below.goes_on.value is True
    assert below.routes[0].matchers == ['area =~ "eu.*"', "tier!=test"]
    assert [text_at(WHOLE, one.place) for one in below.routes[0].intervals] == ["nights", "office"]


def test_inhibition_in_both_syntaxes() -> None:
    first, second = routing(WHOLE).inhibitions
    assert (first.source, first.target) == (['severity="critical"'], ['severity=~"warning|info"'])
    assert [one.value for one in first.equal] == ["alertname", "instance"]
    assert (second.source, second.target) == (['alertname="Down"'], ['severity="warning"'])


def test_names_that_are_there_twice() -> None:
    found = routing(WHOLE)
    assert [(one.value, one.place.span.line) for one in found.repeated] == [("mail", 34), ("office", 27)]
    assert found.intervals == {"nights", "office"}
    assert (found.smtp_tls.value, found.smtp_host.value if found.smtp_host else None) == (False, "mail.example.org:587")


def test_secrets_of_the_receivers() -> None:
    found = [one.key for one in interpreted(WHOLE, "alertmanager.yml").subjects if isinstance(one, Credential)]
    assert found == ["smtp_auth_password", "token"]


@pytest.mark.parametrize(
    "text",
    [
        "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: x\ninhibit_rules: [1, {equal: {}}]\n",
        "route: {receiver: a, mute_time_intervals: {}, matchers: x}\nreceivers: [{}, {}, {name: []}]\n",
        "route: &r {receiver: a, routes: [*r]}\nreceivers: [{name: a}]\n",
        "route: {receiver: a}\nreceivers: [{name: a}]\nmute_time_intervals: [{}, {}]\n",
    ],
)
def test_odd_inputs_do_no_harm(text: str) -> None:
    assert routing(text).repeated == []
