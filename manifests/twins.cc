#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "manifests/validate.h"

namespace manifests {

namespace {

class Twins {
 public:
  Twins(Reading& reading, const Tables& tables, const jobs::Fleet& fleet)
      : reading_(reading), tables_(tables), fleet_(fleet) {}

  /// Pairs that have anything in common are looked up, so that a thousand repositories are not half
  /// a million comparisons.
  void report() {
    std::map<std::string, std::vector<std::size_t>> by_name;
    std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_remote;
    std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_path;
    for (std::size_t i = 0; i < fleet_.repos.size(); ++i) {
      const jobs::Repo& repo = fleet_.repos[i];
      if (!repo.name.empty()) {
        by_name[repo.name.str()].push_back(i);
      }
      if (!repo.remote.empty()) {
        by_remote[{repo.remote, repo.base}].push_back(i);
      }
      if (!repo.tracker.empty() && !repo.tracker_path.empty()) {
        by_path[{repo.tracker, repo.tracker_path}].push_back(i);
      }
    }
    std::set<std::pair<std::size_t, std::size_t>> pairs;  // later, first
    const auto pair_up = [&](std::size_t one, const std::vector<std::size_t>& others) {
      for (const std::size_t other : others) {
        if (one != other) {
          pairs.emplace(std::max(one, other), std::min(one, other));
        }
      }
    };
    for (std::size_t i = 0; i < fleet_.repos.size(); ++i) {
      const jobs::Repo& repo = fleet_.repos[i];
      pair_up(i, by_name[repo.name.str()]);
      pair_up(i, by_remote[{repo.remote, repo.base}]);
      const std::string& path = repo.tracker_path;
      for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
        const auto outer = by_path.find({repo.tracker, path.substr(0, end)});
        if (outer != by_path.end()) {
          pair_up(i, outer->second);
        }
        if (end == std::string::npos) {
          break;
        }
      }
    }
    for (const auto& [later, first] : pairs) {
      compare(first, later);
    }
  }

 private:
  [[nodiscard]] Position repo_position(std::size_t index) const {
    const Layer& layer = tables_.repos[index];
    return {layer.source->file, layer.table->line, layer.table->column};
  }

  void error(const Position& at, std::string message, Advice advice) {
    reading_.report.error(at, std::move(message), std::move(advice));
  }

  void compare(std::size_t first, std::size_t later) {
    const jobs::Repo& a = fleet_.repos[first];
    const jobs::Repo& b = fleet_.repos[later];
    const std::string hint = fmt::format("the other one is at {}", repo_position(first).str());
    const Advice advice{.expected = {}, .suggestion = {}, .hint = hint};
    if (!a.name.empty() && a.name == b.name) {
      return error(repo_position(later),
                   fmt::format("repository \"{}\" is declared twice", b.name.str()), advice);
    }
    if (!a.remote.empty() && a.remote == b.remote && a.base == b.base) {
      error(repo_position(later),
            fmt::format("\"{}\" has the same remote and base branch as \"{}\"", b.name.str(),
                        a.name.str()),
            advice);
    }
    if (!a.tracker.empty() && a.tracker == b.tracker && overlaps(a.tracker_path, b.tracker_path)) {
      error(repo_position(later),
            fmt::format("the issues of \"{}\" and \"{}\" would share a folder: {} and {}",
                        b.name.str(), a.name.str(), b.tracker_path, a.tracker_path),
            {.expected = {}, .suggestion = {}, .hint = "set tracker_path; " + hint});
    }
  }

  /// The same folder, or one inside the other.
  static bool overlaps(std::string_view a, std::string_view b) {
    const auto inside = [](std::string_view inner, std::string_view outer) {
      return !outer.empty() && inner.starts_with(outer) &&
             (inner.size() == outer.size() || inner[outer.size()] == '/');
    };
    return inside(a, b) || inside(b, a);
  }

  Reading& reading_;
  const Tables& tables_;
  const jobs::Fleet& fleet_;
};

}  // namespace

void report_twins(Reading& reading, const Tables& tables, const jobs::Fleet& fleet) {
  Twins(reading, tables, fleet).report();
}

}  // namespace manifests
