#include "worktrees/quarantine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "jobs/base/crash_point.h"
#include "worktrees/git_error.h"
#include "worktrees/objects/closure.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

constexpr const char* kList = "packs-before-fetch";
constexpr std::size_t kMostList = std::size_t{16} << 20;

std::string path_of(git_repository* mirror) {
  std::string path = git_repository_path(mirror);
  path.erase(path.find_last_not_of('/') + 1);
  return path;
}

/// "pack-<digest>" of all that has one of the files of a pack.
std::vector<std::string> packs_in(const std::string& mirror) {
  std::vector<std::string> packs;
  for (const std::string& name : names_in(mirror + "/objects/pack")) {
    if (name.starts_with("pack-")) {
      packs.push_back(name.substr(0, name.find('.')));
    }
  }
  std::ranges::sort(packs);
  packs.erase(std::ranges::unique(packs).begin(), packs.end());
  return packs;
}

/// The index first: without it nothing of a pack is to be seen.
jobs::Status remove_packs(const std::string& mirror, const std::vector<std::string>& known) {
  for (const std::string& pack : packs_in(mirror)) {
    if (std::ranges::find(known, pack) != known.end()) {
      continue;
    }
    for (const char* ending : {".idx", ".rev", ".pack"}) {
      RUNNER_TRY(remove_below(mirror, fmt::format("objects/pack/{}{}", pack, ending)));
    }
  }
  return remove_below(mirror, kList);
}

/// Is everything in the mirror that the objects of this pack refer to?
jobs::Status look_through(const objects::Store& store, const std::string& name, git_odb* odb) {
  const auto pack = std::ranges::find_if(store.packs(), [&](const objects::Pack& one) {
    return one.path().ends_with(fmt::format("/{}.pack", name));
  });
  if (pack == store.packs().end()) {
    return jobs::fail(ErrorKind::transient, fmt::format("the pack {} cannot be read", name));
  }
  RUNNER_ASSIGN(const auto gap, objects::find_gap(store, *pack, odb));
  if (!gap) {
    return jobs::ok();
  }
  return jobs::fail(
      ErrorKind::transient,
      fmt::format("the object {} was not sent, which the {} {} needs", to_hex(gap->lacking),
                  git_object_type2string(gap->from_type), to_hex(gap->from)),
      "the remote is damaged, or its server left it out: `git fsck` there tells");
}

}  // namespace

jobs::Status drop_unadmitted(const std::string& mirror) {
  RUNNER_ASSIGN(const auto list, read_below(mirror, kList, kMostList));
  if (!list) {
    return jobs::ok();
  }
  std::vector<std::string> known;
  for (std::string_view rest = *list; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    known.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return remove_packs(mirror, known).while_doing("removing what a fetch left that was cut off");
}

jobs::Result<Quarantine> Quarantine::begin(git_repository* mirror) {
  const std::string path = path_of(mirror);
  RUNNER_TRY(drop_unadmitted(path));
  std::vector<std::string> known = packs_in(path);
  RUNNER_TRY(
      write_below(path, kList, fmt::format("{}\n", fmt::join(known, "\n")), Durability::synced));
  return Quarantine(mirror, std::move(known));
}

Quarantine::Quarantine(Quarantine&& other) noexcept
    : mirror_(std::exchange(other.mirror_, nullptr)), known_(std::move(other.known_)) {}

Quarantine::~Quarantine() {
  if (mirror_ != nullptr) {
    // What cannot be removed now is by the next holder of the lock: the list is still there.
    (void)remove_packs(path_of(mirror_), known_);
  }
}

jobs::Status Quarantine::admit(std::string_view fetching) {
  const std::string path = path_of(mirror_);
  Odb odb;
  int code = git_repository_odb(into(odb), mirror_);
  code = code < 0 ? code : git_odb_refresh(odb.get());
  if (code < 0) {
    return git_failure(code, fmt::format("{}: cannot open the objects", fetching));
  }
  const auto store = objects::Store::open(path + "/objects");
  for (const std::string& name : packs_in(path)) {
    if (std::ranges::find(known_, name) == known_.end()) {
      RUNNER_TRY(look_through(store, name, odb.get()).while_doing(std::string(fetching)));
    }
  }
  RUNNER_POINT(fetch_admitted);
  RUNNER_TRY(remove_below(path, kList));
  mirror_ = nullptr;
  return jobs::ok();
}

}  // namespace worktrees
