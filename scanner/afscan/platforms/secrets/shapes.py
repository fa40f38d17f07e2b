"""Secrets that show by their shape, whatever their setting is called.

Each row is a form that its issuer documents (or that the issuer's own secret scanning uses); the named groups keep one pass.
"""

import re

from afscan.model.patterns import pattern

_ROWS = (
    # what it is, kind, pattern; source
    ("an AWS access key", "api-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),  # AWS IAM, "Unique identifiers"
    (
        "a GitHub token",
        "token",
        r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{22,255}\b",
    ),  # GitHub, token formats
    (
        "a GitLab token",
        "token",
        r"\bgl(?:pat|dt|rt|ptt|oas|soat|ft|cbt|imt|agent|ffct)-[\w-]{20,300}",
    ),  # GitLab, "Token overview"
    ("a Slack token", "token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}|\bxapp-[0-9]-[A-Za-z0-9-]{10,250}"),  # Slack, "Token types"
    (
        "a Slack webhook",
        "secret",
        r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]{16,64}",
    ),
    ("a Stripe key", "api-key", r"\b[sr]k_live_[A-Za-z0-9]{16,250}\b|\bwhsec_[A-Za-z0-9+/=]{24,128}"),  # Stripe, "API keys"
    ("an Anthropic key", "api-key", r"\bsk-ant-[\w-]{32,200}"),
    ("an OpenAI key", "api-key", r"\bsk-(?:proj|svcacct|admin)-[\w-]{32,250}|\bsk-[A-Za-z0-9]{32,64}\b"),
    ("a Google API key", "api-key", r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),  # Google Cloud, "API keys overview"
    ("a Google OAuth secret", "secret", r"\bGOCSPX-[\w-]{28}(?![\w-])"),
    ("a private key", "private-key", r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),  # RFC 7468
    ("a JSON web token", "token", r"\beyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{16,2000}"),  # RFC 7519
    ("an npm token", "token", r"\bnpm_[A-Za-z0-9]{36}\b"),  # npm, "About access tokens"
    ("a PyPI token", "token", r"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,300}"),  # PyPI, "API tokens"
    ("a SendGrid key", "api-key", r"\bSG\.[\w-]{16,32}\.[\w-]{32,64}(?![\w-])"),
    ("a Twilio key", "api-key", r"\bSK[0-9a-f]{32}\b"),  # Twilio, "API keys": SIDs begin with SK
    ("a Docker Hub token", "token", r"\bdckr_[po]at_[\w-]{24,64}"),
    ("a Hugging Face token", "token", r"\bhf_[A-Za-z0-9]{34,40}\b"),
    ("a DigitalOcean token", "token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    ("a Vault token", "token", r"\bhv[sbr]\.[\w-]{24,300}"),  # HashiCorp Vault, "Tokens"
    ("an age private key", "private-key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
    ("an Azure storage key", "secret", r"\bAccountKey=[A-Za-z0-9+/]{86}=="),  # Azure Storage connection strings
    ("a Databricks token", "token", r"\bdapi[0-9a-f]{32}\b"),
    ("a Grafana token", "token", r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b"),
    ("a New Relic key", "api-key", r"\bNRAK-[A-Z0-9]{27}\b"),
    ("a Shopify token", "token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("a Terraform Cloud token", "token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}"),
    ("a Tailscale key", "token", r"\btskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{16,64}\b"),
    (
        "an Azure shared access key",
        "secret",
        r"\bSharedAccessKey=[A-Za-z0-9+/]{43}=",
    ),  # Azure Service Bus and Event Hubs connection strings
    ("an Entra client secret", "secret", r"(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}(?![\w~.-])"),  # Microsoft, client secrets
    ("a Mailgun key", "api-key", r"\bkey-[0-9a-f]{32}\b"),
    ("a Mailchimp key", "secret", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    ("a Sentry token", "token", r"\bsntry[su]_[A-Za-z0-9+/=_-]{40,400}"),  # Sentry, "Auth Tokens"
    ("a Postman key", "api-key", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),
    ("a Doppler token", "token", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,80}"),
    ("a Pulumi token", "token", r"\bpul-[0-9a-f]{40}\b"),
    ("a Linear key", "api-key", r"\blin_api_[A-Za-z0-9]{40}\b"),
    ("a Groq key", "api-key", r"\bgsk_[A-Za-z0-9]{52}\b"),
    ("a Replicate token", "token", r"\br8_[A-Za-z0-9]{37}\b"),
    ("a PlanetScale password", "password", r"\bpscale_(?:pw|tkn)_[\w.-]{32,64}"),
    ("a Supabase token", "token", r"\bsbp_[0-9a-f]{40}\b"),
    ("a RubyGems key", "api-key", r"\brubygems_[0-9a-f]{48}\b"),
    ("an Atlassian token", "token", r"\bATATT3[\w=-]{100,300}"),
    ("a Square token", "token", r"\bsq0csp-[\w-]{43}(?![\w-])"),
    ("a 1Password token", "token", r"\bops_eyJ[\w-]{100,4000}"),
    ("an Alibaba Cloud access key", "api-key", r"\bLTAI[A-Za-z0-9]{16,20}\b"),
    ("a Discord webhook", "secret", r"https://discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[\w-]{60,80}"),
    ("a Telegram bot token", "token", r"\b[0-9]{8,10}:AA[\w-]{33}(?![\w-])"),
)
_LONGEST = 65536
_HINT = pattern(
    r"AKIA|ASIA|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt|oas|soat|ft|cbt|imt|agent|ffct)-|xox|xapp-|hooks\.slack|k_live_|whsec_|sk-|AIza|GOCSPX-|"
    r"PRIVATE KEY|eyJ|npm_|pypi-|SG\.|SK[0-9a-f]|dckr_|hf_|do[opr]_v1_|hv[sbr]\.|AGE-SECRET|SharedAccessKey=|Q~|key-|-us[0-9]|sntry|PMAK-|"
    r"dp\.|pul-|lin_api_|gsk_|r8_|pscale_|sbp_|rubygems_|ATATT3|sq0csp-|ops_eyJ|LTAI|discord|AccountKey=|dapi|glsa_|NRAK-|shp|"
    r"atlasv1|tskey-|:AA"
)
_MADE_UP = pattern(
    r"example|placeholder|your|dummy|fake|sample|redacted|x{5}|0{6}|\*{3}|12345678|abcdefgh|deadbeef", re.IGNORECASE
)


def find_shape(text: str) -> tuple[str, str, int, int] | None:
    """The first secret in a text by shape: what it is ("a GitHub token"), its kind, start and end; None where there is none.

    Values that manuals print as examples (AWS's ``...EXAMPLE``, jwt.io's sample, rows of ``x``) are none.
    """
    text = text[:_LONGEST]
    if _HINT.search(text) is None:
        return None
    for what, kind, shape in _ROWS:
        match = re.search(shape, text)
        if match is not None and _is_real(kind, what, match.group(), text):
            return what, kind, match.start(), match.end()
    return None


def secret_shape(text: str) -> str | None:
    """What a secret in a text is by its shape, with its article ("an AWS access key"); None where no known form occurs."""
    found = find_shape(text)
    return found[0] if found is not None else None


def _is_real(kind: str, what: str, matched: str, text: str) -> bool:
    if what == "a private key":
        return _has_key_body(text)
    if what == "a JSON web token":
        return _is_token(matched)
    body = matched.replace("_", "-").rpartition("-")[2] if kind != "secret" else matched
    return _MADE_UP.search(matched) is None and len(set(body)) >= 6


def _has_key_body(text: str) -> bool:
    """A header alone, or one followed by dots or a template, is documentation."""
    body = text.partition("PRIVATE KEY")[2].partition("-----")[2].partition("-----END")[0]
    found = re.search(r"[A-Za-z0-9+/]{40}", body)
    return found is not None and len(set(found.group())) > 8


def _is_token(matched: str) -> bool:
    import base64  # noqa: PLC0415
    import json  # noqa: PLC0415

    parts = []
    for part in matched.split(".")[:2]:
        try:
            parts.append(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
        except (ValueError, RecursionError):
            return False
    header, claims = parts
    if not isinstance(header, dict) or "alg" not in header or not isinstance(claims, dict):
        return False
    return claims.get("name") != "John Doe" and claims.get("sub") != "1234567890"  # the sample of jwt.io
