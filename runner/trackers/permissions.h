#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/issue.h"
#include "runner/trackers/files.h"

namespace runner::trackers {

/// Who may do what, as `permissions.toml` says. A login that stands nowhere is unknown, and unknown
/// is never trusted.
class Permissions {
 public:
  [[nodiscard]] jobs::Permission of(const std::string& login) const;
  [[nodiscard]] bool is_bot(const std::string& login) const;

  /// Adds what `bytes` say; a login that was there already gets the new permission.
  [[nodiscard]] jobs::Status add(std::string_view bytes, const std::string& file_name);

 private:
  std::map<std::string, jobs::Permission> logins_;
  std::vector<std::string> bots_;
};

inline constexpr const char* kPermissionsFile = "permissions.toml";

/// From the tracker's folder, then from the repository's, which has the last word. A missing file
/// says nothing; a broken one is an error, never a guess.
[[nodiscard]] jobs::Result<Permissions> read_permissions(const Fd& tracker, const Fd& repo);

}  // namespace runner::trackers
