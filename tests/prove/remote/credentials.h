#pragma once

#include "tests/prove/frame/harness.h"

namespace prove::remote {

/// Landing with a user and a secret: they reach the remote of the manifest and nobody else, whoever
/// asks. The manifests cannot name one yet, so this drives the git workspace itself.
void prove_credentials(const Options& options, Record& record);

}  // namespace prove::remote
