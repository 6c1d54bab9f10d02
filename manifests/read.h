#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/table_reader.h"

/// The readers of the single tables. Each fills its part of the fleet and reports what is wrong
/// with it; what concerns several tables at once is validate.h's.
namespace manifests {

/// All files taken apart: each single table once, each named table once, repositories in order.
struct Tables {
  Layer fleet;
  Layer limits;
  Layer budget;
  Layer retention;
  Layer defaults;
  std::map<std::string, Layer> trackers;
  std::map<std::string, Layer> agents;
  std::map<std::string, Layer> ci;
  std::map<std::string, Layer> notify;
  std::map<std::string, Layer> pipelines;
  std::vector<Layer> repos;
  bool named_incomplete =
      false;  ///< a file could not be read: a name not found may be declared there
};

/// Reports tables that nobody knows and tables that are declared twice.
[[nodiscard]] Tables collect_tables(Reading& reading, const std::vector<Source>& sources);

void read_fleet(Reading& reading, const Layer& layer, jobs::Fleet& fleet);
void read_limits(Reading& reading, const Layer& layer, jobs::Limits& limits);
void read_budget(Reading& reading, const Layer& layer, jobs::Budget& budget);
void read_retention(Reading& reading, const Layer& layer, jobs::Retention& retention);

[[nodiscard]] jobs::TrackerConfig read_tracker(Reading& reading, const std::string& name,
                                               const Layer& layer);
[[nodiscard]] jobs::AgentConfig read_agent(Reading& reading, const std::string& name,
                                           const Layer& layer);
[[nodiscard]] jobs::CiConfig read_ci(Reading& reading, const std::string& name, const Layer& layer);
[[nodiscard]] jobs::NotifyConfig read_notify(Reading& reading, const std::string& name,
                                             const Layer& layer);
[[nodiscard]] jobs::Pipeline read_pipeline(Reading& reading, const std::string& name,
                                           const Layer& layer);

/// <prefix>token_env or <prefix>token_file: where a secret lies. What is named has to exist.
[[nodiscard]] std::optional<jobs::SecretRef> read_token(Reading& reading, TableReader& reader,
                                                        const std::string& prefix = {});
/// The same under any two keys.
[[nodiscard]] std::optional<jobs::SecretRef> read_secret(Reading& reading, TableReader& reader,
                                                         const std::string& env_key,
                                                         const std::string& file_key);
/// Reports a file that `key` names and that is not there.
void must_exist(TableReader& reader, std::string_view key, const std::string& file);

/// One [[repo]] over [defaults]. `path` is what its origins are filed under. With an empty `own`
/// only [defaults] is checked.
[[nodiscard]] jobs::Repo read_repo(Reading& reading, const Layer& own, const Layer& defaults,
                                   const std::string& path);

/// A file that a manifest names: at most 256 KiB of text. Reports what is wrong at `at`.
[[nodiscard]] std::string read_text_file(Reading& reading, const Position& at,
                                         const std::string& path);

/// prompt and prompt_file are one setting: the nearer table decides, and there only one of them may
/// stand. Its placeholders are checked.
void read_prompt(Reading& reading, const std::string& table, const std::string& path,
                 const std::vector<Layer>& layers, std::string& prompt);

}  // namespace manifests
