#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"
#include "jobs/base/money.h"
#include "jobs/base/time_zone.h"

/// All manifests of one installation, loaded and validated. Plain values; made only by
/// manifests::load.
namespace jobs {

/// A secret by name. The value never stands in a manifest and never in this struct.
struct SecretRef {
  enum class Source : std::uint8_t { env, file };
  Source source = Source::env;
  std::string name;  ///< variable name, or absolute path
  friend bool operator==(const SecretRef&, const SecretRef&) = default;
};

/// The labels that the runner reads and sets.
struct Labels {
  std::string ready = "ready-for-agent";
  std::string in_progress = "agent-in-progress";
  std::string human = "ready-for-human";
  friend bool operator==(const Labels&, const Labels&) = default;
};

enum class TrackerKind : std::uint8_t { local, github, forgejo, plane };
[[nodiscard]] std::string_view to_string(TrackerKind kind);

/// A GitHub App that speaks for the runner.
struct AppConfig {
  std::string id;  ///< App id or client id: who signs
  std::int64_t installation =
      0;          ///< 0 = the one of the organisation that owns the repository, looked up
  SecretRef key;  ///< its private key, PEM
  friend bool operator==(const AppConfig&, const AppConfig&) = default;
};

/// How a forge is polled. automatic: GraphQL, and REST where the server has none.
enum class ForgeApi : std::uint8_t { automatic, graphql, rest };
[[nodiscard]] std::string_view to_string(ForgeApi api);

struct TrackerConfig {
  std::string name;
  TrackerKind kind = TrackerKind::local;
  std::string path;  ///< local: absolute folder; each repo's issues lie in <path>/<path_component
                     ///< or repo.tracker_path>
  std::string url;   ///< of the API, no slash at its end; github: "https://api.github.com" unless
                     ///< said otherwise; forgejo: the server's own address; plane: the same
  std::optional<SecretRef> token;
  std::optional<AppConfig> app;  ///< github: instead of a token
  ForgeApi api = ForgeApi::automatic;
  std::string workspace;                      ///< plane
  std::map<std::string, std::string> states;  ///< plane: what a state of a project is called there,
                                              ///< by our word for it ("ready", "done", ...)
  friend bool operator==(const TrackerConfig&, const TrackerConfig&) = default;
};

enum class AgentKind : std::uint8_t { command, claude, codex, opencode };
[[nodiscard]] std::string_view to_string(AgentKind kind);

/// US dollars for a million tokens, for an agent that reports tokens only.
struct Price {
  Usd input;
  Usd cached_input;
  Usd output;
  friend bool operator==(const Price&, const Price&) = default;
};

/// What a turn may reach over the network, as far as its containment can hold it to that.
enum class Network : std::uint8_t { all, loopback, none };
[[nodiscard]] std::string_view to_string(Network network);

struct AgentConfig {
  std::string name;
  AgentKind kind = AgentKind::command;
  std::vector<std::string> command;  ///< argv; argv[0] absolute, or found on PATH, or relative to
                                     ///< the manifest if it has a '/'
  std::map<std::string, std::string> env;  ///< plain values for the agent's environment
  std::vector<std::string> pass_env;       ///< names passed through from the runner's environment
  std::string usage_file;  ///< relative to the turn directory; "" = the agent reports no usage
  std::string model;       ///< for display and labels, and named to the agent; may be empty
  std::vector<std::string> args;  ///< of a known kind: further arguments, behind the runner's own
  std::optional<Price> price;
  Duration after_result =
      std::chrono::seconds(30);  ///< of a known kind: stopped so long after its final word
  bool repo_settings =
      false;  ///< of a known kind: the repository's settings, hooks and MCP servers are honoured
  Network network = Network::all;
  std::string proxy;                ///< address handed on as HTTP_PROXY and HTTPS_PROXY; "" = none
  std::vector<std::string> caches;  ///< absolute folders besides the worktree that it may write
  friend bool operator==(const AgentConfig&, const AgentConfig&) = default;
};

enum class CiKind : std::uint8_t { command, checks, forgejo, woodpecker };
[[nodiscard]] std::string_view to_string(CiKind kind);
struct CiConfig {
  std::string name;
  CiKind kind = CiKind::command;
  std::vector<std::string> command;  ///< argv; empty = the repository's `test` command
  Duration deadline =
      std::chrono::minutes(60);  ///< pending longer than this after landing = absent -> escalate
  std::string tracker;  ///< checks, forgejo: whose address and credential are used; "" = those of
                        ///< the repository's tracker
  std::string url;      ///< woodpecker: the server's address
  std::optional<SecretRef> token;    ///< woodpecker
  std::vector<std::string> expect;   ///< names that must have reported; empty = `settle` decides
  std::vector<std::string> succeed;  ///< of `expect`: neutral and skipped are not enough
  Duration settle = std::chrono::minutes(
      2);  ///< nothing expected by name: all is green and nothing new came for so long
  std::vector<std::string> events{
      "push"};  ///< woodpecker: pipelines of other events say nothing about a commit
  friend bool operator==(const CiConfig&, const CiConfig&) = default;
};

enum class NotifyKind : std::uint8_t { file, webhook };
struct NotifyConfig {
  std::string name;
  NotifyKind kind = NotifyKind::file;
  std::string path;                ///< file: absolute path, one JSON line per notification
  std::string url;                 ///< webhook: http(s) URL without credentials
  std::optional<SecretRef> token;  ///< webhook: sent as "Authorization: Bearer ..."
  friend bool operator==(const NotifyConfig&, const NotifyConfig&) = default;
};

enum class StageKind : std::uint8_t { agent, command, land, ci };
[[nodiscard]] std::string_view to_string(StageKind kind);

struct Stage {
  std::string name;
  StageKind kind = StageKind::agent;
  std::string agent;  ///< agent stages: name of an agent; "" = the repository's
  std::vector<std::string>
      command;         ///< command stages: argv; empty = the repository's `test` command
  std::string prompt;  ///< agent stages: template text; "" = the repository's
  friend bool operator==(const Stage&, const Stage&) = default;
};

/// The ordered stages of a run. The default is implement, verify, land, ci.
struct Pipeline {
  std::string name = "default";
  std::vector<Stage> stages;
  friend bool operator==(const Pipeline&, const Pipeline&) = default;
};

/// implement (agent) -> verify (command) -> land -> ci.
[[nodiscard]] Pipeline default_pipeline();

/// The [limits] table: bounds in time, space and number. All strictly positive unless said
/// otherwise.
struct Limits {
  int max_live_runs = 2;  ///< over the fleet
  int max_starts_per_tick = 2;
  Duration turn_deadline = std::chrono::minutes(60);  ///< wall clock of one turn
  Duration turn_silence = std::chrono::minutes(15);   ///< no output for this long = stalled
  Duration turn_first_byte = std::chrono::minutes(5);
  Duration turn_grace = std::chrono::seconds(10);  ///< TERM -> KILL
  std::int64_t turn_output_bytes = 64LL << 20;     ///< more output stops being kept
  std::int64_t turn_memory_bytes = 0;              ///< 0 = not limited (address space per process)
  int turn_processes = 0;                          ///< 0 = not limited
  std::int64_t turn_file_bytes = 0;                ///< of one file; 0 = not limited
  Duration verify_deadline = std::chrono::minutes(30);
  Duration setup_deadline = std::chrono::minutes(15);
  int fix_attempts = 5;  ///< corrective turns for red CI; freeze when reached
  Duration fix_window =
      std::chrono::minutes(60);  ///< since the first red of the landed commit; freeze when reached
  int verify_attempts =
      3;  ///< corrective turns for a red verify (one per new head); then needs-human
  int land_attempts = 5;     ///< lost races and conflicts; then needs-human
  int instance_retries = 3;  ///< retries of a turn that failed for a reason of the instance
  Duration retry_delay = std::chrono::minutes(1);  ///< first retry-later; doubles, at most one hour
  int issue_attempts = 3;                          ///< runs of one issue over its lifetime
  Duration cooldown =
      std::chrono::minutes(10);  ///< after a run of an issue ended, before it may start again
  Duration base_red_deadline = std::chrono::hours(2);
  std::int64_t issue_bytes = 256LL << 10;    ///< title and body; longer = unreadable-issue
  std::int64_t disk_free_bytes = 1LL << 30;  ///< refuse to create a worktree below this
  std::int64_t disk_free_inodes = 10'000;    ///< the same, where the file system counts them
  std::int64_t land_changed_files = 500;     ///< guard: more changed files than this are not pushed
  std::int64_t land_changed_bytes = 20LL
                                    << 20;  ///< guard: more added bytes than this are not pushed
  Duration lease_ttl =
      std::chrono::minutes(2);  ///< a holder not heard from for this long lost the tick lease
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// The [budget] table. Absent = no cap of that sort; turn and token caps are on by default.
struct Budget {
  Usage per_turn{Usd{5'000'000}, 2'000'000, 1,
                 0};  ///< the allowance that is reserved for one turn (turns is always 1; seconds =
                      ///< turn_deadline)
  std::optional<Usd> run_usd;
  std::optional<std::int64_t> run_tokens = 10'000'000;
  std::optional<std::int64_t> run_turns = 12;
  std::optional<Usd> issue_usd;
  std::optional<std::int64_t> issue_turns = 30;
  std::optional<Usd> repo_day_usd;
  std::optional<std::int64_t> repo_day_turns = 100;
  std::optional<Usd> fleet_day_usd;
  std::optional<std::int64_t> fleet_day_turns = 400;
  std::optional<std::int64_t> fleet_day_tokens;
  std::optional<Usd> fleet_month_usd;
  TimeZone time_zone;  ///< whose midnight begins a day and a month
  friend bool operator==(const Budget&, const Budget&) = default;
};

/// The [janitor]-like part of [fleet]: how long things are kept.
struct Retention {
  Duration finished_runs = std::chrono::days(90);
  Duration decisions = std::chrono::days(14);
  Duration transcripts = std::chrono::days(30);
  Duration kept_worktrees = std::chrono::days(7);  ///< worktrees of needs-human and frozen runs
  int pool_size = 1;  ///< idle worktrees kept warm per repository; 0 = remove at once
  std::int64_t pool_bytes = 20LL << 30;  ///< of these, with all that is ignored in them
  std::int64_t ignored_bytes =
      10LL << 30;  ///< of one: with more ignored files than this it is not used again
  friend bool operator==(const Retention&, const Retention&) = default;
};

/// strong: sandbox or namespace, or no turn starts.
enum class Containment : std::uint8_t { automatic, strong, sandbox, pid_namespace, cgroup, group };
[[nodiscard]] std::string_view to_string(Containment containment);

/// How commits reach the base branch: always through the runner and its guards.
enum class LandingMode : std::uint8_t { push, pull_request };
[[nodiscard]] std::string_view to_string(LandingMode mode);

/// Who the runner is to a git remote. Empty = nobody asked, or the remote is a path.
struct RemoteAuth {
  std::string user;                ///< https: sent with `token`
  std::optional<SecretRef> token;  ///< https
  bool as_tracker = false;         ///< https: the credential of the repository's tracker
  std::string ssh_key;             ///< ssh: absolute path of a private key without passphrase
  std::string known_hosts;  ///< ssh: absolute path of the host keys that are accepted, no other is
  friend bool operator==(const RemoteAuth&, const RemoteAuth&) = default;
};

/// One [[repo]], with [defaults] already applied.
struct Repo {
  RepoName name;
  std::string remote;         ///< URL or absolute path of the git remote
  std::string base = "main";  ///< base branch
  RemoteAuth auth;
  LandingMode landing = LandingMode::push;
  bool merge_when_green = false;    ///< pull_request: the runner merges it itself
  std::vector<std::string> sparse;  ///< folders of the repository that worktrees have; empty = all
  std::string tracker;              ///< name in Fleet::trackers
  std::string
      tracker_path;   ///< local tracker: folder of this repo's issues below the tracker's path
  std::string agent;  ///< name in Fleet::agents
  std::string
      ci;  ///< name in Fleet::ci; "" = no ci stage verdict: the stage passes as "not applicable"
  std::string pipeline = "default";
  std::vector<std::string> notify;  ///< names in Fleet::notify
  std::vector<std::string> test;    ///< argv of the repository's own test command
  std::vector<std::vector<std::string>>
      setup;                             ///< argvs run once per lock-file hash in a new worktree
  std::vector<std::string> setup_locks;  ///< files whose content keys the setup
  std::string setup_toolchain;    ///< keys the setup, too: what it was made with, such as "node 22"
  std::vector<std::string> cold;  ///< globs of ignored files that a recycled worktree does not keep
  std::map<std::string, std::vector<std::string>>
      smudge;  ///< by the name of a filter (gitattributes(5)): argv of what makes a file of a blob;
               ///< the word "%f" is the file's path
  std::string prompt;          ///< template text (already read from prompt_file); "" = built-in
  std::string prompt_in_repo;  ///< path in the repository, with "{{stage}}" for the stage's name,
                               ///< that replaces the template if it is there at the base; "" = none
  std::vector<std::string>
      protected_paths;                     ///< globs ('*', '**', '?') that a landing may not touch
  std::vector<std::string> trusted;        ///< actors trusted by name besides those with write
  std::map<std::string, std::string> env;  ///< for setup, verify and ci commands
  std::string declared_at;                 ///< "fleet.toml:12:1"
  friend bool operator==(const Repo&, const Repo&) = default;
};

struct Fleet {
  bool kill_switch = true;      ///< as the manifests say; other sources may only add to it
  std::vector<RepoName> allow;  ///< the allowlist; "*" never appears: names only
  std::string state_dir;        ///< absolute; state.db, turns/, mirrors/, worktrees/ live below it
  Labels labels;
  Containment containment = Containment::automatic;
  std::string bot = "runner";    ///< actor name of the runner itself; never trusted
  std::string metrics_textfile;  ///< absolute; "" = none
  Limits limits;
  Budget budget;
  Retention retention;
  std::map<std::string, TrackerConfig> trackers;
  std::map<std::string, AgentConfig> agents;
  std::map<std::string, CiConfig> ci;
  std::map<std::string, NotifyConfig> notify;
  std::map<std::string, Pipeline> pipelines;  ///< always has "default"
  std::vector<Repo> repos;                    ///< in the order of declaration

  [[nodiscard]] const Repo* repo(const RepoName& name) const;
  [[nodiscard]] bool allows(const RepoName& name) const;
  friend bool operator==(const Fleet&, const Fleet&) = default;
};

}  // namespace jobs
