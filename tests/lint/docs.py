"""What the documentation says is true: links lead somewhere, commands and options exist.

Arguments: ROOT [RUNNER_BINARY]. Without the binary only links and ./dev are checked.
"""

import functools
import pathlib
import re
import shlex
import subprocess
import urllib.parse

import house

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(\s*)(```+|~~~+)(.*)$")
END_OF_COMMAND = {"|", "||", "&&", ">", ">>", "<", ";", "2>", "&"}


def check(root, binary=None):
    problems = []
    for name in house.files(root, ".md"):
        prose, commands = split(house.text(root, name))
        problems += [f"{name}:{line}: {problem}"
                     for line, text in prose for problem in check_links(root, name, text)]
        problems += [f"{name}:{line}: {problem}"
                     for line, text in commands for problem in check_command(root, binary, text)]
    return problems


def split(content):
    """The lines outside code fences, and the command lines inside them, with their numbers."""
    prose, commands = [], []
    fence = None
    continued = None
    for number, line in enumerate(content.splitlines(), start=1):
        match = FENCE.match(line)
        if match and (fence is None or line.strip().startswith(fence)):
            fence = None if fence else match[2]
            continue
        if fence is None:
            prose.append((number, re.sub(r"`[^`]*`", "", line)))
            continue
        text = line.strip().removeprefix("$ ")
        if continued:
            number, text = continued[0], continued[1] + " " + text
        continued = (number, text[:-1]) if text.endswith("\\") else None
        if not continued and re.match(r"(?:runner|\./dev)\s", text + " "):
            commands.append((number, text))
    return prose, commands


def check_links(root, name, line):
    for target in LINK.findall(line):
        address = urllib.parse.urlsplit(target)
        if address.scheme or target.startswith("//"):
            continue
        path = pathlib.PurePosixPath(urllib.parse.unquote(address.path))
        place = (root / name).parent / path if address.path else root / name
        if not place.exists():
            yield f"the link {target} leads nowhere"
        elif address.fragment and place.suffix == ".md":
            if address.fragment not in anchors(place.read_text(encoding="utf-8")):
                yield f"the link {target} names a heading that is not there"


def anchors(content):
    """The names that GitHub and Forgejo give to headings."""
    names = set()
    for heading in re.findall(r"^#+\s+(.*?)\s*$", content, re.MULTILINE):
        plain = re.sub(r"[`*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower()
        names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return names


def words_of(command):
    """The words of one simple command, cut off where the shell would begin another."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = []
    for word in lexer:
        if word in END_OF_COMMAND or set(word) <= set("|&;<>"):
            break
        words.append(word)
    return words


def check_command(root, binary, command):
    try:
        words = words_of(command)
    except ValueError as error:
        return [f"`{command}` is not a command line: {error}"]
    if words[0] == "./dev":
        return check_dev(root, words)
    return check_runner(binary, words) if binary else []


@functools.lru_cache(maxsize=None)
def output_of(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def check_dev(root, words):
    if len(words) == 1:
        return []
    status, shown = output_of(str(root / "dev"), "help", words[1])
    if status != 0:
        return [f"./dev has no command {words[1]}"]
    return [f"./dev {words[1]} has no option {word}"
            for word in words[2:] if word.startswith("--") and not mentions(shown, word)]


def mentions(shown, option):
    name = option.split("=")[0]
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", shown) is not None


def subcommands(shown):
    """The first words of the lines under the headings that list commands."""
    found = set()
    listing = False
    for line in shown.splitlines():
        if re.match(r"^\S.*:\s*$", line):
            listing = line.strip() in ("Commands:", "Subcommands:")
        elif listing and (match := re.match(r"^ {1,4}([a-z][a-z-]*)\b", line)):
            found.add(match[1])
    return found


def check_runner(binary, words):
    """Walks down the subcommands; every option must be in the help of one of the levels passed."""
    path = []
    helps = [output_of(binary, "--help")[1]]
    known = subcommands(helps[0])
    previous = ""
    for word in words[1:]:
        if word == "--":
            break
        if word.startswith("-") and len(word) > 1:
            if word not in ("--help", "-h") and not any(mentions(shown, word) for shown in helps):
                return [f"`runner {' '.join(path)}` has no option {word}"]
        elif word in known:
            path.append(word)
            helps.append(output_of(binary, *path, "--help")[1])
            known = subcommands(helps[-1])
        elif known and not path and not previous.startswith("-"):
            return [f"runner has no command {word}"]
        previous = word
    return []


if __name__ == "__main__":
    house.main(check)
