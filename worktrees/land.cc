#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/commits.h"
#include "worktrees/context.h"
#include "worktrees/git_error.h"
#include "worktrees/import.h"
#include "worktrees/land_guards.h"
#include "worktrees/land_merge.h"
#include "worktrees/land_propose.h"
#include "worktrees/land_text.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/refresh.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::LandRequest;
using jobs::LandResult;
using jobs::Oid;

constexpr std::size_t kMostCommits = 100'000;

LandResult landed(const Oid& commit, const Oid& head, const Oid& base) {
  LandResult result{.kind = LandResult::Kind::landed};
  result.commit = commit;
  result.head = head;
  result.base = base;
  return result;
}

std::string message_of(const jobs::Run& run, const std::string& first_line) {
  return fmt::format("{}\n\nCloses #{}\n\nRunner-Run: {}\n", first_line, run.issue.number,
                     run.id.str());
}

std::string landing_message(const jobs::Run& run) {
  const std::string title = subject_text(run.title);
  return message_of(run, title.empty() ? fmt::format("Merge {}", run.branch)
                                       : fmt::format("Merge {}: {}", run.branch, title));
}

class Lander {
 public:
  Lander(const Context& context, const jobs::Repo& repo, const LandRequest& request)
      : context_(context), repo_(repo), request_(request), run_(request.run) {}

  jobs::Result<LandResult> land() {
    if (!is_run_branch(run_.branch)) {
      return jobs::fail(ErrorKind::usage, fmt::format("'{}' is not a branch of the runner",
                                                      jobs::one_line(run_.branch, 100)));
    }
    RUNNER_ASSIGN(mirror_, open_or_make_mirror(context_.layout, repo_.name));
    context_.say(fmt::format("fetching {}", shown_url(repo_.remote)));
    RUNNER_ASSIGN(remote_base_, refresh_all(mirror_.get(), context_.access(repo_), repo_.base));
    RUNNER_ASSIGN(auto refusal, take_over());
    if (refusal) {
      return rejected(refusal->rule, refusal->message);
    }
    RUNNER_POINT(land_taken_over);
    // Before the guards: what is on the remote is a fact, whatever the rules say by now.
    if (!request_.merged.empty()) {
      return take_merged();
    }
    if (head_ != run_.base && contains(mirror_.get(), remote_base_, head_)) {
      RUNNER_ASSIGN(const Oid commit, landing_commit(mirror_.get(), remote_base_, head_));
      RUNNER_TRY(move_branch_on(commit));
      return landed(commit, head_, remote_base_);
    }
    RUNNER_ASSIGN(refusal, guard());
    if (refusal) {
      return rejected(refusal->rule, refusal->message);
    }
    RUNNER_POINT(land_guarded);
    return merge_and_push();
  }

 private:
  using Refused = jobs::Result<std::optional<Refusal>>;

  static Refused refuse(std::string rule, std::string message) {
    return std::optional(Refusal{std::move(rule), std::move(message)});
  }

  /// Finds the head to land and copies it into the mirror.
  Refused take_over() {
    RUNNER_ASSIGN(const Oid branch_head,
                  checkout_ref(context_.layout, repo_.name, "refs/heads/" + run_.branch));
    head_ = run_.head.empty() ? branch_head : run_.head;
    if (head_.empty()) {
      return refuse(
          "unverified",
          fmt::format("the branch {} is gone and no head of it was recorded", run_.branch));
    }
    RUNNER_ASSIGN(auto refusal, import_commit(mirror_.get(), context_.layout, repo_.name, head_));
    // A landing that was cut off has moved it on to what somebody merged.
    if (refusal || branch_head.empty() || branch_head == head_ || branch_head == request_.merged) {
      return refusal;
    }
    RUNNER_ASSIGN(refusal, import_commit(mirror_.get(), context_.layout, repo_.name, branch_head));
    if (refusal) {
      return refusal;
    }
    RUNNER_ASSIGN(const bool ours, is_our_merge(branch_head));
    if (!ours) {
      return refuse("unverified",
                    fmt::format("{} moved on to {} after {} was verified", run_.branch,
                                branch_head.str().substr(0, 10), head_.str().substr(0, 10)));
    }
    return std::optional<Refusal>{};
  }

  /// The merge that we put onto the branch ourselves before a crash, or the landed commit that the
  /// branch moved on to: then the request still names the head below it.
  jobs::Result<bool> is_our_merge(const Oid& commit) {
    RUNNER_ASSIGN(const CommitFacts facts, read_commit(mirror_.get(), commit));
    return facts.parents.size() == 2 &&
           std::ranges::find(facts.parents, head_) != facts.parents.end() &&
           has_trailer(facts.message, "Runner-Run", run_.id.str());
  }

  Refused guard() {
    RUNNER_ASSIGN(const Oid head_tree, tree_of(mirror_.get(), head_));
    if (run_.verified_tree.empty() || head_tree != run_.verified_tree) {
      return refuse("unverified", fmt::format("the tree of {} is not the one that was verified",
                                              head_.str().substr(0, 10)));
    }
    if (!run_.base.empty()) {
      if (!contains(mirror_.get(), head_, run_.base)) {
        return refuse("rewritten-base",
                      fmt::format("the branch does not contain its base {} any more",
                                  run_.base.str().substr(0, 10)));
      }
      if (!contains(mirror_.get(), remote_base_, run_.base)) {
        return refuse("rewritten-base",
                      fmt::format("the remote's {} was rewritten: it does not contain {} any more",
                                  repo_.base, run_.base.str().substr(0, 10)));
      }
    }
    RUNNER_ASSIGN(const git_oid a, parse_oid(remote_base_));
    RUNNER_ASSIGN(const git_oid b, parse_oid(head_));
    git_oid common{};
    if (git_merge_base(&common, mirror_.get(), &a, &b) < 0) {
      return refuse("foreign-commit", "the branch shares no history with the base branch");
    }
    Landing landing{.base = to_oid(common), .head = head_};
    RUNNER_ASSIGN(landing.commits,
                  commits_between(mirror_.get(), head_, {remote_base_}, kMostCommits));
    if (landing.commits.empty()) {
      return refuse("foreign-commit", "the branch has no commits of its own");
    }
    // Once the base was merged into the branch, its first commits do not descend from `run.base`
    // but from where it began.
    const auto record = record_of(context_.layout, repo_.name, run_.id);
    RUNNER_ASSIGN(auto refusal,
                  guard_origin(mirror_.get(), landing, record ? record->base : to_oid(common),
                               {repo_.base, request_.propose}));
    if (refusal) {
      return refusal;
    }
    return guard_content(mirror_.get(), repo_, context_.options.limits, landing);
  }

  jobs::Result<LandResult> merge_and_push() {
    Oid tree = run_.verified_tree;
    if (!contains(mirror_.get(), head_, remote_base_) && !RUNNER_PLANTED(force_push)) {
      std::vector<std::string> files;
      RUNNER_ASSIGN(tree, merged_tree(mirror_.get(), head_, remote_base_, files));
      if (tree.empty()) {
        return conflict(std::move(files));
      }
    }
    if (tree != run_.verified_tree) {
      return put_merge_on_branch(tree);
    }
    if (!request_.propose.empty()) {
      return propose(context_, mirror_.get(), repo_, request_, head_, remote_base_);
    }
    const std::vector<Oid> parents =
        RUNNER_PLANTED(force_push) ? std::vector{head_} : std::vector{remote_base_, head_};
    RUNNER_ASSIGN(const Oid commit, write_commit(mirror_.get(), {.tree = tree,
                                                                 .parents = parents,
                                                                 .message = landing_message(run_),
                                                                 .at = request_.at,
                                                                 .name = request_.author_name,
                                                                 .email = request_.author_email}));
    context_.say(fmt::format("pushing {} to {} of {}", commit.str().substr(0, 10), repo_.base,
                             shown_url(repo_.remote)));
    RUNNER_TRY(jobs::ask(request_.still_ours));
    RUNNER_POINT(push_before);
    const jobs::Result<PushResult> pushed =
        push_commit(mirror_.get(), context_.access(repo_), repo_.base, remote_base_, commit);
    if (!pushed && !has_arrived(commit)) {
      return pushed.error();
    }
    if (pushed && !pushed->accepted && !RUNNER_PLANTED(push_not_verified)) {
      return rejected("server", fmt::format("the remote refused the push: {}", pushed->refusal));
    }
    RUNNER_POINT(push_after);
    if (auto written = write_down(commit); !written) {
      // It has landed. Whatever this error says of itself, the next try finds that, and a run that
      // gives up here would call landed work unlanded.
      written.error().kind = jobs::ErrorKind::transient;
      return std::move(written).error();
    }
    return landed(commit, head_, remote_base_);
  }

  /// Somebody merged, squashed or rebased what was proposed. The branch and the worktree go on from
  /// what the base has.
  jobs::Result<LandResult> take_merged() {
    const Oid& commit = request_.merged;
    if (!contains(mirror_.get(), remote_base_, commit)) {
      return jobs::fail(ErrorKind::transient,
                        fmt::format("{} was merged as {}, which is not on {} of the remote yet",
                                    run_.branch, commit.str().substr(0, 10), repo_.base));
    }
    RUNNER_TRY(show_in_worktree(context_, repo_, run_, commit));
    RUNNER_TRY(set_checkout_ref(context_.layout, repo_.name, "refs/heads/" + run_.branch, commit));
    return landed(commit, head_, remote_base_);
  }

  /// What a push that arrived changes here.
  jobs::Status write_down(const Oid& commit) {
    RUNNER_TRY(set_mirror_ref(mirror_.get(), kFollowed + repo_.base, commit));
    RUNNER_POINT(land_mirrored);
    return move_branch_on(commit);
  }

  /// Whether a push that ended with an error has happened all the same. Where the error is one that
  /// is not tried again (a gateway's 403 in the place of the answer), nobody would look later, and
  /// the run would call landed work unlanded.
  bool has_arrived(const Oid& commit) {
    const auto now = refresh_base(mirror_.get(), context_.access(repo_), repo_.base);
    return now && contains(mirror_.get(), *now, commit);
  }

  /// A later fix of this run starts from what the base has: the branch moves on to the landed
  /// commit, whose tree is the head's, so that no file changes. A branch that somebody moved
  /// meanwhile stays where it is.
  jobs::Status move_branch_on(const Oid& commit) {
    const std::string branch = "refs/heads/" + run_.branch;
    RUNNER_ASSIGN(const Oid now, checkout_ref(context_.layout, repo_.name, branch));
    return now == head_ ? set_checkout_ref(context_.layout, repo_.name, branch, commit)
                        : jobs::ok();
  }

  jobs::Result<LandResult> conflict(std::vector<std::string> files) {
    // The agent needs the other side to resolve it; it knows no remote.
    RUNNER_TRY(set_checkout_ref(context_.layout, repo_.name, kFollowed + repo_.base, remote_base_));
    LandResult result{.kind = LandResult::Kind::conflict};
    result.head = head_;
    result.base = remote_base_;
    result.message =
        fmt::format("{} moved to {} and does not merge cleanly: {} file{}", repo_.base,
                    remote_base_.str().substr(0, 10), files.size(), files.size() == 1 ? "" : "s");
    result.files = std::move(files);
    return result;
  }

  jobs::Result<LandResult> put_merge_on_branch(const Oid& tree) {
    RUNNER_ASSIGN(const Oid merge,
                  write_commit(mirror_.get(),
                               {.tree = tree,
                                .parents = {head_, remote_base_},
                                .message = message_of(
                                    run_, fmt::format("Merge {} into {}", repo_.base, run_.branch)),
                                .at = request_.at,
                                .name = request_.author_name,
                                .email = request_.author_email}));
    const Layout& layout = context_.layout;
    RUNNER_TRY(set_checkout_ref(layout, repo_.name, kFollowed + repo_.base, remote_base_));
    RUNNER_TRY(show_in_worktree(context_, repo_, run_, merge));
    RUNNER_POINT(land_merge_written);
    RUNNER_TRY(set_checkout_ref(layout, repo_.name, "refs/heads/" + run_.branch, merge));
    LandResult result{.kind = LandResult::Kind::needs_verify};
    result.head = merge;
    result.base = remote_base_;
    result.message = fmt::format("{} moved to {}; merged into {}, to be verified again", repo_.base,
                                 remote_base_.str().substr(0, 10), run_.branch);
    return result;
  }

  const Context& context_;
  const jobs::Repo& repo_;
  const LandRequest& request_;
  const jobs::Run& run_;
  Repository mirror_;
  Oid remote_base_;
  Oid head_;
};

}  // namespace

jobs::Result<LandResult> land(const Context& context, const jobs::Repo& repo,
                              const LandRequest& request) {
  return Lander(context, repo, request).land();
}

}  // namespace worktrees
