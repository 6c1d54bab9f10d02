#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/result.h"
#include "runner/forge/retry.h"
#include "runner/http/client.h"

/// What an answer of a forge means: whose business a refusal is, and what helps. Pure.
namespace runner::forge {

/// "remaining 0 until 12:00", as the headers say it. Times further ahead than a day are not
/// believed: parse_retry_after cuts them, a reset is cut the same way.
[[nodiscard]] RateHeaders rate_headers(const http::Answer& answer, jobs::TimePoint now);

/// The error that an answer stands for; nothing for one below 300 with JSON or nothing in it.
/// rate_limited comes without `until`: decide_retry knows. `credential`: where it lies, for hints
/// ("variable GITHUB_TOKEN").
[[nodiscard]] std::optional<jobs::Error> meaning_of(const http::Answer& answer,
                                                    std::string_view credential);

/// The same for an answer to GraphQL, which says "limited" with status 200.
[[nodiscard]] std::optional<jobs::Error> meaning_of_graphql(const http::Answer& answer,
                                                            std::string_view credential);

/// "/repositories/42" of the address that a moved repository's answer names; "" if the answer is no
/// such redirect. `root`: of the API.
[[nodiscard]] std::string moved_repository(const http::Answer& answer, std::string_view root);

}  // namespace runner::forge
