"""Each check is seen red: a small tree with one planted defect, and the same tree without it."""

import json
import pathlib
import stat
import tempfile
import unittest

import docs
import manual
import rooms
import sizes
import test_list
import test_names
import time_sources
import words

# A program with one command and one option, as far as --help goes.
FAKE_PROGRAM = """#!/bin/sh
case "$1" in
  tick) echo 'Usage: runner tick'; echo '  --dry-run  print the plan' ;;
  *) echo 'Usage: runner'; echo 'Subcommands:'; echo '  tick    one tick' ;;
esac
"""


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def program(self):
        path = self.write("bin/runner", FAKE_PROGRAM)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def assert_red(self, problems, *parts):
        self.assertEqual(len(problems), 1, problems)
        for part in parts:
            self.assertIn(part, problems[0])


class Rooms(Planted):
    def red(self, name, line, *parts):
        self.write(name, line + "\n")
        self.assert_red(rooms.check(self.root), name, *parts)

    def test_what_is_allowed_is_green(self):
        self.write("jobs/policy/a.cc", '#include "jobs/model/run.h"\n#include <fmt/format.h>\n')
        self.write("runner/wiring.cc", '#include "runner/store/s.h"\n#include "runner/ci/c.h"\n')
        self.write("runner/store/s.cc", "#include <SQLiteCpp/SQLiteCpp.h>\n")
        self.write("worktrees/git.h", "#pragma once\n#include <git2.h>\n")
        self.assertEqual(rooms.check(self.root), [])

    def test_kernel_includes_another_room(self):
        self.red("jobs/a.cc", '#include "worktrees/git.h"', "jobs must not include")

    def test_kernel_includes_a_library(self):
        self.red("jobs/a.cc", "#include <git2.h>", "standard library and fmt only")

    def test_kernel_reads_files(self):
        self.red("jobs/a.cc", "#include <fstream>", "no I/O")

    def test_kernel_reads_the_clock(self):
        self.red("jobs/a.cc", "auto t = std::chrono::system_clock::now();", "touches the world")

    def test_kernel_may_speak_of_the_clock_in_a_comment(self):
        self.write("jobs/a.cc", "// never system_clock::now here\n")
        self.assertEqual(rooms.check(self.root), [])

    def test_policy_knows_no_ports(self):
        self.red("jobs/policy/a.cc", '#include "jobs/ports/store.h"', "jobs/policy must not")

    def test_room_includes_its_neighbour(self):
        self.red("metrics/a.cc", '#include "manifests/load.h"', "metrics must not include")

    def test_nobody_includes_tests(self):
        self.red("runner/a.cc", '#include "tests/fakes/clock.h"', "runner must not include")

    def test_family_knows_family(self):
        self.red("runner/ci/a.cc", '#include "runner/trackers/local.h"', "must not know family")

    def test_family_looks_up(self):
        self.red("runner/ci/a.cc", '#include "runner/cli/app.h"', "must not look up")

    def test_heavy_header_in_a_header(self):
        self.red("runner/store/a.h", "#pragma once\n#include <SQLiteCpp/Database.h>", "heavy header")

    def test_heavy_header_in_a_wrong_folder(self):
        self.red("runner/cli/a.cc", "#include <boost/process.hpp>", "belongs to")

    def test_relative_include(self):
        self.red("runner/cli/a.cc", '#include "table.h"', "not a path from the root")

    def test_header_without_guard(self):
        self.red("jobs/a.h", "struct A {};", "#pragma once")

    def test_code_outside_the_rooms(self):
        self.red("lib/a.cc", "int a;", "outside the rooms")


class TestList(Planted):
    def check(self, *built):
        entries = [{"file": str(self.root / name)} for name in built]
        return test_list.check(self.root, self.write("commands.json", json.dumps(entries)))

    def test_all_built_is_green(self):
        self.write("tests/unit/jobs/a_test.cc", "TEST(A, B) {}\n")
        self.write("tests/fuzz/toml_fuzz.cc", "")
        self.write("tests/fuzz/seeds/toml/1", "x")
        self.assertEqual(self.check("tests/unit/jobs/a_test.cc", "tests/fuzz/toml_fuzz.cc"), [])

    def test_file_that_no_target_builds(self):
        self.write("tests/unit/a_test.cc", "TEST(A, B) {}\n")
        self.assert_red(self.check(), "no target builds it")

    def test_test_in_a_file_of_another_name(self):
        self.write("tests/unit/jobs/a.cc", "\nTEST(A, B) {}\n")
        self.assert_red(self.check("tests/unit/jobs/a.cc"), "not called *_test.cc")

    def test_empty_test_file(self):
        self.write("tests/unit/jobs/a_test.cc", "int a;\n")
        self.assert_red(self.check("tests/unit/jobs/a_test.cc"), "has none")

    def test_fuzz_target_without_seeds(self):
        self.write("tests/fuzz/toml_fuzz.cc", "")
        self.assert_red(self.check("tests/fuzz/toml_fuzz.cc"), "no seeds")

    def test_seeds_without_target(self):
        self.write("tests/fuzz/seeds/toml/1", "x")
        self.assert_red(self.check(), "does not exist")


class Sizes(Planted):
    LONG = "int a;\n" * 351

    def test_long_file(self):
        self.write("jobs/a.cc", self.LONG)
        self.assert_red(sizes.check(self.root), "351 lines")

    def test_long_file_with_a_reason(self):
        self.write("jobs/a.cc", self.LONG)
        self.write(sizes.EXCEPTIONS, "jobs/a.cc: a table of constants\n")
        self.assertEqual(sizes.check(self.root), [])

    def test_exception_without_a_reason(self):
        self.write("jobs/a.cc", self.LONG)
        self.write(sizes.EXCEPTIONS, "jobs/a.cc\n")
        self.assert_red(sizes.check(self.root), "path: reason")

    def test_exception_that_is_not_needed(self):
        self.write("jobs/a.cc", "int a;\n")
        self.write(sizes.EXCEPTIONS, "jobs/a.cc: a table\n")
        self.assert_red(sizes.check(self.root), "needs no exception")


class Words(Planted):
    def test_path_of_a_machine(self):
        self.write("runner/a.cc", 'auto p = "/' + 'work/main";\n')
        self.assert_red(words.check(self.root), "runner/a.cc:1", "a path of one machine")

    def test_similar_paths_are_green(self):
        self.write("runner/a.cc", '// /worktrees ${state}/' + 'work /rooted a/' + 'root/b\n')
        self.assertEqual(words.check(self.root), [])

    def test_unfinished_work(self):
        self.write("runner/a.cc", "// TO" + "DO later\n")
        self.assert_red(words.check(self.root), "unfinished")

    def test_white_space(self):
        self.write("runner/a.cc", "int a; \n")
        self.assert_red(words.check(self.root), "white space")


    def test_signal_to_an_unchecked_pid(self):
        self.write("tests/unit/jobs/a_test.cc", "void f(int pid) { ::kill(pid, 9); }\n")
        self.assert_red(words.check(self.root), "without a check of the pid")

    def test_signal_in_words_and_methods_is_green(self):
        self.write("tests/unit/jobs/a_test.cc", '// kill(0)\nauto a = "kill(1)";\nvoid f() { t.kill(9); }\n')
        self.assertEqual(words.check(self.root), [])


class TimeSources(Planted):
    def test_a_clock_of_its_own(self):
        self.write("runner/a.cc", "auto t = std::chrono::system_clock::now();\n")
        self.assert_red(time_sources.check(self.root), "runner/a.cc:1", "no Clock gave")

    def test_c_time_and_randomness(self):
        for line in ("auto a = ::time(nullptr);", "getrandom(&a, 8, 0);", "int f = mkostemp(p, 0);",
                     "clock_gettime(CLOCK_REALTIME, &now);", "std::random_device d;"):
            self.write("worktrees/a.cc", line + "\n")
            self.assert_red(time_sources.check(self.root), "worktrees/a.cc:1")

    def test_the_clock_port_and_comments_are_green(self):
        self.write("runner/a.cc", "// system_clock::now()\nauto t = clock.now(); in.time(); r.random();\n")
        self.write("tests/a.cc", "auto t = std::chrono::system_clock::now();\n")
        self.assertEqual(time_sources.check(self.root), [])

    def test_an_exception_with_a_reason(self):
        self.write("runner/a.cc", "auto t = std::chrono::steady_clock::now();\n")
        self.write(time_sources.ALLOWED, "runner/a.cc: patience with a lock\n")
        self.assertEqual(time_sources.check(self.root), [])

    def test_an_exception_that_is_not_needed(self):
        self.write("runner/a.cc", "int a;\n")
        self.write(time_sources.ALLOWED, "runner/a.cc: patience with a lock\n")
        self.assert_red(time_sources.check(self.root), "needs no exception")


class TestNames(Planted):
    def page(self, *extra):
        rows = [f"| {number} | words | `House.Invariant{number}_*` |" for number in range(1, 17)]
        self.write("docs/testing.md", "\n".join([*rows, *extra]) + "\n")
        self.write("tests/unit/jobs/a_test.cc", "".join(
            f"TEST(House, Invariant{number}_Holds) {{}}\n" for number in range(1, 17)))

    def test_all_named_is_green(self):
        self.page()
        self.assertEqual(test_names.check(self.root), [])

    def test_name_of_no_test(self):
        self.page("| a defect | `House.Gone` |")
        self.assert_red(test_names.check(self.root), "no test is called House.Gone")

    def test_invariant_without_a_row(self):
        self.page()
        path = self.root / "docs/testing.md"
        path.write_text(path.read_text().replace("| 7 |", "| x |"))
        self.assert_red(test_names.check(self.root), "invariant 7")

    def test_invariant_without_a_test(self):
        self.page()
        path = self.root / "tests/unit/jobs/a_test.cc"
        path.write_text(path.read_text().replace("Invariant7_", "Seven_"))
        path = self.root / "docs/testing.md"
        path.write_text(path.read_text().replace("Invariant7_", "Seven_"))
        self.assert_red(test_names.check(self.root), "Invariant7_")


class Docs(Planted):
    def test_true_page_is_green(self):
        self.write("docs/other.md", "# One `thing`, two\n")
        self.write("README.md", "[a](docs/other.md#one-thing-two) [b](https://example.org/x) "
                                "`[c](no)`\n```sh\n$ runner tick --dry-run | head\n```\n")
        self.assertEqual(docs.check(self.root, self.program()), [])

    def test_dead_link(self):
        self.write("README.md", "[a](docs/gone.md)\n")
        self.assert_red(docs.check(self.root), "README.md:1", "leads nowhere")

    def test_dead_heading(self):
        self.write("README.md", "# Here\n[a](#there)\n")
        self.assert_red(docs.check(self.root), "heading")

    def test_unknown_command(self):
        self.write("README.md", "```\nrunner tock\n```\n")
        self.assert_red(docs.check(self.root, self.program()), "no command tock")

    def test_unknown_option(self):
        self.write("README.md", "```\nrunner tick \\\n  --wet-run\n```\n")
        self.assert_red(docs.check(self.root, self.program()), "README.md:2", "--wet-run")

    def test_unknown_dev_command(self):
        self.write("dev", "#!/bin/sh\n[ \"$2\" = test ]\n").chmod(0o755)
        self.write("README.md", "```\n./dev test\n./dev tset\n```\n")
        self.assert_red(docs.check(self.root), "README.md:3", "no command tset")


class Manual(Planted):
    PAGE = ".TH RUNNER 1\n.SS runner tick\n.B \\-\\-dry\\-run\n"

    def test_complete_page_is_green(self):
        self.write("docs/runner.1", self.PAGE)
        self.assertEqual(manual.check(self.root, self.program()), [])

    def test_missing_command(self):
        self.write("docs/runner.1", self.PAGE.replace(".SS runner tick\n", ""))
        self.assert_red(manual.check(self.root, self.program()), "no section")

    def test_missing_option(self):
        self.write("docs/runner.1", ".SS runner tick\n")
        self.assert_red(manual.check(self.root, self.program()), "--dry-run")

    def test_example_that_cannot_be_typed(self):
        self.write("docs/runner.1", self.PAGE)
        path = pathlib.Path(self.program())
        path.write_text(path.read_text().replace("'  --dry", "'  $ runner tock'; echo '  --dry"))
        self.assert_red(manual.check(self.root, str(path)), "no command tock")

    def test_invented_option(self):
        self.write("docs/runner.1", self.PAGE + "\\-\\-gone\n")
        self.assert_red(manual.check(self.root, self.program()), "--gone")


if __name__ == "__main__":
    unittest.main(argv=["lint_selftest"])
