#include <algorithm>

#include "jobs/base/names.h"
#include "jobs/pipelines/next_action.h"

namespace jobs {

namespace {

constexpr NameTable<ActionKind, 15> kActions{{{ActionKind::wait, "wait"},
                                              {ActionKind::start_turn, "start-turn"},
                                              {ActionKind::advance, "advance"},
                                              {ActionKind::roll_back, "roll-back"},
                                              {ActionKind::watch_ci, "watch-ci"},
                                              {ActionKind::land, "land"},
                                              {ActionKind::merge, "merge"},
                                              {ActionKind::start_ci, "start-ci"},
                                              {ActionKind::retry_later, "retry-later"},
                                              {ActionKind::stop_turn, "stop-turn"},
                                              {ActionKind::close, "close"},
                                              {ActionKind::escalate, "escalate"},
                                              {ActionKind::freeze, "freeze"},
                                              {ActionKind::cancel, "cancel"},
                                              {ActionKind::finish, "finish"}}};

}  // namespace

std::string_view to_string(ActionKind kind) {
  return name_of(kActions, kind);
}

const Stage& stage_named(const Pipeline& pipeline, std::string_view name) {
  const auto found = std::ranges::find(pipeline.stages, name, &Stage::name);
  return found == pipeline.stages.end() ? pipeline.stages.front() : *found;
}

const Stage* stage_after(const Pipeline& pipeline, std::string_view name) {
  const auto found = std::ranges::find(pipeline.stages, name, &Stage::name);
  if (found == pipeline.stages.end() || std::next(found) == pipeline.stages.end()) {
    return nullptr;
  }
  return &*std::next(found);
}

const Stage& agent_stage_before(const Pipeline& pipeline, std::string_view name) {
  const Stage* nearest = nullptr;
  for (const Stage& stage : pipeline.stages) {
    if (stage.name == name && nearest != nullptr) {
      break;
    }
    if (stage.kind == StageKind::agent) {
      nearest = &stage;
    }
  }
  return nearest == nullptr ? pipeline.stages.front() : *nearest;
}

bool belongs_to_fix_forward(const RunView& view, const Action& action) {
  return view.run.step == RunStep::watching &&
         (action.kind == ActionKind::roll_back || action.kind == ActionKind::freeze);
}

}  // namespace jobs
