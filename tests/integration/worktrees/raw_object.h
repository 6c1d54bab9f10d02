#pragma once

#include <stdexcept>
#include <string>

#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"

namespace worktrees::test {

/// Puts an object into the repository at `where` as it is: nobody looks at what it says. Its id.
inline std::string make_object(git_object_t type, const std::string& content,
                               const std::string& where) {
  start_libgit2();
  Repository repository;
  Odb odb;
  git_oid id{};
  int code = git_repository_open_ext(into(repository), where.c_str(), 0, nullptr);
  code = code < 0 ? code : git_repository_odb(into(odb), repository.get());
  code = code < 0 ? code : git_odb_write(&id, odb.get(), content.data(), content.size(), type);
  if (code < 0) {
    throw std::runtime_error("cannot write an object: " + last_git_message());
  }
  return to_hex(id);
}

/// Twenty bytes of forty digits.
inline std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace worktrees::test
