"""Label selectors against a naive reference, over labels known whole and in part."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from afscan.model.selectors import Selector
from afscan.platforms.kubernetes.selectors import read_selector
from afscan.platforms.reading import Interpretation, Reader
from support import parsed

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)
EXPRESSION = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from("abc"), st.sampled_from(("In", "NotIn")), st.lists(st.sampled_from("xyz"), min_size=1, max_size=3),
    ),
    st.builds(lambda key, operator: {"key": key, "operator": operator}, st.sampled_from("abc"), st.sampled_from(("Exists", "DoesNotExist"))),
)  # fmt: skip
SELECTOR = st.builds(
    lambda labels, expressions: {"matchLabels": labels, "matchExpressions": expressions},
    LABELS,
    st.lists(EXPRESSION, max_size=3),
)


def naive(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """What the API reference of Selector says, word for word."""
    for key, value in selector["matchLabels"].items():
        if labels.get(key) != value:
            return False
    for one in selector["matchExpressions"]:
        key, values = one["key"], one.get("values", [])
        if one["operator"] == "In" and not (key in labels and labels[key] in values):
            return False
        if one["operator"] == "NotIn" and key in labels and labels[key] in values:
            return False
        if one["operator"] == "Exists" and key not in labels:
            return False
        if one["operator"] == "DoesNotExist" and key in labels:
            return False
    return True


def read(text: str) -> Selector | None:
    (root,) = parsed(text, "yaml").roots
    return read_selector(Reader(root, Interpretation()), "selector")


def written(selector: dict[str, Any]) -> str:
    import json  # noqa: PLC0415

    return json.dumps({"selector": selector})


@given(SELECTOR, LABELS)
def test_selectors_of_known_labels(selector: dict[str, Any], labels: dict[str, str]) -> None:
    found = read(written(selector))
    assert found is not None
    assert found.matches(labels) is naive(selector, labels)
    assert (found.failing(labels) is None) is naive(selector, labels)


@given(SELECTOR, LABELS, LABELS)
def test_what_is_certain_of_some_labels_holds_for_all(
    selector: dict[str, Any], known: dict[str, str], more: dict[str, str]
) -> None:
    found = read(written(selector))
    assert found is not None
    verdict = found.matches(known, more=True)
    whole = {**more, **known}
    assert verdict is None or verdict is naive(selector, whole)


def test_what_cannot_be_read_is_not_known() -> None:
    for text in (
        "selector: {matchExpressions: [{key: a, operator: Like, values: [x]}]}",
        "selector: {matchExpressions: [{key: a, operator: In}]}",
        "selector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}",
        "selector: {matchExpressions: [{operator: Exists}]}",
        "selector: 5",
    ):
        found = read(text)
        assert found is not None
        assert found.matches({"a": "x"}) is None, text
    decided = read("selector: {matchLabels: {b: y}, matchExpressions: [{key: a, operator: Like}]}")
    assert decided is not None
    assert decided.matches({}) is False


def test_no_selector_and_an_empty_one() -> None:
    assert read("other: 1") is None
    assert read("selector:") is None
    empty = read("selector: {}")
    assert empty is not None
    assert empty.matches({}) is True
