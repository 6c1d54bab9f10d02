#pragma once

#include <string>
#include <string_view>

namespace jobs {

/// SHA-256 of `bytes` as 64 lower-case hex digits (FIPS 180-4). For digests of texts, lock files
/// and ledger rows. Own code because the kernel may use no library and a digest is needed in its
/// pure functions.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace jobs
