#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tests/stub/message.h"

namespace stub {

/// What was asked and what was answered. `fault` is "" or e.g. "cut after".
struct Exchange {
  Request request;
  std::int64_t at = 0;  ///< ms since 1970
  std::string fault;
  int status = 0;                ///< 0: no answer was sent
  std::int64_t answered_at = 0;  ///< ms since 1970
  std::size_t bytes = 0;         ///< of the answer's body
  std::string answer;            ///< the body, where it is kept
};

/// What the server really did, whether or not the client learnt of it.
struct Effect {
  std::int64_t request = 0;  ///< its number; 0: somebody else's doing
  std::int64_t at = 0;
  std::string what;  ///< "notified", "pushed", "label added", ...
  std::string detail;
};

/// Every request and every effect, kept apart. With a file, each is also written there as one line
/// of JSON at once, so that other processes can read it and nothing is lost with the server.
class Log {
 public:
  explicit Log(std::string file = "") : file_(std::move(file)) {}

  /// Gives the request its number.
  void asked(Request& request);
  void faulted(std::int64_t number, const std::string& fault);
  void answered(std::int64_t number, int status, const std::string& body = "");
  void effect(std::int64_t request, const std::string& what, const std::string& detail);

  [[nodiscard]] std::vector<Exchange> exchanges() const;
  [[nodiscard]] std::vector<Effect> effects() const;
  [[nodiscard]] std::vector<Effect> effects(const std::string& what) const;
  /// From now on exchanges hold what was answered.
  void keep_answers();
  /// How many requests had this method ("" = any) and a target that matches.
  [[nodiscard]] int count(const std::string& method, const std::string& path) const;
  /// True if the text stands in any request: its target, headers (basic credentials decoded) or
  /// body.
  [[nodiscard]] bool holds(const std::string& text) const;

 private:
  void append(const std::string& line);

  mutable std::mutex mutex_;
  std::string file_;
  bool keeps_answers_ = false;
  std::vector<Exchange> exchanges_;
  std::vector<Effect> effects_;
};

}  // namespace stub
