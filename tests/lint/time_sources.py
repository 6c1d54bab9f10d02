"""Time and randomness come through the Clock port. Every other place of the program that asks for
them stands in time_sources.txt with its reason, so that a jump of the clock can be tested."""

import re

import house

ROOMS = ("jobs", "manifests", "metrics", "worktrees", "runner")
ALLOWED = "tests/lint/time_sources.txt"
SOURCES = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|file_clock)\s*::\s*now"
    r"|\bclock_gettime\s*\(|\bgettimeofday\s*\(|\btimespec_get\s*\(|(?<![\w.>])(?:::|std::)?time\s*\((?:nullptr|NULL|0|&)"
    r"|\blocaltime|\bgmtime|\bgetrandom\s*\(|\bgetentropy\s*\(|\brandom_device\b|\bmt19937"
    r"|\bmk(?:o|d)?s?temps?\s*\(|(?<![\w.>:])(?:::|std::)?s?rand\s*\(|/dev/u?random|random/uuid"
    r"|\bgit_signature_(?:now|default)\b|\bsqlite3_randomness\b")
COMMENT = re.compile(r"//[^\n]*")


def check(root):
    problems = []
    allowed = {}
    if (root / ALLOWED).is_file():
        for number, line in enumerate(house.text(root, ALLOWED).splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, reason = line.partition(": ")
            if not reason.strip():
                problems.append(f"{ALLOWED}:{number}: write `path: reason`")
            allowed[name] = number
    used = set()
    for name in house.files(root, ".cc", ".h", ".inc"):
        if name.parts[0] not in ROOMS:
            continue
        content = COMMENT.sub("", house.text(root, name))
        for match in SOURCES.finditer(content):
            if str(name) in allowed:
                used.add(str(name))
                continue
            line = content.count("\n", 0, match.start()) + 1
            problems.append(f"{name}:{line}: {match[0].strip()!r} is time or randomness that no Clock gave: "
                            f"ask the Clock or runner/wall_clock.h, or give a reason in {ALLOWED}")
    for name in sorted(allowed.keys() - used):
        problems.append(f"{ALLOWED}:{allowed[name]}: {name} asks for no time and needs no exception")
    return problems


if __name__ == "__main__":
    house.main(check)
