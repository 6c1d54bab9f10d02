#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

/// The scripted agent of the tests and proofs. It never asks product code what is true, and links
/// none: what it did stands in its own log, outside the state.
///
///   FAKE_AGENT_LOG    a line for each start, each move and each child; every process of the agent
///                     also maps this file, by which it is known whatever else it sheds
///   FAKE_AGENT_METER  a line "RUN/NUMBER MICRODOLLARS TOKENS" for each spending, on disk before
///   the
///                     runner can learn of it
///   FAKE_AGENT_LOOT   a folder for what the hostile moves could read
namespace fake_agent {

struct Step {
  bool takes_argument = false;
  std::function<void(const std::string&)> run;
};
using Steps = std::map<std::string, Step>;

/// Hostile deeds of one kind, by name; true if it was done, false if it was refused.
using Moves = std::map<std::string, std::function<bool()>>;

// Each file adds what it knows.
void add_plain_steps(Steps& steps);
void add_load_steps(Steps& steps);
void add_money_steps(Steps& steps);
void add_git_steps(Steps& steps);
void add_leak_steps(Steps& steps);
void add_secret_steps(Steps& steps);
void add_spy_moves(Moves& moves);
void add_turn_moves(Moves& moves);
void add_worktree_moves(Moves& moves);
void add_git_moves(Moves& moves);
void add_checkout_moves(Moves& moves);

[[nodiscard]] std::string variable(const char* name);
/// What an agent must not get at: FAKE_AGENT_TREASURE, or a file that every machine has.
[[nodiscard]] std::string treasure();
[[noreturn]] void die(const std::string& why);
/// Appends in one write, without a buffer that a crash could lose.
void append(const std::string& path, const std::string& text);
/// Replaces the content; false if that is refused.
bool put_file(const std::string& path, const std::string& text);
/// "WHAT RUN/NUMBER" in the log.
void log(const std::string& what);
/// To standard output, without a buffer.
void put(const std::string& text);
void sleep_ms(long milliseconds);
[[noreturn]] void for_ever();
[[nodiscard]] std::vector<std::string> words_of(const std::string& text);

/// A place at which the script may have asked for a crash (`crash-at MOMENT`): dies there by KILL.
void moment(const std::string& name);
void crash_at(const std::string& name);

/// Logs this process as a child of the shape: pid, pid namespace and start time, and the turn.
void log_child(const std::string& shape);
/// Maps the log, so that this process is known by /proc/PID/maps alone.
void wear_leash(int fd);

/// Runs git; false if it fails. `must_git` dies then.
bool git(std::vector<std::string> arguments);
void must_git(std::vector<std::string> arguments);
/// What git prints, without the line end; empty if it fails.
[[nodiscard]] std::string git_output(std::vector<std::string> arguments);
/// The folder of the repository whose worktree this is (with config, refs, objects), absolute.
[[nodiscard]] std::string common_folder();
/// The git folder of this worktree alone (with HEAD and index), absolute.
[[nodiscard]] std::string worktree_folder();

}  // namespace fake_agent
