#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <git2/types.h>

#include "worktrees/objects/inflater.h"
#include "worktrees/objects/loose.h"
#include "worktrees/objects/object.h"
#include "worktrees/objects/store.h"

namespace worktrees::objects {

/// Deltas upon deltas, at most; git makes no longer chain than 4095.
inline constexpr std::size_t kLongestChain = 5000;

/// Reads objects of a store, for one thread. Fastest when they are asked for in the order in which
/// they stand in their pack. Nothing is hashed again.
class Reader {
 public:
  struct Limits {
    std::size_t object = std::size_t{8} << 20;  ///< larger ones are not read here
    std::size_t cache = std::size_t{16} << 20;  ///< bytes of objects kept for deltas on them
  };
  Reader(const Store& store, Limits limits)
      : store_(store), limits_(limits), loose_(store.folder(), limits.object) {}
  explicit Reader(const Store& store) : Reader(store, Limits{}) {}

  /// Null if it is not in the store, too large for here, or damaged: then libgit2 is asked, whose
  /// word counts. `place` is where `store.find(id)` saw it.
  [[nodiscard]] ObjectPtr read(const git_oid& id, Place place);
  [[nodiscard]] ObjectPtr read(const git_oid& id) { return read(id, store_.find(id)); }

  /// What stands before the data of an entry of a pack.
  struct Entry {
    git_object_t type = GIT_OBJECT_INVALID;  ///< invalid: a delta on what is at `base`
    std::size_t size = 0;                    ///< of the object, or of the delta
    Place data;                              ///< where the compressed bytes begin
    Place base;
  };
  /// Nothing where no entry begins, or its base is not in the store. Fastest in the order of the
  /// pack.
  [[nodiscard]] std::optional<Entry> entry(Place place) { return entry_at(place, along_); }
  /// Of the object that an entry is, or that its delta makes. Nothing as before, or where the delta
  /// is damaged.
  [[nodiscard]] std::optional<std::size_t> size_at(Place place);

 private:
  /// A stretch of a pack in memory.
  class Window {
   public:
    explicit Window(std::size_t most_ahead) : most_ahead_(most_ahead) {}
    /// At most `size` bytes at `offset`; fewer at the end of the pack, none if it cannot be read.
    [[nodiscard]] std::string_view at(const Pack& pack, std::uint64_t offset, std::size_t size);

   private:
    std::size_t most_ahead_;
    std::size_t ahead_ = 0;  ///< bytes that the last look into the pack fetched at least
    const Pack* pack_ = nullptr;
    std::uint64_t start_ = 0;
    std::size_t held_ = 0;
    std::size_t room_ = 0;
    std::unique_ptr<char[]> bytes_;
  };

  [[nodiscard]] ObjectPtr read_packed(Place place);
  [[nodiscard]] std::optional<Entry> entry_at(Place place, Window& window) const;
  [[nodiscard]] std::unique_ptr<char[]> inflate(const Entry& entry, Window& window);
  [[nodiscard]] ObjectPtr cached(Place place);
  void keep(Place place, const ObjectPtr& object);

  const Store& store_;
  Limits limits_;
  Inflater inflater_;
  LooseReader loose_;
  Window along_{std::size_t{256} << 10};  ///< follows the order of the pack
  Window aside_{std::size_t{16} << 10};   ///< for the bases of deltas, wherever they stand

  using Kept = std::list<std::pair<Place, ObjectPtr>>;
  Kept kept_;  ///< newest first
  std::map<Place, Kept::iterator> where_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace worktrees::objects
