"""Scripts in Terraform's user_data are read as scripts, at their places in the file."""

import pytest

from afscan.interpret import interpret
from afscan.model.scripts import Script
from afscan.model.source import Source
from afscan.model.subjects import Credential

HEAD = 'resource "aws_instance" "db" {\n  user_data = '


def scripts(text: str) -> list[Script]:
    return [one for one in interpret(Source("main.tf", text))[0].subjects if isinstance(one, Script)]


@pytest.mark.parametrize(
    ("value", "column"),
    [
        ("<<-EOF\n    #!/bin/bash\n    set -e\n    pg_dump -h ${var.host} app > x\n  EOF\n}\n", 5),
        ("<<EOF\n#!/bin/bash\nset -e\npg_dump -h db app > x\nEOF\n}\n", 1),
        ("base64encode(<<-EOF\n    #!/bin/bash\n    set -e\n    pg_dump app > x\n  EOF\n  )\n}\n", 5),
    ],
)
def test_a_script_in_a_heredoc(value: str, column: int) -> None:
    (one,) = scripts(HEAD + value)
    assert (one.interpreter.value, one.errexit.value, one.holder) == ("bash", True, "user-data")
    (dump,) = [command for command in one.commands if command.name_of_program == "pg_dump"]
    assert (dump.place.path, dump.place.span[:2]) == ("main.tf", (5, column))


@pytest.mark.parametrize(
    "value",
    [
        "<<EOF\n#cloud-config\npackages: [curl]\nEOF\n}\n",
        "<<EOF\n#!/usr/bin/python3\nprint(1)\nEOF\n}\n",
        "<<EOF\n#!/bin/sh\n%{ if var.x }\necho\n%{ endif }\nEOF\n}\n",
        'file("x.sh")\n}\n# #!\n',
    ],
)
def test_what_is_no_script(value: str) -> None:
    assert scripts(HEAD + value) == []


def test_credentials_in_user_data() -> None:
    text = HEAD + "<<EOF\n#!/bin/bash\nexport PGPASSWORD=Tr4in-Lamp-90\nEOF\n}\n"
    found = [one for one in interpret(Source("main.tf", text))[0].subjects if isinstance(one, Credential)]
    assert [(one.key, one.place.span[:2]) for one in found] == [("PGPASSWORD", (4, 19))]
