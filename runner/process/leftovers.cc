#include "runner/process/leftovers.h"

#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/text.h"

namespace runner::process {

namespace {

constexpr std::size_t kMostNames = 10;

/// What the CLIs of known kinds read by themselves. Plain instructions (AGENTS.md, CLAUDE.md) are
/// text for the model like any other.
constexpr std::array<const char*, 9> kSettings = {".claude/agents",
                                                  ".claude/commands",
                                                  ".claude/hooks",
                                                  ".claude/settings.json",
                                                  ".claude/settings.local.json",
                                                  ".codex",
                                                  ".mcp.json",
                                                  ".opencode",
                                                  "opencode.json"};

bool is_special(mode_t mode) {
  return S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISSOCK(mode);
}

}  // namespace

Stripped strip_worktree(const std::string& folder) {
  Stripped result;
  std::string path = folder;
  char* const roots[] = {path.data(), nullptr};
  // Not FTS_NOCHDIR: it walks by descriptors of folders, so that no path is too long for it.
  const std::unique_ptr<FTS, int (*)(FTS*)> walk(
      ::fts_open(roots, FTS_PHYSICAL | FTS_XDEV, nullptr), ::fts_close);
  while (FTSENT* entry = walk == nullptr ? nullptr : ::fts_read(walk.get())) {
    if (entry->fts_info != FTS_DEFAULT && entry->fts_info != FTS_F) {
      continue;
    }
    const mode_t mode = entry->fts_statp->st_mode;
    const bool special = is_special(mode);
    const bool set_id = S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)) != 0;
    if (!special && !set_id) {
      continue;
    }
    const bool done =
        special ? ::unlink(entry->fts_accpath) == 0 : ::chmod(entry->fts_accpath, mode & 0777) == 0;
    (special ? result.special : result.set_id) += done ? 1 : 0;
    result.failed += done ? 0 : 1;
    if (result.names.size() < kMostNames) {
      const std::string name(entry->fts_path);
      result.names.push_back(
          jobs::one_line(name.substr(std::min(folder.size() + 1, name.size())), 80));
    }
  }
  return result;
}

std::string to_text(const Stripped& what) {
  if (what.special + what.set_id + what.failed == 0) {
    return {};
  }
  std::string text = fmt::format("removed {} special files, took set-uid and set-gid from {}",
                                 what.special, what.set_id);
  if (what.failed > 0) {
    text += fmt::format(", could not change {}", what.failed);
  }
  return text + fmt::format(" ({})", fmt::join(what.names, ", "));
}

std::vector<std::string> agent_settings(const std::string& folder) {
  std::vector<std::string> result;
  for (const char* name : kSettings) {
    struct stat status{};
    if (::lstat((folder + "/" + name).c_str(), &status) == 0) {
      result.emplace_back(name);
    }
  }
  return result;
}

}  // namespace runner::process
