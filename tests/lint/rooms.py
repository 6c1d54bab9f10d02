"""The room rule: which folder may include what.

jobs includes only jobs, the standard library and fmt. manifests, worktrees and metrics include
themselves and jobs. runner may include all of them. Nobody includes tests, nobody but runner and
tests includes runner. No adapter family of runner knows another. Heavy headers stay in .cc files of
the folders that own them.
"""

import re

import house

ROOMS = {
    "jobs": {"jobs"},
    "manifests": {"manifests", "jobs"},
    "worktrees": {"worktrees", "jobs"},
    "metrics": {"metrics", "jobs"},
    "runner": {"runner", "manifests", "worktrees", "metrics", "jobs"},
    "tests": {"tests", "runner", "manifests", "worktrees", "metrics", "jobs"},
}

# Inside the kernel: what a thing is, what is needed, what is decided.
KERNEL = {
    "base": {"base"},
    "model": {"base", "model"},
    "ports": {"base", "model", "ports"},
    "policy": {"base", "model", "policy"},
}

FAMILIES = {"trackers", "executors", "agents", "ci", "pulls", "notify", "store"}
# What plugs families together; a family must not look up at it.
UPSTAIRS = {"cli", "tick", "engine", "wiring.h", "wiring"}

# The kernel decides and does nothing else: no files, no threads, no system, no terminal.
KERNEL_FORBIDDEN_STANDARD = {
    "fstream", "filesystem", "iostream", "thread", "future", "mutex", "condition_variable",
    "shared_mutex", "semaphore", "latch", "barrier", "csignal", "random",
}
KERNEL_FORBIDDEN_WORDS = re.compile(
    r"\b(?:system_clock::now|steady_clock::now|getenv|std::time\s*\(|fopen|std::cout|std::cerr)\b")

# header prefix -> the folders whose .cc files may include it. tests/ may include all of them.
HEAVY = {
    "toml++/": ("manifests/", "runner/trackers/"),
    "nlohmann/json.hpp": ("manifests/", "runner/"),
    "SQLiteCpp/": ("runner/store/",),
    "sqlite3.h": ("runner/store/",),
    "boost/": ("runner/process/", "runner/executors/"),
    "CLI/": ("runner/cli/",),
    "prometheus/": ("metrics/",),
    "git2": ("worktrees/",),
    "curl/": ("runner/http/", "runner/notify/"),
}
# Small C headers that a header of the owning room may show.
LIGHT = {"git2", "sqlite3.h", "curl/"}
# file -> why it may include a heavy header from outside its folder.
HEAVY_EXCEPTIONS = {
    "runner/cli/version.cc": "prints the versions of the libraries it was linked with",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def check(root):
    problems = []
    for name in house.files(root, ".cc", ".h"):
        room = name.parts[0]
        if room not in ROOMS:
            problems.append(f"{name}: C++ outside the rooms ({', '.join(ROOMS)})")
            continue
        content = house.text(root, name)
        if name.suffix == ".h" and "#pragma once" not in content:
            problems.append(f"{name}: a header without #pragma once")
        for match in INCLUDE.finditer(content):
            where = f"{name}:{content.count(chr(10), 0, match.start(2)) + 1}"
            problem = (check_own(name, match[2]) if match[1] == '"'
                       else check_foreign(name, match[2]))
            if problem:
                problems.append(f"{where}: {problem}")
        if room == "jobs":
            code = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), content)
            for match in KERNEL_FORBIDDEN_WORDS.finditer(code):
                where = f"{name}:{code.count(chr(10), 0, match.start()) + 1}"
                problems.append(f"{where}: the kernel touches the world: {match[0]}")
    return problems


def check_own(name, included):
    """A quoted include: from the root of the repository, and only of rooms that may be seen."""
    room = name.parts[0]
    target = included.split("/")
    if target[0] not in ROOMS:
        return f'"{included}" is not a path from the root of the repository'
    if target[0] not in ROOMS[room]:
        return f'{room} must not include "{included}"'
    if room == "jobs" and len(name.parts) > 2 and name.parts[1] in KERNEL:
        if target[1] not in KERNEL[name.parts[1]]:
            return f'jobs/{name.parts[1]} must not include "{included}"'
    if room == "runner" and name.parts[1] in FAMILIES and target[0] == "runner":
        if target[1] in FAMILIES and target[1] != name.parts[1]:
            return f'adapter family {name.parts[1]} must not know family {target[1]} ("{included}")'
        if target[1] in UPSTAIRS:
            return f'adapter family {name.parts[1]} must not look up at "{included}"'
    return None


def check_foreign(name, included):
    """An angle include: heavy libraries in their folders' .cc files, almost nothing in the kernel."""
    room = name.parts[0]
    if room == "jobs":
        plain = "/" not in included and "." not in included
        if not plain and not included.startswith("fmt/"):
            return f"jobs may include the standard library and fmt only, not <{included}>"
        if included in KERNEL_FORBIDDEN_STANDARD:
            return f"the kernel does no I/O and starts no thread: <{included}>"
    for prefix, folders in HEAVY.items():
        if not included.startswith(prefix) or room == "tests":
            continue
        if name.suffix == ".h" and prefix not in LIGHT:
            return f"heavy header <{included}> in a header (say it in the .cc)"
        if not str(name).startswith(folders) and str(name) not in HEAVY_EXCEPTIONS:
            return f"<{included}> belongs to {' and '.join(folders)} only"
    return None


if __name__ == "__main__":
    house.main(check)
