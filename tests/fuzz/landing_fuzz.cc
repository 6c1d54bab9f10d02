// The rules about text that guard a landing, and the records of worktrees.
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/text.h"
#include "tests/fuzz/fuzz.h"
#include "worktrees/land_text.h"
#include "worktrees/layout.h"
#include "worktrees/record.h"
#include "worktrees/tree_guard.h"

namespace {

using fuzz::require;

void check_messages(const std::string& a, const std::string& b) {
  const std::string subject = worktrees::subject_text(a);
  require(fuzz::is_safe_text(subject, false) && subject.size() <= 100, "a subject is one line");
  require(!worktrees::ci_skip_token(subject), "a subject never makes CI skip");
  require(!worktrees::ci_skip_token(subject + " (#12)"), "nor with what follows it");
  if (worktrees::ci_skip_token(a)) {
    require(worktrees::ci_skip_token(b + a + b).has_value(), "a token is seen anywhere");
  }
  const std::string value = jobs::slug(b);
  require(worktrees::has_trailer("x\n\nRun: " + value + "\n", "Run", value), "a trailer is found");
  (void)worktrees::has_trailer(a, "Run", value);
}

void check_globs(const std::string& glob, const std::string& path) {
  // What a glob protects it protects with everything below.
  if (worktrees::glob_matches(glob, path) && !path.empty() && !path.ends_with('/')) {
    require(worktrees::glob_matches(glob, path + "/below"), "a protected folder is protected");
  }
  const bool literal = !path.empty() && path.find_first_of("*?") == std::string::npos &&
                       !path.starts_with('/') && !path.ends_with('/');
  require(!literal || worktrees::glob_matches(path, path), "a path matches itself");
  require(!literal || worktrees::glob_matches("**", path), "\"**\" is everything");
}

void check_records(const std::string& a, const std::string& b) {
  const auto read = worktrees::parse_record(a);
  if (read) {
    const auto again = worktrees::parse_record(worktrees::record_text(*read));
    require(again && worktrees::record_text(*again) == worktrees::record_text(*read),
            "a record comes back");
    require(jobs::is_safe_component(read->slot), "a record's slot is a safe name");
  }
  worktrees::Record record;
  record.slot = "s1";
  record.repo = b;
  record.branch = a;
  if (a.find('\n') == std::string::npos && b.find('\n') == std::string::npos) {
    const auto back = worktrees::parse_record(worktrees::record_text(record));
    require(back && back->repo == b && back->branch == a, "any line comes back");
  }
}

void check_names(const std::string& name) {
  const bool refused = !worktrees::bad_entry_name(name).empty();
  std::string lower;
  for (const char c : name) {
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (name.empty() || name == "." || name == ".." || lower == ".git" || lower == "git~1" ||
      name.find('/') != std::string::npos || name.find('\0') != std::string::npos) {
    require(refused, "a name that is none is refused");
  }
  const worktrees::Layout layout{.root = "/r"};
  for (const std::string& path :
       {layout.mirror(jobs::RepoName(name)), layout.pool(jobs::RepoName(name)),
        layout.lock(jobs::RepoName(name))}) {
    require(path.starts_with("/r/") && path.find("/../") == std::string::npos &&
                path.find('\0') == std::string::npos,
            "no path leaves the root");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) {
    return 0;
  }
  fuzz::Input input(data, size);
  const std::string a = input.part();
  const std::string b = input.rest();
  check_messages(a, b);
  check_globs(a, b);
  check_records(a, b);
  check_names(a);
  return 0;
}
