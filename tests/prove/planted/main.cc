// Do the harnesses see? Each planted bug is switched on alone, and the harnesses that have to see
// it are asked; one that does not is a violation here, and so is a harness that no bug was shown
// to. And the other way round: the same programs with no bug switched on report nothing.
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
using prove::planted::Witness;

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
        "--workers",      "3",        "--until-first"};
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

  /// Every witness of the bug; in the night every other harness too.
  void hunt(const Bug& bug) {
    std::set<std::string> asked;
    for (const Witness& witness : bug.witnesses) {
      asked.insert(witness.harness);
      if (sees(bug, witness)) {
        record_.count("bugs seen by a harness that has to");
      } else {
        record_.violation({.what = fmt::format("{} does not see the planted bug {}: {}",
                                               witness.harness, bug.name, bug.what),
                           .where = bug.name,
                           .seed = options_.seed});
      }
    }
    record_.count("bugs");
    if (options_.tier == prove::Tier::quick) {
      return;
    }
    for (const std::string& harness : harnesses) {
      if (!asked.contains(harness) && sees(bug, {.harness = harness, .only = ""})) {
        record_.count("bugs seen by another harness");
      }
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

  /// A harness that has seen no bug proves nothing by finding none.
  void judge_harnesses() {
    for (const std::string& harness : harnesses) {
      if (!matrix.caught_by(harness)) {
        record_.violation(
            {.what = "no planted bug shows that there is anything that " + harness + " can see",
             .where = harness,
             .seed = options_.seed});
      }
    }
    record_.count("harnesses", static_cast<std::int64_t>(harnesses.size()));
  }

  std::vector<std::string> harnesses;
  Matrix matrix;

 private:
  bool sees(const Bug& bug, const Witness& witness) {
    Ended ended;
    if (!witness.only.empty()) {
      ended = ask(witness.harness, bug.name, witness.only, kLimit);
    }
    if (ended.how != Ended::How::violation) {
      ended = ask(witness.harness, bug.name, "", kLimit);
    }
    const bool seen = ended.how == Ended::How::violation;
    matrix.add(bug.name, witness.harness, std::move(ended));
    return seen;
  }

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
    for (const Witness& witness : bug.witnesses) {
      controls.emplace(witness.harness, witness.only);
    }
  }
  for (const auto& [name, only] : controls) {
    work.emplace_back([&asking, name, only] { asking.control(name, only); });
  }
  prove::spread(options, record, static_cast<std::int64_t>(work.size()),
                [&](std::int64_t index) { work[static_cast<std::size_t>(index)](); });
  if (options.only.empty()) {
    asking.judge_harnesses();
  }
  const bool full = options.tier != prove::Tier::quick;
  const bool asked = std::getenv("PROVE_PLANTED_MATRIX") != nullptr;  // NOLINT: threads are over
  if (options.only.empty() && (full || asked)) {
    std::ofstream(options.source + "/docs/evidence/planted.md")
        << asking.matrix.text(bugs, asking.harnesses, full);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return prove::main(argc, argv, "planted", harness, 2);
}
