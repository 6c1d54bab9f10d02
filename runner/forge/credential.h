#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "runner/http/secret.h"

namespace runner::forge {

/// Who asks. Thread-safe.
class Credential {
 public:
  virtual ~Credential() = default;
  /// What is sent now; one that ends soon is made anew. denied: it is missing or not accepted.
  [[nodiscard]] virtual jobs::Result<std::string> token() = 0;
  /// For whom answers are kept (jobs::HttpCacheKey); the same as long as the answers are. Not a
  /// secret.
  [[nodiscard]] virtual jobs::Result<std::string> digest() = 0;
  /// Where it lies, for messages: "variable GITHUB_TOKEN".
  [[nodiscard]] virtual std::string shown() const = 0;
};

/// A token that somebody put into the environment or a file, read once when it is first needed: a
/// tick sees one token, the next may see another.
class TokenCredential final : public Credential {
 public:
  TokenCredential(jobs::SecretRef secret, http::Environment environment)
      : secret_(std::move(secret)), environment_(std::move(environment)) {}
  [[nodiscard]] jobs::Result<std::string> token() override;
  [[nodiscard]] jobs::Result<std::string> digest() override;
  [[nodiscard]] std::string shown() const override { return http::shown_secret(secret_); }

 private:
  jobs::SecretRef secret_;
  http::Environment environment_;
  std::mutex mutex_;
  std::optional<jobs::Result<std::string>> token_;
};

/// Nobody: public data of a forge that gives it away.
class NoCredential final : public Credential {
 public:
  [[nodiscard]] jobs::Result<std::string> token() override { return std::string(); }
  [[nodiscard]] jobs::Result<std::string> digest() override { return std::string(); }
  [[nodiscard]] std::string shown() const override { return "none"; }
};

}  // namespace runner::forge
