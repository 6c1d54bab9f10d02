#include "runner/forge/credential.h"

#include "jobs/base/sha256.h"

namespace runner::forge {

jobs::Result<std::string> TokenCredential::token() {
  const std::lock_guard lock(mutex_);
  if (!token_) {
    token_ = http::read_secret(secret_, environment_);
  }
  return *token_;
}

jobs::Result<std::string> TokenCredential::digest() {
  RUNNER_ASSIGN(const std::string secret, token());
  return jobs::sha256_hex("who asks a forge: " + secret);
}

}  // namespace runner::forge
