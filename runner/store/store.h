#pragma once

#include <functional>
#include <memory>
#include <string>

#include "jobs/base/result.h"
#include "jobs/ports/store.h"

/// The state of one installation: one SQLite file behind the Store port. docs/state.md says what it
/// promises.
namespace runner::store {

struct StoreOptions {
  std::string state_dir;  ///< absolute; made if missing. Holds state.db and state.lock
  /// The present time; recorded with a migration, used for nothing else. The store reads no clock.
  jobs::TimePoint now;
  /// True if the holder of a lease surely lives no more, so that the lease can be taken before it
  /// expires. Empty = owner_is_dead of owner.h.
  std::function<bool(const std::string& owner)> owner_is_dead;
  /// How long a call waits for another process's step before it gives up with `transient`.
  jobs::Duration patience = std::chrono::seconds(20);
  /// Name of the type of the file system under a folder; empty = the real one. So that the refusal
  /// can be tested.
  std::function<std::string(const std::string& folder)> file_system_of;
  /// SQLite's file layer; "" = the default one. So that tests can make a sync fail.
  std::string vfs;
};

/// Opens the state for writing; makes it if it is not there, and brings an older one up to date
/// (after a backup). corrupt: damaged, foreign, or written by a newer runner; the file's bytes stay
/// as they are. denied: the folder cannot be written, or lies on a network file system. transient:
/// disk full, somebody else is busy.
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::Store>> open_store(const StoreOptions& options);

/// Opens the state for looking only: makes and changes no file. A state that does not exist yet
/// reads as empty, one of an older runner as if it had been migrated. transient: a writer died in
/// the middle of a step and only a tick can undo it.
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::StoreReader>> open_store_read_only(
    const std::string& state_dir);

}  // namespace runner::store
