#include "runner/trackers/permissions.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/toml_value.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::fail;
using jobs::Permission;
using manifests::Value;

namespace {

constexpr std::size_t kMaxBytes = 1U << 20U;

jobs::Error wrong(const std::string& file, int line, int column, std::string_view what) {
  return fail(
      ErrorKind::invalid_manifest, fmt::format("{}:{}:{}: {}", file, line, column, what),
      "until this file is right nobody counts as trusted here; docs/local-tracker.md shows one");
}

}  // namespace

Permission Permissions::of(const std::string& login) const {
  const auto found = logins_.find(login);
  return found == logins_.end() ? Permission::unknown : found->second;
}

bool Permissions::is_bot(const std::string& login) const {
  return std::ranges::find(bots_, login) != bots_.end();
}

jobs::Status Permissions::add(std::string_view bytes, const std::string& file_name) {
  RUNNER_ASSIGN(const Value file, manifests::parse_toml(bytes, file_name));
  std::map<std::string, Permission> logins = logins_;
  std::vector<std::string> bots = bots_;
  const auto add_bots = [&](const Value& value) -> jobs::Status {
    for (const Value& bot : value.array) {
      if (!bot.is(Value::Kind::string)) {
        return wrong(file_name, bot.line, bot.column,
                     "`bots` holds something that is not a string");
      }
      bots.push_back(bot.string);
    }
    return jobs::ok();
  };
  for (const manifests::Entry& entry : file.table) {
    if (entry.key == "bots" && entry.value.is(Value::Kind::array)) {
      RUNNER_TRY(add_bots(entry.value));
    } else if (entry.key != "permissions" || !entry.value.is(Value::Kind::table)) {
      return wrong(
          file_name, entry.line, entry.column,
          fmt::format("unexpected `{}`; expected a table [permissions] and an array `bots`",
                      jobs::one_line(entry.key, 60)));
    } else {
      for (const manifests::Entry& login : entry.value.table) {
        // Written below the table's head, `bots` belongs to the table: it is plain what was meant.
        if (login.key == "bots" && login.value.is(Value::Kind::array)) {
          RUNNER_TRY(add_bots(login.value));
          continue;
        }
        const auto permission = jobs::parse_permission(login.value.string);
        if (!login.value.is(Value::Kind::string) || !permission) {
          return wrong(file_name, login.value.line, login.value.column,
                       fmt::format("permission of `{}` is none of \"none\", \"read\", \"triage\", "
                                   "\"write\", \"admin\"",
                                   jobs::one_line(login.key, 60)));
        }
        logins[login.key] = *permission;
      }
    }
  }
  logins_ = std::move(logins);
  bots_ = std::move(bots);
  return jobs::ok();
}

jobs::Result<Permissions> read_permissions(const Fd& tracker, const Fd& repo) {
  Permissions permissions;
  const std::array<const Fd*, 2> folders{&tracker, &repo};
  for (const Fd* folder : folders) {
    const auto file = read_regular(*folder, kPermissionsFile, kMaxBytes);
    if (file) {
      RUNNER_TRY(permissions.add(file->bytes, kPermissionsFile));
    } else if (file.error().kind != ErrorKind::not_found) {
      return file.error();
    }
  }
  return permissions;
}

}  // namespace runner::trackers
