"""What the checks of the house share: the list of files and how a check reports."""

import pathlib
import subprocess
import sys

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}


def files(root, *suffixes):
    """Every file of the project below root with one of the suffixes, as paths relative to root.

    Git decides what belongs to the project, so that leftovers on a disk are nobody's business; a tree
    without git (an unpacked tarball, a test of a check) is walked.
    """
    root = pathlib.Path(root)
    names = None
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "-c", f"safe.directory={root.resolve()}", "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=False)
        if listed.returncode == 0:
            names = [pathlib.PurePosixPath(name) for name in listed.stdout.decode().split("\0") if name]
    if names is None:
        names = [pathlib.PurePosixPath(path.relative_to(root).as_posix())
                 for path in root.rglob("*") if path.is_file()]
    chosen = [name for name in names
              if not SKIPPED_FOLDERS.intersection(name.parts)
              and (not suffixes or name.suffix in suffixes)
              and (root / name).is_file()]
    return sorted(set(chosen))


def text(root, name):
    """The content of one file; bytes that are not UTF-8 are kept as escapes."""
    return (pathlib.Path(root) / name).read_text(encoding="utf-8", errors="backslashreplace")


def main(check):
    """Runs check(root, *arguments), prints what it found and ends with 1 if there was anything."""
    problems = check(pathlib.Path(sys.argv[1]).resolve(), *sys.argv[2:])
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem(s)")
    sys.exit(1 if problems else 0)
