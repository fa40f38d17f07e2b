"""Secrets: by name, by shape, by origin, and weak ones. Values that look real are put together here."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.subjects import Origin
from afscan.platforms.secrets import (
    credential_kind,
    find_shape,
    holds_no_secret,
    is_weak,
    looks_random,
    mask,
    origin_of,
    secret_shape,
    split_words,
)
from afscan.platforms.secrets.weakness import well_known

RANDOM = "Zq8vR2mXw5Kt9LbNcYpH3sGdJf7uQeTaVxWzBnMr"
HEX = "3f9c0b7a5e1d8246" * 4


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("", Origin.EMPTY),
        ("  ", Origin.EMPTY),
        ("md5" + "0123456789abcdef" * 2, Origin.HASH),
        ("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", Origin.HASH),
        ("$2y$10$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", Origin.HASH),
        ("$6$salt$abcdefghijkl", Origin.HASH),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", Origin.HASH),
        ("file:/run/secrets/x", Origin.REFERENCE),
        ("/run/secrets/db_password", Origin.REFERENCE),
        ("/etc/tls/private.key", Origin.REFERENCE),
        ("vault:secret/data/db#password", Origin.REFERENCE),
        ("arn:aws:secretsmanager:eu-west-1:1:secret:x", Origin.REFERENCE),
        ("op://vault/item/field", Origin.REFERENCE),
        ("ssm:/prod/db", Origin.REFERENCE),
        ("ENC[AES256_GCM,data:abc,type:str]", Origin.REFERENCE),
        ("${{ secrets.DB_PASSWORD }}", Origin.REFERENCE),
        ("<path:secret/data/db#password>", Origin.REFERENCE),
        ("$__file{/etc/secrets/pw}", Origin.REFERENCE),
        ("<password>", Origin.PLACEHOLDER),
        ("md5<hash_of_password>", Origin.PLACEHOLDER),
        ("CHANGEME", Origin.PLACEHOLDER),
        ("change_me", Origin.PLACEHOLDER),
        ("change-me-in-production", Origin.PLACEHOLDER),
        ("your-api-key-here", Origin.PLACEHOLDER),
        ("your_password", Origin.PLACEHOLDER),
        ("sk-your-key", Origin.PLACEHOLDER),
        ("sk-xxxxxxxx", Origin.PLACEHOLDER),
        ("xxx", Origin.PLACEHOLDER),
        ("***", Origin.PLACEHOLDER),
        ("TODO", Origin.PLACEHOLDER),
        ("REPLACE_ME", Origin.PLACEHOLDER),
        ("{{ .Values.password }}", Origin.PLACEHOLDER),
        ("example", Origin.PLACEHOLDER),
        ("AKIAIOSFODNN7" + "EXAMPLE", Origin.PLACEHOLDER),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", Origin.PLACEHOLDER),
        ("00000000-0000-0000-0000-000000000000", Origin.PLACEHOLDER),
        ("secure_password", Origin.LITERAL),
        ("hunter2", Origin.LITERAL),
        ("pa$$word", Origin.LITERAL),
        ("a$b{c}d", Origin.LITERAL),
        ("x$HOME", Origin.LITERAL),
        ("admin@example.com", Origin.LITERAL),
        ("https://api.example.com/v1", Origin.LITERAL),
        ("yourself", Origin.LITERAL),
        ("unchangeable", Origin.LITERAL),
        (RANDOM, Origin.LITERAL),
    ],
)
def test_origin(text: str, origin: Origin) -> None:
    assert origin_of(text, expands=True) is origin
    assert origin_of(text, expands=False) is origin


@pytest.mark.parametrize("text", ["${X}", "a${X:-b}c", "$X", "$(X)", "#{ENV['X']}"])
def test_an_interpolation_counts_only_where_the_reader_expands_it(text: str) -> None:
    assert origin_of(text, expands=True) is Origin.INTERPOLATED
    assert origin_of(text, expands=False) is Origin.PLACEHOLDER


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("POSTGRES_PASSWORD", "password"),
        ("PGPASSWORD", "password"),
        ("requirepass", "password"),
        ("masterauth", "password"),
        ("DB_PASS", "password"),
        ("SMTP_PWD", "password"),
        ("spring.datasource.password", "password"),
        ("adminPassword", "password"),
        ("DB_PASSWORD_PROD", "password"),
        ("ROOT_PASSWORD_1", "password"),
        ("ssl-passphrase", "password"),
        ("NEO4J_AUTH", "password"),
        ("apiKey", "api-key"),
        ("OPENAI_API_KEY", "api-key"),
        ("apikey", "api-key"),
        ("AWS_ACCESS_KEY", "api-key"),
        ("QDRANT__SERVICE__API_KEY", "api-key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("GITHUB_TOKEN", "token"),
        ("token", "token"),
        ("slackBotToken", "token"),
        ("GITLAB_PAT", "token"),
        ("JWT_SECRET", "secret"),
        ("clientSecret", "secret"),
        ("SECRET_KEY_BASE", "secret"),
        ("DJANGO_SECRET_KEY", "secret"),
        ("ENCRYPTION_KEY", "secret"),
        ("DB_ENC_KEY", "secret"),
        ("RABBITMQ_ERLANG_COOKIE", "secret"),
        ("LDAP_BIND_PW", "password"),
        ("ansible_become_pass", "password"),
        ("MAXMIND_LICENSE_KEY", "api-key"),
        ("credentials", "secret"),
        ("PRIVATE_KEY", "private-key"),
        ("SSH_PRIVATE_KEY_BASE64", "private-key"),
    ],
)
def test_names_of_secrets(name: str, kind: str) -> None:
    assert credential_kind(name) == kind


NO_SECRETS = """
POSTGRES_PASSWORD_FILE API_KEY_PATH SECRETS_DIR secretName secretKeyRef tokenUrl DB_SECRET_NAME AWS_ACCESS_KEY_ID
password_encryption PASSWORD_MIN_LENGTH TOKEN_EXPIRY ACCESS_TOKEN_TTL TOKEN_ENDPOINT TOKEN_ISSUER
JWT_SECRET_ALGORITHM API_KEY_HEADER public_key JWT_PUBLIC_KEY primary_key sort_key max_tokens MAX_TOKENS
TOKENIZERS_PARALLELISM PASSWORD_LOGIN_ENABLED ssl_key tls_key cache_key_prefix kms_key_id key_name existingSecret
automountServiceAccountToken PWD OLDPWD imagePullSecret tlsSecret proxy_pass bypass NEXT_TOKEN pageToken
partition_key routing_key key keys secrets tokens author authority passenger disable_password generatePassword
usePassword password_policy hash_key foreign_key keyboard monkey compass privateKeySecretRef remoteRef
secretStoreRef AUTH_TYPE POSTGRES_HOST_AUTH_METHOD MYSQL_ALLOW_EMPTY_PASSWORD MARIADB_RANDOM_ROOT_PASSWORD
MYSQL_ONETIME_PASSWORD auth.existingSecretPasswordKey SESSION_COOKIE initial-cluster-token ETCD_INITIAL_CLUSTER_TOKEN
"""


@pytest.mark.parametrize("name", NO_SECRETS.split())
def test_names_of_no_secret(name: str) -> None:
    assert credential_kind(name) is None


def test_names_that_one_product_alone_takes_as_secrets() -> None:
    assert credential_kind("routing_key", reader="alertmanager") == "api-key"
    assert credential_kind("auth-pass", reader="redis") == "password"


def test_words_of_names() -> None:
    assert split_words("NEO4J_AUTH") == ["neo4j", "auth"]
    assert split_words("accessKeyIDSecretRef") == ["access", "key", "id", "secret", "ref"]
    assert split_words("QDRANT__SERVICE__APIKey") == ["qdrant", "service", "api", "key"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("password", "true"),
        ("token", "3600"),
        ("token", "15m"),
        ("api-key", "X-API-Key"),
        ("token", "Bearer"),
        ("secret", "HS256"),
        ("secret", "https://vault:8200"),
    ],
)
def test_values_that_are_no_secret(kind: str, text: str) -> None:
    assert holds_no_secret(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"), [("password", "123456"), ("password", "default"), ("secret", "jwt-secret"), ("token", RANDOM)]
)
def test_values_that_may_be(kind: str, text: str) -> None:
    assert not holds_no_secret(kind, text)


def _jwt(claims: dict[str, str]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "HS256"}, claims)]
    return ".".join([*parts, RANDOM])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("AKIA" + "Z7QRSTUVWXY23456", "an AWS access key"),
        ("ghp_" + RANDOM[:36], "a GitHub token"),
        ("glpat-" + RANDOM[:20], "a GitLab token"),
        ("xoxb-" + "2345678901-" + RANDOM[:24], "a Slack token"),
        ("sk_live_" + RANDOM[:24], "a Stripe key"),
        ("sk-proj-" + RANDOM, "an OpenAI key"),
        ("sk-ant-" + RANDOM, "an Anthropic key"),
        ("AIza" + RANDOM[:35], "a Google API key"),
        ("npm_" + RANDOM[:36], "an npm token"),
        ("SG." + RANDOM[:22] + "." + RANDOM[:40] + "abc", "a SendGrid key"),
        ("SK" + "0a1b2c3d4e5f6a7b" * 2, "a Twilio key"),
        ("-----BEGIN RSA PRIVATE" + " KEY-----\n" + RANDOM + RANDOM + "\n-----END", "a private key"),
        (_jwt({"iss": "me"}), "a JSON web token"),
        ("Authorization: Bearer " + _jwt({"iss": "me"}), "a JSON web token"),
        ("github_pat_" + RANDOM[:22], "a GitHub token"),
        ("glcbt-" + RANDOM[:24], "a GitLab token"),
        ("pypi-AgEIcHlwaS5vcmc" + RANDOM * 2, "a PyPI token"),
        ("DefaultEndpointsProtocol=https;AccountKey=" + (RANDOM * 3)[:86] + "==", "an Azure storage key"),
        ("Endpoint=sb://bus/;SharedAccessKey=" + (RANDOM * 2)[:43] + "=", "an Azure shared access key"),
        ("aB3" + "8Q~" + RANDOM[:34], "an Entra client secret"),
        ("key-" + HEX[:32], "a Mailgun key"),
        (HEX[:32] + "-us12", "a Mailchimp key"),
        ("sntrys_" + RANDOM + "abc", "a Sentry token"),
        ("PMAK-" + HEX[:24] + "-" + HEX[:34], "a Postman key"),
        ("dp.pt." + RANDOM + "abc", "a Doppler token"),
        ("pul-" + HEX[:40], "a Pulumi token"),
        ("lin_api_" + RANDOM[:40], "a Linear key"),
        ("gsk_" + (RANDOM * 2)[:52], "a Groq key"),
        ("r8_" + RANDOM[:37], "a Replicate token"),
        ("pscale_pw_" + RANDOM[:40], "a PlanetScale password"),
        ("sbp_" + HEX[:40], "a Supabase token"),
        ("rubygems_" + HEX[:48], "a RubyGems key"),
        ("ATATT3" + RANDOM * 3, "an Atlassian token"),
        ("sq0csp-" + (RANDOM * 2)[:43], "a Square token"),
        ("ops_eyJ" + RANDOM * 3, "a 1Password token"),
        ("LTAI" + RANDOM[:20], "an Alibaba Cloud access key"),
        ("https://discord.com/api/webhooks/" + "123498765012349876" + "/" + (RANDOM * 2)[:68], "a Discord webhook"),
        ("https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/" + RANDOM[:24], "a Slack webhook"),
        ("GOCSPX-" + RANDOM[:28], "a Google OAuth secret"),
        ("hvs." + RANDOM, "a Vault token"),
    ],
)
def test_shapes(text: str, what: str) -> None:
    assert secret_shape(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7" + "EXAMPLE",
        "AKIA" + "X" * 16,
        "AKIA1234567890ABCDEF",
        "ghp_" + "x" * 36,
        "ghp_yourtokenhere",
        "sk-...",
        "sk-test",
        "-----BEGIN PRIVATE" + " KEY-----\n...\n-----END",
        "-----BEGIN PUBLIC KEY-----\n" + RANDOM * 2,
        "-----BEGIN CERTIFICATE-----\n" + RANDOM * 2,
        "eyJhbGciOiJub25l.eyJub3RqczI6Cn.signaturesignature",
        _jwt({"sub": "1234567890", "name": "John Doe"}),
        "task-" + RANDOM,
        "sha256:" + "0a1b2c3d" * 8,
        "registry.example.net/app:1.2.3",
        RANDOM,
    ],
)
def test_no_shape(text: str) -> None:
    assert secret_shape(text) is None


def test_a_shape_knows_its_characters() -> None:
    text = "curl -H 'PRIVATE-TOKEN: " + "glpat-" + RANDOM[:20] + "' https://gitlab"
    found = find_shape(text)
    assert found is not None
    assert text[found[2] : found[3]] == "glpat-" + RANDOM[:20]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("changeme", "it is a well-known default"),
        ("CHANGE-ME", "it is a well-known default"),
        ("admin123", "it is a well-known default with digits or signs after it"),
        ("Passw0rd!", "it is a well-known default with digits or signs after it"),
        ("agentflow", "it equals the user name"),
        ("agentflow2024", "it is the user name with digits or signs after it"),
        ("pgsql", "it is the product's name"),
        ("secure_password", "it contains the word password"),
        ("My-P4ssw0rd-is-long", "it contains the word password"),
        ("prod-secret-7", "it contains the word secret"),
        ("k9#Xq", "it has fewer than 8 characters"),
        ("zzzzzzzzzzzz", "it repeats one character"),
        ("lkjhgfds", None),
        ("ertyuiop", "it is a sequence of the keyboard or the alphabet"),
        ("83920174", "it consists of a few digits only"),
        ("your-password-here", "it is a placeholder that was never replaced"),
        (RANDOM, None),
        ("correct-Battery-7-horse", None),
        ("${DB_PASSWORD}", None),
        ("<password>", None),
        ("md5" + "0123456789abcdef" * 2, None),
        ("", None),
    ],
)
def test_weak_passwords(text: str, reason: str | None) -> None:
    assert is_weak(text, user="agentflow", product="postgres", key="POSTGRES_PASSWORD") == reason


def test_keys_are_measured_otherwise_than_passwords() -> None:
    assert is_weak("Zq8vR2mXw5", user=None, product=None, key="API_KEY") == "it has fewer than 16 characters"
    assert is_weak("Zq8vR2mXw5", user=None, product=None, key="DB_PASSWORD") is None
    assert is_weak("sk_prod_password_reset_" + RANDOM, user=None, product=None, key="API_KEY") is None


def test_the_list_of_defaults_has_no_comments_in_it() -> None:
    assert {"postgres", "minioadmin", "foobared"} <= well_known()
    assert not any(line.startswith("# ") or line != line.lower() for line in well_known())


@pytest.mark.parametrize(
    ("name", "text"),
    [("MAILER_KEY", RANDOM[:32]), ("datadog.key", HEX[:32]), ("FLASK_SEED", RANDOM[:24]), ("shopAuth", RANDOM[:22] + "==")],
)
def test_entropy_is_the_last_resort(name: str, text: str) -> None:
    assert credential_kind(name) is None
    assert looks_random(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GIT_COMMIT", HEX[:40]),  # no credential's name
        ("IMAGE_DIGEST", HEX[:64]),
        ("CACHE_KEY", RANDOM[:32]),
        ("PUBLIC_KEY", RANDOM[:32]),
        ("STRIPE_PUBLISHABLE_KEY", RANDOM[:32]),
        ("SSH_HOST_KEY", "AAAA" + RANDOM),
        ("SIGNER_KEY", "MIIBIjANBgkq" + RANDOM),
        ("MAILER_KEY", "0b7a5e1d-8246-4f9c-8a7a-5e1d82463f9c"),
        ("MAILER_KEY", "/etc/mailer/keys/Current2024Key"),
        ("MAILER_KEY", "the-name-of-a-key-in-a-secret-store"),
        ("MAILER_KEY", "PrimaryAccountCredentials2"),
        ("MAILER_KEY", "short7Q"),
        ("MAILER_KEY", "deps-v3-linux-" + RANDOM[:20]),
        ("key", RANDOM[:32]),
        ("MAILER_KEY", "1" * 40),
    ],
)
def test_what_entropy_does_not_decide(name: str, text: str) -> None:
    assert not looks_random(name, text)


def test_masks_show_at_most_two_characters() -> None:
    assert mask("hunter2!") == "****"
    assert mask(RANDOM) == "Zq****"
    assert mask("") == "****"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="aAxX1$(){}<>[]*.-_/#% :=@'eyJ\n", max_size=60), st.text(max_size=20))
def test_nothing_raises(text: str, name: str) -> None:
    origin_of(text, expands=True)
    origin_of(text, expands=False)
    secret_shape(text)
    kind = credential_kind(name + text)
    holds_no_secret(kind or "password", text)
    is_weak(text, user=name, product=name, key=name)
    assert text not in mask(text) or not text or set(text) <= {"*"}
