// The stable names of the model's enums. They stand in the state file, in JSON and in metrics:
// never change one.
#include "jobs/base/names.h"

#include "jobs/model/decision.h"
#include "jobs/model/effect.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"
#include "jobs/model/tick.h"
#include "jobs/model/turn.h"

namespace jobs {

namespace {

constexpr NameTable<Outcome, 5> kOutcomes{{{Outcome::landed, "landed"},
                                           {Outcome::needs_human, "needs-human"},
                                           {Outcome::frozen, "frozen"},
                                           {Outcome::cancelled, "cancelled"},
                                           {Outcome::superseded, "superseded"}}};

constexpr NameTable<RunStep, 8> kSteps{{{RunStep::preparing, "preparing"},
                                        {RunStep::turning, "turning"},
                                        {RunStep::landing, "landing"},
                                        {RunStep::proposed, "proposed"},
                                        {RunStep::watching, "watching"},
                                        {RunStep::waiting, "waiting"},
                                        {RunStep::ending, "ending"},
                                        {RunStep::ended, "ended"}}};

constexpr NameTable<Phase, 7> kPhases{{{Phase::worktree, "worktree"},
                                       {Phase::tests_red, "tests-red"},
                                       {Phase::green, "green"},
                                       {Phase::pushed, "pushed"},
                                       {Phase::ci, "ci"},
                                       {Phase::deployed, "deployed"},
                                       {Phase::done, "done"}}};

constexpr NameTable<RequestKind, 2> kRequests{
    {{RequestKind::cancel, "cancel"}, {RequestKind::release, "release"}}};

constexpr NameTable<TurnKind, 3> kTurnKinds{{{TurnKind::opening, "opening"},
                                             {TurnKind::corrective, "corrective"},
                                             {TurnKind::command, "command"}}};

constexpr NameTable<TurnState, 3> kTurnStates{{{TurnState::planned, "planned"},
                                               {TurnState::running, "running"},
                                               {TurnState::ended, "ended"}}};

constexpr NameTable<TurnEnd, 10> kTurnEnds{{{TurnEnd::exited, "exited"},
                                            {TurnEnd::signalled, "signalled"},
                                            {TurnEnd::deadline, "deadline"},
                                            {TurnEnd::silent, "silent"},
                                            {TurnEnd::first_byte, "first-byte"},
                                            {TurnEnd::over_budget, "over-budget"},
                                            {TurnEnd::lingered, "lingered"},
                                            {TurnEnd::stopped, "stopped"},
                                            {TurnEnd::not_started, "not-started"},
                                            {TurnEnd::lost, "lost"}}};

constexpr NameTable<AgentEnd, 11> kAgentEnds{{{AgentEnd::none, "none"},
                                              {AgentEnd::success, "success"},
                                              {AgentEnd::failed, "failed"},
                                              {AgentEnd::unfinished, "unfinished"},
                                              {AgentEnd::empty, "empty"},
                                              {AgentEnd::refused, "refused"},
                                              {AgentEnd::budget, "budget"},
                                              {AgentEnd::quota, "quota"},
                                              {AgentEnd::overload, "overload"},
                                              {AgentEnd::authentication, "authentication"},
                                              {AgentEnd::no_session, "no-session"}}};

constexpr NameTable<EffectKind, 13> kEffects{{{EffectKind::set_labels, "set-labels"},
                                              {EffectKind::upsert_comment, "upsert-comment"},
                                              {EffectKind::close_issue, "close-issue"},
                                              {EffectKind::prepare_worktree, "prepare-worktree"},
                                              {EffectKind::start_turn, "start-turn"},
                                              {EffectKind::stop_turn, "stop-turn"},
                                              {EffectKind::land, "land"},
                                              {EffectKind::open_pull, "open-pull"},
                                              {EffectKind::merge_pull, "merge-pull"},
                                              {EffectKind::start_ci, "start-ci"},
                                              {EffectKind::rescue, "rescue"},
                                              {EffectKind::release_worktree, "release-worktree"},
                                              {EffectKind::notify, "notify"}}};

constexpr NameTable<EffectState, 4> kEffectStates{{{EffectState::pending, "pending"},
                                                   {EffectState::claimed, "claimed"},
                                                   {EffectState::done, "done"},
                                                   {EffectState::given_up, "given-up"}}};

constexpr NameTable<LedgerKind, 3> kLedgerKinds{{{LedgerKind::reserve, "reserve"},
                                                 {LedgerKind::settle, "settle"},
                                                 {LedgerKind::release, "release"}}};

constexpr NameTable<TickJob, 4> kJobs{{{TickJob::watch, "watch"},
                                       {TickJob::fix_forward, "fix-forward"},
                                       {TickJob::poll, "poll"},
                                       {TickJob::janitor, "janitor"}}};

}  // namespace

std::string_view to_string(Outcome outcome) {
  return name_of(kOutcomes, outcome);
}
std::optional<Outcome> parse_outcome(std::string_view text) {
  return value_of(kOutcomes, text);
}
std::string_view to_string(RunStep step) {
  return name_of(kSteps, step);
}
std::optional<RunStep> parse_run_step(std::string_view text) {
  return value_of(kSteps, text);
}
std::string_view to_string(Phase phase) {
  return name_of(kPhases, phase);
}
std::optional<Phase> parse_phase(std::string_view text) {
  return value_of(kPhases, text);
}
std::string_view to_string(RequestKind kind) {
  return name_of(kRequests, kind);
}
std::optional<RequestKind> parse_request_kind(std::string_view text) {
  return value_of(kRequests, text);
}
std::string_view to_string(TurnKind kind) {
  return name_of(kTurnKinds, kind);
}
std::optional<TurnKind> parse_turn_kind(std::string_view text) {
  return value_of(kTurnKinds, text);
}
std::string_view to_string(TurnState state) {
  return name_of(kTurnStates, state);
}
std::optional<TurnState> parse_turn_state(std::string_view text) {
  return value_of(kTurnStates, text);
}
std::string_view to_string(TurnEnd end) {
  return name_of(kTurnEnds, end);
}
std::optional<TurnEnd> parse_turn_end(std::string_view text) {
  return value_of(kTurnEnds, text);
}
std::string_view to_string(AgentEnd end) {
  return name_of(kAgentEnds, end);
}
std::optional<AgentEnd> parse_agent_end(std::string_view text) {
  return value_of(kAgentEnds, text);
}
std::string_view to_string(EffectKind kind) {
  return name_of(kEffects, kind);
}
std::optional<EffectKind> parse_effect_kind(std::string_view text) {
  return value_of(kEffects, text);
}
std::string_view to_string(EffectState state) {
  return name_of(kEffectStates, state);
}
std::optional<EffectState> parse_effect_state(std::string_view text) {
  return value_of(kEffectStates, text);
}
std::string_view to_string(LedgerKind kind) {
  return name_of(kLedgerKinds, kind);
}
std::optional<LedgerKind> parse_ledger_kind(std::string_view text) {
  return value_of(kLedgerKinds, text);
}
std::string_view to_string(TickJob job) {
  return name_of(kJobs, job);
}
std::optional<TickJob> parse_tick_job(std::string_view text) {
  return value_of(kJobs, text);
}

}  // namespace jobs
