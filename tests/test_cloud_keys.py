"""Logins to clouds: with static keys, or with the identity of what runs."""

import pytest

from afscan.model.ci import StaticCloudKeys
from support import interpreted, text_at

STEP = "on: push\njobs:\n  a:\n    steps:\n      - uses: {}\n        with: {}\n"
STORE = "apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {{name: s}}\nspec: {{provider: {}}}\n"


def logins(text: str, name: str) -> list[StaticCloudKeys]:
    return [one for one in interpreted(text, name).subjects if isinstance(one, StaticCloudKeys)]


@pytest.mark.parametrize(
    ("uses", "inputs", "cloud", "static"),
    [
        ("aws-actions/configure-aws-credentials@v4", "{aws-access-key-id: '${{ secrets.A }}'}", "AWS", True),
        (
            "aws-actions/configure-aws-credentials@v4",
            "{aws-access-key-id: '${{ secrets.A }}', aws-session-token: x}",
            "AWS",
            False,
        ),
        ("aws-actions/configure-aws-credentials@v4", "{aws-access-key-id: '${{ steps.a.outputs.b }}'}", "AWS", False),
        ("aws-actions/configure-aws-credentials@v4", "{role-to-assume: r}", "AWS", False),
        ("google-github-actions/auth@v2", "{credentials_json: '${{ secrets.A }}'}", "Google Cloud", True),
        ("google-github-actions/auth@v2", "{workload_identity_provider: p}", "Google Cloud", False),
        ("azure/login@v2", "{creds: '${{ secrets.A }}'}", "Azure", True),
    ],
)
def test_actions_that_log_in(uses: str, inputs: str, cloud: str, static: bool) -> None:
    text = STEP.format(uses, inputs)
    (found,) = logins(text, ".github/workflows/a.yml")
    assert (found.cloud, found.static.value) == (cloud, static)
    if static:
        assert text_at(text, found.static.place) == "'${{ secrets.A }}'"


def test_other_actions_do_not() -> None:
    assert logins(STEP.format("actions/checkout@v4", "{aws-access-key-id: x}"), "a.yml") == []


@pytest.mark.parametrize(
    ("provider", "cloud", "static"),
    [
        ("{aws: {region: r, auth: {secretRef: {accessKeyIDSecretRef: {name: a, key: b}}}}}", "AWS", True),
        ("{aws: {region: r, auth: {jwt: {serviceAccountRef: {name: a}}}}}", "AWS", False),
        ("{aws: {region: r}}", "AWS", False),
        ("{gcpsm: {projectID: p, auth: {secretRef: {}}}}", "Google Cloud", True),
        ("{gcpsm: {projectID: p, auth: {workloadIdentity: {}}}}", "Google Cloud", False),
        ("{azurekv: {vaultUrl: u, authSecretRef: {clientId: {name: a}}}}", "Azure", True),
        ("{azurekv: {vaultUrl: u, authType: WorkloadIdentity}}", "Azure", False),
    ],
)
def test_stores_of_secrets(provider: str, cloud: str, static: bool) -> None:
    (found,) = logins(STORE.format(provider), "store.yaml")
    assert (found.cloud, found.static.value) == (cloud, static)


@pytest.mark.parametrize("provider", ["3", "[]", "{aws: 3}", "{aws: {auth: []}, vault: {}}", "{vault: {server: s}}"])
def test_malformed_stores_and_others(provider: str) -> None:
    assert not any(one.static.value for one in logins(STORE.format(provider), "store.yaml"))
