"""Every test file is part of a program that is built, and every fuzz target has seeds.

Arguments: ROOT COMPILE_COMMANDS
"""

import json
import pathlib
import re

import house


def batch(file):
    """The files that a batch of cmake/FastBuild.cmake is made of; none if it is no batch."""
    if file.parent.name != "Unity":
        return []
    return [pathlib.Path(name) for name in re.findall(r'^#include "(.+)"$', file.read_text(encoding="utf-8"), re.M)]


def check(root, compile_commands):
    commands = json.loads(pathlib.Path(compile_commands).read_text(encoding="utf-8"))
    built = set()
    for entry in commands:
        file = pathlib.Path(entry["file"])
        built.update(str(each.resolve()) for each in batch(file) or [file])
    problems = []
    for name in house.files(root, ".cc"):
        if name.parts[0] != "tests":
            continue
        if str((root / name).resolve()) not in built:
            problems.append(f"{name}: no target builds it "
                            "(tests/unit/ROOM/NAME_test.cc and so on, see cmake/Tests.cmake)")
        content = house.text(root, name)
        if not name.name.endswith("_test.cc") and "\nTEST" in content:
            problems.append(f"{name}: has TESTs but is not called *_test.cc")
        if name.name.endswith("_test.cc") and not any(
                word in content for word in ("TEST(", "TEST_F(", "TEST_P(", "TYPED_TEST(",
                                             "RC_GTEST_", "INSTANTIATE_")):
            problems.append(f"{name}: is called a test and has none")
        if name.name.endswith("_fuzz.cc"):
            seeds = root / "tests/fuzz/seeds" / name.name.removesuffix("_fuzz.cc")
            if not seeds.is_dir() or not any(seeds.iterdir()):
                problems.append(f"{name}: no seeds in {seeds.relative_to(root)}")
    seeds = root / "tests/fuzz/seeds"
    for folder in sorted(seeds.iterdir()) if seeds.is_dir() else []:
        if not (root / f"tests/fuzz/{folder.name}_fuzz.cc").is_file():
            problems.append(f"{folder.relative_to(root)}: seeds for a fuzz target that does not exist")
    return problems


if __name__ == "__main__":
    house.main(check)
