#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/store.h"
#include "metrics/names.h"

namespace metrics {

struct Sample {
  std::vector<std::string> labels;  ///< values, in the order of Metric::labels
  double value = 0;
};

/// One metric with its samples, sorted by labels.
struct Family {
  Name name = Name::build_info;
  std::vector<Sample> samples;
};

/// Every metric's value now, from the state alone, so that it does not matter who asks or how
/// often. Series that alerts count on are there with 0 before anything happened. Families without a
/// value are left out.
[[nodiscard]] jobs::Result<std::vector<Family>> collect(jobs::StoreReader& store,
                                                        const jobs::Fleet& fleet, bool kill_switch,
                                                        jobs::TimePoint now);

}  // namespace metrics
