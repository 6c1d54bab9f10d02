#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "manifests/diagnostic.h"
#include "manifests/load.h"
#include "manifests/schema.h"
#include "manifests/show.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"

namespace runner::cli {

namespace {

std::string with_newline(std::string text) {
  if (!text.ends_with('\n')) {
    text += '\n';
  }
  return text;
}

auto load(const Globals& global) {
  return manifests::load({.directory = global.manifests_dir, .env = environment});
}

/// All mistakes as they are, so that an editor finds "file:line:column: error:" at the beginning of
/// a line.
int report_failure(const Globals& global, const manifests::LoadFailure& failure) {
  if (global.json) {
    put(with_newline(manifests::diagnostics_json(failure.diagnostics)));
  } else {
    std::fputs(manifests::render(failure.diagnostics).c_str(), stderr);
    std::fputs((manifests::summary(failure.diagnostics) + "\n").c_str(), stderr);
  }
  return jobs::exit_code(jobs::ErrorKind::invalid_manifest);
}

}  // namespace

int run_manifests_check(const Globals& global) {
  const auto loaded = load(global);
  if (!loaded) {
    return report_failure(global, loaded.error());
  }
  if (global.json) {
    Json root = json_root();
    root.set("ok", true).set("files", Json::strings(loaded->files));
    root.set("repositories", static_cast<std::int64_t>(loaded->fleet.repos.size()));
    print_json(root.set("errors", Json::array()));
    return 0;
  }
  put(fmt::format("the manifests are good: {}, {}\n",
                  counted(static_cast<std::int64_t>(loaded->files.size()), "file"),
                  loaded->fleet.repos.size() == 1
                      ? "1 repository"
                      : fmt::format("{} repositories", loaded->fleet.repos.size())));
  return 0;
}

int run_manifests_show(const Globals& global) {
  const auto loaded = load(global);
  if (!loaded) {
    return report_failure(global, loaded.error());
  }
  put(global.json ? with_newline(manifests::show_json(*loaded)) : manifests::show_text(*loaded));
  return 0;
}

int run_manifests_schema(const Globals& /*global*/) {
  put(with_newline(manifests::json_schema()));
  return 0;
}

}  // namespace runner::cli
