#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <git2/oid.h>

#include "jobs/base/result.h"
#include "worktrees/fd.h"
#include "worktrees/objects/mapping.h"

namespace worktrees::objects {

/// One pack and its index (version 2) in an object store that only the runner writes. Immutable;
/// any number of threads may read it.
class Pack {
 public:
  /// `index` is the path of the .idx file. corrupt: the two files do not fit one another, or are
  /// damaged where that can be seen without reading all of them. What they hold was verified when
  /// it entered the store.
  [[nodiscard]] static jobs::Result<Pack> open(const std::string& index);

  /// Where the object begins in the pack file; nothing if it is not in this pack.
  [[nodiscard]] std::optional<std::uint64_t> find(const git_oid& id) const;
  [[nodiscard]] std::uint32_t objects() const { return count_; }
  /// The id of an object by its number, in the order of ids; and where that one begins, as `find`.
  [[nodiscard]] git_oid id(std::uint32_t number) const;
  [[nodiscard]] std::optional<std::uint64_t> offset(std::uint32_t number) const;
  /// Where the objects end: the file ends with its digest.
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] int file() const { return file_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Pack(Mapping index, Fd file, std::string path, std::uint32_t count, std::uint64_t end)
      : index_(std::move(index)),
        file_(std::move(file)),
        path_(std::move(path)),
        count_(count),
        end_(end) {}
  [[nodiscard]] std::uint32_t at(std::size_t place) const;

  Mapping index_;
  Fd file_;
  std::string path_;
  std::uint32_t count_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace worktrees::objects
