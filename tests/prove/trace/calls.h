#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/prove/trace/tracer.h"

/// What system calls are called, and which of them change something.
namespace prove::trace {

/// "pwrite64", or "call-123" for one that this table does not know.
[[nodiscard]] std::string name_of(int number);
/// -1 if there is none of that name.
[[nodiscard]] int number_of(std::string_view name);

enum class Effect : std::uint8_t {
  none,     ///< reads, waits, asks, or changes only the process itself
  file,     ///< changes a file's content, name, mode or times, or makes one
  sync,     ///< writes nothing new; may tell that a write has failed
  lock,     ///< takes or gives back a lock of a file
  handle,   ///< makes a descriptor: pipe, socket, copy of one
  network,  ///< connects, binds, sends
  process,  ///< makes a process or thread, or becomes another program
};

/// By number and arguments: an open for reading changes nothing, an open for writing does. Looks at
/// no path and no descriptor.
[[nodiscard]] Effect effect_of(const Call& call);

/// Every number whose calls have an effect, with some arguments at least.
[[nodiscard]] const std::vector<int>& numbers_with_effect();

/// A new thread of the same process.
[[nodiscard]] bool makes_thread(const Call& call);

}  // namespace prove::trace
