// The crash sweep by named point: the command of a scene is killed (stopped, failed, delayed) at a
// point of jobs/base/crash_points.inc, then ticks alone have to bring everything into agreement.
#include <algorithm>
#include <mutex>
#include <random>
#include <set>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "tests/prove/frame/stages.h"
#include "tests/prove/points/strike.h"
#include "tests/prove/trace/own_pids.h"

namespace prove::points {

namespace {

using test_support::Scene;
using test_support::Stage;

/// So many cases in a row on one stage.
constexpr std::size_t kCasesOfAChunk = 3;

struct Reach {
  std::string scene;
  int most = 0;
};

class Sweep {
 public:
  Sweep(const Options& options, Record& record)
      : options_(options),
        record_(record),
        random_(mix(options.seed, "points")),
        stages_(options) {}

  void run() {
    if (!options_.only.empty() && !options_.only.ends_with(" unharmed")) {
      one(Blow::parse(options_.only));
      return;
    }
    learn_all();
    std::vector<Blow> blows = plan();
    strike_all(std::move(blows));
    strike_again();
  }

 private:
  void one(const Blow& blow) { hit(*stages_.take(blow.scene), blow); }

  void hit(Stage& stage, const Blow& blow) {
    if (!strike(stage, blow, options_, record_)) {
      record_.count("points not reached this time");
      return;
    }
    record_.count(fmt::format("{} at a point", to_string(blow.deed)));
    if (blow.deed == Deed::kill) {
      record_.seen("killed at " + blow.point);
    }
  }

  void learn_all() {
    const auto& scenes = test_support::scenes();
    spread(options_, record_, static_cast<std::int64_t>(scenes.size()), [&](std::int64_t number) {
      const Scene& scene = scenes[static_cast<std::size_t>(number)];
      const auto stage = stages_.take(scene.name);
      const Passings passed = learn(*stage, options_, record_);
      record_.count("scenes");
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [point, most] : passed) {
          reach_[point].push_back({scene.name, most});
        }
      }
    });
    for (auto& [point, scenes_of_it] : reach_) {
      std::ranges::sort(scenes_of_it, {}, &Reach::scene);  // whatever worker was first
    }
  }

  Blow blow_at(const std::string& point, Deed deed) {
    const auto& reach = reach_.at(point);
    const Reach& chosen = reach[random_() % reach.size()];
    return {.scene = chosen.scene,
            .point = point,
            .ordinal = 1 + static_cast<int>(random_() % static_cast<unsigned>(chosen.most)),
            .deed = deed};
  }

  std::vector<Blow> plan() {
    std::vector<Blow> blows;
    std::vector<std::string> points;
    for (const std::string_view name : jobs::kPointNames) {
      record_.expect("killed at " + std::string(name));
      if (reach_.contains(std::string(name))) {
        points.emplace_back(name);
      }
    }
    record_.figure("named points", static_cast<std::int64_t>(std::size(jobs::kPointNames)));
    record_.figure("points passed in some scene", static_cast<std::int64_t>(points.size()));
    const std::int64_t rounds = options_.count(1, 10);
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (const std::string& point : points) {
        blows.push_back(blow_at(point, Deed::kill));
      }
    }
    const auto sample = [&](Deed deed, std::int64_t count) {
      for (std::int64_t i = 0; i < count && !points.empty(); ++i) {
        blows.push_back(blow_at(points[random_() % points.size()], deed));
      }
    };
    sample(Deed::error, options_.count(12, 400));
    sample(Deed::stop_and_kill, options_.count(6, 200));
    sample(Deed::stop_and_wake, options_.count(6, 200));
    sample(Deed::delay, options_.count(2, 100));
    if (rounds > 1) {
      // Every scene in which a point is passed, not only the ones that were drawn.
      for (const std::string& point : points) {
        for (const Reach& reach : reach_.at(point)) {
          blows.push_back({.scene = reach.scene, .point = point, .ordinal = 1, .deed = Deed::kill});
        }
      }
    }
    return blows;
  }

  /// What was drawn and not passed that time (a later passing, by a supervisor that had less to do)
  /// is struck at its first passing, in each scene that has it.
  void strike_again() {
    for (const std::string& mark : record_.unseen()) {
      const std::string point = mark.substr(std::string("killed at ").size());
      for (const Reach& reach : reach_[point]) {
        const Blow blow{.scene = reach.scene, .point = point, .ordinal = 1, .deed = Deed::kill};
        one(blow);
        const std::vector<std::string> left = record_.unseen();
        if (std::ranges::find(left, mark) == left.end()) {
          break;
        }
      }
    }
  }

  void strike_all(std::vector<Blow> blows) {
    std::ranges::stable_sort(blows, {}, &Blow::scene);
    std::vector<std::vector<Blow>> chunks;
    for (Blow& blow : blows) {
      if (chunks.empty() || chunks.back().front().scene != blow.scene ||
          chunks.back().size() >= kCasesOfAChunk) {
        chunks.emplace_back();
      }
      chunks.back().push_back(std::move(blow));
    }
    // A supervisor that fails as it begins is waited for half a minute: not at the end.
    std::ranges::stable_partition(chunks, [](const std::vector<Blow>& chunk) {
      return std::ranges::find(chunk, Deed::error, &Blow::deed) != chunk.end();
    });
    spread(options_, record_, static_cast<std::int64_t>(chunks.size()), [&](std::int64_t number) {
      const auto& chunk = chunks[static_cast<std::size_t>(number)];
      const auto stage = stages_.take(chunk.front().scene);
      for (const Blow& blow : chunk) {
        if (options_.until_first && record_.failed()) {
          break;
        }
        hit(*stage, blow);
      }
    });
  }

  const Options& options_;
  Record& record_;
  std::mt19937_64 random_;
  Stages stages_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Reach>> reach_;
};

void harness(const Options& options, Record& record) {
  if (!ready_for_scenes(options)) {
    record.skip("the binary was built without RUNNER_TEST_POINTS");
    return;
  }
  Sweep(options, record).run();
}

}  // namespace

}  // namespace prove::points

int main(int argc, char** argv) {
  return prove::trace::among_own_pids(
      [&] { return prove::main(argc, argv, "points", prove::points::harness, 5); });
}
