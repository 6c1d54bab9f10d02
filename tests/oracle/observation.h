#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// What can be seen of an installation from outside, as plain values. Nothing here is read through
/// product code: rows come from SQLite, issues from their files, commits from git, starts from the
/// fake agent's own log, processes from /proc. A simulation fills the same values from its models.
namespace oracle {

using Millis = std::int64_t;  ///< since 1970 UTC

struct RunRow {
  std::string id;
  std::string repo;
  std::int64_t number = 0;
  std::string step;     ///< "ended" = over
  std::string outcome;  ///< empty while it lives
  std::string reason;
  std::int64_t epoch = 0;
  std::string branch;
  std::string worktree;
  std::string base;
  std::string head;
  std::string landed;
  std::int64_t landings = 0;
  std::int64_t turns = 0;
  std::int64_t fix_attempts = 0;
  std::int64_t verify_attempts = 0;
  bool worktree_released = false;
  Millis created_at = 0;
  [[nodiscard]] bool live() const { return step != "ended"; }
};

struct TurnRow {
  std::string run;
  std::int64_t number = 0;
  std::string kind;
  std::string state;
  std::string directory;
  std::string end;  ///< of exit.json as recorded; empty while it runs
  std::optional<Millis> started_at;
  std::optional<Millis> ended_at;
};

struct Amount {
  std::int64_t usd = 0;  ///< micro-dollars
  std::int64_t tokens = 0;
  std::int64_t turns = 0;
  std::int64_t seconds = 0;
};

struct LedgerLine {
  std::int64_t seq = 0;
  std::string kind;  ///< reserve, settle, release
  std::string repo;
  std::int64_t number = 0;
  std::string run;
  std::int64_t turn = 0;
  Amount amount;
  bool estimated = false;
  Millis at = 0;
};

struct EffectRow {
  std::int64_t id = 0;
  std::string key;
  std::string kind;
  std::string run;
  std::string state;  ///< pending, claimed, done, given-up
  std::int64_t attempts = 0;
  std::int64_t claimed_epoch = 0;
};

struct CommentSeen {
  std::string author;
  std::string text;
};

struct IssueSeen {
  bool open = true;
  std::set<std::string> labels;
  std::vector<CommentSeen> comments;
};

struct CommitSeen {
  std::string id;
  std::vector<std::string> parents;
  std::string message;
};

/// The base branch of a repository as its remote tells it, newest first.
struct RemoteSeen {
  std::vector<CommitSeen> base;
  std::map<std::string, std::string> refs;  ///< every ref of the remote -> commit
};

struct ProcessSeen {
  int pid = 0;
  std::string turn;  ///< value of the inherited marker
  std::string command;
};

using IssueName = std::pair<std::string, std::int64_t>;  ///< repository, number
using TurnName = std::pair<std::string, std::int64_t>;   ///< run, number

struct Observation {
  Millis at = 0;
  bool has_state = false;
  std::string state_damage;  ///< what SQLite itself says; empty = sound
  std::vector<RunRow> runs;
  std::vector<TurnRow> turns;
  std::vector<LedgerLine> ledger;
  std::vector<EffectRow> outbox;
  std::map<std::string, std::int64_t> counters;
  std::int64_t lease_epoch = 0;

  std::map<IssueName, IssueSeen> issues;
  std::map<std::string, RemoteSeen> remotes;
  std::map<TurnName, int> starts;        ///< by the fake agent's log
  std::map<TurnName, Amount> spent;      ///< by the fake meter
  std::vector<ProcessSeen> processes;    ///< that carry a turn's marker and live
  std::vector<std::string> worktrees;    ///< folders of worktrees on disk
  std::vector<std::string> rescue_refs;  ///< refs/runner/rescue/* of the mirrors
  std::vector<std::string> notifications;
};

}  // namespace oracle
