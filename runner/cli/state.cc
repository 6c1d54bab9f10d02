#include "runner/cli/state.h"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/load.h"
#include "runner/store/store.h"
#include "runner/wall_clock.h"

namespace runner::cli {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

jobs::Result<jobs::Fleet> load_fleet(const Globals& global) {
  auto loaded = manifests::load({.directory = global.manifests_dir, .env = environment});
  if (!loaded) {
    return loaded.error().error().with_hint("`runner manifests check` shows this again");
  }
  return std::move(loaded->fleet);
}

jobs::Result<std::unique_ptr<jobs::StoreReader>> open_reader(const jobs::Fleet& fleet) {
  return store::open_store_read_only(fleet.state_dir)
      .while_doing("reading the state in " + fleet.state_dir);
}

jobs::Result<std::unique_ptr<jobs::Store>> open_writer(const jobs::Fleet& fleet) {
  store::StoreOptions options;
  options.state_dir = fleet.state_dir;
  options.now = present();
  return store::open_store(options).while_doing("opening the state in " + fleet.state_dir);
}

jobs::TimePoint present() {
  return wall_clock();
}

std::string user_name() {
  if (const char* login = std::getenv("SUDO_USER"); login != nullptr && *login != '\0') {
    return jobs::one_line(login, 64);
  }
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return jobs::one_line(entry.pw_name, 64);
  }
  return fmt::format("uid {}", getuid());
}

jobs::Result<jobs::IssueKey> parse_issue_key(std::string_view text) {
  const std::size_t hash = text.rfind('#');
  jobs::IssueKey key;
  if (hash != std::string_view::npos && hash > 0) {
    const std::string_view digits = text.substr(hash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), key.number);
    if (error == std::errc{} && end == digits.data() + digits.size() && key.number > 0) {
      key.repo = jobs::RepoName(std::string(text.substr(0, hash)));
      return key;
    }
  }
  return jobs::fail(jobs::ErrorKind::usage,
                    fmt::format("`{}` does not name an issue", jobs::one_line(text)),
                    "write the repository and the number, for example `acme/shop#12`");
}

jobs::Result<jobs::Repo> find_repo(const jobs::Fleet& fleet, const std::string& name) {
  if (const jobs::Repo* repo = fleet.repo(jobs::RepoName(name)); repo != nullptr) {
    return *repo;
  }
  std::vector<std::string> known;
  known.reserve(fleet.repos.size());
  for (const jobs::Repo& repo : fleet.repos) {
    known.push_back(repo.name.str());
  }
  const std::string nearest = jobs::did_you_mean(name, known);
  return jobs::fail(jobs::ErrorKind::not_found,
                    fmt::format("no manifest declares the repository `{}`", jobs::one_line(name)),
                    nearest.empty() ? "`runner manifests show` lists what is declared"
                                    : fmt::format("did you mean `{}`?", nearest));
}

}  // namespace runner::cli
