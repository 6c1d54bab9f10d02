#include "tests/prove/remote/cases.h"

#include <random>

#include <fmt/format.h>

namespace prove::remote {

namespace {

using stub::FaultKind;
using stub::When;

const FaultKind kKinds[] = {FaultKind::cut,     FaultKind::failed,    FaultKind::unavailable,
                            FaultKind::timeout, FaultKind::forbidden, FaultKind::rate_limited,
                            FaultKind::slow,    FaultKind::truncated, FaultKind::oversize,
                            FaultKind::html,    FaultKind::redirect};

struct Stage {
  const char* name;
  const char* method;
  const char* path;
  int first;
};

/// The requests of a run's life in order: the base is looked at before anything starts, preparing
/// the worktree asks again and fetches, landing begins with asking.
const Stage kStages[] = {{"observe-ask", "POST", "git-upload-pack", 1},
                         {"prepare-ask", "POST", "git-upload-pack", 2},
                         {"prepare-pack", "POST", "git-upload-pack", 3},
                         {"land-ask", "POST", "git-upload-pack", 4},
                         {"push-refs", "GET", "info/refs?service=git-receive-pack", 1},
                         {"push-pack", "POST", "git-receive-pack", 1}};

/// What a server says on purpose is not tried again; a person is called. Everything else passes.
End end_of(FaultKind kind) {
  return kind == FaultKind::forbidden || kind == FaultKind::redirect ? End::either : End::landed;
}

stub::Fault fault_of(FaultKind kind, When when) {
  return {.kind = kind,
          .when = when,
          .milliseconds = kind == FaultKind::slow ? 1 : 200,
          .bytes = kind == FaultKind::slow ? 100 : 16 << 20,
          .location = "http://localhost:1/"};
}

std::string when_text(When when) {
  return when == When::before ? "before" : "after";
}

}  // namespace

std::vector<LandingCase> landing_cases() {
  std::vector<LandingCase> cases;
  for (const Stage& stage : kStages) {
    for (const FaultKind kind : kKinds) {
      for (const When when : {When::before, When::after}) {
        cases.push_back(
            {.name = fmt::format("{}-{}-{}", stage.name, to_string(kind), when_text(when)),
             .method = stage.method,
             .path = stage.path,
             .first = stage.first,
             .fault = fault_of(kind, when),
             .end = end_of(kind)});
      }
    }
  }
  const stub::Fault broken = fault_of(FaultKind::failed, When::before);
  cases.push_back({.name = "no-fault"});
  cases.push_back({.name = "lost-race", .other = Other::pushes});
  cases.push_back({.name = "lost-races", .other = Other::keeps_pushing, .end = End::either});
  cases.push_back({.name = "rewritten-base", .other = Other::rewrites, .end = End::person});
  cases.push_back({.name = "hook", .other = Other::refuses_by_hook, .end = End::person});
  cases.push_back({.name = "lost-race-and-cut",
                   .method = "POST",
                   .path = "git-receive-pack",
                   .fault = fault_of(FaultKind::cut, When::after),
                   .other = Other::pushes});
  cases.push_back({.name = "three-lost-answers",
                   .method = "POST",
                   .path = "git-receive-pack",
                   .times = 3,
                   .fault = fault_of(FaultKind::cut, When::after)});
  cases.push_back({.name = "no-push-ever",
                   .method = "POST",
                   .path = "git-receive-pack",
                   .times = 0,
                   .fault = broken,
                   .end = End::person});
  cases.push_back({.name = "no-answer-of-a-push-ever",
                   .method = "POST",
                   .path = "git-receive-pack",
                   .times = 0,
                   .fault = fault_of(FaultKind::cut, When::after)});
  cases.push_back({.name = "no-fetch-ever",
                   .method = "POST",
                   .path = "git-upload-pack",
                   .times = 0,
                   .fault = broken,
                   .end = End::nothing});
  return cases;
}

std::vector<LandingCase> drawn_cases(std::uint64_t seed, int count) {
  std::vector<LandingCase> cases;
  std::mt19937_64 random(mix(seed, "remote drawn"));
  for (int i = 0; i < count; ++i) {
    const Stage& stage = kStages[random() % std::size(kStages)];
    const FaultKind kind = kKinds[random() % std::size(kKinds)];
    cases.push_back({.name = fmt::format("drawn-{}", i),
                     .method = stage.method,
                     .path = stage.path,
                     .first = static_cast<int>(1 + random() % 3),
                     .times = static_cast<int>(1 + random() % 4),
                     .fault = fault_of(kind, random() % 2 == 0 ? When::before : When::after),
                     .other = random() % 4 == 0 ? Other::pushes : Other::none,
                     .end = End::either});
  }
  return cases;
}

std::vector<NotifyCase> notify_cases() {
  std::vector<NotifyCase> cases;
  for (const FaultKind kind : kKinds) {
    for (const When when : {When::before, When::after}) {
      cases.push_back(
          {.name = fmt::format("notify-{}-{}", to_string(kind), when_text(when)),
           .fault = fault_of(kind, when),
           .may_be_given_up = kind == FaultKind::forbidden || kind == FaultKind::redirect,
           .server_lies = kind == FaultKind::html && when == When::before});
    }
  }
  cases.push_back({.name = "notify-no-fault"});
  cases.push_back({.name = "notify-never",
                   .fault = fault_of(FaultKind::cut, When::before),
                   .times = 0,
                   .may_be_given_up = true});
  cases.push_back({.name = "notify-never-answered",
                   .fault = fault_of(FaultKind::cut, When::after),
                   .times = 0,
                   .may_be_given_up = true});
  return cases;
}

}  // namespace prove::remote
