"""What must stand in no file: paths of somebody's machine, unfinished work, broken white space, and
in tests a signal to a pid that nobody has looked at."""

import re

import house

TEXT = (".cc", ".h", ".py", ".sh", ".cmake", ".md", ".toml", ".json", ".yaml", ".yml", ".txt", ".1",
        ".sql", ".service", ".timer", "")
# Put together from pieces, so that this file does not find itself.
MACHINE_FOLDERS = ("work", "root", "farm")
MACHINE_PATH = re.compile(
    r"(?<![\w.$})\]/-])/(?:" + "|".join(MACHINE_FOLDERS) + r")(?=[/\s\"'`,;:)]|$)", re.MULTILINE)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# kill(0) and kill(-1) are what a pid that was never filled in asks for.
BARE_KILL = re.compile(r"(?<![\w.>:])(?:::)?(?:killpg\s*\(|kill\s*\([^;{]*?,)")
SAFE_KILL = "tests/support/signals.h"
# Bytes that tests feed on purpose.
RAW = ("tests/fuzz/seeds/", "tests/cli/", "tests/golden/")


def check(root):
    problems = []
    for name in house.files(root):
        if name.suffix not in TEXT or str(name).startswith(RAW) or name.name == "LICENSE":
            continue
        if name.suffix == "" and name.name not in ("dev", "run"):
            continue
        content = house.text(root, name)

        def report(match, what, content=content, name=name):
            line = content.count("\n", 0, match.start()) + 1
            problems.append(f"{name}:{line}: {what}: {match[0].strip()!r}")

        for match in MACHINE_PATH.finditer(content):
            line_end = content.find("\n", match.start())
            if "lint: hostile path" not in content[match.start():line_end]:
                report(match, "a path of one machine")
        if name.parts[0] not in ("docs", "tests") and name.suffix != ".md":
            for match in UNFINISHED.finditer(content):
                report(match, "unfinished work")
        if name.parts[0] == "tests" and name.suffix in (".cc", ".h") and str(name) != SAFE_KILL:
            for match in BARE_KILL.finditer(re.sub(r"//[^\n]*|\"[^\"\n]*\"", "", content)):
                problems.append(f"{name}: {match[0]} ...) without a check of the pid: "
                                f"use {SAFE_KILL}")
        if name.suffix in (".cc", ".h", ".py", ".sh", ".cmake"):
            for match in re.finditer(r"[ \t]+$", content, re.MULTILINE):
                report(match, "white space at the end of a line")
            for match in re.finditer(r"^ *\t", content, re.MULTILINE):
                report(match, "a tab in the indentation")
            if content and not content.endswith("\n"):
                problems.append(f"{name}: no newline at the end")
    return problems


if __name__ == "__main__":
    house.main(check)
