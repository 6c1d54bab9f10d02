#pragma once

#include <string>
#include <string_view>

#include "runner/process/launch.h"

/// What runs inside a sandbox as its first process: our own program, called by bubblewrap.
namespace runner::process {

/// argv[1] of that call; the numbers of its descriptors follow: the socket, what to start, its
/// output, its errors (-1 = where its output goes).
inline constexpr std::string_view kSandboxInit = "inside-sandbox";

/// What to start, as the text in that descriptor.
[[nodiscard]] std::string pack(const Launch& what);
/// `output` and `errors` are not part of the text.
[[nodiscard]] Launch unpack(std::string_view text);

/// True if this program was called as such; then `sandbox_main` has to be called before anything
/// else.
[[nodiscard]] bool is_sandbox_call(int argc, char** argv);
[[noreturn]] void sandbox_main(char** argv);

}  // namespace runner::process
