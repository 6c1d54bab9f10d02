#pragma once

#include <cstdint>
#include <string>

#include "tests/prove/frame/harness.h"

namespace prove::store {

/// One random story of two ticks that share a state: every answer of the store is compared with the
/// model's, and at the end the oracle reads what is in the file.
void story(const Options& options, Record& record, std::int64_t number, const std::string& folder);

/// One power cut before the n-th write of a few steps, played on a file layer that forgets whatever
/// was not synced. False: there are fewer than `number` writes.
bool power_cut(const Options& options, Record& record, std::int64_t number,
               const std::string& folder);

}  // namespace prove::store
