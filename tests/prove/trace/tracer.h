#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "tests/prove/trace/launch.h"

/// A program between its system calls, by ptrace itself: each entry is shown to the harness, which
/// lets it go, kills the program there (the call does not happen), or makes the call fail.
namespace prove::trace {

struct Call {
  pid_t process = 0;
  pid_t thread = 0;
  int number = 0;
  std::array<std::uint64_t, 6> arguments{};
  /// Which call of this kind it is in its process: 1, 2, ...
  std::int64_t ordinal = 0;
  /// The program itself, not one of its children.
  bool own = true;
};

struct Verdict {
  enum class Act : std::uint8_t { go, kill, fail };
  Act act = Act::go;
  int error = 0;  ///< of `fail`
};

using OnEntry = std::function<Verdict(const Call&)>;

struct Traced {
  End end;
  bool killed = false;            ///< a verdict said so
  std::int64_t failed_calls = 0;  ///< by verdict
};

/// All threads of the program; with `children`, also the processes that it starts. Children that
/// are not traced are left alone, whatever happens to the program.
[[nodiscard]] Traced run_traced(const Launch& launch, bool children, const OnEntry& on_entry);

/// The process of a thread.
[[nodiscard]] pid_t process_of(pid_t thread);
/// A string of the thread's memory, as an argument points to it. Empty if it cannot be read.
[[nodiscard]] std::string text_at(const Call& call, std::uint64_t address);
/// Bytes of the thread's memory, as many as can be read.
[[nodiscard]] std::string bytes_at(const Call& call, std::uint64_t address, std::size_t size);
/// What a descriptor of the process names.
[[nodiscard]] std::string path_of(const Call& call, std::uint64_t descriptor);

}  // namespace prove::trace
