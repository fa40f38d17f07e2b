"""TLS versions and cipher suites in the words of each product."""

import pytest

from afscan.model.tls import TlsSetting
from afscan.platforms.tlsversions import ciphers, pgbouncer_ciphers, pgbouncer_versions, policy, versions
from support import interpreted, stack_of, text_at


@pytest.mark.parametrize(
    ("text", "weak"),
    [
        ("TLSv1 TLSv1.1 TLSv1.2", "TLS 1.0"),
        ("TLSv1.1,TLSv1.2", "TLS 1.1"),
        ("TLSv1.2 TLSv1.3", ""),
        ("TLSv1.2_2021", ""),
        ("TLSv1_2016", "TLS 1.0"),
        ("TLSv1.1_2016", "TLS 1.1"),
        ("SSLv3", "SSL 3"),
        ("TLS10", "TLS 1.0"),
        ("TLS12", ""),
        ("TLS13", ""),
        ("TLS_1_0", "TLS 1.0"),
        ("TLS1_2", ""),
        ("TLSEnforcementDisabled", ""),
        ("1.0", "TLS 1.0"),
        ("1.2", ""),
        ("'TLSv1'", "TLS 1.0"),
        ("TLSv1.3", ""),
        ("", ""),
        ("tlsv1.0,tlsv1.2", "TLS 1.0"),
    ],
)
def test_versions(text: str, weak: str) -> None:
    assert versions(text) == (f"it accepts {weak}" if weak else "")


@pytest.mark.parametrize(
    ("text", "weak"),
    [
        ("ELBSecurityPolicy-2016-08", "1.0"),
        ("ELBSecurityPolicy-FS-2018-06", "1.0"),
        ("ELBSecurityPolicy-TLS-1-0-2015-04", "1.0"),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", "1.1"),
        ("ELBSecurityPolicy-FS-1-1-2019-08", "1.1"),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", "1.0"),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", ""),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", ""),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", ""),
        ("Policy-Min-TLS-1-0-2019-07", "1.0"),
        ("Policy-Min-TLS-1-2-2019-07", ""),
        ("somebody's own", ""),
    ],
)
def test_policies(text: str, weak: str) -> None:
    assert policy(text) == (f"it accepts TLS {weak}" if weak else "")


@pytest.mark.parametrize(
    ("text", "weak"),
    [
        ("HIGH:MEDIUM:+3DES:!aNULL", ""),
        ("HIGH:!RC4", ""),
        ("RC4-SHA", "RC4-SHA"),
        ("HIGH DES-CBC3-SHA", "DES-CBC3-SHA"),
        ("ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", ""),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA,TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("eNULL", "eNULL"),
        ("", ""),
    ],
)
def test_cipher_suites(text: str, weak: str) -> None:
    assert ciphers(text) == (f"it accepts the cipher suite `{weak}`" if weak else "")


def test_the_shortcuts_of_pgbouncer() -> None:
    assert [pgbouncer_versions(word) for word in ("secure", "tlsv1.2, tlsv1.3")] == ["", ""]
    assert [pgbouncer_versions(word) for word in ("all", "legacy", "Legacy")] == ["it accepts TLS 1.0"] * 3
    assert [bool(pgbouncer_ciphers(word)) for word in ("default", "secure", "all", "insecure")] == [False, False, True, True]


def test_the_effective_setting_counts() -> None:
    files = {
        "compose.yaml": "services:\n  s:\n    image: redis:7.4\n    volumes: ['./r:/r']\n"
        "    command: redis-server /r/redis.conf --tls-protocols TLSv1.3\n",
        "r/redis.conf": "port 0\ntls-port 6379\ntls-protocols TLSv1\n",
    }
    (found,) = stack_of(files).of(TlsSetting)
    assert (found.value.value, found.weakness) == ("TLSv1.3", "")
    assert text_at(files, found.value.place) == "TLSv1.3"


def test_every_tls_config_of_prometheus() -> None:
    text = (
        "scrape_configs:\n  - job_name: a\n    tls_config: {min_version: TLS11}\n"
        "remote_write:\n  - url: https://m.example.org\n    tls_config: {min_version: TLS12}\n"
    )
    found = [one for one in interpreted(text, "prometheus.yml").subjects if isinstance(one, TlsSetting)]
    assert [(one.value.value, one.weakness) for one in found] == [("TLS11", "it accepts TLS 1.1"), ("TLS12", "")]


@pytest.mark.parametrize("text", ["tls" * 3000, "TLSv1." * 3000, "-" * 9000, ":" * 9000, "\0", "ssl"])
def test_odd_texts_do_no_harm(text: str) -> None:
    assert versions(text) in ("", "it accepts TLS 1.0")
    assert (ciphers(text), policy(text)) == ("", "")
