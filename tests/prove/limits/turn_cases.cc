// What turns leave behind: output without end, files of a turn directory that are too large, and
// runs of many years.
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "tests/prove/limits/cases.h"

namespace prove::limits {

namespace {

namespace fs = std::filesystem;

/// A file of this size that takes no space.
void make_hole(const std::string& path, std::uintmax_t size) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path).put('\n');
  fs::resize_file(path, size);
}

/// Output without end, and every file of a turn directory far too large.
void talking_agent(World& world, const Options& options) {
  const std::int64_t mebibytes = options.count(300, 1000);
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
  world.one_repository("sleep 300");
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
    make_hole(turn + name, std::uintmax_t{500} << 20U);
  }
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
  (void)world.measure({"runs", "show", runs.front().id});
  (void)world.measure({"logs", runs.front().id, "--json"});
}

void old_runs(World& world, const Options& options) {
  world.one_repository("true");
  if (!fill_with_old_runs(world.fleet.folder() + "/state",
                          static_cast<int>(options.count(3000, 50'000)),
                          static_cast<int>(options.count(4000, 4000)))) {
    return world.violation("the harness could not fill the state");
  }
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
}

}  // namespace

std::vector<Case> turn_cases() {
  return {{"talking agent", talking_agent},
          {"huge turn files", huge_turn_files},
          {"old runs", old_runs}};
}

}  // namespace prove::limits
