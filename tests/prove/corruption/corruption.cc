// Damage of every kind, done to the state at several moments of a run's life: the next tick notices
// it before anything rests on it and leaves every byte alone, or it hit what decides nothing and
// the tick does what it would have done. What was noticed is then repaired by `runner doctor`.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "tests/oracle/judge.h"
#include "tests/prove/corruption/prepared.h"
#include "tests/prove/corruption/repair.h"

namespace prove::corruption {

namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;

std::string memory_folder() {
  const std::string base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return fmt::format("{}/runner-prove-corruption-{}", base, ::getpid());
}

class Case {
 public:
  Case(const Options& options, Record& record, Prepared& prepared, std::int64_t number)
      : record_(record),
        prepared_(prepared),
        random_(mix(options.seed, "corruption", static_cast<std::uint64_t>(number))),
        // Neighbours share their point, so that little has to be put back between them.
        point_(prepared.points()[static_cast<std::size_t>(number / 25) % prepared.points().size()]),
        damage_(draw(point_.sources, random_)),
        name_(fmt::format("case={}", number)),
        repairs_(number % 8 == 0),
        seed_(options.seed) {}

  /// False if the installation is not as it was at the point any more.
  bool run() {
    const bool gone = damage_.kind == "gone";
    prepared_.place(damage_.files, gone);
    const Files before = prepared_.files();
    const std::string tree = prepared_.tree();
    record_.count("damages");
    record_.count("damages: " + damage_.kind);
    const test_support::Answer answer =
        damage_.permissions ? prepared_.tick_as_nobody() : prepared_.fleet().tick();
    if (answer.exit_code == kDamaged || damage_.permissions) {
      refused(answer, before, tree);
      if (repairs_ && !damage_.permissions) {
        repaired(answer);
        return false;
      }
      return prepared_.tree() == tree;
    }
    went_on(answer);
    return false;
  }

 private:
  void refused(const test_support::Answer& answer, const Files& before, const std::string& tree) {
    record_.count("noticed");
    record_.seen("noticed: " + damage_.kind);
    record_.seen("noticed at " + point_.name);
    if (damage_.permissions && answer.exit_code != kFailed) {
      violation(fmt::format("exit code {} where the state cannot be written", answer.exit_code),
                answer);
    }
    if (prepared_.files() != before) {
      violation("invariant 13: the bytes of a refused state were changed", answer);
    } else if (!damage_.permissions && prepared_.tree() != tree) {
      violation("invariant 13: a tick that refused its state did something", answer);
    }
    if (!damage_.permissions && answer.error.empty() && answer.out.empty()) {
      violation("the damage is not named", answer);
    }
  }

  void repaired(const test_support::Answer& answer) {
    std::vector<std::string> marks;
    const std::string wrong = repair_and_judge(prepared_, point_, damage_, marks);
    record_.count("repairs");
    for (const std::string& mark : marks) {
      record_.count(mark);
      record_.seen(mark);
    }
    if (!wrong.empty()) {
      violation(wrong, answer);
    }
  }

  void went_on(const test_support::Answer& answer) {
    if (damage_.must_be_noticed) {
      violation("invariant 13: went unnoticed", answer);
    }
    prepared_.wait_for_turns();
    if (answer.exit_code != point_.exit_code) {
      violation(fmt::format("exit code {} instead of {}", answer.exit_code, point_.exit_code),
                answer);
      return;
    }
    const auto findings = oracle::judge_always(prepared_.observe(), {});
    if (!findings.empty()) {
      violation(oracle::describe(findings), answer);
    }
    const std::string outcome = prepared_.outcome(point_);
    if (outcome != point_.outcome) {
      violation("the tick went on and did something else than without the damage:\n" + outcome +
                    "instead of\n" + point_.outcome,
                answer);
    }
    record_.count("harmless");
    record_.seen("harmless at " + point_.name);
  }

  void violation(const std::string& what, const test_support::Answer& answer) {
    record_.violation(
        {.what = fmt::format("{}\n    at {}: {} {}\n    the tick ended with {}: {}{}", what,
                             point_.name, damage_.kind, damage_.detail, answer.exit_code,
                             answer.out.substr(0, 600), answer.error.substr(0, 600)),
         .where = name_,
         .seed = seed_});
  }

  Record& record_;
  Prepared& prepared_;
  Random random_;
  const Point& point_;
  Damage damage_;
  std::string name_;
  bool repairs_;
  std::uint64_t seed_;

 public:
  [[nodiscard]] const Point& point() const { return point_; }
};

/// Lends each thread an installation of its own.
class Installations {
 public:
  Installations(const Options& options, std::string folder)
      : options_(options), folder_(std::move(folder)) {}
  ~Installations() {
    free_.clear();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Installations(const Installations&) = delete;
  Installations& operator=(const Installations&) = delete;

  std::unique_ptr<Prepared> take() {
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        auto one = std::move(free_.back());
        free_.pop_back();
        return one;
      }
      number = ++made_;
    }
    return std::make_unique<Prepared>(options_, fmt::format("{}/{}", folder_, number));
  }
  void give_back(std::unique_ptr<Prepared> one) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(one));
  }

 private:
  const Options& options_;
  std::string folder_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Prepared>> free_;
  int made_ = 0;
};

void harness(const Options& options, Record& record) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);  // before any thread
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  Installations installations(options, memory_folder());
  std::int64_t only = -1;
  if (!options.only.empty()) {
    only = std::stoll(options.only.substr(options.only.find('=') + 1));
  }
  auto first = installations.take();
  for (const Point& point : first->points()) {
    record.expect("noticed at " + point.name);
    record.expect("harmless at " + point.name);
  }
  for (const std::string& kind : kinds(/*hot=*/true)) {
    // Those that are rare, or are noticed only where they do harm, are not in every run.
    const bool rare = kind == "flip-lock" || kind == "grown" || kind == "journal-garbage" ||
                      kind == "journal-foreign";
    if (!rare) {
      record.expect("noticed: " + kind);
    }
  }
  for (const char* mark : {"repaired without loss", "repaired with losses", "left to a person"}) {
    record.expect(mark);
  }
  installations.give_back(std::move(first));
  const auto work = [&](std::int64_t number) {
    auto prepared = installations.take();
    Case one(options, record, *prepared, number);
    prepared->restore(one.point());
    if (!one.run()) {
      prepared->touched();
    }
    installations.give_back(std::move(prepared));
  };
  if (only >= 0) {
    work(only);
    return;
  }
  spread(options, record, options.count(1000, 10000), work);
}

}  // namespace

}  // namespace prove::corruption

int main(int argc, char** argv) {
  return prove::main(argc, argv, "corruption", prove::corruption::harness);
}
