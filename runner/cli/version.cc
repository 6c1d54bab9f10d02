#include <sys/utsname.h>

#include <string>
#include <utility>
#include <vector>

#include <CLI/Version.hpp>
#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/version.hpp>
#include <fmt/format.h>
#include <git2.h>
#include <nlohmann/detail/abi_macros.hpp>
#include <sqlite3.h>
#include <toml++/impl/version.h>

#include "runner/cli/commands.h"
#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"
#include "runner/http/libcurl.h"
#include "runner/process/container.h"

namespace runner::cli {

namespace {

std::string dotted(int major, int minor, int patch) {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

/// Asked of the library itself where it can be asked, so that this is what runs and not what was
/// compiled with.
std::vector<std::pair<std::string, std::string>> libraries() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  git_libgit2_version(&major, &minor, &patch);
  const auto curl = http::libcurl();
  return {
      {"libgit2", dotted(major, minor, patch)},
      {"SQLite", sqlite3_libversion()},
      {"SQLiteCpp",
       dotted(SQLITECPP_VERSION_NUMBER / 1000000, SQLITECPP_VERSION_NUMBER / 1000 % 1000,
              SQLITECPP_VERSION_NUMBER % 1000)},
      {"curl", curl ? (*curl)->version_info(CURLVERSION_NOW)->version : curl.error().message},
      {"Boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"toml++", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)},
      {"JSON for Modern C++", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                     NLOHMANN_JSON_VERSION_PATCH)},
      {"prometheus-cpp", RUNNER_PROMETHEUS_VERSION},
      {"fmt", dotted(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"CLI11", CLI11_VERSION}};
}

}  // namespace

int run_version(const Globals& global) {
  const std::string containment = process::strongest_containment();
  if (global.json) {
    Json versions = Json::object();
    for (const auto& [name, version] : libraries()) {
      versions.set(name, version);
    }
    Json root = json_root();
    root.set("version", RUNNER_VERSION).set("libraries", versions);
    print_json(root.set("containment", containment));
    return 0;
  }
  std::string out = fmt::format("runner {}\n", RUNNER_VERSION);
  for (const auto& [name, version] : libraries()) {
    out += fmt::format("  {:<20}{}\n", name, version);
  }
  put(out + fmt::format("strongest containment here: {}\n", containment));
  return 0;
}

}  // namespace runner::cli
