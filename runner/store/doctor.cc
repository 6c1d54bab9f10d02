#include "runner/store/doctor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/store/owner.h"
#include "runner/store/sqlite_store.h"
#include "runner/store/verify.h"

namespace runner::store {

namespace {

using Level = StateFinding::Level;
using jobs::ErrorKind;

constexpr const char* kRebuild =
    "copy the files aside, and make a new state of all rows that fit their digests; if anything is "
    "missing, end every live run as needs-human and pause the fleet until a person resumes it";

/// What lies in the folder and is not complete: nobody needs it.
std::vector<std::string> left_overs(const StatePaths& paths) {
  std::vector<std::string> out;
  DIR* const folder = ::opendir(paths.folder.c_str());
  if (folder == nullptr) {
    return out;
  }
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name.starts_with("state.db.") && (name.find(".creating") != std::string::npos ||
                                          name.find(".checking") != std::string::npos)) {
      out.push_back(paths.folder + "/" + name);
    }
  }
  ::closedir(folder);
  std::ranges::sort(out);
  return out;
}

bool says(const jobs::Error& error, std::string_view text) {
  return error.message.find(text) != std::string::npos;
}

/// Newer, or nothing is left: those are not ours to repair. What looks foreign may be ours with a
/// damaged header; that is seen when it is read row by row.
bool is_beyond(const jobs::Error& error, const StatePaths& paths) {
  return error.kind != ErrorKind::corrupt || size_of(paths.database) == 0 ||
         says(error, "newer runner") || says(error, "is not a file");
}

/// A process holds the lock file at this moment; waits a little for its end.
bool is_busy(const StatePaths& paths) {
  const int fd = ::open(paths.lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return false;
  }
  bool busy = true;
  for (int tries = 0; busy && tries < 40; ++tries) {
    busy = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (busy) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  ::close(fd);
  return busy;
}

/// What comes of it when the step that was cut off is undone: tried on a copy elsewhere.
jobs::Status undone_elsewhere(const StatePaths& paths) {
  std::string folder = (std::filesystem::temp_directory_path() / "runner-doctor-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return jobs::fail(ErrorKind::transient, "cannot make a folder for a copy of the state");
  }
  const StatePaths copy = paths_in(folder);
  const auto undo = [&]() -> jobs::Status {
    RUNNER_TRY(copy_file(paths.database, copy.database));
    RUNNER_TRY(copy_file(paths.journal, copy.journal));
    RUNNER_ASSIGN(Database database, Database::open({.path = copy.database}));
    RUNNER_TRY(check_schema(database, all_migrations()));
    RUNNER_TRY(verify_header(database, copy.database));
    Ledger ledger;
    RUNNER_TRY(verify_contents(database, ledger));
    return verify_age(database, read_mark(paths.lock));
  };
  const auto undone = undo();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return undone;
}

jobs::Status look_inside(const StatePaths& paths, bool unfinished) {
  if (unfinished) {
    return undone_elsewhere(paths);
  }
  RUNNER_ASSIGN(const auto reader, open_store_read_only(paths.folder));
  RUNNER_ASSIGN(const auto runs, reader->runs({.live_only = true}));
  return jobs::ok();
}

void look_at_state(const StatePaths& paths, StateExamination& out) {
  const bool unfinished = size_of(paths.journal) > 0;
  const jobs::Status read = look_inside(paths, unfinished);
  if (read) {
    out.health = Health::sound;
    if (unfinished) {
      out.findings.push_back({.level = Level::note,
                              .name = "unfinished-step",
                              .what = "a step was cut off; its journal is there",
                              .where = paths.journal,
                              .remedy = "the next tick undoes it; the state is sound then"});
    }
    return;
  }
  const jobs::Error& error = read.error();
  const bool older = says(error, "older than the state");
  const bool beyond = is_beyond(error, paths);
  out.health = older ? Health::older : beyond ? Health::beyond : Health::damaged;
  out.findings.push_back(
      {.level = Level::damage,
       .name = older    ? "older"
               : beyond ? "refused"
                        : "damaged",
       .what = error.message,
       .where = paths.database,
       .remedy = older    ? "copy the file aside, end every live run as needs-human, pause the "
                            "fleet until a person resumes it, and go on with this state"
                 : beyond ? "a person has to: " + error.hint
                          : kRebuild,
       .fixable = !beyond});
}

void look_at_lease(const StatePaths& paths, const DoctorOptions& options, StateExamination& out) {
  if (size_of(paths.journal) > 0) {
    return;
  }
  auto database = Database::open({.path = paths.database, .mode = Database::Mode::read_only});
  if (!database) {
    return;
  }
  const auto lease = stored_lease(*database, "tick");
  if (!lease || lease->owner.empty()) {
    return;
  }
  const bool dead =
      options.owner_is_dead ? options.owner_is_dead(lease->owner) : owner_is_dead(lease->owner);
  if (!dead && lease->expires_at > options.now) {
    out.held_by = fmt::format("{} until {}", jobs::one_line(lease->owner),
                              jobs::format_time(lease->expires_at));
    out.findings.push_back({.level = Level::note,
                            .name = "lease",
                            .what = "a tick holds the lease: " + out.held_by,
                            .where = paths.database,
                            .remedy = "nothing: wait for its end"});
    return;
  }
  const bool sound = out.health == Health::sound;
  out.findings.push_back(
      {.level = dead ? Level::problem : Level::note,
       .name = "lease",
       .what = fmt::format("the lease is that of {}, which {}", jobs::one_line(lease->owner),
                           dead ? "is dead" : "let it expire"),
       .where = paths.database,
       .remedy =
           dead && sound ? "release it; the next tick would do the same" : "the next tick takes it",
       .fixable = dead && sound});
}

}  // namespace

StateExamination examine_state(const DoctorOptions& options) {
  const StatePaths paths = paths_in(options.state_dir);
  StateExamination out;
  if (auto local = refuse_network(paths.folder, {}); !local) {
    out.findings.push_back({.level = Level::problem,
                            .name = "file-system",
                            .what = local.error().message,
                            .where = paths.folder,
                            .remedy = "a person has to: " + local.error().hint});
  }
  if (!options.locked && is_busy(paths)) {
    out.health = Health::sound;
    out.held_by = "a process that writes at this moment";
    out.findings.push_back({.level = Level::note,
                            .name = "busy",
                            .what = "a process holds the lock file; the state was not looked at",
                            .where = paths.lock,
                            .remedy = "nothing: wait for its end"});
    return out;
  }
  const auto found = look_at(paths);
  if (!found) {
    out.health = Health::beyond;
    out.findings.push_back({.level = Level::damage,
                            .name = "refused",
                            .what = found.error().message,
                            .where = paths.database,
                            .remedy = "a person has to: " + found.error().hint});
  } else if (*found == Found::database) {
    look_at_state(paths, out);
    look_at_lease(paths, options, out);
  }
  if (has_damaged_mark(paths.lock)) {
    out.findings.push_back({.level = Level::problem,
                            .name = "mark",
                            .what = "the mark in the lock file cannot be read",
                            .where = paths.lock,
                            .remedy = "the next step writes it anew"});
  }
  for (const std::string& path : left_overs(paths)) {
    out.findings.push_back({.level = Level::problem,
                            .name = "left-over",
                            .what = "a file that was never completed",
                            .where = path,
                            .remedy = "remove it",
                            .fixable = true});
  }
  return out;
}

}  // namespace runner::store
