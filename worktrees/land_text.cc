#include "worktrees/land_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace worktrees {
namespace {

/// Iterative with one remembered star of each sort, so that a hostile glob cannot take exponential
/// time.
bool matches(std::string_view glob, std::string_view path) {
  struct Star {
    std::size_t glob = std::string_view::npos;
    std::size_t path = 0;
    bool whole_parts = false;  ///< "**/": may only grow by whole directories
  };
  Star one;
  Star two;
  std::size_t g = 0;
  std::size_t p = 0;
  for (;;) {
    if (g < glob.size() && glob[g] == '*') {
      const bool deep = g + 1 < glob.size() && glob[g + 1] == '*';
      if (deep) {
        g += 2;
        // "**/" also stands for no directory at all.
        if (g < glob.size() && glob[g] == '/' && (p == 0 || path[p - 1] == '/')) {
          ++g;
          two = {g, p, true};
        } else {
          two = {g, p, false};
        }
        one = {};
      } else {
        one = {++g, p, false};
      }
      continue;
    }
    if (p == path.size() && g == glob.size()) {
      return true;
    }
    if (p < path.size() && g < glob.size() &&
        (glob[g] == path[p] || (glob[g] == '?' && path[p] != '/'))) {
      ++g;
      ++p;
      continue;
    }
    if (one.glob != std::string_view::npos && one.path < path.size() && path[one.path] != '/') {
      p = ++one.path;
      g = one.glob;
      continue;
    }
    if (two.glob != std::string_view::npos && two.path < path.size()) {
      do {
        ++two.path;
      } while (two.whole_parts && two.path < path.size() && path[two.path - 1] != '/');
      p = two.path;
      g = two.glob;
      one = {};
      continue;
    }
    return false;
  }
}

constexpr std::array<std::string_view, 9> kSkipTokens = {
    "[skip ci]",   "[ci skip]", "[no ci]",   "[skip actions]", "[actions skip]",
    "***no_ci***", "[skip-ci]", "[ci-skip]", "[no-ci]"};

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) {
  while (glob.starts_with('/')) {
    glob.remove_prefix(1);
  }
  while (glob.ends_with('/')) {
    glob.remove_suffix(1);
  }
  if (glob.empty()) {
    return false;
  }
  if (matches(glob, path)) {
    return true;
  }
  // A directory named in full protects what is in it.
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (matches(glob, path.substr(0, slash))) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> ci_skip_token(std::string_view message) {
  const std::string text = jobs::ascii_lower(message);
  for (const std::string_view token : kSkipTokens) {
    if (text.find(token) != std::string::npos) {
      return std::string(token);
    }
  }
  for (std::size_t at = text.find("skip-checks:"); at != std::string::npos;
       at = text.find("skip-checks:", at + 1)) {
    const std::string_view value = jobs::trimmed(std::string_view(text).substr(at + 12, 16));
    if (value.starts_with("true")) {
      return "skip-checks: true";
    }
  }
  return std::nullopt;
}

std::string subject_text(std::string_view title) {
  // Removing one token can make another ("[skip [skip ci]ci]"): the brackets go, and with them
  // every token.
  std::string text = jobs::one_line(title, 100);
  if (ci_skip_token(text)) {
    std::erase_if(text, [](char c) { return c == '[' || c == ']' || c == '*' || c == ':'; });
  }
  return std::string(jobs::trimmed(text));
}

bool has_trailer(std::string_view message, std::string_view key, std::string_view value) {
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
    message.remove_suffix(1);
  }
  const std::size_t blank = message.rfind("\n\n");
  std::string_view paragraph =
      blank == std::string_view::npos ? std::string_view() : message.substr(blank + 2);
  const std::string wanted = std::string(key) + ": " + std::string(value);
  while (!paragraph.empty()) {
    const std::size_t end = paragraph.find('\n');
    if (jobs::trimmed(paragraph.substr(0, end)) == wanted) {
      return true;
    }
    paragraph = end == std::string_view::npos ? std::string_view() : paragraph.substr(end + 1);
  }
  return false;
}

}  // namespace worktrees
