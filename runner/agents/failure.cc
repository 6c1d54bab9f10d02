#include "runner/agents/failure.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace runner::agents {

using jobs::AgentEnd;

namespace {

constexpr std::size_t kMostText = 16U << 10;  // a failure is said in a few lines

std::string lower(std::string_view text) {
  std::string result(text.substr(0, kMostText));
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return result;
}

template <std::size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// Seen in recordings, or in the programs' own texts.
constexpr std::array<std::string_view, 6> kNoSession = {
    "no conversation found", "no rollout found", "session not found",
    "thread/resume failed",  "no saved session", "notfounderror: session"};
constexpr std::array<std::string_view, 16> kAuthentication = {"invalid api key",
                                                              "invalid x-api-key",
                                                              "incorrect api key",
                                                              "authentication_error",
                                                              "authentication_failed",
                                                              "authentication failed",
                                                              "failed to authenticate",
                                                              "unauthorized",
                                                              "please run /login",
                                                              "not logged in",
                                                              "oauth token has expired",
                                                              "token expired",
                                                              "permission_error",
                                                              "missing environment variable",
                                                              "no api key",
                                                              "providerautherror"};
constexpr std::array<std::string_view, 14> kQuota = {
    "usage limit",       "rate limit",         "rate_limit",
    "hit your limit",    "limit reached",      "quota",
    "too many requests", "credit balance",     "insufficient credit",
    "out of credits",    "insufficient_funds", "payment required",
    "billing",           "session limit"};
constexpr std::array<std::string_view, 22> kOverload = {
    "overloaded",         "high demand",       "at capacity",
    "server_error",       "server error",      "service unavailable",
    "bad gateway",        "gateway timeout",   "stream disconnected",
    "connection refused", "connection reset",  "connection error",
    "econnrefused",       "econnreset",        "etimedout",
    "enotfound",          "fetch failed",      "temporarily unavailable",
    "unable to connect",  "request timed out", "error sending request",
    "network error"};
constexpr std::array<std::string_view, 4> kBudget = {"maximum budget", "max_budget",
                                                     "maximum number of turns", "max turns"};
constexpr std::array<std::string_view, 6> kRefused = {
    "usage policy",   "content policy", "content_policy",
    "content_filter", "content filter", "flagged as potentially violating"};

/// The status in "unexpected status 401 Unauthorized", "API Error: 529", "Request rejected (429)".
std::optional<int> status_in(std::string_view text) {
  for (const std::string_view before : {"status: ", "status ", "error: ", "error ", "(", "http "}) {
    for (std::size_t at = text.find(before); at != std::string_view::npos;
         at = text.find(before, at + 1)) {
      const std::string_view digits = text.substr(at + before.size(), 4);
      const bool three = digits.size() >= 3 && std::ranges::all_of(digits.substr(0, 3), [](char c) {
                           return c >= '0' && c <= '9';
                         });
      const bool whole = digits.size() < 4 || digits[3] < '0' || digits[3] > '9';
      if (three && whole && digits[0] >= '4' && digits[0] <= '5') {
        return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<AgentEnd> end_of_status(int status) {
  if (status == 401 || status == 403) {
    return AgentEnd::authentication;
  }
  if (status == 402 || status == 429) {
    return AgentEnd::quota;
  }
  if (status == 408 || status == 409 || (status >= 500 && status <= 599)) {
    return AgentEnd::overload;
  }
  return std::nullopt;
}

Failure failure_of_words(std::string_view text, jobs::TimePoint now) {
  const std::string words = lower(text);
  const auto with_time = [&](AgentEnd end) {
    const bool waits = end == AgentEnd::quota || end == AgentEnd::overload;
    return Failure{.end = end, .until = waits ? reset_in(text, now) : std::nullopt};
  };
  if (has_any(words, kNoSession)) {
    return {.end = AgentEnd::no_session, .until = std::nullopt};
  }
  if (has_any(words, kAuthentication)) {
    return {.end = AgentEnd::authentication, .until = std::nullopt};
  }
  if (has_any(words, kQuota)) {
    return with_time(AgentEnd::quota);
  }
  if (const auto status = status_in(words)) {
    if (const auto end = end_of_status(*status)) {
      return with_time(*end);
    }
  }
  if (has_any(words, kOverload)) {
    return with_time(AgentEnd::overload);
  }
  if (has_any(words, kBudget)) {
    return {.end = AgentEnd::budget, .until = std::nullopt};
  }
  if (has_any(words, kRefused)) {
    return {.end = AgentEnd::refused, .until = std::nullopt};
  }
  return {};
}

}  // namespace runner::agents
