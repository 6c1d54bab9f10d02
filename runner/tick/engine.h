#pragma once

#include <functional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/ports.h"
#include "runner/tick/report.h"

namespace runner {

struct TickOptions {
  std::vector<jobs::TickJob> jobs;  ///< empty = all, in the default order
  std::string owner;                ///< of the lease: "host:pid:start-time:boot-id"
  std::string host;
  std::string version;
  /// Asked between steps and effects; true ends the tick early. May be empty.
  std::function<bool()> interrupted;
  bool keep_lease =
      false;  ///< renew the lease from a thread of its own; needs ports that allow several threads
  /// Repositories that are observed at a time, each from a thread of its own; 1 = one after the
  /// other in the caller's thread, for ports of which only one thread may ask.
  std::size_t observers = 8;
};

/// One tick: lease, then for each job observe, decide, record, apply. The caller has checked the
/// kill switch of the manifests and of the environment; `runner pause` is checked here. What fails
/// on one repository or run is collected in the report. Exit code: 0 done, or another tick holds
/// the lease; 1 something failed; that of `fatal` if the tick could not go on.
[[nodiscard]] TickReport run_tick(const jobs::ReaderPorts& readers,
                                  const jobs::WriterPorts& writers, const jobs::Fleet& fleet,
                                  const TickOptions& options, const Listener& listener);

/// Observe and decide only. There is no writer port in its signature, so it cannot write (invariant
/// 7).
[[nodiscard]] TickReport dry_run_tick(const jobs::ReaderPorts& readers, const jobs::Fleet& fleet,
                                      const TickOptions& options, const Listener& listener);

/// The decision about one issue as it would fall now, for `runner explain`: also when the issue is
/// no candidate (closed, or without the ready label), which the error then says.
[[nodiscard]] jobs::Result<jobs::Decision> explain_now(const jobs::ReaderPorts& readers,
                                                       const jobs::Fleet& fleet, bool kill_switch,
                                                       const std::string& kill_switch_detail,
                                                       const jobs::IssueKey& issue);

}  // namespace runner
