#!/usr/bin/env python3
"""Plays every move of moves.py in one containment, with the real binary, and looks from outside at what came of it.

  hostile.py RUNNER PROGRAMS LEVEL [--user] [--only MOVE] [--show]
  hostile.py --table            the table of docs/security.md
  hostile.py --check DOCUMENT   is it the one in that document?

Each move gets a repository, an issue and a turn of its own in one fleet, beside a neighbour who does honest work. Ends with 0 if
everything is as the table says, with 77 if this host cannot have the level.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import moves  # noqa: E402

ORDINARY_USER = 61184  # nobody's: a user without an entry is a user too
CANARY = "canary-of-the-runner-7f3a9c51"
AGENT_KEY = "canary-of-the-agent-2b8d4e60"


def dresses(secret):
    """The forms in which a secret may be written; base64 without its end, which depends on what stands behind."""
    plain = secret.encode()
    return (plain, plain.hex().encode(), "".join(f"%{byte:02X}" for byte in plain).encode(),
            "".join(f"\\u{byte:04x}" for byte in plain).encode(), base64.b64encode(plain)[:-4])


def is_alive(pid, space, start):
    """A process by its number, or anything in the PID namespace that it lived in."""
    if space == os.readlink("/proc/self/ns/pid"):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19] == start
        except OSError:
            return False
    for process in pathlib.Path("/proc").iterdir():
        try:
            if process.name.isdigit() and os.readlink(process / "ns/pid") == space:
                return True
        except OSError:
            pass
    return False


class Fleet:
    def __init__(self, runner, programs, level, user, chosen):
        self.runner, self.programs, self.level, self.user, self.chosen = runner, programs, level, user, chosen
        # Not below /tmp: a sandbox has one of its own, in which everything may be written.
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="hostile-", dir=programs))
        self.problems = []
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(self.top / "home"), "LANG": "C.UTF-8", "SUDO_USER": "alice", "USER": "alice",
            "HOOK_TOKEN": CANARY, "AGENT_KEY": AGENT_KEY, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com"}

    def run(self, *argv, check=True):
        def drop():
            if self.user and os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
                os.setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
        done = subprocess.run(argv, cwd=self.top, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              preexec_fn=drop, timeout=300, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}")
        return done

    def write(self, path, text):
        path = self.top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def lay_out(self):
        for folder in ("home", "loot", "treasure", "issues", "remotes", "manifests"):
            (self.top / folder).mkdir()
        self.write("treasure/gold", "gold\n")
        self.write("agent.log", "")
        self.write("meter.log", "")
        self.write("issues/permissions.toml", '[permissions]\nalice = "write"\n')
        self.write("seed/README.md", "Read me\n")
        self.write("seed/tests/check.sh", "true\n")
        own = self.top / "seed"
        if self.user and os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(ORDINARY_USER), self.top], check=True)
        self.run("git", "init", "-q", "-b", "main", str(own))
        self.run("git", "-C", str(own), "add", "-A")
        self.run("git", "-C", str(own), "commit", "-q", "-m", "Start")
        names = [move.name for move in self.chosen] + ["honest"]
        text = [f'[fleet]\nkill_switch = false\nstate_dir = "../state"\ncontainment = "{self.level}"\n'
                f'allow = [{", ".join(json.dumps("acme/" + name) for name in names)}]\n'
                '[limits]\nmax_live_runs = 16\nmax_starts_per_tick = 16\nturn_deadline = "60s"\nturn_silence = "30s"\n'
                'turn_first_byte = "30s"\nturn_grace = "1s"\nretry_delay = "1s"\n'
                'disk_free_bytes = "1MiB"\nissue_attempts = 1\nverify_attempts = 1\n'
                'turn_output_bytes = "1MiB"\ninstance_retries = 1\n'
                '[budget]\nper_turn_tokens = 1000\n'
                '[defaults]\ntracker = "files"\nnotify = ["pager"]\ntest = ["true"]\nprotected_paths = ["tests/**"]\n'
                '[tracker.files]\npath = "../issues"\n'
                '[notify.pager]\nkind = "file"\npath = "../pager.jsonl"\n'
                '[notify.hook]\nkind = "webhook"\nurl = "http://127.0.0.1:9/"\ntoken_env = "HOOK_TOKEN"\n']
        environment = {"FAKE_AGENT_LOG": self.top / "agent.log", "FAKE_AGENT_METER": self.top / "meter.log",
                       "FAKE_AGENT_LOOT": self.top / "loot", "FAKE_AGENT_TREASURE": self.top / "treasure/gold",
                       **{name: self.environment[name] for name in self.environment if name.startswith("GIT_")}}
        inline = ", ".join(f"{name} = {json.dumps(str(value))}" for name, value in environment.items())
        caches = ", ".join(json.dumps("../" + name) for name in ("agent.log", "meter.log", "loot"))
        scripts = {move.name: list(move.steps) or ["print", "hello", "move", move.name] for move in self.chosen if not move.stream}
        scripts["honest"] = ["print", "hello", "commits", "1"]
        for move in self.chosen:
            if move.stream:
                # Behind the script come the words that such an agent is given: they are nothing to it.
                lines = " ".join("'" + json.dumps(event) + "'" for event in move.stream)
                command = json.dumps(["/bin/sh", "-c", f"printf '%s\\n' {lines}", "agent"])
                text.append(f'[agent.does-{move.name}]\nkind = "claude"\ncommand = {command}\npass_env = ["AGENT_KEY"]\n'
                            f"env = {{ {inline} }}\ncaches = [{caches}]\n")
        for name, steps in scripts.items():
            command = json.dumps([str(self.programs / "fake_agent"), *steps])
            text.append(f"[agent.does-{name}]\ncommand = {command}\nusage_file = \"usage.json\"\npass_env = [\"AGENT_KEY\"]\n"
                        f"env = {{ {inline} }}\ncaches = [{caches}]\n")
        for name in names:
            remote = self.top / f"remotes/acme/{name}.git"
            self.run("git", "clone", "-q", "--bare", str(own), str(remote))
            text.append(f'[[repo]]\nname = "acme/{name}"\nremote = "../remotes/acme/{name}.git"\nagent = "does-{name}"\n')
            self.write(f"issues/acme/{name}/1-issue.md",
                       '+++\ntitle = "Do something"\nlabels = ["ready-for-agent"]\nready_by = "alice"\n'
                       "ready_at = 2026-01-01T00:00:00Z\n+++\n\nPlease do it.\n")
        self.write("manifests/fleet.toml", "\n".join(text))
        if self.user and os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(ORDINARY_USER), self.top], check=True)
        self.run(str(self.runner), "manifests", "check")
        self.bases = {name: self.git(name, "rev-parse", "main") for name in names}

    def git(self, name, *words):
        folder = str(self.top / f"remotes/acme/{name}.git")
        return self.run("git", "-C", folder, "-c", "safe.directory=*", *words).stdout.decode(errors="replace").strip()

    def runs(self):
        return json.loads(self.run(str(self.runner), "runs", "--json", "--limit", "0").stdout)["runs"]

    def play(self):
        give_up = time.monotonic() + 600
        wanted = len(self.chosen) + 1
        while time.monotonic() < give_up:
            ticked = self.run(str(self.runner), "tick", check=False)
            if ticked.returncode not in (0, 1):
                self.problems.append(f"a tick ended with {ticked.returncode}: {ticked.stderr.decode(errors='replace')[-500:]}")
                return
            runs = self.runs()
            if len({run["repo"] for run in runs}) >= wanted and not any(run["live"] for run in runs):
                return
            time.sleep(0.2)
        self.problems.append("the fleet did not come to rest: " + ", ".join(
            run["repo"] for run in self.runs() if run["live"]))

    def log(self):
        return (self.top / "agent.log").read_text(errors="replace").splitlines()

    def outcome_of(self, move):
        told = [line.split()[2] for line in self.log() if line.startswith(f"move {move.name} ")]
        return "done" if "done" in told else "refused" if "refused" in told else "tried" if told else "not tried"

    def judge(self):
        place = moves.LEVELS.index(self.level)
        seen = {}
        for move in self.chosen:
            seen[move.name] = self.outcome_of(move)
            expected = move.levels[place]
            if move.plays:
                self.look_at_run(move)
            elif expected != moves.EITHER and seen[move.name] != expected:
                self.problems.append(f"{move.name}: {seen[move.name]}, not {expected}")
        self.look_outside()
        self.look_for_secrets()
        return seen

    def look_at_run(self, move):
        """What plays is judged by how it ended."""
        [run] = [run for run in self.runs() if run["repo"] == "acme/" + move.name]
        shown = json.loads(self.run(str(self.runner), "runs", "show", "--json", run["id"]).stdout)
        ends = [turn["exit"]["end"] for turn in shown["turns"] if turn["exit"]]
        if move.outcome and run["outcome"] != move.outcome:
            self.problems.append(f"{move.name}: its run ended as {run['outcome']} ({run['reason']}), not {move.outcome}")
        if move.end and move.end not in ends:
            self.problems.append(f"{move.name}: its turns ended as {ends}, none as {move.end}")

    def look_outside(self):
        treasure = self.top / "treasure"
        if sorted(each.name for each in treasure.iterdir()) != ["gold"] or (treasure / "gold").read_text() != "gold\n":
            self.problems.append("the treasure was touched")
        if (self.top / "loot/trap-sprung").exists():
            self.problems.append("something of an agent's was run by the runner")
        for name, base in self.bases.items():
            refs = self.git(name, "for-each-ref", "--format=%(refname)").split()
            if refs != ["refs/heads/main"]:
                self.problems.append(f"{name}: its remote has {refs}")
            if self.run("git", "-C", str(self.top / f"remotes/acme/{name}.git"), "merge-base", "--is-ancestor", base, "main",
                        check=False).returncode != 0:
                self.problems.append(f"{name}: its base branch was rewritten")
            listed = self.git(name, "ls-tree", "-r", "main")
            if "tests/check.sh" not in listed:
                self.problems.append(f"{name}: its tests are gone from the base branch")
            for line in listed.splitlines():
                mode, path = line.split()[0], line.split("\t", 1)[1]
                if mode not in ("100644", "100755", "120000", "160000") or re.search(r"(^|/)(\.git|\.\.)(/|$)", path.lower()):
                    self.problems.append(f"{name}: {line} landed")
            checked = self.run("git", "-C", str(self.top / f"remotes/acme/{name}.git"), "-c", "safe.directory=*", "fsck", "--strict",
                               "--no-dangling", check=False)
            if checked.returncode != 0:
                self.problems.append(f"{name}: git refuses what landed: {checked.stderr.decode(errors='replace').splitlines()[0]}")
        if self.git("honest", "rev-list", "--count", f"{self.bases['honest']}..main") == "0":
            self.problems.append("the honest neighbour's work did not land")
        for run in self.runs():
            if run["live"]:
                self.problems.append(f"{run['repo']}: its run never ended")
        for line in self.log():
            words = line.split()
            if words[:1] == ["child"] and is_alive(*words[2:5]):
                self.problems.append(f"a process lives on: {line}")
        marker = f"RUNNER_TURN_DIR={self.top}/".encode()
        for process in pathlib.Path("/proc").iterdir():
            try:
                if process.name.isdigit() and marker in (process / "environ").read_bytes():
                    self.problems.append(f"a process lives on: {(process / 'cmdline').read_bytes()[:200]!r}")
            except OSError:
                pass

    def look_for_secrets(self):
        """What an agent was given it can keep; nothing of it, and nothing of ours, is where people or other agents read."""
        ours, given = ([re.compile(b"\\s*".join(re.escape(bytes([byte])) for byte in dress)) for dress in dresses(secret)]
                       for secret in (CANARY, AGENT_KEY))
        # walk() leaves out what is deeper than a path can be long; an agent made that, and only there.
        for path in (pathlib.Path(folder) / file for folder, _, files in os.walk(self.top) for file in files):
            parts = path.relative_to(self.top).parts
            if parts[0] == "loot" and self.level in ("cgroup", "group"):
                continue  # a tick that runs at the same time can be read there: moves.py says so
            own = "agent" in parts or parts[0] in ("worktrees", "loot", "home") or "worktrees" in parts or "checkouts" in parts
            try:
                content = b"" if path.is_symlink() or not path.is_file() else path.read_bytes()
            except OSError:
                continue
            if any(shape.search(content) for shape in (ours if own else ours + given)):
                self.problems.append(f"a secret stands in {path.relative_to(self.top)}")

    def remove(self):
        # A supervisor that its agent stopped goes on only a minute after the deadline.
        for process in pathlib.Path("/proc").iterdir():
            try:
                if process.name.isdigit() and f"{self.top}/".encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                pass
        for _ in range(3):
            subprocess.run(["chmod", "-R", "u+rwX", self.top], check=False, capture_output=True)
            shutil.rmtree(self.top, ignore_errors=True)


def table():
    lines = ["| move | what it tries | " + " | ".join(f"`{level}`" for level in moves.LEVELS) + " | what holds it |",
             "|---" * 7 + "|"]
    for move in moves.MOVES:
        shown = ["plays" if move.plays else each for each in move.levels]
        lines.append(f"| `{move.name}` | {move.tries} | " + " | ".join(shown) + f" | {move.then} |")
    return "\n".join(lines) + "\n"


def why_not(level):
    """Why this host cannot have the level; asked without the product."""
    def works(*argv):
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0
    if level == "sandbox" and not (shutil.which("bwrap") and works("bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc",
                                                                   "true")):
        return "bubblewrap is not installed, or does not work here"
    if level == "namespace" and not (works("unshare", "--pid", "--fork", "true") or works("unshare", "-r", "--pid", "--fork", "true")):
        return "this kernel allows no PID namespaces"
    if level == "cgroup":
        trees = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines() if line.split()[2] == "cgroup2"]
        own = [line[3:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
        if not trees or not own or not os.access(trees[0] + own[0], os.W_OK):
            return "no control groups of version 2 can be made here"
    return ""


def main(words):
    if words[:1] == ["--table"]:
        print(table(), end="")
        return 0
    if words[:1] == ["--check"]:
        if table() in pathlib.Path(words[1]).read_text():
            return 0
        print(f"{words[1]} has not the table of tests/hostile/moves.py: put in what `tests/hostile/hostile.py --table` prints")
        return 1
    runner, programs, level = pathlib.Path(words[0]).resolve(), pathlib.Path(words[1]).resolve(), words[2]
    only = words[words.index("--only") + 1].split(",") if "--only" in words else None
    chosen = [move for move in moves.MOVES if only is None or move.name in only]
    if why := why_not(level):
        print(f"hostile: {level}: skipped: {why}")
        return 77
    fleet = Fleet(runner, programs, level, "--user" in words, chosen)
    try:
        fleet.lay_out()
        fleet.play()
        seen = fleet.judge()
        if "--show" in words:
            for name, what in seen.items():
                print(f"{name} {what}")
        for problem in fleet.problems:
            print(f"hostile: {level}: {problem}")
        print(f"hostile: {level}: {len(seen)} moves, {len(fleet.problems)} not as the table says")
        return 1 if fleet.problems else 0
    finally:
        if "--keep" in words:
            print(fleet.top)
        else:
            fleet.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
