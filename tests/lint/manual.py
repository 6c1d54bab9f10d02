"""The manual page names every command and every long option of the program, and no others; and the
examples in the program's own help can be typed.

Arguments: ROOT RUNNER_BINARY
"""

import re

import docs
import house

PAGE = "docs/runner.1"


def check(root, binary):
    page = house.text(root, PAGE).replace("\\-", "-")
    problems = []
    everything = ""
    for path in commands(binary):
        shown = docs.output_of(binary, *path, "--help")[1]
        everything += shown
        name = " ".join(path)
        for example in re.findall(r"^ *\$ (runner .*)$", shown, re.MULTILINE):
            problems += [f"help of `runner {name}`: {problem}"
                         for problem in docs.check_runner(binary, docs.words_of(example))]
        if path and not re.search(rf"^\.SS .*\b{re.escape(name)}\b", page, re.MULTILINE):
            problems.append(f"{PAGE}: no section `.SS runner {name}`")
        for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", shown))):
            if not docs.mentions(page, option):
                problems.append(f"{PAGE}: option {option} of `runner {name}` is not described")
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))):
        if option != "--help" and not docs.mentions(everything, option):
            problems.append(f"{PAGE}: describes {option}, which no command has")
    return problems


def commands(binary, path=()):
    """Every command as a tuple of words, the program itself first."""
    yield path
    for name in sorted(docs.subcommands(docs.output_of(binary, *path, "--help")[1])):
        yield from commands(binary, (*path, name))


if __name__ == "__main__":
    house.main(check)
