// A tick, and every command that looks, stays below 256 MiB and 256 descriptors whatever it meets:
// far too many of something, or something far too large. The peak is what the kernel counted for
// the process.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/limits/world.h"

namespace prove::limits {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMiB = 1U << 20U;

std::string issue_file(int number, std::size_t body) {
  return fmt::format(
      "+++\nnumber = {}\ntitle = \"Issue {}\"\nlabels = [\"ready-for-agent\"]\nready_by = "
      "\"alice\"\n"
      "ready_at = 2026-01-01T00:00:00Z\n+++\n\n{}\n",
      number, number, std::string(body, 'x'));
}

/// A file of this size that takes no space.
void make_hole(const std::string& path, std::uintmax_t size) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path).put('\n');
  fs::resize_file(path, size);
}

void many_issues(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  const auto count = static_cast<int>(options.count(1000, 10'000));
  const auto body = static_cast<std::size_t>(options.count(100'000, 200'000));
  for (int number = 1; number <= count; ++number) {
    // Each tenth is as long as an issue may be.
    world.fleet.write_issue("acme/shop", fmt::format("{:05}-a.md", number),
                            issue_file(number, number % 10 == 0 ? body : 500));
  }
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
}

void long_texts(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  const auto count = static_cast<int>(options.count(300, 3000));
  for (int number = 1; number <= count; ++number) {
    world.fleet.write_issue("acme/shop", fmt::format("{:05}-a.md", number),
                            issue_file(number, 250'000));
  }
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
}

void huge_issue_files(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  for (int number = 1; number <= options.count(30, 100); ++number) {
    world.fleet.write_issue("acme/shop", fmt::format("{:04}-a.md", number), issue_file(number, 0));
    fs::resize_file(world.fleet.folder() + fmt::format("/issues/acme/shop/{:04}-a.md", number),
                    10 * kMiB);
  }
  // A comment for each day of some years, each as long as a comment may be.
  world.fleet.issue("acme/shop", 500);
  for (int comment = 1; comment <= options.count(100, 1000); ++comment) {
    world.fleet.write_issue("acme/shop", fmt::format("0500.comments/{:04}-bob.md", comment),
                            "+++\nauthor = \"bob\"\n+++\n\n" + std::string(900'000, 'c') + "\n");
  }
  world.look("acme/shop#1");
  (void)world.measure({"issue", "show", "acme/shop#500"});
  world.tick_until_quiet(60);
}

void many_repositories(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  for (int number = 1; number <= options.count(60, 1000); ++number) {
    const std::string name = fmt::format("acme/r{:04}", number);
    world.fleet.repo(name, "coder");
    world.fleet.issue(name, 1);
  }
  world.fleet.write();
  world.look("acme/r0001#1");
  (void)world.measure({"tick"});
  (void)world.measure({"tick"});
}

/// Output without end, and every file of a turn directory far too large.
void talking_agent(World& world, const Options& options) {
  const std::int64_t mebibytes = options.count(200, 1000);
  world.fleet.limit_lines = "turn_output_bytes = \"2000MiB\"\n";
  world.fleet.shell("talker",
                    fmt::format("yes 'a line of output that says nothing' | head -c {}M; "
                                "truncate -s 500M \"$RUNNER_TURN_DIR/reports.ndjson\"; "
                                "truncate -s 500M \"$RUNNER_TURN_DIR/usage.json\"; exit 3",
                                mebibytes));
  world.fleet.repo("acme/shop", "talker");
  world.fleet.write();
  world.fleet.issue("acme/shop", 1);
  const std::string turn = world.fleet.folder() + "/state/turns";
  world.tick_until([&] { return !world.fleet.runs().empty(); }, 30);
  world.look("acme/shop#1");
  world.tick_until_quiet(300);
  const auto runs = world.fleet.runs();
  if (!runs.empty()) {
    (void)world.measure({"logs", runs.front().id, "--json"});
    (void)world.measure({"runs", "show", runs.front().id});
  }
}

void huge_turn_files(World& world, const Options&) {
  world.fleet.shell("sleeper", "sleep 300");
  world.fleet.repo("acme/shop", "sleeper");
  world.fleet.write();
  world.fleet.issue("acme/shop", 1);
  world.tick_until([&] { return world.fleet.processes().find("sleep 300") != std::string::npos; },
                   60);
  const auto runs = world.fleet.runs();
  if (runs.empty()) {
    return world.violation("the harness started no turn");
  }
  const std::string turn = world.fleet.folder() + "/state/turns/" + runs.front().id + "/1/";
  for (const char* name :
       {"exit.json", "usage.json", "events.ndjson", "output.log", "stop", "heartbeat"}) {
    make_hole(turn + name, 500 * kMiB);
  }
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
  (void)world.measure({"runs", "show", runs.front().id});
  (void)world.measure({"logs", runs.front().id, "--json"});
}

void large_repository(World& world, const Options& options) {
  world.fleet.shell("coder", "echo more > new && git add new && git commit -qm 'Add new'");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  world.prepare(fmt::format(
      "git clone -q remotes/acme/shop.git big && cd big && head -c {}M /dev/urandom > blob && "
      "mkdir d && for i in $(seq 1 {}); do echo $i > d/$i; done && git add -A && "
      "git commit -qm Large && git push -q origin main && cd .. && rm -rf big",
      options.count(100, 200), options.count(1000, 20'000)));
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  world.tick_until_quiet(120);
}

void many_branches(World& world, const Options& options) {
  world.fleet.shell("coder", "echo more > new && git add new && git commit -qm 'Add new'");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  world.prepare(fmt::format(
      "cd remotes/acme/shop.git && at=$(git rev-parse main) && "
      "(printf '# pack-refs with: peeled fully-peeled sorted \\n'; "
      "seq -f \"$at refs/heads/branch-with-a-rather-long-name-%06.0f\" 1 {}) > packed-refs.new && "
      "mv packed-refs.new packed-refs",
      options.count(100'000, 100'000)));
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  world.tick_until_quiet(120);
}

void long_commit_message(World& world, const Options& options) {
  world.fleet.shell(
      "coder", fmt::format("echo more > new && git add new && (echo Add; echo; head -c {}M "
                           "/dev/zero | tr '\\0' 'x') > ../m && git commit -q -F ../m; rm ../m",
                           options.count(100, 200)));
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.look("acme/shop#1");
}

/// An agent leaves one huge file and many small ones, committed and not.
void large_work(World& world, const Options& options) {
  world.fleet.shell("coder",
                    fmt::format("head -c {}M /dev/urandom > big && git add big && "
                                "git commit -qm Big && head -c {}M /dev/urandom > dirty && "
                                "mkdir m && for i in $(seq 1 3000); do echo $i > m/$i; done",
                                options.count(150, 600), options.count(150, 600)));
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(180);
}

void old_runs(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  world.fleet.repo("acme/shop", "coder");
  world.fleet.write();
  if (!fill_with_old_runs(world.fleet.folder() + "/state",
                          static_cast<int>(options.count(3000, 50'000)),
                          static_cast<int>(options.count(4000, 4000)))) {
    return world.violation("the harness could not fill the state");
  }
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
}

struct Case {
  const char* name;
  void (*run)(World&, const Options&);
};

constexpr std::array kCases{Case{"many issues", many_issues},
                            Case{"long texts", long_texts},
                            Case{"huge issue files", huge_issue_files},
                            Case{"many repositories", many_repositories},
                            Case{"talking agent", talking_agent},
                            Case{"huge turn files", huge_turn_files},
                            Case{"large repository", large_repository},
                            Case{"many branches", many_branches},
                            Case{"long commit message", long_commit_message},
                            Case{"large work", large_work},
                            Case{"old runs", old_runs}};

void harness(const Options& options, Record& record) {
  // The fleets of the tests ask for these; no thread is there yet.
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  spread(options, record, static_cast<std::int64_t>(kCases.size()), [&](std::int64_t index) {
    const Case& each = kCases.at(static_cast<std::size_t>(index));
    if (!options.only.empty() && options.only != each.name) {
      return;
    }
    World world(options, record, each.name);
    each.run(world, options);
    record.count("inputs");
  });
}

}  // namespace

}  // namespace prove::limits

int main(int argc, char** argv) {
  return prove::main(argc, argv, "limits", prove::limits::harness);
}
