// What an answer means, for every caller alike.
#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/http/client.h"

namespace runner::http {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::size_t kShownBody = 200;
constexpr jobs::Duration kLongestWait = std::chrono::hours(24);
constexpr jobs::Duration kUnknownWait = std::chrono::minutes(1);

/// The three forms that a recipient has to read (RFC 9110, 5.6.7), at most in the year 9999.
std::optional<jobs::TimePoint> parse_http_date(const std::string& text) {
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), form, &parts);
    if (end == text.c_str() + text.size()) {
      return jobs::TimePoint(std::chrono::seconds(::timegm(&parts)));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Answer::header(const std::string& lower_case_name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return header.first == lower_case_name; });
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

std::optional<jobs::TimePoint> parse_retry_after(std::string_view text, jobs::TimePoint now) {
  const std::string value(jobs::trimmed(text));
  jobs::Duration wait{};
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc() && end == value.data() + value.size() && seconds >= 0) {
    wait = std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
  } else {
    const auto until = parse_http_date(value);
    if (!until) {
      return std::nullopt;
    }
    wait = std::max(*until - now, jobs::Duration::zero());
  }
  return now + std::min(wait, kLongestWait);
}

std::optional<jobs::Error> error_of(const Answer& answer, jobs::TimePoint now) {
  if (answer.status >= 100 && answer.status < 300) {
    return std::nullopt;
  }
  const std::string said = jobs::one_line(answer.body, kShownBody);
  const std::string what =
      fmt::format("the server answered {}{}{}", answer.status, said.empty() ? "" : ": ", said);
  switch (answer.status) {
    case 401:
    case 403: return fail(ErrorKind::denied, what, "check the token and what it may do");
    case 404:
    case 410: return fail(ErrorKind::not_found, what, "check the URL");
    case 408: return fail(ErrorKind::transient, what);
    case 409: return fail(ErrorKind::conflict, what);
    case 429: {
      jobs::Error error = fail(ErrorKind::rate_limited, what);
      error.until = parse_retry_after(answer.header("retry-after").value_or(""), now)
                        .value_or(now + kUnknownWait);
      return error;
    }
    default: break;
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fail(
        ErrorKind::denied,
        fmt::format("the server answered {}, a redirect, which is not followed", answer.status),
        "write the final URL into the manifest");
  }
  if (answer.status >= 400 && answer.status < 500) {
    return fail(ErrorKind::denied, what);
  }
  return fail(ErrorKind::transient, what);
}

}  // namespace runner::http
