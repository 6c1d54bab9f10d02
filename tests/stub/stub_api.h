#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runner/forge/api.h"
#include "tests/stub/message.h"
#include "tests/stub/schema.h"

namespace stub {

/// The Api over a double's handler, without a network: what runner/forge does with connections,
/// limits and retries is tested where it lives. Every request and answer is held to the server's
/// published description; what is wrong with them is in `faults`.
class StubApi final : public runner::forge::Api {
 public:
  using Handler = std::function<Answer(const Request&)>;
  StubApi(std::string root, const std::string& schema, Handler handler);

  using Api::get;
  std::vector<jobs::Result<runner::forge::Reply>> get(std::span<const std::string> paths) override;
  jobs::Result<runner::forge::Reply> send(const runner::forge::Change& change) override;
  std::vector<jobs::Result<runner::forge::Reply>> query(
      std::span<const std::string> bodies) override;
  std::string_view shown() const override { return shown_; }

  /// Once: the next request of that method is carried out and its answer is lost.
  void lose_answer_to(const std::string& method) { lose_ = method; }
  /// "GET /api/v1/version" -> the status that it answers with from now on.
  std::map<std::string, int> statuses;
  std::vector<std::string> faults;
  std::vector<std::string> log;  ///< "POST /api/v1/..."

 private:
  jobs::Result<runner::forge::Reply> ask(const std::string& method, const std::string& path,
                                         const std::string& body);

  std::string root_;  ///< "/api/v1"
  std::string shown_;
  Schema schema_;
  Handler handler_;
  std::string lose_;
  std::mutex mutex_;
};

}  // namespace stub
