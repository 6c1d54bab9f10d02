#pragma once

#include <string>

#include "jobs/model/fleet.h"

namespace jobs {

/// What has been spent (with open reservations) in every window that a cap watches.
struct SpendSoFar {
  Usage run;
  Usage issue;
  Usage repo_day;
  Usage fleet_day;
  Usage fleet_month;
};

/// The first cap that is reached, as one line ("repository spent 20.00 of 20.00 USD today"); empty
/// if a turn may be reserved. Reached means `>=`: a reservation is made only while spend is
/// strictly below every cap, so spend can pass a cap by at most one turn's reservation.
[[nodiscard]] std::string reached_cap(const Budget& budget, const SpendSoFar& spent);

/// What is reserved for one turn of the agent.
[[nodiscard]] Usage turn_allowance(const Budget& budget, const Limits& limits);

}  // namespace jobs
