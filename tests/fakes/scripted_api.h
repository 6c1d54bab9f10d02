#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runner/forge/api.h"

namespace fakes {

/// A forge that gives the answers it was told to, by path and query; anything else is not found.
/// For tests of what answers mean; how they travel is forge_api_test's.
class ScriptedApi final : public runner::forge::Api {
 public:
  using runner::forge::Api::get;
  /// `next`: path of the page behind it.
  void answer(const std::string& path, const std::string& body, const std::string& next = {}) {
    replies_.insert_or_assign(
        path, runner::forge::Reply{.status = 200, .body = body, .next = next, .kept = false});
  }
  void refuse(const std::string& path, jobs::ErrorKind kind) {
    replies_.insert_or_assign(path, jobs::fail(kind, "refused by the script"));
  }
  std::vector<jobs::Result<runner::forge::Reply>> get(std::span<const std::string> paths) override {
    const std::lock_guard lock(mutex_);
    std::vector<jobs::Result<runner::forge::Reply>> out;
    for (const std::string& path : paths) {
      asked.push_back(path);
      const auto found = replies_.find(path);
      out.push_back(found != replies_.end()
                        ? found->second
                        : jobs::fail(jobs::ErrorKind::not_found, "no such page: " + path));
    }
    return out;
  }
  jobs::Result<runner::forge::Reply> send(const runner::forge::Change& change) override {
    const std::lock_guard lock(mutex_);
    sent.push_back(change);
    const auto found = replies_.find(change.method + " " + change.path);
    return found != replies_.end()
               ? found->second
               : jobs::fail(jobs::ErrorKind::not_found, "no such page: " + change.path);
  }
  std::vector<jobs::Result<runner::forge::Reply>> query(
      std::span<const std::string> bodies) override {
    return std::vector<jobs::Result<runner::forge::Reply>>(
        bodies.size(), jobs::fail(jobs::ErrorKind::not_found, "no GraphQL here"));
  }
  std::string_view shown() const override { return "https://forge.example"; }

  std::vector<std::string> asked;
  std::vector<runner::forge::Change> sent;

 private:
  std::mutex mutex_;
  std::map<std::string, jobs::Result<runner::forge::Reply>> replies_;
};

}  // namespace fakes
