"""Published ports of Compose services: every short and long form, at its exact place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afscan.model.notice import NoticeKind
from afscan.model.subjects import Container, PublishedPort
from afscan.platforms.compose.ports import MAX_RANGE, is_valid, parse_range, split_port
from afscan.platforms.reading import Interpretation
from support import composed, text_at


def read(text: str) -> Interpretation:
    return composed(text)


def published(item: str) -> tuple[list[PublishedPort], Container, Interpretation, str]:
    text = f"services:\n  db:\n    image: postgres:16\n    ports:\n      - {item}\n"
    out = read(text)
    container = next(subject for subject in out.subjects if isinstance(subject, Container))
    return [subject for subject in out.subjects if isinstance(subject, PublishedPort)], container, out, text


@pytest.mark.parametrize(
    ("item", "host_ip", "host_port", "container_port", "protocol"),
    [
        ('"5432:5432"', None, "5432", 5432, "tcp"),
        ("22:22", None, "22", 22, "tcp"),
        ("5432", None, None, 5432, "tcp"),
        ('"127.0.0.1:5432:5432"', "127.0.0.1", "5432", 5432, "tcp"),
        ('"127.0.0.1::5432"', "127.0.0.1", None, 5432, "tcp"),
        ('"0.0.0.0:15432:5432"', "0.0.0.0", "15432", 5432, "tcp"),
        ('"[::1]:5432:5432"', "::1", "5432", 5432, "tcp"),
        ('"::1:5432:5432"', "::1", "5432", 5432, "tcp"),
        ('"53:53/udp"', None, "53", 53, "udp"),
        ('"3000-3005:3000-3005"', None, "3000-3005", 3000, "tcp"),
        ('"8080-8090:80"', None, "8080-8090", 80, "tcp"),
        ('"0:5432"', None, None, 5432, "tcp"),
        ('"${PORT:-5433}:5432"', None, "5433", 5432, "tcp"),
        ('"${BIND:-127.0.0.1}:5432:5432"', "127.0.0.1", "5432", 5432, "tcp"),
        ('"${WHERE:-127.0.0.1:5432}:5432"', "127.0.0.1", "5432", 5432, "tcp"),
        ("{target: 5432, published: 15432, host_ip: 127.0.0.1}", "127.0.0.1", "15432", 5432, "tcp"),
        ('{target: 5432, published: "15432", protocol: udp, mode: host}', None, "15432", 5432, "udp"),
        ("{target: 5432}", None, None, 5432, "tcp"),
    ],
)
def test_a_port_item(item: str, host_ip: str | None, host_port: str | None, container_port: int, protocol: str) -> None:
    ports, container, out, text = published(item)
    assert [text_at(text, port.place) for port in ports] == [item]
    port = ports[0]
    assert port.container is container
    assert (port.host_ip.value, port.host_port.value, port.container_port.value, port.protocol) == (
        host_ip,
        host_port,
        container_port,
        protocol,
    )
    assert port.host_ip.is_unset == (host_ip is None)
    assert port.host_port.is_unset == (host_port is None)
    assert not out.notices


@pytest.mark.parametrize(
    ("item", "states"),
    [
        ('"${POSTGRES_PORT}:5432"', ("unset", "unknown", "set")),
        ('"${BIND}:5432"', ("unknown", "unknown", "set")),
        ('"${BIND}:5432:5432"', ("unknown", "set", "set")),
        ('"127.0.0.1:${PORT}:5432"', ("set", "unknown", "set")),
        ('"5432:${PORT}"', ("unset", "set", "unknown")),
        ('"${MAPPING}"', ("unknown", "unknown", "unknown")),
        ("{target: 5432, host_ip: $BIND}", ("unknown", "unset", "set")),
    ],
)
def test_a_missing_variable_leaves_a_part_unknown(item: str, states: tuple[str, str, str]) -> None:
    ports, _, out, _ = published(item)
    assert [(port.host_ip.state, port.host_port.state, port.container_port.state) for port in ports] == [states]
    assert not out.notices


@pytest.mark.parametrize(
    "item",
    [
        "web",
        '"70000:80"',
        '"80:70000"',
        '"5-3:5-3"',
        '"3000-3005:3000-3001"',
        '"80:80/icmp"',
        '"a:b:c:80"',
        "{published: 80}",
        "[80]",
        '"80:0"',
    ],
)
def test_what_is_no_port_is_a_notice_at_its_place(item: str) -> None:
    ports, _, out, text = published(item)
    assert not ports
    assert [notice.kind for notice in out.notices] == [NoticeKind.WRONG_TYPE]
    assert text_at(text, out.notices[0].place) == item


def test_ports_of_the_container() -> None:
    out = read(
        "services:\n  a:\n    image: x:1\n    ports: ['7000-7002:8000-8002', '80']\n    expose: [9000, '9001-9002/udp', x]\n"
    )
    container = next(subject for subject in out.subjects if isinstance(subject, Container))
    assert [(port.port.value, port.protocol, port.host_port.value if port.host_port else "none") for port in container.ports] == [
        (8000, "tcp", 7000),
        (8001, "tcp", 7001),
        (8002, "tcp", 7002),
        (80, "tcp", None),
        (9000, "tcp", "none"),
        (9001, "udp", "none"),
        (9002, "udp", "none"),
    ]
    assert [notice.kind for notice in out.notices] == [NoticeKind.WRONG_TYPE]


def test_a_wide_range_is_bounded() -> None:
    ports, container, _, _ = published('"1-65535:1-65535"')
    assert len(ports) == 1
    assert len(container.ports) == MAX_RANGE


NUMBER = st.integers(1, 65535)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[str, tuple[int, int]]:
    first, length = draw(NUMBER), draw(st.integers(0, 9))
    last = min(first + length, 65535)
    return (f"{first}-{last}" if last > first else str(first)), (first, last)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["", "127.0.0.1", "[::1]", "[fe80::1%eth0]", "::1", "0.0.0.0"]),
    st.one_of(st.none(), ranges()),
    ranges(),
    st.sampled_from(["", "/tcp", "/udp", "/TCP", "/sctp"]),
)
def test_short_ports_come_apart_as_they_were_put_together(
    address: str, host: "tuple[str, tuple[int, int]] | None", container: "tuple[str, tuple[int, int]]", protocol: str
) -> None:
    front = f"{address}:{host[0] if host else ''}:" if address else (f"{host[0]}:" if host else "")
    port = split_port(front + container[0] + protocol)
    assert (port.host_ip or "") == address.strip("[]")
    assert (port.host or "") == (host[0] if host else "")
    assert parse_range(port.container) == container[1]
    assert port.protocol == (protocol[1:].lower() or "tcp")
    size = container[1][1] - container[1][0]
    assert is_valid(port) == (host is None or size in (0, host[1][1] - host[1][0]))


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789:-/[]. tcpudp${}", max_size=25))
def test_any_text_is_taken_for_a_port(text: str) -> None:
    port = split_port(text)
    if is_valid(port):
        first, last = parse_range(port.container) or (0, 0)
        assert 0 < first <= last <= 65535
