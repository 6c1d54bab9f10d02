#pragma once

#include <functional>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"

/// Secrets on their way from where they lie to a request, and nowhere else.
namespace runner::http {

/// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Read now: a file may have been replaced since. denied: not there, empty, or not to be read.
[[nodiscard]] jobs::Result<std::string> read_secret(const jobs::SecretRef& secret,
                                                    const Environment& environment);

/// "variable GITHUB_TOKEN", "file /run/secrets/token": where it lies, for messages.
[[nodiscard]] std::string shown_secret(const jobs::SecretRef& secret);

/// The text with every occurrence of the secret taken out.
[[nodiscard]] std::string without(std::string text, const std::string& secret);

}  // namespace runner::http
