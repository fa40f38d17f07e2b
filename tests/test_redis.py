"""redis.conf: words and places, secrets, ACL users, and what a server makes of it all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afscan.model.node import Scalar, Sequence
from afscan.model.notice import NoticeKind
from afscan.model.source import Source
from afscan.model.subjects import ConfigFile, Credential, Origin, Setting
from afscan.platforms.reading import Interpretation
from afscan.platforms.redisserver import Effective, authentication, memory, server
from support import interpreted, parsed, text_at

SESSIONS = """\
# sessions: production
maxmemory 256mb
maxmemory-policy allkeys-lru
save 900 1
save 300 10
# who gets in
RequirePass ${SESSIONS_PASSWORD}
rename-command FLUSHALL ""
rename-command DEBUG dbg-4711
bind 127.0.0.1 ::1
port 6379
timeout 300
"""


def words(text: str) -> list[list[str]]:
    root = parsed(text, "redisconf").roots[0]
    return [[word.text for word in line.children() if isinstance(word, Scalar)] for line in root.children()]


def settings(text: str) -> list[Setting]:
    out = interpreted(text, "redis.conf")
    return next(subject for subject in out.subjects if isinstance(subject, ConfigFile)).settings


def effective(text: str, *, unread: str = "", acl: str | None = None) -> Effective:
    found = settings(text)
    root = parsed(text, "redisconf").roots[0]
    return Effective(found, root, unread, settings(acl) if acl is not None else None)


def required(one: Effective) -> tuple[str, bool | None, str]:
    found = authentication(one, name="x", node=one.owner, platform="redis", container=None)
    return found.required.state, found.required.value, found.how


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("port 6379", ["port", "6379"]),
        ("  port\t 6379  \r", ["port", "6379"]),
        ('requirepass "a b"', ["requirepass", "a b"]),
        (r'requirepass "\x41\n\"\q"', ["requirepass", 'A\n"q']),
        (r"requirepass 'it\'s \n'", ["requirepass", r"it's \n"]),
        ('user x >"a b"', ["user", "x", ">a b"]),
        ("port 0 # off", ["port", "0", "#", "off"]),
        ("requirepass #secret", ["requirepass", "#secret"]),
        ('save ""', ["save", ""]),
    ],
)
def test_words_are_split_as_redis_does(line: str, expected: list[str]) -> None:
    assert words(line) == [expected]


def test_comments_and_empty_lines_are_no_directives() -> None:
    assert words("# a\n\n   # b\n   \nport 1\n") == [["port", "1"]]


def test_each_word_has_its_span() -> None:
    text = 'port 6379\nrequirepass  "s e\\"cret"  \n'
    root = parsed(text, "redisconf").roots[0]
    secret = root.get(1, 1)
    assert isinstance(secret, Scalar)
    assert secret.text == 's e"cret'
    assert not secret.plain
    assert text_at(text, secret.place) == '"s e\\"cret"'
    assert text_at(text, secret.part(2, 8)) == 'e\\"cret'
    assert text_at(text, root.get(1).place) == 'requirepass  "s e\\"cret"'  # type: ignore[union-attr]


@pytest.mark.parametrize("line", ['requirepass "open', "requirepass 'open", 'requirepass "a"b', 'requirepass a"b'])
def test_unbalanced_quotes_are_noted_where_they_open(line: str) -> None:
    text = f"port 1\n{line}\ntimeout 5\n"
    result = parsed(text, "redisconf")
    assert words(text) == [["port", "1"], ["timeout", "5"]]
    assert [notice.kind for notice in result.notices] == [NoticeKind.SYNTAX]
    assert result.notices[0].place.line == 2
    assert text_at(text, result.notices[0].place)[0] in "\"'"


def test_a_file_of_comments_has_no_directives() -> None:
    result = parsed("# nothing\n", "redisconf")
    assert isinstance(result.roots[0], Sequence)
    assert not result.roots[0].items
    assert not result.notices


def test_what_a_file_lacks_is_shown_at_its_first_directive() -> None:
    root = parsed("# a comment\n\nport 6379\ntimeout 1\n", "redisconf").roots[0]
    assert (root.head.line, root.head.column) == (3, 1)


def test_settings_keep_order_and_repetition_with_lower_case_names() -> None:
    found = settings(SESSIONS)
    assert [one.name for one in found].count("save") == 2
    assert found[4].name == "requirepass"
    assert text_at(SESSIONS, found[4].key_place) == "RequirePass"
    bind = next(one for one in found if one.name == "bind")
    assert [value.value for value in bind.arguments] == ["127.0.0.1", "::1"]
    assert text_at(SESSIONS, bind.value.place) == "127.0.0.1 ::1"


def test_secrets_of_a_file() -> None:
    text = """\
requirepass ${SESSIONS_PASSWORD}
masterauth kX9vTq2mWz
user worker on >first-Secret-1 #5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 ~* +@all
sentinel auth-pass main s3ntinel-Pw
"""
    found = [one for one in interpreted(text, "redis.conf").subjects if isinstance(one, Credential)]
    assert [(one.key, one.value.value, one.origin, one.user) for one in found] == [
        ("requirepass", "${SESSIONS_PASSWORD}", Origin.PLACEHOLDER, "default"),
        ("masterauth", "kX9vTq2mWz", Origin.LITERAL, None),
        ("user worker", "first-Secret-1", Origin.LITERAL, "worker"),
        ("user worker", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", Origin.HASH, "worker"),
        ("sentinel auth-pass", "s3ntinel-Pw", Origin.LITERAL, None),
    ]
    assert text_at(text, found[2].value.place) == "first-Secret-1"
    assert {one.holder for one in found} == {"file"}
    assert {one.reader for one in found} == {"redis"}


def test_an_empty_password_has_an_empty_origin() -> None:
    found = [one for one in interpreted('requirepass ""\nport 1\n', "redis.conf").subjects if isinstance(one, Credential)]
    assert [one.origin for one in found] == [Origin.EMPTY]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("port 6379\n", "redis"),
        ("user default off\nuser app on >x ~* +@all\n", "redis-acl"),
        ("sentinel monitor main 10.0.0.5 6379 2\nport 26379\n", "redis-sentinel"),
    ],
)
def test_what_a_file_is_for(text: str, product: str) -> None:
    files = [one for one in interpreted(text, "redis.conf").subjects if isinstance(one, ConfigFile)]
    assert [one.product for one in files] == [product]


def test_other_texts_are_not_taken_for_redis() -> None:
    from afscan.platforms import redis  # noqa: PLC0415

    root = parsed("listen 80\nserver_name x\n", "redisconf").roots[0]
    assert not redis.recognise(Source("nginx.conf", ""), root)
    out = Interpretation()
    redis.interpret(Source("nginx.conf", ""), root, out)
    assert out.subjects


@pytest.mark.parametrize(
    ("text", "value"),
    [("512mb", 2**29), ("512m", 512 * 10**6), ("1GB", 2**30), ("1g", 10**9), ("1048576", 2**20), ("10k", 10**4), ("64b", 64)],
)
def test_memory_units(text: str, value: int) -> None:
    assert memory(text) == value


@pytest.mark.parametrize("text", ["", "512 mb", "-1mb", "lots", "1tb"])
def test_what_is_no_memory(text: str) -> None:
    assert memory(text) is None


def test_typed_settings_and_their_places() -> None:
    one = effective(SESSIONS)
    found = server(one, name="sessions", node=one.owner, platform="redis", container=None, files=[])
    assert (found.port.value, found.max_memory.value, found.idle_timeout.value) == (6379, 256 * 2**20, 300)
    assert found.tls_port.is_unset
    assert found.tls_port.place.line == 2
    assert found.disabled_commands.value == ["DEBUG", "FLUSHALL"]
    assert found.password.value == "${SESSIONS_PASSWORD}"
    assert [value.value for value in found.bind] == ["127.0.0.1", "::1"]
    assert found.replica.is_unset


def test_the_last_setting_of_a_name_wins() -> None:
    one = effective("port 6379\ntls-port 6380\nPORT 0\nappendonly yes\n")
    found = server(one, name="x", node=one.owner, platform="redis", container=None, files=[])
    assert found.port.value == 0
    assert found.port.place.line == 3
    assert found.tls_port.value == 6380


def test_what_redis_refuses_is_unknown() -> None:
    one = effective("port 0 # off\nmaxmemory lots\nprotected-mode maybe\nappendonly yes\n")
    found = server(one, name="x", node=one.owner, platform="redis", container=None, files=[])
    assert found.port.is_unknown
    assert found.port.reason == "`0 # off` is not a whole number"
    assert found.max_memory.is_unknown
    assert found.protected_mode.is_unknown


def test_a_replica() -> None:
    one = effective("slaveof 10.0.0.5 6379\nmasterauth kX9vTq2mWz\n")
    found = server(one, name="x", node=one.owner, platform="redis", container=None, files=[])
    assert found.replica.value is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requirepass kX9vTq2mWz\nport 1\n", True),
        ("requirepass ${X}\nport 1\n", True),
        ('requirepass ""\nport 1\n', False),
        ("port 1\n", False),
        ("requirepass kX9vTq2mWz\nuser default on nopass ~* +@all\n", False),
        ("user default off\nport 1\n", True),
        ("user default off nopass\nport 1\n", True),
        ("user default on >kX9vTq2mWz ~* +@all\nport 1\n", True),
        ("user default on nopass >kX9vTq2mWz ~* +@all\nport 1\n", True),
        ("user default on ~* +@all\nport 1\n", True),
        ("user app on nopass ~* +@all\nport 1\n", False),
    ],
)
def test_who_is_asked_for_a_password(text: str, expected: bool) -> None:
    state, value, _ = required(effective(text))
    assert (state, value) == ("set", expected)


def test_authentication_is_placed_at_what_decides() -> None:
    text = "requirepass kX9vTq2mWz\nuser default on nopass ~* +@all\n"
    found = authentication(effective(text), name="x", node=effective(text).owner, platform="redis", container=None)
    assert text_at(text, found.required.place) == "nopass"
    assert found.how == "`nopass` lets everybody in as the user `default`"


def test_an_acl_file_replaces_requirepass() -> None:
    text = "requirepass kX9vTq2mWz\naclfile /etc/redis/users.acl\n"
    assert required(effective(text))[0] == "unknown"
    assert required(effective(text, acl="user app on >a-Secret ~* +@all\nuser b off\n"))[:2] == ("set", False)
    assert required(effective(text, acl="user default off\nuser b off\n"))[:2] == ("set", True)


def test_an_absence_is_uncertain_where_something_was_not_read() -> None:
    assert required(effective("port 1\n", unread="`include x` was not followed"))[0] == "unknown"
    assert required(effective("requirepass kX9vTq2mWz\n", unread="`include x` was not followed"))[:2] == ("set", True)


@pytest.mark.parametrize(
    ("rules", "there", "gone"),
    [
        ("user default on >x +@all", ["CONFIG", "FLUSHALL"], []),
        ("user default on >x +@all -@dangerous", [], ["CONFIG", "FLUSHALL", "KEYS", "DEBUG"]),
        ("user default on >x +@all -@admin", ["FLUSHALL", "KEYS"], ["CONFIG", "DEBUG", "MODULE"]),
        ("user default on >x +@all -flushall -CONFIG", ["KEYS"], ["FLUSHALL", "CONFIG"]),
        ("user default on >x +get +set +config|get", [], ["CONFIG", "FLUSHALL"]),
        ("user default off", [], ["CONFIG", "FLUSHALL"]),
        ("user default off\nuser app on >x +@all", ["CONFIG", "FLUSHALL"], []),
        ("user default off\nuser app on >x +@all -@dangerous\nuser operator on >y +@all", [], ["CONFIG", "FLUSHALL", "KEYS"]),
        ("user default off\nuser app on >x +@all\nuser old off >y -@all", ["CONFIG", "FLUSHALL"], []),
        ("user default off\nuser app on >x +@all\nuser r on >y +psync\nmasteruser r", ["CONFIG", "FLUSHALL"], []),
        ("user default off\nuser app on >x +@all\nrename-command CONFIG ''", ["FLUSHALL"], ["CONFIG"]),
    ],
)
def test_commands_that_acl_rules_leave(rules: str, there: list[str], gone: list[str]) -> None:
    one = effective(f"{rules}\nport 1\n")
    disabled = server(one, name="x", node=one.owner, platform="redis", container=None, files=[]).disabled_commands.or_else([])
    assert not set(there) & set(disabled)
    assert set(gone) <= set(disabled)


def test_commands_that_everybody_has_are_shown_at_a_user() -> None:
    text = "user default off\nuser app on >x +@all\n"
    one = effective(text)
    found = server(one, name="x", node=one.owner, platform="redis", container=None, files=[]).disabled_commands
    assert text_at(text, found.place) == "app on >x +@all"


@given(st.text(alphabet="ab \\\"'\n\r\t#xn0é{}", max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    source = Source("redis.conf", text, syntax="redisconf")
    for node in parsed(text, "redisconf").roots[0].walk():
        start = source.offset(node.span.line, node.span.column)
        end = source.offset(node.span.end_line, node.span.end_column)
        assert 0 <= start <= end <= len(text)
        if isinstance(node, Scalar) and node.plain:
            assert text[start:end] == node.text
