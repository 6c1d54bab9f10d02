// Kills at any microsecond of a run's life: ticks, and in every other life also the supervisors of
// turns and the agents below them.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tests/prove/frame/fix_window.h"
#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/pool.h"
#include "tests/prove/trace/converge.h"
#include "tests/prove/trace/scenario.h"
#include "tests/support/signals.h"
#include "tests/support/whole_file.h"

namespace prove {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::microseconds;

constexpr int kKillsPerLife = 10;
constexpr int kMostTries = 4 * kKillsPerLife;

enum class Victim : std::uint8_t { tick, supervisor, agent };

class Life {
 public:
  Life(const trace::Ground& ground, std::uint64_t seed, bool only_ticks, Record& record)
      : ground_(ground), random_(seed), only_ticks_(only_ticks), record_(record) {}

  /// Kills until its share is spent or the run is over. True if nothing but ticks died.
  int live(int most) {
    ground_.open_all();
    for (int tries = 0; kills_ < most && tries < kMostTries; ++tries) {
      switch (choose()) {
        case Victim::tick: kill_a_tick(); break;
        case Victim::supervisor: kill_of_a_turn(/*supervisor=*/true); break;
        case Victim::agent: kill_of_a_turn(/*supervisor=*/false); break;
      }
      if (tries % 4 == 3 && over()) {
        break;
      }
    }
    return kills_;
  }

  [[nodiscard]] bool only_ticks_died() const { return only_ticks_died_; }

 private:
  Victim choose() {
    const auto number = std::uniform_int_distribution<int>(0, 9)(random_);
    if (only_ticks_ || number < 6) {
      return Victim::tick;
    }
    return number < 8 ? Victim::supervisor : Victim::agent;
  }

  [[nodiscard]] Microseconds any_of(Microseconds most) {
    return Microseconds(std::uniform_int_distribution<std::int64_t>(0, most.count())(random_));
  }

  [[nodiscard]] bool over() const {
    const oracle::Observation seen = ground_.observe();
    return !seen.runs.empty() && !seen.runs.front().live();
  }

  void kill_a_tick() {
    const auto begin = Clock::now();
    trace::Child tick(ground_.runner({"tick"}), /*held=*/false);
    std::this_thread::sleep_for(any_of(longest_ + longest_ / 4));
    (void)test_support::send_signal(tick.pid(), SIGKILL);
    int status = 0;
    while (::waitpid(tick.pid(), &status, 0) < 0 && errno == EINTR) {
    }
    const trace::End end = tick.end(status);
    tick.reaped();
    if (end.signal == SIGKILL) {
      died("ticks killed");
      return;
    }
    record_.count("ticks that ended before their kill");
    longest_ = std::clamp(std::chrono::duration_cast<Microseconds>(Clock::now() - begin),
                          Microseconds(20'000), Microseconds(1'000'000));
  }

  /// A whole tick, which may start something that waits at its gate; then what it started dies.
  void kill_of_a_turn(bool supervisor) {
    for (const char* gate : {"agent", "verify", "ci"}) {
      ground_.close(gate);
    }
    (void)ground_.tick();
    std::this_thread::sleep_for(any_of(Microseconds(8'000)));
    if (any_of(Microseconds(1)).count() == 0) {
      ground_.open_all();
      std::this_thread::sleep_for(any_of(Microseconds(30'000)));
    }
    const std::vector<int> supervisors = ground_.supervisors();
    std::vector<int> victims = supervisors;
    if (!supervisor) {
      victims = ground_.processes();
      std::erase_if(victims, [&](int pid) { return std::ranges::count(supervisors, pid) > 0; });
    }
    if (!victims.empty()) {
      const auto which = static_cast<std::size_t>(random_() % victims.size());
      if (test_support::send_signal(victims[which], SIGKILL) == 0) {
        died(supervisor ? "supervisors killed" : "processes below a supervisor killed");
        only_ticks_died_ = false;
      }
    }
    ground_.open_all();
  }

  void died(const std::string& what) {
    ++kills_;
    record_.count("kills");
    record_.count(what);
    record_.seen(what);
  }

  const trace::Ground& ground_;
  std::mt19937_64 random_;
  bool only_ticks_;
  Record& record_;
  bool only_ticks_died_ = true;
  int kills_ = 0;
  Microseconds longest_{60'000};  ///< a tick took so long, killed or not
};

class Blind {
 public:
  Blind(const Options& options, Record& record)
      : options_(options),
        record_(record),
        stages_([&](int number) { return std::make_unique<trace::Stage>(options, number); }) {}

  void run() {
    for (const char* what :
         {"ticks killed", "supervisors killed", "processes below a supervisor killed"}) {
      record_.expect(what);
    }
    if (!options_.only.empty()) {
      one(std::atoll(options_.only.c_str() + options_.only.find(' ') + 1));
      return;
    }
    const std::int64_t wanted = options_.count(300, 10'000);
    // Lives that end early leave kills over; nobody knows how many lives it takes.
    spread(options_, record_, wanted, [&](std::int64_t number) {
      if (record_.counted("kills") < wanted) {
        one(number);
      }
    });
  }

 private:
  void one(std::int64_t number) {
    const auto stage = stages_.take();
    const trace::Ground& ground = stage->at(trace::scenario("claim"));
    Life life(ground, mix(options_.seed, "blind", static_cast<std::uint64_t>(number)),
              number % 2 == 0, record_);
    (void)life.live(kKillsPerLife);
    record_.count("lives");
    const auto violation = [&](const std::string& what) {
      record_.violation(
          {.what = what, .where = fmt::format("life {}", number), .seed = options_.seed});
    };
    const oracle::Observation left = ground.observe();
    if (const auto found = oracle::judge_always(left, trace::Ground::rules()); !found.empty()) {
      violation("at once: " + oracle::describe(found));
    }
    const trace::Converged after = converge(ground, life.only_ticks_died());
    record_.count("clean ticks", after.ticks);
    if (!after.trouble.empty()) {
      violation("invariant 4: " + after.trouble);
    } else if (const std::string broken = trace::judge_end(ground, left, life.only_ticks_died());
               !broken.empty()) {
      violation(broken);
    }
    for (const oracle::RunRow& run : ground.observe().runs) {
      record_.count("runs that ended as " + run.outcome);
    }
  }

  trace::Converged converge(const trace::Ground& ground, bool only_ticks_died) {
    if (only_ticks_died) {
      return trace::converge(ground);
    }
    constexpr int kFew = 12;
    const trace::Converged after = trace::converge(ground, kFew);
    if (after.quiet) {
      return after;
    }
    close_fix_window(ground.folder());
    record_.count("lives whose window for corrections was closed");
    return trace::converge(ground);
  }

  const Options& options_;
  Record& record_;
  Pool<trace::Stage> stages_;
};

void harness(const Options& options, Record& record) {
  Blind(options, record).run();
}

}  // namespace
}  // namespace prove

int main(int argc, char** argv) {
  return prove::main(argc, argv, "blind", prove::harness);
}
