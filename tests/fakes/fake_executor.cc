#include "tests/fakes/fake_executor.h"

#include <utility>

#include <fmt/format.h>

namespace fakes {

using jobs::ErrorKind;
using jobs::Result;
using jobs::Status;
using State = jobs::TurnFacts::State;

FakeExecutor::Script FakeExecutor::take_script(const std::string& directory) {
  if (const auto own = own_scripts_.find(directory); own != own_scripts_.end()) {
    return own->second;
  }
  if (scripts_.empty()) {
    return {};
  }
  Script next = std::move(scripts_.front());
  scripts_.pop_front();
  return next;
}

void FakeExecutor::end(Turn& turn, jobs::TurnExit exit) {
  exit.at = clock_->now();
  turn.facts.state = State::ended;
  turn.facts.exit = std::move(exit);
}

void FakeExecutor::finish(const std::string& directory, jobs::TurnExit exit) {
  end(turns_.at(directory), std::move(exit));
}

void FakeExecutor::lose(const std::string& directory, int orphans) {
  auto& turn = turns_.at(directory);
  turn.orphans = orphans;
  end(turn, {.end = jobs::TurnEnd::lost,
             .exit_code = 0,
             .signal = 0,
             .detail = "its supervisor died without saying how the turn ended",
             .at = {}});
}

int FakeExecutor::starts(const std::string& directory) const {
  const auto found = starts_.find(directory);
  return found == starts_.end() ? 0 : found->second;
}

int FakeExecutor::starts() const {
  int sum = 0;
  for (const auto& [directory, count] : starts_) {
    sum += count;
  }
  return sum;
}

int FakeExecutor::processes() const {
  int sum = 0;
  for (const auto& [directory, turn] : turns_) {
    sum += turn.orphans + (turn.facts.state == State::running ? 1 : 0);
  }
  return sum;
}

const jobs::TurnSpec* FakeExecutor::spec(const std::string& directory) const {
  const auto found = turns_.find(directory);
  return found == turns_.end() ? nullptr : &found->second.spec;
}

Result<jobs::TurnFacts> FakeExecutor::observe(const std::string& turn_directory) {
  const auto found = turns_.find(turn_directory);
  if (found == turns_.end()) {
    return jobs::TurnFacts{};
  }
  Turn& turn = found->second;
  if (turn.facts.state == State::running && !turn.script.hangs && turn.script.looks-- <= 0) {
    end(turn, turn.script.exit);
  }
  return turn.facts;
}

Result<std::vector<std::string>> FakeExecutor::list() {
  std::vector<std::string> result;
  for (const auto& [directory, turn] : turns_) {
    result.push_back(directory);
  }
  return result;
}

Status FakeExecutor::start(const jobs::TurnSpec& wanted, const jobs::Fence& still_ours) {
  ++start_calls_;
  if (!failures_.empty()) {
    jobs::Error error = std::move(failures_.front());
    failures_.pop_front();
    return error;
  }
  jobs::TurnSpec spec = wanted;
  const std::string expected = fmt::format("{}/{}/{}", root_, spec.run.str(), spec.number);
  if (spec.directory.empty()) {
    spec.directory = expected;
  }
  if (spec.directory != expected || spec.argv.empty()) {
    return jobs::fail(ErrorKind::usage, spec.directory + " is not the directory of this turn");
  }
  if (const auto found = turns_.find(spec.directory); found != turns_.end()) {
    if (found->second.spec.issue == spec.issue) {
      return jobs::ok();
    }
    return jobs::fail(ErrorKind::conflict, spec.directory + " exists and belongs to another turn");
  }
  RUNNER_TRY(jobs::ask(still_ours));
  ++starts_[spec.directory];
  Turn& turn = turns_[spec.directory];
  turn.spec = spec;
  turn.script = take_script(spec.directory);
  turn.facts.state = State::running;
  turn.facts.started_at = clock_->now();
  turn.facts.containment = "pid-namespace";
  turn.facts.usage = turn.script.usage;
  turn.facts.blocked = turn.script.blocked;
  turn.facts.phases = turn.script.phases;
  turn.facts.notes = turn.script.notes;
  turn.facts.output_tail = turn.script.output;
  turn.facts.output_bytes = static_cast<std::int64_t>(turn.script.output.size());
  if (!turn.script.output.empty()) {
    turn.facts.last_output_at = clock_->now();
  }
  if (turn.script.work) {
    turn.script.work(turn.spec);
  }
  return jobs::ok();
}

Status FakeExecutor::stop(const std::string& turn_directory, const std::string& why) {
  const auto found = turns_.find(turn_directory);
  if (found == turns_.end()) {
    return jobs::ok();
  }
  stop_reasons_.push_back(why);
  found->second.orphans = 0;
  if (found->second.facts.state == State::running) {
    end(found->second, {.end = jobs::TurnEnd::stopped,
                        .exit_code = 0,
                        .signal = 15,
                        .detail = "stopped: " + why,
                        .at = {}});
  }
  return jobs::ok();
}

Result<int> FakeExecutor::reap(const std::string& turn_directory) {
  const auto found = turns_.find(turn_directory);
  return found == turns_.end() ? 0 : std::exchange(found->second.orphans, 0);
}

Status FakeExecutor::remove(const std::string& turn_directory) {
  const auto found = turns_.find(turn_directory);
  if (found == turns_.end()) {
    return jobs::ok();
  }
  if (found->second.facts.state == State::running) {
    return jobs::fail(ErrorKind::conflict, "the turn in " + turn_directory + " is still running");
  }
  turns_.erase(found);
  return jobs::ok();
}

}  // namespace fakes
