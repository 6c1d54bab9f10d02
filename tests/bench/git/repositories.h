#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Repositories to measure on, made here from a seed: the same bytes on every machine.
namespace bench {

struct RepositoryKind {
  std::string name;
  int files = 0;
  std::int64_t mean_bytes = 0;  ///< of a file
  std::string what;
};

[[nodiscard]] const std::vector<RepositoryKind>& repository_kinds();

/// Makes the bare repository `folder` with one commit on main, unless it is there already. Throws
/// std::runtime_error.
void make_repository(const RepositoryKind& kind, const std::string& folder);

}  // namespace bench
