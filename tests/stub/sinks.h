#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/stub/log.h"
#include "tests/stub/message.h"

namespace stub {

struct Notified {
  std::int64_t request = 0;
  std::string path;
  std::string key;  ///< its Idempotency-Key
  std::string body;
};

/// Takes whatever is posted to it, and keeps it. A repeat of a key is kept too, so that a test can
/// count.
class NotificationSink {
 public:
  [[nodiscard]] Answer take(const Request& request, Log& log);
  [[nodiscard]] std::vector<Notified> all() const;
  /// How often each key came.
  [[nodiscard]] std::map<std::string, int> keys() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Notified> all_;
};

/// A Pushgateway as far as pushing goes: PUT replaces a group (its path below /metrics), POST
/// replaces the families it names, DELETE forgets the group, GET shows everything. Text that is no
/// exposition format is refused with 400.
class MetricsSink {
 public:
  [[nodiscard]] Answer take(const Request& request, Log& log);
  /// Group ("/job/runner/instance/a") -> family -> its lines.
  [[nodiscard]] std::map<std::string, std::map<std::string, std::string>> groups() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::string>> groups_;
};

}  // namespace stub
