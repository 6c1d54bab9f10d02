#pragma once

#include "tests/prove/frame/harness.h"
#include "tests/sim_support/moves.h"

namespace sim {

/// Lives through worlds until `lifecycles` of them are counted; notes what they counted, saw and
/// found. Honours every option of the frame.
void prove_worlds(const prove::Options& options, prove::Record& record, Profile profile,
                  const std::string& what, std::int64_t wanted);

}  // namespace sim
