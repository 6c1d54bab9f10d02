#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/prove/trace/ground.h"
#include "tests/prove/trace/tracer.h"

/// Looks at every system call of a program that must change nothing.
namespace prove {

struct Watched {
  trace::End end;
  std::int64_t calls = 0;
  /// What it must not do: "openat for writing of state/state.lock".
  std::vector<std::string> changes;
  /// Paths of the state, the tracker or the remotes that it named.
  std::vector<std::string> looks;
  /// How often each exception was used.
  std::map<std::string, std::int64_t> excepted;
};

/// Runs the program and every process that it starts. Excepted, because nobody else can see it:
/// what it says to its standard output and error; threads of its own; descriptors of its own (a
/// pipe, a copy of a descriptor; not a socket); files in memory that have no name; shared locks of
/// files, and giving locks back.
[[nodiscard]] Watched watch(const trace::Launch& launch, const trace::Ground& ground);

}  // namespace prove
