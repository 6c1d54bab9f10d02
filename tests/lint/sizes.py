"""A source file over 350 lines has grown a second subject, unless size_exceptions.txt says why not."""

import house

LIMIT = 350
EXCEPTIONS = "tests/lint/size_exceptions.txt"


def check(root):
    problems = []
    exceptions = {}
    if (root / EXCEPTIONS).is_file():
        for number, line in enumerate(house.text(root, EXCEPTIONS).splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, reason = line.partition(": ")
            if not reason.strip():
                problems.append(f"{EXCEPTIONS}:{number}: write `path: reason`")
            exceptions[name] = number
    for name in house.files(root, ".cc", ".h", ".py", ".sh", ".cmake"):
        lines = house.text(root, name).count("\n")
        known = exceptions.pop(str(name), None)
        if lines > LIMIT and known is None:
            problems.append(f"{name}: {lines} lines; split it by subject, "
                            f"or give a reason in {EXCEPTIONS}")
        if lines <= LIMIT and known is not None:
            problems.append(f"{EXCEPTIONS}:{known}: {name} has {lines} lines and needs no exception")
    for name, number in exceptions.items():
        problems.append(f"{EXCEPTIONS}:{number}: {name} does not exist")
    return problems


if __name__ == "__main__":
    house.main(check)
