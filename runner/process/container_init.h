#pragma once

#include <sys/types.h>

#include <array>
#include <string_view>

#include "runner/process/launch.h"

/// The first process of a PID namespace: what it says to the supervisor and how it lives. Runs
/// inside the container; the other end is init_container.h.
namespace runner::process {

/// What init tells the supervisor, one packet each.
struct InitMessage {
  enum class Kind : int {
    ready,    ///< it waits for one byte, and has done nothing yet
    started,  ///< `text`: what is lacking of the containment
    failed,   ///< `value`: ErrorKind, `text`: why
    ended,    ///< `value`: wait status of the program
  } kind = Kind::failed;
  int value = 0;
  char text[500] = {};
};
void tell(int socket, InitMessage::Kind kind, int value, std::string_view text);

/// Closes every descriptor above 2 but these; numbers below 0 are none.
void close_all_but(std::array<int, 3> kept);

/// Waits for the byte that lets it go on; does not return if none comes.
void await_go(int socket);

/// Starts the program, says so, serves: reaps whatever is left to it, passes TERM on, ends when the
/// supervisor is gone. All else in the namespace ends with it. `lacks`: told when it has started.
[[noreturn]] void run_as_init(int socket, const Launch& what, std::string_view lacks);

}  // namespace runner::process
