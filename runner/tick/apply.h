#pragma once

#include <functional>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/pipelines/prompt.h"
#include "jobs/ports/ports.h"
#include "runner/tick/report.h"

namespace runner {

/// The lease this tick works under, shared with whoever renews it.
struct TickContext {
  const jobs::Fleet& fleet;
  const jobs::ReaderPorts& readers;
  const jobs::WriterPorts& writers;
  jobs::Lease lease;
  jobs::TickId tick;
  TickReport& report;
  const Listener& listener;
  const std::function<bool()>& interrupted;  ///< may be empty
};

/// interrupted, once a person or the system asked the tick to stop. What is recorded is carried out
/// by the next tick.
[[nodiscard]] jobs::Status check_interrupt(const TickContext& context);

/// Carries recorded effects out, in order per run: each row is claimed, then done, then finished
/// together with what it changed. A row that fails for a while holds up the later rows of its run,
/// not those of other runs.
class Applier {
 public:
  explicit Applier(TickContext& context) : context_(context) {}

  /// Every due row, or only those of one run. An error is one of the state itself (or the lost
  /// lease) and ends the tick.
  [[nodiscard]] jobs::Status apply(const std::optional<jobs::RunId>& only);

 private:
  /// True if the next row of the same run may go on.
  [[nodiscard]] jobs::Result<bool> apply_row(const jobs::OutboxRow& row);
  [[nodiscard]] jobs::Result<jobs::Change> between_points(const jobs::Effect& effect,
                                                          const jobs::Run& run);
  [[nodiscard]] jobs::Result<jobs::Change> carry_out(const jobs::Effect& effect,
                                                     const jobs::Run& run);
  [[nodiscard]] jobs::Result<jobs::Change> on_tracker(const jobs::Effect& effect,
                                                      const jobs::Run& run, const jobs::Repo& repo);
  /// Writes the checklist, and keeps the comment's id in the run.
  [[nodiscard]] jobs::Result<jobs::Change> write_comment(jobs::TrackerWriter& tracker,
                                                         const jobs::Effect& effect,
                                                         const jobs::Run& run,
                                                         const jobs::Repo& repo);
  /// Asks whether the lease is still ours, and renews it.
  [[nodiscard]] jobs::Fence fence() const;
  [[nodiscard]] jobs::Result<jobs::Change> on_git(const jobs::Effect& effect, const jobs::Run& run,
                                                  const jobs::Repo& repo);
  [[nodiscard]] jobs::Result<jobs::Change> on_pull(const jobs::Effect& effect, const jobs::Run& run,
                                                   const jobs::Repo& repo);
  /// The template of an agent's turn in that stage.
  [[nodiscard]] jobs::Result<jobs::PromptText> prompt_of(const jobs::Repo& repo,
                                                         const jobs::Stage& stage,
                                                         const jobs::Run& run);
  [[nodiscard]] jobs::Result<jobs::Change> start_turn(const jobs::Effect& effect,
                                                      const jobs::Run& run, const jobs::Repo& repo);
  [[nodiscard]] jobs::Result<jobs::Change> stop_turn(const jobs::Effect& effect,
                                                     const jobs::Run& run);
  [[nodiscard]] jobs::Result<jobs::Change> start_ci(const jobs::Run& run, const jobs::Repo& repo);
  [[nodiscard]] jobs::Result<jobs::Change> notify(const jobs::Effect& effect, const jobs::Run& run);
  [[nodiscard]] jobs::Status finish(const jobs::OutboxRow& row, const jobs::Run& run,
                                    jobs::Result<jobs::Change> outcome);
  void say(TickLine::Level level, const std::string& event, const jobs::Effect& effect,
           const std::string& text) const;

  TickContext& context_;
};

}  // namespace runner
