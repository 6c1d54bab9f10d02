#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/model/fleet.h"
#include "runner/trackers/forgejo_parts.h"

namespace runner::trackers::forgejo {

/// The labelled issues of many repositories, asked for together: one search for each owner. A
/// search is silent about a repository that is gone, renamed or without issues, so that it counts
/// only for those that the server lists as accessible with issues turned on; each of the others is
/// asked by itself and says what is wrong with it. Thread-safe.
class Announced {
 public:
  Announced();
  Announced(const Announced&) = delete;
  Announced& operator=(const Announced&) = delete;
  ~Announced();
  /// `places`: "acme/shop". Below a handful of them, or where anything fails, nothing is known
  /// afterwards.
  void read(Server& server, const std::vector<std::string>& places, const jobs::Labels& labels);
  /// Open issues of the repository that carry the label, or others of its issues besides. Once for
  /// each label: what is asked again is to be asked anew. Nothing = it is not known.
  [[nodiscard]] std::optional<std::vector<nlohmann::json>> take(const std::string& place,
                                                                const std::string& label);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<nlohmann::json>> issues_;  ///< place in lower case -> issues
  std::set<std::pair<std::string, std::string>> told_;         ///< place, label
};

}  // namespace runner::trackers::forgejo
