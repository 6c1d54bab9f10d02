#pragma once

#include <optional>
#include <string_view>

#include "jobs/base/error.h"
#include "jobs/model/turn.h"

/// Whose failure it was: from a status, else from words that are known.
namespace runner::agents {

struct Failure {
  jobs::AgentEnd end = jobs::AgentEnd::failed;
  std::optional<jobs::TimePoint> until;
  friend bool operator==(const Failure&, const Failure&) = default;
};

/// By the status of the provider's answer: 401 and 403 are the credential, 402 and 429 the quota,
/// 408, 409 and 5xx the provider. Nothing for any other.
[[nodiscard]] std::optional<jobs::AgentEnd> end_of_status(int status);

/// By words that are known, in this order: a session that is gone, the credential, the quota, a
/// status in the text, the provider, the budget, a refusal. `failed` where none of them is there.
[[nodiscard]] Failure failure_of_words(std::string_view text, jobs::TimePoint now);

/// The moment that `text` names for another try: seconds since 1970, an RFC 3339 time, "in 3 hours
/// 5 minutes", "resets 3pm (UTC)". Nothing where it names none, and none that is past or more than
/// 32 days ahead. A time of day without a zone is nothing: it would be guessed.
[[nodiscard]] std::optional<jobs::TimePoint> reset_in(std::string_view text, jobs::TimePoint now);

}  // namespace runner::agents
