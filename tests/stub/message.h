#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP messages as plain values, whole bodies only.
namespace stub {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of a header, whatever the case of its name; nothing if it is not there.
[[nodiscard]] std::optional<std::string> header(const Headers& headers, std::string_view name);

struct Request {
  std::int64_t number = 0;  ///< in the log, from 1
  std::string method;
  std::string target;  ///< as it came: path and query
  std::string path;
  std::map<std::string, std::string> query;  ///< decoded
  Headers headers;
  std::string body;  ///< chunks put together; still compressed if it came so
};

struct Answer {
  int status = 200;
  Headers headers;
  std::string body;
};

[[nodiscard]] Answer plain(int status, const std::string& text);
[[nodiscard]] Answer json_answer(int status, const std::string& json);
[[nodiscard]] std::string_view reason_of(int status);
/// Status line and headers with a Content-Length of the body, or of `pretended` bytes.
[[nodiscard]] std::string head_of(const Answer& answer,
                                  std::optional<std::size_t> pretended = std::nullopt);

/// From the first line and the header lines; nothing if they are none. The body is not filled in.
[[nodiscard]] std::optional<Request> parse_head(std::string_view head);
[[nodiscard]] std::string percent_decoded(std::string_view text);
/// "user:password" of "Basic dXNlcjpwYXNzd29yZA=="; empty for anything else.
[[nodiscard]] std::string basic_credential(const std::string& authorization);

}  // namespace stub
