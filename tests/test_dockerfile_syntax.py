"""Dockerfiles as nodes: heredocs, directives, continuations, the JSON form, and the place of every word."""

import pytest

from afscan.model.node import Mapping, Node, Opaque, Scalar, Sequence
from afscan.model.notice import NoticeKind
from support import parsed, text_at


def instructions(text: str) -> list[Mapping]:
    roots = parsed(text, "dockerfile").roots
    return [item for root in roots if isinstance(root, Sequence) for item in root.items if isinstance(item, Mapping)]


def scalar(node: Node, *path: str | int) -> Scalar:
    found = node.get(*path)
    assert isinstance(found, Scalar)
    return found


def keywords(text: str) -> list[str]:
    return [scalar(node, "instruction").text for node in instructions(text)]


def spot(text: str, node: Node) -> tuple[int, int, str]:
    place = node.place
    return place.line, place.column, text_at(text, place)


@pytest.mark.parametrize(
    "run", ["RUN <<EOF", "RUN <<-EOF", "RUN <<'EOF'", 'RUN cat <<"EOF" > /x', "ONBUILD RUN <<EOF", "COPY <<EOF /x"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_heredoc_holds_no_instructions(run: str, newline: str) -> None:
    text = newline.join(["FROM a", run, "USER nobody", "FROM b", "EOF", "USER app", ""])
    assert keywords(text) == ["FROM", run.split(maxsplit=1)[0], "USER"]
    user = instructions(text)[-1]
    assert spot(text, scalar(user, "words", 0)) == (6, 6, "app")


def test_several_heredocs_follow_each_other() -> None:
    text = "FROM a\nRUN cat <<A > /x && cat <<-'B'\none\nA\n\ttwo $X\n\tB\nUSER app\n"
    run = instructions(text)[1]
    assert scalar(run, "heredocs", 0, "body").text == "one\n"
    second = scalar(run, "heredocs", 1, "body")
    assert second.text == "two $X\n"
    assert (second.place.line, second.place.column) == (5, 2)
    assert scalar(run, "heredocs", 0, "quoted").text == "false"
    assert scalar(run, "heredocs", 1, "quoted").text == "true"
    script = scalar(run, "script")
    assert script.text == "cat <<A > /x && cat <<-'B'\none\nA\ntwo $X\nB"
    at = script.text.index("two")
    assert text_at(text, script.part(at, at + 6)) == "two $X"
    assert run.place.span[2:] == (6, 3)


@pytest.mark.parametrize(
    "line", ['RUN echo "<<EOF"', "RUN cat <<<EOF", "RUN echo $((1<<2))", 'RUN ["cat", "<<EOF"]', "CMD cat <<EOF", "ENV A=<<EOF"]
)
def test_what_only_looks_like_a_heredoc(line: str) -> None:
    assert keywords(f"FROM a\n{line}\nUSER app\n") == ["FROM", line.split(maxsplit=1)[0], "USER"]


def test_a_heredoc_that_is_never_closed_is_told_at_its_marker() -> None:
    text = "FROM a\nRUN cat <<EOF\nUSER nobody\n"
    found = parsed(text, "dockerfile")
    assert keywords(text) == ["FROM", "RUN"]
    assert [(n.kind, n.place.line, n.place.column, text_at(text, n.place)) for n in found.notices] == [
        (NoticeKind.SYNTAX, 2, 9, "<<EOF")
    ]


def test_the_escape_directive_counts_at_the_top_only() -> None:
    windows = "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nCOPY x c:\\\nRUN dir `\n  c:\\\nUSER app\n"
    assert keywords(windows) == ["FROM", "COPY", "RUN", "USER"]
    assert scalar(instructions(windows)[2], "shell").text == "dir   c:\\"
    late = "# a comment\n# escape=`\nFROM a\nRUN one \\\n two\nUSER app\n"
    assert keywords(late) == ["FROM", "RUN", "USER"]


def test_a_wrong_directive_is_a_notice() -> None:
    found = parsed("# escape=x\nFROM a\n", "dockerfile")
    assert [(n.kind, n.place.line) for n in found.notices] == [(NoticeKind.SYNTAX, 1)]


def test_comments_and_blank_lines_inside_a_continuation() -> None:
    text = "FROM a\nRUN one \\\n# USER root\n\n  # more\n  two \\\n  three\nUSER app\n"
    assert keywords(text) == ["FROM", "RUN", "USER"]
    shell = scalar(instructions(text)[1], "shell")
    assert shell.text == "one   two   three"
    at = shell.text.index("two")
    assert shell.part(at, at + 3).span == (6, 3, 6, 6)


def test_an_escaped_escape_does_not_continue_a_line() -> None:
    assert keywords("FROM a\nRUN echo x \\\\\nUSER app\n") == ["FROM", "RUN", "USER"]


def test_a_word_broken_by_a_continuation() -> None:
    text = "FROM a\nus\\\ner no\\\nbody\n"
    user = instructions(text)[1]
    assert scalar(user, "instruction").text == "USER"
    word = scalar(user, "words", 0)
    assert word.text == "nobody"
    assert word.place.span == (3, 4, 4, 5)


def test_columns_count_code_points_and_a_byte_order_mark_is_none() -> None:
    text = "FROM a\nENV É=1 NAME=välue USER=x\n"
    pairs = instructions(text)[1].get("pairs")
    assert isinstance(pairs, Mapping)
    assert spot(text, pairs.entries["NAME"]) == (2, 14, "välue")
    assert pairs.key_place("USER").column == 20
    marked = "\ufeffFROM a\nUSER app\n"
    assert keywords(marked) == ["FROM", "USER"]


def test_env_in_both_forms() -> None:
    text = "FROM a\nENV OLD the rest 'of it'\nENV A=1 B=\"two words\" \\\n    C=with\\ space D=\n"
    old, new = instructions(text)[1:]
    assert scalar(old, "pairs", "OLD").text == "the rest of it"
    assert spot(text, scalar(old, "pairs", "OLD")) == (2, 9, "the rest 'of it'")
    assert [scalar(new, "pairs", name).text for name in "ABCD"] == ["1", "two words", "with space", ""]
    assert spot(text, scalar(new, "pairs", "B")) == (3, 11, '"two words"')
    assert spot(text, scalar(new, "pairs", "C")) == (4, 7, "with\\ space")
    inner = scalar(new, "pairs", "C").part(5, 10)
    assert text_at(text, inner) == "space"


def test_arg_with_and_without_default() -> None:
    text = "ARG A=1 B\nFROM a\n"
    arg = instructions(text)[0]
    assert scalar(arg, "pairs", "A").text == "1"
    missing = arg.get("pairs", "B")
    assert isinstance(missing, Opaque)
    assert (missing.head.line, missing.head.column) == (1, 9)


def test_the_json_form_has_a_place_for_each_string() -> None:
    text = 'FROM a\nCMD ["run", "a\\n\\u00e9\\"b", \\\n  "last"]\n'
    command = instructions(text)[1]
    assert [scalar(command, "exec", i).text for i in range(3)] == ["run", 'a\né"b', "last"]
    assert spot(text, scalar(command, "exec", 2)) == (3, 3, '"last"')
    second = scalar(command, "exec", 1)
    assert text_at(text, second.part(2, 3)) == "\\u00e9"
    assert text_at(text, second.part(4, 5)) == "b"


@pytest.mark.parametrize("line", ["CMD ['a', 'b']", 'CMD ["a", 1]', 'CMD ["a",]', 'CMD ["a"] b', "CMD [ -f /x ] && run"])
def test_what_is_no_json_array_of_strings_is_shell_text(line: str) -> None:
    assert scalar(instructions(f"FROM a\n{line}\n")[1], "shell").text == line.removeprefix("CMD ")


def test_flags_and_healthcheck() -> None:
    text = (
        "FROM --platform=$X img AS b\nCOPY --from=build --chown=1:1 /a /b\n"
        "HEALTHCHECK --interval=3s \\\n  --retries=3 CMD curl -f http://x/\nHEALTHCHECK none\n"
    )
    source, copy, check, none = instructions(text)
    assert spot(text, scalar(source, "flags", 0)) == (1, 6, "--platform=$X")
    assert [scalar(copy, "flags", i).text for i in (0, 1)] == ["--from=build", "--chown=1:1"]
    assert spot(text, scalar(check, "flags", 1)) == (4, 3, "--retries=3")
    assert scalar(check, "type").text == "CMD"
    assert spot(text, scalar(check, "shell")) == (4, 19, "curl -f http://x/")
    assert scalar(none, "type").text == "NONE"


def test_onbuild_holds_its_instruction_back() -> None:
    text = "FROM a\nONBUILD USER root\n"
    node = instructions(text)[1]
    assert scalar(node, "instruction").text == "ONBUILD"
    assert scalar(node, "trigger", "instruction").text == "USER"
    assert spot(text, scalar(node, "trigger", "words", 0)) == (2, 14, "root")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("BOGUS x", 1),
        ("USER", 1),
        ("ENV X", 1),
        ("  ENV A=1 B", 3),
        ("COPY only", 1),
        ("HEALTHCHECK curl x", 1),
        ("SHELL sh", 1),
        ("ONBUILD FROM x", 1),
        ("services:", 1),
    ],
)
def test_a_bad_line_is_located_and_the_rest_goes_on(line: str, column: int) -> None:
    text = f"FROM a\n{line}\nUSER app\n"
    found = parsed(text, "dockerfile")
    assert keywords(text) == ["FROM", "USER"]
    assert [(n.kind, n.place.line, n.place.column) for n in found.notices] == [(NoticeKind.SYNTAX, 2, column)]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\\\n\\\n"])
def test_nothing_in_it_is_a_notice(text: str) -> None:
    found = parsed(text, "dockerfile")
    assert found.roots == []
    assert [n.kind for n in found.notices] == [NoticeKind.SYNTAX]


def test_a_single_instruction_over_very_many_lines_is_read_in_whole() -> None:
    text = "FROM a\nRUN x \\\n" + "  y \\\n" * 20_000 + "  z\nUSER app\n"
    assert keywords(text) == ["FROM", "RUN", "USER"]
    assert spot(text, scalar(instructions(text)[2], "words", 0)) == (20_004, 6, "app")
