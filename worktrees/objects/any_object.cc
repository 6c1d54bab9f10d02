#include "worktrees/objects/any_object.h"

#include <cstring>

#include <fmt/core.h>

#include "worktrees/git_error.h"

namespace worktrees::objects {

namespace {

/// Of what is read whole, twice for a moment. A tree of a million and a half entries is smaller.
constexpr std::size_t kMostBytes = std::size_t{96} << 20;

jobs::Status check_size(git_odb* odb, const git_oid& id, git_object_t type) {
  std::size_t size = 0;
  git_object_t found = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &found, odb, &id) == 0 && size > kMostBytes) {
    return jobs::fail(jobs::ErrorKind::denied,
                      fmt::format("the {} {} is too large: {} bytes, at most {}",
                                  git_object_type2string(type), to_hex(id), size, kMostBytes));
  }
  return jobs::ok();
}

}  // namespace

jobs::Result<ObjectPtr> AnyObject::read(const git_oid& id, git_object_t type) {
  ObjectPtr found = reader_.read(id);
  if (found == nullptr) {
    RUNNER_TRY(check_size(odb_, id, type));
    OdbObject object;
    if (const int code = git_odb_read(into(object), odb_, &id); code < 0) {
      return git_failure(
          code, fmt::format("cannot read the {} {}", git_object_type2string(type), to_hex(id)));
    }
    const std::size_t size = git_odb_object_size(object.get());
    auto bytes = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(bytes.get(), git_odb_object_data(object.get()), size);
    found = std::make_shared<Object>(Object{.type = git_odb_object_type(object.get()),
                                            .bytes = std::move(bytes),
                                            .skipped = 0,
                                            .size = size});
  }
  if (found->type != type) {
    return jobs::fail(
        jobs::ErrorKind::corrupt,
        fmt::format("{} is a {} where a {} should be", to_hex(id),
                    git_object_type2string(found->type), git_object_type2string(type)));
  }
  return found;
}

}  // namespace worktrees::objects
