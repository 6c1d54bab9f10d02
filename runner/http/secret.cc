#include "runner/http/secret.h"

#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace runner::http {

namespace {

constexpr std::streamsize kMaxSecret = 64 << 10;

}  // namespace

jobs::Result<std::string> read_secret(const jobs::SecretRef& secret,
                                      const Environment& environment) {
  std::string value;
  switch (secret.source) {
    case jobs::SecretRef::Source::env: value = environment(secret.name).value_or(""); break;
    case jobs::SecretRef::Source::file: {
      std::ifstream file(secret.name, std::ios::binary);
      value.resize(static_cast<std::size_t>(kMaxSecret));
      file.read(value.data(), kMaxSecret);
      value.resize(static_cast<std::size_t>(file.gcount()));
      break;
    }
  }
  value = jobs::trimmed(value);
  if (value.empty()) {
    return jobs::fail(
        jobs::ErrorKind::denied,
        fmt::format("the token is missing: {} is not set or empty", shown_secret(secret)));
  }
  return value;
}

std::string shown_secret(const jobs::SecretRef& secret) {
  const bool env = secret.source == jobs::SecretRef::Source::env;
  return fmt::format("{} {}", env ? "variable" : "file", jobs::one_line(secret.name));
}

std::string without(std::string text, const std::string& secret) {
  constexpr std::string_view kGone = "[redacted]";
  for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos;
       at = text.find(secret, at + kGone.size())) {
    text.replace(at, secret.size(), kGone);
  }
  return text;
}

}  // namespace runner::http
