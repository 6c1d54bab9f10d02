#include "manifests/load.h"

#include <exception>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "jobs/base/result.h"
#include "jobs/base/text.h"
#include "manifests/files.h"
#include "manifests/validate.h"

namespace manifests {

namespace {

/// The files that could be read. `complete` is false if one could not.
struct Sources {
  std::vector<Source> files;
  bool complete = true;
};

Sources read_sources(Report& report, const std::string& directory, const std::string& folder) {
  Sources out;
  const Position whole{.file = directory};
  const auto names = toml_names(folder);
  if (!names) {
    report.error(
        whole, "cannot read the folder of manifests: " + names.error(),
        {.expected = {},
         .suggestion = {},
         .hint = "name the right one with --manifests DIR or RUNNER_MANIFESTS, or make it"});
    out.complete = false;
    return out;
  }
  if (names->empty()) {
    report.error(whole, "the folder holds no manifest",
                 {.expected = "at least one file that ends with .toml",
                  .suggestion = {},
                  .hint = "docs/manifest.md begins with one of ten lines"});
    out.complete = false;
  }
  for (const std::string& name : *names) {
    const std::string shown = (std::filesystem::path(directory) / name).lexically_normal().string();
    auto text = read_file(folder + "/" + name, kMaxTomlBytes);
    if (!text) {
      report.error({.file = shown}, "cannot read the manifest: " + text.error());
      out.complete = false;
      continue;
    }
    report.add_text(shown, *text);
    auto root = read_toml(*text, shown);
    if (!root) {
      report.add(std::move(root.error()));
      out.complete = false;
      continue;
    }
    out.files.push_back({.file = shown, .folder = folder, .root = std::move(*root)});
  }
  return out;
}

template <typename T, typename Read>
void each(Reading& reading, const std::map<std::string, Layer>& layers,
          std::map<std::string, T>& out, std::string_view prefix, Read read) {
  for (const auto& [name, layer] : layers) {
    reading.origins.at[fmt::format("{}.{}", prefix, name)] = {layer.source->file, layer.table->line,
                                                              layer.table->column};
    out.insert_or_assign(name, read(reading, name, layer));
  }
}

void read_repos(Reading& reading, const Tables& tables, jobs::Fleet& fleet) {
  // [defaults] is also checked when no repository uses it.
  if (tables.defaults) {
    (void)read_repo(reading, {}, tables.defaults, "defaults");
  }
  for (const Layer& layer : tables.repos) {
    const std::string* name = layer.table->get_string("name");
    const std::string path = "repo." + (name == nullptr ? std::string() : *name);
    reading.origins.at[path] = {layer.source->file, layer.table->line, layer.table->column};
    fleet.repos.push_back(read_repo(reading, layer, tables.defaults, path));
  }
}

std::expected<Loaded, LoadFailure> load_or_throw(const LoadOptions& options) {
  Report report;
  Loaded loaded;
  Reading reading{options, report, loaded.origins};
  std::error_code failed;
  const std::string folder =
      std::filesystem::absolute(options.directory, failed).lexically_normal().string();
  const std::string directory = options.directory.empty() ? "." : options.directory;
  const Sources sources = read_sources(report, directory, folder);

  jobs::Fleet& fleet = loaded.fleet;
  Tables tables = collect_tables(reading, sources.files);
  tables.named_incomplete = !sources.complete;
  read_fleet(reading, tables.fleet, fleet);
  if (fleet.state_dir.empty()) {
    fleet.state_dir = absolute_path(folder, "state");
  }
  read_limits(reading, tables.limits, fleet.limits);
  read_budget(reading, tables.budget, fleet.budget);
  fleet.budget.per_turn.turns = 1;
  fleet.budget.per_turn.seconds =
      std::chrono::ceil<std::chrono::seconds>(fleet.limits.turn_deadline).count();
  read_retention(reading, tables.retention, fleet.retention);
  fleet.pipelines.emplace("default", jobs::default_pipeline());
  each(reading, tables.trackers, fleet.trackers, "tracker", read_tracker);
  each(reading, tables.agents, fleet.agents, "agent", read_agent);
  each(reading, tables.ci, fleet.ci, "ci", read_ci);
  each(reading, tables.notify, fleet.notify, "notify", read_notify);
  each(reading, tables.pipelines, fleet.pipelines, "pipeline", read_pipeline);
  read_repos(reading, tables, fleet);
  validate(reading, tables, fleet);
  if (!report.empty()) {
    return std::unexpected(LoadFailure{std::move(report).take()});
  }
  for (const Source& source : sources.files) {
    loaded.files.push_back(source.file);
  }
  return loaded;
}

}  // namespace

std::string Origins::of(const std::string& key) const {
  const auto found = at.find(key);
  return found == at.end() ? "default" : found->second.str();
}

jobs::Error LoadFailure::error() const {
  return jobs::fail(jobs::ErrorKind::invalid_manifest, render(diagnostics) + summary(diagnostics),
                    "repair them, then try `runner manifests check`");
}

std::expected<Loaded, LoadFailure> load(const LoadOptions& options) {
  try {
    return load_or_throw(options);
  } catch (const std::exception& error) {  // no memory, a path the library cannot spell
    return std::unexpected(LoadFailure{
        {Diagnostic{.at = {.file = options.directory},
                    .message = "cannot load the manifests: " + jobs::one_line(error.what())}}});
  }
}

}  // namespace manifests
