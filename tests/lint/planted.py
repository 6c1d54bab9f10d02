"""Nothing of the planted bugs is in the program that is released, and none is in a header.

The names are looked for in what is loaded into memory (debug information knows the enum). Where the
program with the bugs was built, the same look must find all of them there: a check that finds nothing
anywhere would prove nothing.
"""

import pathlib
import re
import struct

import house

LIST = "jobs/base/planted.h"
NAME = re.compile(r"^\s*X\((\w+), \"", re.MULTILINE)
USE = re.compile(r"RUNNER_PLANTED\((\w+)\)")


def loaded(path):
    """The bytes of an ELF file that are loaded, one item for each segment."""
    data = pathlib.Path(path).read_bytes()
    assert data[:5] == b"\x7fELF\x02", f"{path} is not a 64-bit ELF file"
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = []
    for number in range(count):
        kind, _, begin, _, _, length = struct.unpack_from("<IIQQQQ", data, offset + number * size)
        if kind == 1:
            segments.append(data[begin:begin + length])
    return segments


def is_newer(program, source):
    """Built, and since the list was changed: what an earlier build left knows other bugs."""
    path = pathlib.Path(program)
    return path.is_file() and path.stat().st_mtime > pathlib.Path(source).stat().st_mtime


def check(root, runner, planted=""):
    names = NAME.findall(house.text(root, LIST))
    problems = []
    if len(names) < 30 or len(names) != len(set(names)):
        problems.append(f"{LIST}: {len(names)} bugs, and at least 30 different ones are promised")
    used = set()
    for name in house.files(root, ".cc", ".h"):
        found = set(USE.findall(house.text(root, name)))
        if found and name.suffix == ".h" and str(name) != LIST:
            problems.append(f"{name}: a header plants a bug; only .cc files are compiled twice")
        if name.parts[0] != "tests":
            used |= found - {"name"}
    problems += [f"{LIST}: {name} is planted nowhere" for name in names if name not in used]
    words = [name.encode() + b"\0" for name in names] + [b"RUNNER_PLANTED"]
    segments = loaded(runner)
    problems += [f"{runner}: contains {word.decode()!r}" for word in words
                 if any(word in segment for segment in segments)]
    if planted and is_newer(planted, root / LIST):
        segments = loaded(planted)
        problems += [f"{planted}: does not contain {word.decode()!r}" for word in words
                     if not any(word in segment for segment in segments)]
    return problems


if __name__ == "__main__":
    house.main(check)
