#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/base/result.h"

/// A small HTTP client over libcurl: http and https only, certificates verified, no redirect
/// followed, every wait and every answer bounded. What an answer means is for the caller to say,
/// except for the errors that all callers share.
namespace runner::http {

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string bearer;  ///< sent as "Authorization: Bearer ..."; stands in no error
  /// User and password, sent as "Authorization: Basic ..."; stand in no error.
  std::optional<std::pair<std::string, std::string>> basic;
  jobs::Duration connect_timeout = std::chrono::seconds(10);
  jobs::Duration timeout = std::chrono::seconds(30);
  /// Ends a request that gets less than a byte a second for so long; 0 = never.
  jobs::Duration patience{};
  std::size_t max_answer = 1U << 20U;
  /// May be sent twice: a connection that was kept can have been closed by the server, and what was
  /// sent over it goes out again over another. Otherwise it gets a connection of its own.
  bool repeatable = false;
  /// If given, it gets the body of an answer below 300 piece by piece, and `Answer::body` stays
  /// empty; its error ends the request and is what `send` returns.
  std::function<jobs::Status(std::string_view)> receive;
};

struct Answer {
  long status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  [[nodiscard]] std::optional<std::string> header(const std::string& lower_case_name) const;
};

class Client {
 public:
  virtual ~Client() = default;
  /// Any HTTP answer is a success here. transient: no connection, time out, answer too large;
  /// usage: a URL that is none or of another scheme, a header with a line break; denied: the
  /// server's certificate is not accepted.
  [[nodiscard]] jobs::Result<Answer> send(const Request& request);
  /// Several at once, a bounded number at a time; an answer for each, in their order. Connections
  /// are kept for later requests, also of later calls. May be called from any thread.
  [[nodiscard]] virtual std::vector<jobs::Result<Answer>> send_all(
      std::span<const Request> requests) = 0;
};

[[nodiscard]] std::unique_ptr<Client> make_client();

/// The error that a status of 300 and above stands for; nothing below that. 401 and 403 denied, 404
/// and 410 not_found, 409 conflict, 429 rate_limited until Retry-After, other 4xx denied, redirects
/// denied, 5xx transient.
[[nodiscard]] std::optional<jobs::Error> error_of(const Answer& answer, jobs::TimePoint now);

/// "120" or an HTTP date; nothing on anything else. At most a day ahead.
[[nodiscard]] std::optional<jobs::TimePoint> parse_retry_after(std::string_view text,
                                                               jobs::TimePoint now);

/// The URL without user, query and fragment, which may hold secrets: for messages.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace runner::http
