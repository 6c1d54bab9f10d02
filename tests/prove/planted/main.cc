// Do the harnesses see? Each planted bug is switched on alone, and the quick harnesses are run
// until one reports a violation; a bug that none of them sees is a violation here. And the other
// way round: the same programs with no bug switched on report nothing.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/planted/matrix.h"

namespace {

namespace fs = std::filesystem;
using prove::Options;
using prove::Record;
using prove::planted::Bug;
using prove::planted::Ended;
using prove::planted::Matrix;

/// The harnesses that can be asked about a planted bug, in their usual order. The fuzzers and the
/// sanitizers look for another kind of bug.
std::vector<std::string> askable(const Options& options) {
  std::vector<std::string> names;
  std::ifstream file(options.source + "/tests/prove/order.txt");
  for (std::string line; std::getline(file, line);) {
    const std::string name = line.substr(0, line.find(' '));
    if (!name.empty() && name.front() != '#' && name != "planted" && name != "fuzz" &&
        name != "sanitizers") {
      names.push_back(name);
    }
  }
  return names;
}

class Asking {
 public:
  Asking(const Options& options, Record& record)
      : options_(options),
        record_(record),
        folder_(fs::read_symlink("/proc/self/exe").parent_path()),
        runner_(fs::path(options.runner).parent_path() / "runner_planted") {
    for (const std::string& name : askable(options)) {
      if (fs::exists(program(name))) {
        harnesses.push_back(name);
      } else {
        record.note("there is no harness " + name + " here");
      }
    }
    if (!fs::exists(runner_)) {
      record.violation({.what = "the program with the bugs is not built: " + runner_.string(),
                        .where = "",
                        .seed = options.seed});
    }
  }

  /// One run of a harness; no bug if `bug` is empty.
  Ended ask(const std::string& harness, const std::string& bug, const std::string& only,
            std::chrono::seconds limit) {
    std::vector<std::string> argv{
        program(harness), "--runner", runner_,        "--seed", std::to_string(options_.seed),
        "--workers",      "1",        "--until-first"};
    if (!bug.empty()) {
      argv.insert(argv.end(), {"--planted", bug});
    }
    if (!only.empty()) {
      argv.insert(argv.end(), {"--only", only});
    }
    const std::string log = fmt::format("{}/{}.{}.{}.log", options_.scratch, harness,
                                        bug.empty() ? "none" : bug, only.empty() ? "all" : "one");
    const Ended ended = prove::planted::run_harness(argv, log, limit);
    record_.count("harness runs");
    return ended;
  }

  /// The expected harness first; true as soon as one of them sees the bug.
  void hunt(const Bug& bug) {
    std::vector<std::string> order = harnesses;
    std::ranges::stable_partition(order, [&](const auto& name) { return name == bug.harness; });
    bool seen = false;
    for (const std::string& harness : order) {
      const bool first = harness == bug.harness;
      const bool every = options_.tier != prove::Tier::quick;
      Ended ended;
      if (first && !bug.only.empty()) {
        ended = ask(harness, bug.name, bug.only, kLimit);
      }
      if (ended.how != Ended::How::violation) {
        ended = ask(harness, bug.name, "", kLimit);
      }
      const bool caught = ended.how == Ended::How::violation;
      matrix.add(bug.name, harness, ended);
      if (caught && !seen) {
        record_.count(first ? "caught by the expected harness" : "caught by another harness");
        if (!first) {
          record_.note(fmt::format("{}: {} does not see it, {} does: {}", bug.name, bug.harness,
                                   harness, ended.first));
        }
      }
      seen = seen || caught;
      if (seen && !every) {
        break;
      }
    }
    record_.count("bugs");
    if (!seen) {
      record_.violation(
          {.what = fmt::format("no quick harness sees the planted bug {}: {}", bug.name, bug.what),
           .where = bug.name,
           .seed = options_.seed});
    }
  }

  /// Without a bug the same programs are quiet.
  void control(const std::string& harness, const std::string& only) {
    const Ended ended = ask(harness, "", only, only.empty() ? kSample : kLimit);
    record_.count("runs without a bug");
    if (ended.how == Ended::How::violation || ended.how == Ended::How::broken) {
      record_.violation({.what = fmt::format("a false alarm of {} with no bug switched on: {}",
                                             harness, ended.first),
                         .where = "none",
                         .seed = options_.seed});
    }
  }

  std::vector<std::string> harnesses;
  Matrix matrix;

 private:
  static constexpr std::chrono::seconds kLimit{90};
  static constexpr std::chrono::seconds kSample{10};

  [[nodiscard]] std::string program(const std::string& harness) const {
    const fs::path own = folder_ / ("prove_" + harness + "_planted");
    return fs::exists(own) ? own : folder_ / ("prove_" + harness);
  }

  const Options& options_;
  Record& record_;
  fs::path folder_;
  fs::path runner_;
};

void harness(const Options& options, Record& record) {
  Asking asking(options, record);
  if (record.failed()) {
    return;
  }
  std::vector<Bug> bugs = prove::planted::all_bugs();
  if (!options.only.empty()) {
    std::erase_if(bugs, [&](const Bug& bug) { return bug.name != options.only; });
  }
  std::vector<std::function<void()>> work;
  for (const Bug& bug : bugs) {
    work.emplace_back([&asking, &bug] { asking.hunt(bug); });
  }
  std::set<std::pair<std::string, std::string>> controls;
  for (const Bug& bug : bugs) {
    if (std::ranges::find(asking.harnesses, bug.harness) != asking.harnesses.end()) {
      controls.emplace(bug.harness, bug.only);
    }
  }
  for (const auto& [name, only] : controls) {
    work.emplace_back([&asking, name, only] { asking.control(name, only); });
  }
  prove::spread(options, record, static_cast<std::int64_t>(work.size()),
                [&](std::int64_t index) { work[static_cast<std::size_t>(index)](); });
  const bool full = options.tier != prove::Tier::quick;
  const bool asked = std::getenv("PROVE_PLANTED_MATRIX") != nullptr;  // NOLINT: threads are over
  if (options.only.empty() && (full || asked)) {
    std::ofstream(options.source + "/docs/evidence/planted.md")
        << asking.matrix.text(bugs, asking.harnesses, full);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return prove::main(argc, argv, "planted", harness);
}
