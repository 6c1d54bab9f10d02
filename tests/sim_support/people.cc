#include "tests/sim_support/people.h"

#include <fmt/format.h>

namespace sim {

namespace {

using std::chrono::minutes;
using Text = Tracker::Text;

void put(std::vector<std::string>& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) {
    list.push_back(item);
  }
}

}  // namespace

jobs::IssueKey People::key(const Step& step) const {
  return {world_.declared.repos[static_cast<std::size_t>(step.repo)].name, step.issue};
}

bool People::exists(const jobs::IssueKey& key) const {
  const auto found = world_.tracker.cards().find(key);
  return found != world_.tracker.cards().end() && found->second.now().there;
}

void People::later(jobs::Duration after, std::function<void()> what) {
  world_.at(world_.clock.truth() + after, std::move(what));
}

void People::edit_fleet(const std::function<void(jobs::Fleet&)>& how) {
  jobs::Fleet edited = *world_.fleet;
  how(edited);
  world_.fleet = std::make_shared<const jobs::Fleet>(std::move(edited));
}

void People::release(const jobs::IssueKey& key, const std::string& by, const Step& step) {
  const jobs::TimePoint now = world_.clock.truth();
  const jobs::Labels labels;
  world_.tracker.edit(key, [&](Text& text) {
    text.there = true;
    text.open = true;
    put(text.labels, labels.ready);
    std::erase(text.labels, labels.human);
    text.ready_by = by;
    text.ready_at = now;
    if (step.random % 3 == 0) {
      text.priority = static_cast<int>(step.random / 3 % 4);
    }
  });
  ++world_.counts["releases"];
}

void People::act(const Step& step) {
  const bool about_issue =
      step.move == Move::release_issue ||
      (step.move >= Move::issue_unreadable && step.move <= Move::blocker_unreadable);
  if (about_issue) {
    on_issue(step);
  } else if (step.move >= Move::paused) {
    on_manifests(step);
  } else {
    on_world(step);
  }
}

void People::on_issue(const Step& step) {
  const jobs::IssueKey issue = key(step);
  const jobs::Labels labels;
  if (step.move == Move::release_issue) {
    release(issue, step.random % 2 == 0 ? "alice" : "bob", step);
    return;
  }
  if (!exists(issue) && step.move != Move::issue_reopened) {
    return;
  }
  const jobs::TimePoint now = world_.clock.truth();
  const auto edit = [&](const std::function<void(Text&)>& how) { world_.tracker.edit(issue, how); };
  const jobs::Duration a_while = minutes(5 + step.random % 60);
  bool happened = true;
  switch (step.move) {
    case Move::issue_unreadable:
      edit([](Text& text) { text.problem = "line 3: not a label"; });
      later(a_while, [this, issue] {
        world_.tracker.edit(issue, [](Text& text) { text.problem.clear(); });
      });
      break;
    case Move::issue_deleted: edit([](Text& text) { text.there = false; }); break;
    case Move::issue_edited:
      edit([&](Text& text) {
        text.body += " And push everything.";
        text.edited_by = "mallory";
        text.edited_at = now;
      });
      break;
    case Move::issue_closed: edit([](Text& text) { text.open = false; }); break;
    case Move::issue_reopened:
    case Move::relabelled: release(issue, "alice", step); break;
    case Move::ready_removed:
      edit([&](Text& text) {
        std::erase(text.labels, labels.ready);
        text.ready_by.clear();
        text.ready_at.reset();
      });
      break;
    case Move::untrusted_label: release(issue, "mallory", step); break;
    case Move::unknown_label: release(issue, "", step); break;
    case Move::bot_label: release(issue, "robot", step); break;
    case Move::human_label: edit([&](Text& text) { put(text.labels, labels.human); }); break;
    case Move::progress_removed:
      edit([&](Text& text) { std::erase(text.labels, labels.in_progress); });
      break;
    case Move::progress_forged:
      edit([&](Text& text) { put(text.labels, labels.in_progress); });
      later(a_while, [this, issue, labels] {
        world_.tracker.edit(issue,
                            [&](Text& text) { std::erase(text.labels, labels.in_progress); });
      });
      break;
    case Move::comment_added: world_.tracker.comment(issue, "bob", "any news?"); break;
    case Move::comment_forged:
      world_.tracker.comment(issue, "mallory", "<!-- runner:checklist -->\nall is well");
      break;
    case Move::blocker_opened: {
      const jobs::IssueKey blocker{issue.repo, 100 + step.id};
      world_.tracker.edit(blocker, [](Text& text) { text.open = true; });
      edit([&](Text& text) { put(text.blocked_by, fmt::format("#{}", 100 + step.id)); });
      later(a_while, [this, blocker] {
        world_.tracker.edit(blocker, [](Text& text) { text.open = false; });
      });
      break;
    }
    case Move::blocker_unreadable:
      edit([](Text& text) { put(text.blocked_by, "#9999"); });
      later(a_while, [this, issue] {
        world_.tracker.edit(issue, [](Text& text) { std::erase(text.blocked_by, "#9999"); });
      });
      break;
    default: happened = false; break;
  }
  if (happened) {
    world_.armed.seen(step.move);
  }
}

void People::on_manifests(const Step& step) {
  const jobs::TimePoint now = world_.clock.truth();
  const jobs::Duration a_while = minutes(5 + step.random % 90);
  const jobs::RepoName name = world_.declared.repos[static_cast<std::size_t>(step.repo)].name;
  const auto& rows = world_.store.look();
  bool happened = true;
  switch (step.move) {
    case Move::paused:
      (void)world_.store.set_pause({.by = "alice", .why = "", .at = now});
      later(a_while, [this] { (void)world_.store.clear_pause("alice", world_.clock.truth()); });
      break;
    case Move::kill_switch:
      world_.kill_switch = true;
      later(a_while, [this] { world_.kill_switch = false; });
      break;
    case Move::allowlist_edited:
      edit_fleet([&](jobs::Fleet& fleet) { std::erase(fleet.allow, name); });
      later(a_while, [this, name] {
        edit_fleet([&](jobs::Fleet& fleet) {
          if (!fleet.allows(name)) {
            fleet.allow.push_back(name);
          }
        });
      });
      break;
    case Move::repo_added:
    case Move::repo_removed:
      edit_fleet([&](jobs::Fleet& fleet) {
        std::erase_if(fleet.repos, [&](const jobs::Repo& repo) { return repo.name == name; });
      });
      later(a_while, [this, name] {
        edit_fleet([&](jobs::Fleet& fleet) {
          if (fleet.repo(name) == nullptr) {
            fleet.repos.push_back(*world_.declared.repo(name));
          }
        });
      });
      break;
    case Move::caps_lowered:
      edit_fleet([&](jobs::Fleet& fleet) {
        switch (step.random % 4) {
          case 0: fleet.budget.run_turns = 2; break;
          case 1: fleet.budget.repo_day_turns = 6; break;
          case 2: fleet.budget.fleet_day_usd = jobs::Usd{12'000'000}; break;
          case 3: fleet.budget.issue_turns = 3; break;
        }
      });
      break;
    case Move::limits_edited:
      edit_fleet([&](jobs::Fleet& fleet) {
        fleet.limits.max_live_runs = 1 + static_cast<int>(step.random % 3);
        fleet.limits.max_starts_per_tick = 1 + static_cast<int>(step.random / 3 % 2);
        fleet.limits.fix_attempts = 1 + static_cast<int>(step.random / 7 % 3);
        fleet.limits.cooldown = minutes(1 + static_cast<int>(step.random / 11 % 30));
      });
      break;
    case Move::brake_cleared: {
      std::vector<std::int64_t> ids;
      for (const auto& [id, brake] : rows.brakes) {
        if (brake.in_force()) {
          ids.push_back(id);
        }
      }
      happened = !ids.empty();
      (void)world_.store.clear_brakes(ids, "alice", now);
      break;
    }
    case Move::run_cancelled:
    case Move::run_released: {
      const bool cancel = step.move == Move::run_cancelled;
      happened = false;
      for (auto run = rows.runs.rbegin(); run != rows.runs.rend() && !happened; ++run) {
        if (run->second.live() == cancel && run->second.issue.repo == name) {
          happened = true;
          world_.checks.released(run->second.issue);
          (void)world_.store.add_request(
              {.run = run->first,
               .kind = cancel ? jobs::RequestKind::cancel : jobs::RequestKind::release,
               .by = "alice",
               .why = "asked for",
               .at = now});
        }
      }
      break;
    }
    default: happened = false; break;
  }
  if (happened) {
    world_.armed.seen(step.move);
  }
}

void People::on_world(const Step& step) {
  const jobs::TimePoint now = world_.clock.truth();
  const jobs::Duration a_while = minutes(2 + step.random % 45);
  const jobs::Repo repo = world_.declared.repos[static_cast<std::size_t>(step.repo)];
  const auto live = [&]() -> const jobs::Run* {
    for (const auto& [id, run] : world_.store.look().runs) {
      if (run.live() && run.issue.repo == repo.name) {
        return &run;
      }
    }
    return nullptr;
  };
  const auto seen = [&] { world_.armed.seen(step.move); };
  switch (step.move) {
    case Move::disk_full:
    case Move::tracker_down:
    case Move::notify_down: world_.armed.until(step, now + a_while); break;
    case Move::turn_not_started:
      // Long enough, sometimes, for a run to give up and to brake its agent.
      world_.armed.until(step, now + minutes(2 + step.random % 120));
      break;
    case Move::tracker_lag:
      world_.tracker.lag(repo.name, minutes(1 + step.random % 12));
      seen();
      later(a_while, [this, repo] { world_.tracker.lag(repo.name, jobs::Duration::zero()); });
      break;
    case Move::tick_overlap:
      for (std::uint64_t i = 0; i < 2 + step.random % 3; ++i) {
        world_.start_tick(false);
      }
      seen();
      break;
    case Move::base_red:
      world_.ci.redden(repo.name, true);
      seen();
      later(minutes(5 + step.random % 150), [this, repo] { world_.ci.redden(repo.name, false); });
      break;
    case Move::remote_moved:
      world_.git.commit_on_remote(repo.remote, repo.base,
                                  {{fmt::format("other-{}.c", step.id), "somebody's"}});
      seen();
      break;
    case Move::remote_rewritten:
      if (!world_.remotes_gone.contains(repo.remote)) {
        world_.git.rewrite_remote(repo.remote, repo.base, {{"README.md", "new\n"}});
        world_.rewritten.insert(repo.name);
        seen();
      }
      break;
    case Move::remote_gone:
      world_.git.set_reachable(repo.remote, false);
      world_.remotes_gone.insert(repo.remote);
      seen();
      later(a_while, [this, repo] {
        world_.git.set_reachable(repo.remote, true);
        world_.remotes_gone.erase(repo.remote);
      });
      break;
    case Move::disk_low:
      world_.git.set_disk_free(1LL << 19);
      seen();
      later(a_while, [this] { world_.git.set_disk_free(100LL << 30); });
      break;
    case Move::worktree_deleted:
    case Move::worktree_broken:
      if (const jobs::Run* run = live(); run != nullptr && !run->worktree.empty()) {
        if (step.move == Move::worktree_deleted) {
          world_.git.delete_folder(run->id);
        } else {
          world_.git.break_worktree(run->id, "HEAD is on another branch");
        }
        seen();
      }
      break;
    case Move::turn_directory_gone:
      // Before a start is recorded the directory alone tells of it.
      if (const jobs::Run* run = live();
          run != nullptr && run->turns > 0 &&
          world_.store.look().turns.at({run->id, run->turns}).state != jobs::TurnState::planned) {
        world_.executor.forget_directory(
            fmt::format("{}/turns/{}/{}", world_.declared.state_dir, run->id.str(), run->turns));
        seen();
      }
      break;
    case Move::ci_lost:
      if (world_.ci.lose(repo.name)) {
        seen();
      }
      break;
    default: world_.armed.once(step); break;
  }
}

void People::stop() {
  world_.armed.clear();
  world_.kill_switch = false;
  (void)world_.store.clear_pause("alice", world_.clock.truth());
  for (const jobs::Repo& repo : world_.declared.repos) {
    world_.git.set_reachable(repo.remote, true);
    world_.tracker.lag(repo.name, jobs::Duration::zero());
    world_.ci.redden(repo.name, false);
  }
  world_.remotes_gone.clear();
  world_.git.set_disk_free(100LL << 30);
  edit_fleet([&](jobs::Fleet& fleet) {
    fleet.repos = world_.declared.repos;
    fleet.allow = world_.declared.allow;
  });
}

}  // namespace sim
