#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "jobs/model/turn.h"
#include "runner/agents/stream.h"
#include "runner/process/agent_files.h"
#include "runner/process/container.h"
#include "runner/process/fd.h"
#include "runner/process/turn_environment.h"
#include "runner/process/turn_files.h"
#include "runner/process/turn_log.h"

namespace runner::process {

/// Runs one turn from the start of its program to the last word of its end. One thread, one poll()
/// with a timeout of a fifth of a second; knows nothing of who may run the turn and leaves
/// exit.json to the caller.
class TurnLoop {
 public:
  TurnLoop(const jobs::TurnSpec& spec, const TurnView& view, const TurnPaths& paths,
           const Lookup& lookup);

  /// `signals`: a signalfd with CHLD, TERM, INT and HUP, which must be blocked.
  [[nodiscard]] ExitFile run(int signals);

 private:
  using Milliseconds = std::int64_t;  // of a clock that only goes forward

  [[nodiscard]] std::optional<ExitFile> start();
  [[nodiscard]] ExitFile not_started(const std::string& why);
  void look_at_what_is_left();
  void wait(int signals);
  void read_output(int most_reads);
  void read_from(Fd& from, bool errors, int most_reads);
  void take(std::vector<agents::StreamEvent> events);
  void keep_usage(const jobs::Usage& usage);
  void read_agent_end(jobs::TurnExit& exit);
  void look_at_agent_files();
  void look_for_stop_request();
  void check_limits();
  void request_stop(jobs::TurnEnd why, std::string detail);
  void beat(bool force);
  [[nodiscard]] ExitFile finish(const ProgramEnd& end);
  [[nodiscard]] Heartbeat heartbeat() const;

  const jobs::TurnSpec& spec_;
  const TurnPaths& paths_;
  std::map<std::string, std::string> env_;
  SandboxNeeds needs_;
  TurnLog log_;
  AgentFiles agent_files_;
  std::unique_ptr<agents::StreamReader> stream_;  ///< of an agent of a known kind
  std::unique_ptr<Container> container_;
  Fd output_;
  Fd errors_;  ///< stderr, where stdout is a stream of events
  Fd heartbeat_;
  std::optional<jobs::TurnEnd> stopping_;
  std::string stop_detail_;
  Milliseconds started_ = 0;    // wall clock of the deadline: goes on while the machine sleeps
  Milliseconds last_sign_ = 0;  // of life; stands still while the machine sleeps
  Milliseconds kill_at_ = 0;
  std::optional<Milliseconds> final_at_;  ///< its agent said its final word, and nothing since
  Milliseconds next_beat_ = 0;
  Milliseconds next_look_ = 0;
  bool heard_ = false;
  jobs::Usage usage_;
};

}  // namespace runner::process
