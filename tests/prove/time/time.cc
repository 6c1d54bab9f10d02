// The clock jumps: by a second, an hour and ten years, forward and back, at every named point; for
// one process (a spike) or from then on; and the host comes back with another boot id.
#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "tests/prove/time/jump.h"
#include "tests/prove/trace/own_pids.h"

namespace prove::time_jumps {

namespace {

using test_support::Scene;
using test_support::Stage;

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kTenYears = 315'360'000;
constexpr std::int64_t kSizes[] = {1, kHour, kTenYears};

std::string to(std::int64_t seconds) {
  return fmt::format("clock:{:+}", seconds);
}

class Jumps {
 public:
  Jumps(const Options& options, Record& record) : options_(options), record_(record) {
    if (!options.planted.empty()) {
      environment_.push_back("RUNNER_PLANTED=" + options.planted);
    }
  }

  void run() {
    for (const std::string_view name : jobs::kPointNames) {
      record_.expect("the clock jumped at " + std::string(name));
    }
    record_.expect("a lease from the future was taken over");
    for_all_scenes([&](const Scene& each) { scene(each); });
    left_out();
    // Some points are passed only where two processes meet at the right moment.
    for (int round = 0; round < 3 && point_unseen(); ++round) {
      for_all_scenes([&](const Scene& each) {
        Stage stage(each, environment_);
        alternating(each.name,
                    [&](const Jump& what) { return jump(stage, what, options_, record_); });
      });
      left_out();
      record_.count("more rounds, for points that were not passed");
    }
  }

 private:
  /// From the last to the first: those whose turns do not end by themselves take longest.
  void for_all_scenes(const std::function<void(const Scene&)>& work) {
    const auto& scenes = test_support::scenes();
    spread(options_, record_, static_cast<std::int64_t>(scenes.size()), [&](std::int64_t number) {
      work(scenes[scenes.size() - 1 - static_cast<std::size_t>(number)]);
    });
  }

  [[nodiscard]] bool point_unseen() const {
    return options_.only.empty() && !record_.failed() &&
           std::ranges::any_of(record_.unseen(), [](const std::string& mark) {
             return mark.starts_with("the clock jumped at ");
           });
  }

  [[nodiscard]] bool unseen(const std::string& point) const {
    const auto marks = record_.unseen();
    return std::ranges::find(marks, "the clock jumped at " + point) != marks.end();
  }

  /// All cases of one scene, one after the other on one stage.
  void scene(const Scene& scene) {
    std::unique_ptr<Stage> stage;
    const auto one = [&](const Jump& what) -> std::set<std::string> {
      if ((!options_.only.empty() && options_.only != what.name) ||
          (options_.until_first && record_.failed())) {
        return {};
      }
      if (!stage) {
        stage = std::make_unique<Stage>(scene, environment_);
      }
      return jump(*stage, what, options_, record_);
    };
    alternating(scene.name, one);
    lasting(scene.name, one);
    if (!scene.after) {  // what is struck is a tick
      reboot(scene.name, one);
      foreign_lease(scene.name, one);
    }
  }

  /// At every point of the list one jump, there and back in turns; once beginning with the one,
  /// once with the other, so that each point has seen both.
  template <typename One>
  void alternating(const std::string& scene, const One& one) {
    for (const std::int64_t size : kSizes) {
      for (const int first : {+1, -1}) {
        std::string points;
        int sign = first;
        for (const std::string_view name : jobs::kPointNames) {
          points += fmt::format("{}={};", name, to(sign * size));
          sign = -sign;
        }
        const auto passed = one({.scene = scene,
                                 .points = points,
                                 .far = size == kTenYears,
                                 .forward = true,
                                 .name = fmt::format("{} alternating {:+}", scene, first * size)});
        for (const std::string& name : passed) {
          record_.count("jumps at a point");
          if (size == kTenYears) {
            record_.seen("the clock jumped at " + name);
          }
        }
        const std::lock_guard guard(mutex_);
        (size == kTenYears ? far_ : near_[scene]).insert(passed.begin(), passed.end());
        record_.count("runs with a jump at every point", passed.empty() ? 0 : 1);
      }
    }
  }

  /// Ten years at one point send a tick another way than the one to the next point: where none of
  /// those runs came, the jump is made there alone, in a scene that comes there otherwise: in the
  /// next one too where that was by chance.
  void left_out() {
    std::map<std::string, std::set<std::string>> alone;  // by scene
    for (const std::string_view name : jobs::kPointNames) {
      const std::string point(name);
      for (const auto& [scene, points] : near_) {
        if (!far_.contains(point) && points.contains(point)) {
          alone[scene].insert(point);
        }
      }
    }
    if (options_.only.ends_with(" alone")) {  // "SCENE POINT JUMP alone"
      std::istringstream words(options_.only);
      std::string scene;
      std::string point;
      words >> scene >> point;
      alone[scene].insert(point);
    }
    const auto& scenes = test_support::scenes();
    spread(options_, record_, static_cast<std::int64_t>(scenes.size()), [&](std::int64_t number) {
      const Scene& scene = scenes[static_cast<std::size_t>(number)];
      const auto points = alone.find(scene.name);
      if (points == alone.end()) {
        return;
      }
      Stage stage(scene, environment_);
      for (const std::string& point : points->second) {
        if (options_.only.empty() && !unseen(point)) {
          continue;
        }
        for (const int sign : {+1, -1}) {
          const Jump what{
              .scene = scene.name,
              .points = fmt::format("{}={}", point, to(sign * kTenYears)),
              .far = true,
              .forward = true,
              .name = fmt::format("{} {} {:+} alone", scene.name, point, sign * kTenYears)};
          if ((options_.only.empty() || options_.only == what.name) &&
              jump(stage, what, options_, record_).contains(point)) {
            record_.seen("the clock jumped at " + point);
            record_.count("jumps at a point");
          }
        }
      }
    });
  }

  /// In the night every point that the scene comes by.
  std::set<std::string> lasting_points(const std::string& scene) {
    std::set<std::string> points = {"process_start"};
    if (options_.tier != Tier::quick) {
      const std::lock_guard guard(mutex_);
      points.insert(near_[scene].begin(), near_[scene].end());
    }
    if (!options_.only.empty()) {
      points.insert(std::begin(jobs::kPointNames), std::end(jobs::kPointNames));
    }
    return points;
  }

  /// One jump at one point; the clock stays there, or is right again in the next tick.
  template <typename One>
  void lasting(const std::string& scene, const One& one) {
    for (const std::string& point : lasting_points(scene)) {
      for (const std::int64_t size : kSizes) {
        for (const int sign : {+1, -1}) {
          for (const bool stays : {true, false}) {
            if (options_.tier == Tier::quick && size == 1) {
              continue;  // every alternating run has it at every point
            }
            const std::string jump = to(sign * size);
            const auto passed = one({.scene = scene,
                                     .points = fmt::format("{}={}", point, jump),
                                     .for_all = stays ? "process_start=" + jump : "",
                                     .far = stays && sign > 0 && size == kTenYears,
                                     .forward = sign > 0 || !stays,
                                     .name = fmt::format("{} {} {:+} {}", scene, point, sign * size,
                                                         stays ? "stays" : "once")});
            record_.count(stays ? "lasting jumps" : "jumps for one process",
                          passed.contains(std::string(point)) ? 1 : 0);
          }
        }
      }
    }
  }

  template <typename One>
  void reboot(const std::string& scene, const One& one) {
    const auto passed = one({.scene = scene,
                             .points = "process_start=boot",
                             .for_all = "process_start=boot",
                             .reboot = true,
                             .name = scene + " reboot"});
    record_.count("reboots", passed.empty() ? 0 : 1);
  }

  /// A tick of a host that nothing is known of died with a lease that ends in ten years.
  template <typename One>
  void foreign_lease(const std::string& scene, const One& one) {
    if (scene != "new" && scene != "land" && options_.tier == Tier::quick) {
      return;
    }
    const auto passed =
        one({.scene = scene,
             .points = fmt::format("process_start={};process_start=boot;tick_after_begin=kill",
                                   to(kTenYears)),
             .far = true,
             .forward = true,
             .name = scene + " foreign-lease"});
    if (!passed.empty()) {
      record_.count("leases from the future");
      record_.seen("a lease from the future was taken over");
    }
  }

  const Options& options_;
  Record& record_;
  std::vector<std::string> environment_;
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> near_;  ///< points passed with small jumps, by scene
  std::set<std::string> far_;                          ///< points passed with jumps of ten years
};

void harness(const Options& options, Record& record) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  {
    const test_support::Playground play;
    const std::string log = play.folder() + "/points.log";
    test_support::Playground asked;
    asked.environment.push_back("RUNNER_POINT_LOG=" + log);
    (void)asked.run({"version"});
    if (test_support::content_of(log).empty()) {
      record.skip("the binary was built without RUNNER_TEST_POINTS");
      return;
    }
  }
  Jumps(options, record).run();
}

}  // namespace

}  // namespace prove::time_jumps

int main(int argc, char** argv) {
  return prove::trace::among_own_pids(
      [&] { return prove::main(argc, argv, "time", prove::time_jumps::harness, 4); });
}
