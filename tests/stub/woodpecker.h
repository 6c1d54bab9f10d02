#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/stub/message.h"

namespace stub {

/// A server in Woodpecker's shape with its state in memory: repositories by number, pipelines
/// newest first, pages of at most 50, logs in base64. No more fields than its description
/// (tests/stub/specs/woodpecker-3.json).
class Woodpecker {
 public:
  /// Activates a repository, anew with another number. What it had is gone then.
  void activate(const std::string& repo);
  /// A pipeline with one workflow "build", running.
  std::int64_t start(const std::string& repo, const std::string& commit,
                     const std::string& event = "push", const std::string& branch = "main");
  /// Its end, with the log of its only step.
  void finish(const std::string& repo, std::int64_t number, const std::string& status,
              const std::string& log = {});

  [[nodiscard]] Answer answer(const Request& request);

 private:
  using Json = nlohmann::json;
  struct Repo {
    std::int64_t id = 0;
    std::vector<Json> pipelines;       ///< oldest first
    std::map<std::string, Json> logs;  ///< by "number/step"
  };
  Answer read(const Request& request, const Repo& repo, const std::vector<std::string>& rest) const;

  std::mutex mutex_;
  std::map<std::string, Repo> repos_;
  std::int64_t next_id_ = 41;
};

}  // namespace stub
