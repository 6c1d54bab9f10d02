#pragma once

#include <string>
#include <string_view>

#include "jobs/base/result.h"

/// Private to this room.
namespace worktrees {

/// Takes things out of a directory that somebody else may have written to, following no link.
/// What may hold much is moved into the trash folder, which is emptied another time.
class Remover {
 public:
  Remover(int root, std::string trash) : root_(root), trash_(std::move(trash)) {}

  /// What stands at `path`, whatever it is. Done if there is nothing.
  [[nodiscard]] jobs::Status remove(std::string_view path) const;
  /// The same for what is called `name` in an opened directory.
  [[nodiscard]] jobs::Status remove_in(int folder, const char* name, std::string_view path) const;
  /// A file or link; whatever else stands there stays.
  void remove_file(std::string_view path) const;
  /// The directories above `path` that hold nothing any more, up to the first that `stays` says is
  /// to stay.
  template <typename Stays>
  void remove_empty_above(std::string_view path, const Stays& stays) const {
    for (std::size_t slash = 0; (slash = path.rfind('/')) != std::string_view::npos;) {
      path = path.substr(0, slash);
      if (stays(path) || !remove_empty(path)) {
        return;
      }
    }
  }

 private:
  [[nodiscard]] bool remove_empty(std::string_view path) const;

  int root_;
  std::string trash_;
};

}  // namespace worktrees
