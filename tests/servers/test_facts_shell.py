"""Facts of Bash that rules lean on."""

import pytest

import judged
import machine

fact = pytest.mark.fact


def ended(script: str, *arguments: str) -> machine.Ended:
    return machine.run(["/bin/bash", "-c", script, "script.sh", *arguments])


@fact("Bash", "`set -e` ends the script at the failing command, before a later branch looks at `$?`", ["DEP504"])
def test_errexit_ends_before_the_branch() -> None:
    script = "set -e\nfalse\nif [ $? -ne 0 ]; then echo rolled back; fi\n"
    assert (ended(script).code, ended(script).out) == (1, "")
    assert ended("set -e\nif ! false; then echo rolled back; fi\n").out == "rolled back\n"
    deploy = "#!/bin/bash\nset -e\nkubectl rollout status deployment/api\nif [ $? -ne 0 ]; then\n  kubectl rollout undo deployment/api\nfi\n"
    assert judged.codes({"deploy.sh": deploy}, "DEP504") == {"DEP504"}


@fact("Bash", "`set -u`: a missing `$1` ends the script before its own usage text", ["INT204"])
def test_nounset_ends_before_the_usage() -> None:
    script = '#!/bin/bash\nset -u\nfile="$1"\nif [ -z "$file" ]; then\n  echo "usage: $0 FILE"\n  exit 64\nfi\n'
    done = ended(script)
    assert (done.code != 64, "unbound variable" in done.err, done.out) == (True, True, "")
    assert judged.codes({"restore.sh": script}, "INT204") == {"INT204"}
    better = script.replace('"$1"', '"${1:-}"')
    assert ended(better).code == 64
    assert judged.codes({"restore.sh": better}, "INT204") == set()


@fact("Bash", "With pipefail a `grep` that finds nothing ends the script", ["INT204"])
def test_grep_that_finds_nothing() -> None:
    script = (
        '#!/bin/bash\nset -euo pipefail\nfound=$(echo one | grep two | wc -l)\nif [ "$found" -eq 0 ]; then\n  echo none\nfi\n'
    )
    assert (ended(script).code, ended(script).out) == (1, "")
    assert judged.codes({"check.sh": script}, "INT204") == {"INT204"}
