// The clock jumps: by a second, an hour and ten years, forward and back, at every named point; for
// one process (a spike) or from then on; and the host comes back with another boot id.
#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "tests/prove/frame/stages.h"
#include "tests/prove/time/cases.h"
#include "tests/prove/time/jump.h"
#include "tests/prove/trace/own_pids.h"

namespace prove::time_jumps {

namespace {

using test_support::Scene;

std::string mark_of(const std::string& point) {
  return "the clock jumped at " + point;
}

void add(std::vector<Jump>& to, std::vector<Jump> more) {
  std::ranges::move(more, std::back_inserter(to));
}

class Jumps {
 public:
  Jumps(const Options& options, Record& record)
      : options_(options), record_(record), stages_(options) {}

  void run() {
    for (const std::string_view name : jobs::kPointNames) {
      record_.expect(mark_of(std::string(name)));
    }
    record_.expect("a lease from the future was taken over");
    if (!options_.only.empty()) {
      one_called(options_.only);
      return;
    }
    learn();
    // Some points are passed only where two processes meet at the right moment.
    for (int round = 0; round < 3 && !unseen().empty() && !record_.failed(); ++round) {
      learn();
      record_.count("more rounds, for points that were not passed");
    }
    make(others(), options_);
  }

 private:
  /// A jump at every point, in every scene; and what that tells of the points of each. Every part
  /// of a night that is run in several has to know it.
  void learn() {
    Options whole = options_;
    whole.share = whole.shares = 1;
    std::vector<Jump> jumps;
    for (const Scene& scene : test_support::scenes()) {
      add(jumps, alternating(scene.name));
    }
    make(std::move(jumps), whole);
    make(left_out(), whole);
  }

  /// Ten years at one point send a tick another way than the one to the next point: where none of
  /// those runs came, the jump is made there alone, in a scene that comes there otherwise: in the
  /// next one too where that was by chance.
  std::vector<Jump> left_out() {
    std::vector<Jump> jumps;
    for (const std::string_view name : jobs::kPointNames) {
      const std::string point(name);
      for (const auto& [scene, points] : near_) {
        if (!far_.contains(point) && points.contains(point)) {
          add(jumps, alone(scene, point));
        }
      }
    }
    return jumps;
  }

  /// In the night a jump at every point that a scene comes by.
  std::vector<Jump> others() {
    std::vector<Jump> jumps;
    const bool quick = options_.tier == Tier::quick;
    for (const Scene& scene : test_support::scenes()) {
      std::set<std::string> points = {"process_start"};
      if (!quick) {
        points.merge(std::set<std::string>(near_[scene.name]));
      }
      for (const std::string& point : points) {
        // Every alternating run has a second at every point.
        add(jumps, lasting(scene.name, point,
                           quick ? std::set<std::int64_t>{kSecond} : std::set<std::int64_t>{}));
      }
      if (scene.after) {
        continue;  // what is struck is no tick
      }
      jumps.push_back(reboot(scene.name));
      if (!quick || scene.name == "new" || scene.name == "land") {
        jumps.push_back(foreign_lease(scene.name));
      }
    }
    return jumps;
  }

  /// "SCENE POINT JUMP alone", "SCENE reboot", ...
  void one_called(const std::string& name) {
    std::istringstream words(name);
    std::string scene;
    std::string point;
    words >> scene >> point;
    std::vector<Jump> jumps = alternating(scene);
    add(jumps, lasting(scene, point));
    add(jumps, alone(scene, point));
    jumps.push_back(reboot(scene));
    jumps.push_back(foreign_lease(scene));
    std::erase_if(jumps, [&](const Jump& each) { return each.name != name; });
    if (jumps.empty()) {
      throw std::runtime_error("there is no case called " + name);
    }
    make(std::move(jumps), options_);
  }

  /// Those that wait long, such as for a turn that does not end by itself, among those that do not.
  void make(std::vector<Jump> jumps, const Options& options) {
    std::mt19937_64 random(mix(options.seed, "time"));
    std::ranges::shuffle(jumps, random);
    spread(options, record_, static_cast<std::int64_t>(jumps.size()), [&](std::int64_t number) {
      const Jump& what = jumps[static_cast<std::size_t>(number)];
      // In a scene that comes next, where one before it had it.
      if (what.kind == Kind::alone && options.only.empty() && !unseen().contains(what.point)) {
        return;
      }
      made(what, jump(*stages_.take(what.scene), what, options_, record_));
    });
  }

  void made(const Jump& what, const std::set<std::string>& passed) {
    switch (what.kind) {
      case Kind::alternating: {
        for (const std::string& point : passed) {
          record_.count("jumps at a point");
          if (what.far) {
            record_.seen(mark_of(point));
          }
        }
        const std::lock_guard guard(mutex_);
        (what.far ? far_ : near_[what.scene]).insert(passed.begin(), passed.end());
        record_.count("runs with a jump at every point", passed.empty() ? 0 : 1);
        break;
      }
      case Kind::lasting:
        record_.count("lasting jumps", passed.contains(what.point) ? 1 : 0);
        break;
      case Kind::once:
        record_.count("jumps for one process", passed.contains(what.point) ? 1 : 0);
        break;
      case Kind::alone:
        if (passed.contains(what.point)) {
          record_.seen(mark_of(what.point));
          record_.count("jumps at a point");
        }
        break;
      case Kind::reboot: record_.count("reboots", passed.empty() ? 0 : 1); break;
      case Kind::foreign_lease:
        if (!passed.empty()) {
          record_.count("leases from the future");
          record_.seen("a lease from the future was taken over");
        }
        break;
    }
  }

  /// The points that no jump of ten years was at.
  [[nodiscard]] std::set<std::string> unseen() const {
    std::set<std::string> points;
    const std::string before = mark_of("");
    for (const std::string& mark : record_.unseen()) {
      if (mark.starts_with(before)) {
        points.insert(mark.substr(before.size()));
      }
    }
    return points;
  }

  const Options& options_;
  Record& record_;
  Stages stages_;
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> near_;  ///< points passed with small jumps, by scene
  std::set<std::string> far_;                          ///< points passed with jumps of ten years
};

void harness(const Options& options, Record& record) {
  if (!ready_for_scenes(options)) {
    record.skip("the binary was built without RUNNER_TEST_POINTS");
    return;
  }
  Jumps(options, record).run();
}

}  // namespace

}  // namespace prove::time_jumps

int main(int argc, char** argv) {
  return prove::trace::among_own_pids(
      [&] { return prove::main(argc, argv, "time", prove::time_jumps::harness, 5); });
}
