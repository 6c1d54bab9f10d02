#pragma once

#include <string>
#include <string_view>

/// What a `.gitmodules` may say. The runner follows none, but whoever clones the base branch may,
/// and git has refused these since they were used to run programs (CVE-2018-11235, CVE-2018-17456,
/// CVE-2020-11008).
namespace worktrees {

/// Empty, or what `git fsck` holds against the text, with the name of its rule: a submodule's name
/// that leaves its folder, a URL or path that begins with a dash, a URL with a line end or without
/// a host, an update command. Text that is no configuration is judged as far as it is one. Pure.
[[nodiscard]] std::string gitmodules_problem(std::string_view text);

}  // namespace worktrees
