#pragma once

#include "tests/oracle/judge.h"

namespace oracle {

/// Invariant 5: the ledger, the caps, and what the fake meter counted.
void judge_books(const Observation& now, const Rules& rules, std::vector<Finding>& findings);

}  // namespace oracle
