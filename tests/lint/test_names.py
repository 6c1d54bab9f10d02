"""docs/testing.md names a test for each invariant, and every test it names exists.

A row of a table whose first cell is a number speaks of that invariant; tests are written as
`Suite.Name`, with * for a family of them.
"""

import fnmatch
import re

import house

INVARIANTS = range(1, 17)
PAGE = "docs/testing.md"
DEFINED = re.compile(
    r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)"
    r"\(\s*(\w+)\s*,\s*(\w+)")
NAMED = re.compile(r"`([A-Z]\w*\.[\w*]+)`")


def check(root):
    defined = set()
    for name in house.files(root, ".cc", ".h"):
        if name.parts[0] == "tests":
            defined.update(".".join(found) for found in DEFINED.findall(house.text(root, name)))
    if not (root / PAGE).is_file():
        return [f"{PAGE} is missing"]
    problems = []
    shown = set()
    for number, line in enumerate(house.text(root, PAGE).splitlines(), start=1):
        if not line.startswith("|"):
            continue
        names = NAMED.findall(line)
        for name in names:
            if not fnmatch.filter(defined, name):
                problems.append(f"{PAGE}:{number}: no test is called {name}")
        first = line.strip("|").split("|")[0].strip()
        if first.isdigit() and names:
            shown.add(int(first))
    for invariant in INVARIANTS:
        if invariant not in shown:
            problems.append(f"{PAGE}: no test is named for invariant {invariant}")
        if not any(f"Invariant{invariant}_" in name for name in defined):
            problems.append(f"no test carries Invariant{invariant}_ in its name")
    return problems


if __name__ == "__main__":
    house.main(check)
