// Where secrets lie: the manifest names the place and never the secret.
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/read.h"

namespace manifests {

std::optional<jobs::SecretRef> read_token(Reading& reading, TableReader& reader,
                                          const std::string& prefix) {
  return read_secret(reading, reader, prefix + "token_env", prefix + "token_file");
}

std::optional<jobs::SecretRef> read_secret(Reading& reading, TableReader& reader,
                                           const std::string& env_key,
                                           const std::string& file_key) {
  std::string variable;
  std::string file;
  const bool has_variable = reader.text(env_key, variable, check_variable);
  const bool has_file = reader.path(file_key, file);
  if (has_variable && has_file) {
    reader.error(reader.find(file_key)->key_at(),
                 fmt::format("{} and {} exclude each other", env_key, file_key));
    return std::nullopt;
  }
  if (has_variable) {
    const auto value = reading.options.env ? reading.options.env(variable) : std::nullopt;
    if (!value || value->empty()) {
      reader.error(
          reader.find(env_key)->at(),
          fmt::format("the environment variable {} is {}", variable, value ? "empty" : "not set"),
          {.expected = {}, .suggestion = {}, .hint = "set it where the runner starts"});
    }
    return jobs::SecretRef{jobs::SecretRef::Source::env, variable};
  }
  if (has_file) {
    must_exist(reader, file_key, file);
    return jobs::SecretRef{jobs::SecretRef::Source::file, file};
  }
  return std::nullopt;
}

void must_exist(TableReader& reader, std::string_view key, const std::string& file) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed)) {
    reader.error(reader.find(key)->at(), fmt::format("there is no file {}", jobs::one_line(file)));
  }
}

}  // namespace manifests
