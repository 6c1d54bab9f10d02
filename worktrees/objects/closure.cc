#include "worktrees/objects/closure.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "worktrees/objects/any_object.h"
#include "worktrees/tree_entry.h"

namespace worktrees::objects {
namespace {

/// Takes "<key> <forty hex digits>\n" off the front of a commit or tag.
std::optional<git_oid> take_line(std::string_view& text, std::string_view key) {
  git_oid id{};
  if (text.size() < key.size() + GIT_OID_HEXSZ + 2 || !text.starts_with(key) ||
      text[key.size()] != ' ' || text[key.size() + 1 + GIT_OID_HEXSZ] != '\n' ||
      git_oid_fromstrn(&id, text.data() + key.size() + 1, GIT_OID_HEXSZ) < 0) {
    return std::nullopt;
  }
  text.remove_prefix(key.size() + GIT_OID_HEXSZ + 2);
  return id;
}

/// Git takes an entry of any other mode for a submodule, whose commit is nowhere here.
bool names_object(std::uint32_t mode) {
  const std::uint32_t type = mode & kTypeBits;
  return type == (GIT_FILEMODE_BLOB & kTypeBits) || type == GIT_FILEMODE_LINK ||
         type == GIT_FILEMODE_TREE;
}

/// The first object named by one of this type and content for which `exists` is false.
std::optional<git_oid> first_lacking(git_object_t type, std::string_view content,
                                     const std::function<bool(const git_oid&)>& exists) {
  if (type == GIT_OBJECT_TREE) {
    RawEntry entry;
    while (take_entry(content, entry)) {
      if (names_object(entry.mode) && !exists(entry.id)) {
        return entry.id;
      }
    }
    return std::nullopt;
  }
  const bool is_tag = type == GIT_OBJECT_TAG;
  for (auto named = take_line(content, is_tag ? "object" : "tree"); named;
       named = is_tag ? std::nullopt : take_line(content, "parent")) {
    if (!exists(*named)) {
      return named;
    }
  }
  return std::nullopt;
}

class Search {
 public:
  Search(const Store& store, const Pack& pack, git_odb* odb)
      : store_(store), pack_(pack), odb_(odb), headers_(store), objects_(store, odb) {}

  jobs::Result<std::optional<Gap>> run() {
    // In the order of the pack, where deltas and their bases are near one another.
    for (std::uint32_t number = 0; number < pack_.objects(); ++number) {
      if (const auto offset = pack_.offset(number)) {
        order_.push_back({.offset = *offset, .number = number, .type = GIT_OBJECT_INVALID});
      }
    }
    std::ranges::sort(order_, {}, &Found::offset);
    const auto exists = [&](const git_oid& id) {
      return store_.find(id).pack != nullptr ||
             git_odb_exists_ext(odb_, &id, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    };
    for (Found& found : order_) {
      found.type = type_of({.pack = &pack_, .offset = found.offset});
      if (found.type == GIT_OBJECT_BLOB || found.type == GIT_OBJECT_INVALID) {
        continue;
      }
      const git_oid id = pack_.id(found.number);
      const auto object = objects_.read(id, found.type);
      if (!object && object.error().kind == jobs::ErrorKind::denied) {
        continue;
      }
      RUNNER_TRY(object);
      if (const auto lacking = first_lacking(found.type, (*object)->content(), exists)) {
        return std::optional(Gap{.from = id, .from_type = found.type, .lacking = *lacking});
      }
    }
    return std::optional<Gap>{};
  }

 private:
  struct Found {
    std::uint64_t offset = 0;
    std::uint32_t number = 0;
    git_object_t type = GIT_OBJECT_INVALID;  ///< invalid: not yet known
  };

  /// Of what a delta is on, at the end of its chain. Invalid: it cannot be told; no object of this
  /// pack is so, as each was unpacked when it was indexed.
  git_object_t type_of(Place place) {
    for (std::size_t links = 0; links < kLongestChain; ++links) {
      if (const git_object_t known = known_type(place); known != GIT_OBJECT_INVALID) {
        return known;
      }
      const auto entry = headers_.entry(place);
      if (!entry) {
        break;
      }
      if (entry->type != GIT_OBJECT_INVALID) {
        return entry->type;
      }
      place = entry->base;
    }
    return GIT_OBJECT_INVALID;
  }

  [[nodiscard]] git_object_t known_type(Place place) const {
    if (place.pack != &pack_) {
      return GIT_OBJECT_INVALID;
    }
    const auto found = std::ranges::lower_bound(order_, place.offset, {}, &Found::offset);
    return found != order_.end() && found->offset == place.offset ? found->type
                                                                  : GIT_OBJECT_INVALID;
  }

  const Store& store_;
  const Pack& pack_;
  git_odb* odb_;
  Reader headers_;
  AnyObject objects_;
  std::vector<Found> order_;
};

}  // namespace

jobs::Result<std::optional<Gap>> find_gap(const Store& store, const Pack& pack, git_odb* odb) {
  return Search(store, pack, odb).run();
}

}  // namespace worktrees::objects
