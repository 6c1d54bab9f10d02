#pragma once

#include "jobs/base/result.h"
#include "runner/tick/engine.h"

/// What a tick and a dry run begin with.
namespace runner {

/// The row of a new tick: its id, the wanted jobs in the default order, when and where.
[[nodiscard]] jobs::TickRow new_row(const jobs::ReaderPorts& readers, const TickOptions& options);

/// `runner pause`, the one source of the kill switch that lives in the state; noted in the report.
[[nodiscard]] jobs::Result<bool> is_paused(const jobs::ReaderPorts& readers, TickReport& report);

/// Ends the report with an error that stopped the tick.
void end_with(TickReport& report, jobs::Error error);

}  // namespace runner
