#pragma once

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include <sqlite3.h>

namespace store_tests {

/// A file layer for SQLite that does what the default one does and asks a hook before every change.
/// It also remembers what of each file was synced, so that a power cut can be played: everything
/// that was not synced is gone.
class FaultyVfs {
 public:
  enum class Operation : unsigned char { write, truncate, sync, remove };
  static constexpr const char* kName = "faulty";

  /// Returns SQLITE_OK to let the operation happen, or the error it shall fail with; may end the
  /// process.
  std::function<int(Operation)> hook;

  static FaultyVfs& instance() {
    static FaultyVfs vfs;
    return vfs;
  }

  /// Puts every file back to what was synced, and brings back files whose removal was not.
  void lose_power() {
    for (const auto& [path, content] : synced_) {
      if (content) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << *content;
      } else {
        ::unlink(path.c_str());
      }
    }
  }
  void forget() { synced_.clear(); }

  static std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }

 private:
  struct File {
    sqlite3_file base;
    const char* path;
    sqlite3_file* real;
  };

  FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.xOpen = [](sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out) {
      return instance().open(path, reinterpret_cast<File*>(file), flags, out);
    };
    vfs_.xDelete = [](sqlite3_vfs*, const char* path, int sync_folder) {
      return instance().remove(path, sync_folder);
    };
    sqlite3_vfs_register(&vfs_, 0);
  }

  int ask(Operation operation) const { return hook ? hook(operation) : SQLITE_OK; }

  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  int open(const char* path, File* file, int flags, int* out) {
    file->base.pMethods = nullptr;
    file->path = path;
    file->real = reinterpret_cast<sqlite3_file*>(file + 1);
    if (path != nullptr && !synced_.contains(path)) {
      // What is there when it is first opened counts as synced; a file that is not there yet, as
      // absent.
      synced_[path] = ::access(path, F_OK) == 0 ? std::optional(content_of(path)) : std::nullopt;
    }
    const int code = real_->xOpen(real_, path, file->real, flags, out);
    if (code == SQLITE_OK) {
      file->base.pMethods = methods();
    }
    return code;
  }

  int remove(const char* path, int sync_folder) {
    if (const int code = ask(Operation::remove); code != SQLITE_OK) {
      return code;
    }
    const int code = real_->xDelete(real_, path, sync_folder);
    if (code == SQLITE_OK && sync_folder != 0) {
      synced_[path] = std::nullopt;
    }
    return code;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods table{
        .iVersion = 1,
        .xClose = [](sqlite3_file* f) { return of(f).real->pMethods->xClose(of(f).real); },
        .xRead =
            [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
              return of(f).real->pMethods->xRead(of(f).real, to, size, at);
            },
        .xWrite =
            [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
              const int code = instance().ask(Operation::write);
              return code != SQLITE_OK ? code
                                       : of(f).real->pMethods->xWrite(of(f).real, from, size, at);
            },
        .xTruncate =
            [](sqlite3_file* f, sqlite3_int64 size) {
              const int code = instance().ask(Operation::truncate);
              return code != SQLITE_OK ? code : of(f).real->pMethods->xTruncate(of(f).real, size);
            },
        .xSync =
            [](sqlite3_file* f, int flags) {
              if (const int code = instance().ask(Operation::sync); code != SQLITE_OK) {
                return code;
              }
              if (of(f).path != nullptr) {
                instance().synced_[of(f).path] = content_of(of(f).path);
              }
              return of(f).real->pMethods->xSync(of(f).real, flags);
            },
        .xFileSize =
            [](sqlite3_file* f, sqlite3_int64* size) {
              return of(f).real->pMethods->xFileSize(of(f).real, size);
            },
        .xLock = [](sqlite3_file* f,
                    int lock) { return of(f).real->pMethods->xLock(of(f).real, lock); },
        .xUnlock = [](sqlite3_file* f,
                      int lock) { return of(f).real->pMethods->xUnlock(of(f).real, lock); },
        .xCheckReservedLock =
            [](sqlite3_file* f, int* out) {
              return of(f).real->pMethods->xCheckReservedLock(of(f).real, out);
            },
        .xFileControl =
            [](sqlite3_file* f, int op, void* arg) {
              return of(f).real->pMethods->xFileControl(of(f).real, op, arg);
            },
        .xSectorSize =
            [](sqlite3_file* f) { return of(f).real->pMethods->xSectorSize(of(f).real); },
        .xDeviceCharacteristics =
            [](sqlite3_file* f) {
              return of(f).real->pMethods->xDeviceCharacteristics(of(f).real);
            },
        .xShmMap = nullptr,
        .xShmLock = nullptr,
        .xShmBarrier = nullptr,
        .xShmUnmap = nullptr,
        .xFetch = nullptr,
        .xUnfetch = nullptr};
    return &table;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::map<std::string, std::optional<std::string>> synced_;
};

}  // namespace store_tests
