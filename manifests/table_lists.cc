// The arrays and tables of a TableReader: lists of names, commands, environments.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/table_reader.h"

namespace manifests {

bool TableReader::names(std::string_view key, std::vector<std::string>& out, Check check,
                        bool twice) {
  const auto found = want(key, Value::Kind::array);
  if (!found) {
    return false;
  }
  std::vector<std::string> read;
  for (const Value& item : found->entry->value.array) {
    const Position at{found->source->file, item.line, item.column};
    if (!item.is(Value::Kind::string)) {
      wrong_type(key, at, item.kind);
    } else if (!twice && std::ranges::find(read, item.string) != read.end()) {
      error(at, fmt::format("\"{}\" stands in {} twice", jobs::one_line(item.string, 60), key));
    } else if (fits(key, at, item.string, check)) {
      reading_.origins.at[fmt::format("{}.{}[{}]", path_, key, read.size())] = at;
      read.push_back(item.string);
    }
  }
  out = std::move(read);
  return true;
}

bool TableReader::paths(std::string_view key, std::vector<std::string>& out) {
  std::vector<std::string> read;
  if (!names(key, read, [](std::string_view given) -> Fault {
        return given.empty() ? Fault("is empty") : check_plain(given);
      })) {
    return false;
  }
  const std::string folder = find(key)->source->folder;
  for (std::string& path : read) {
    path = absolute_path(folder, path);
  }
  out = std::move(read);
  return true;
}

bool TableReader::one_argv(std::string_view key, const Source& source, const Value& value,
                           std::vector<std::string>& out) {
  const Position at{source.file, value.line, value.column};
  if (!value.is(Value::Kind::array)) {
    error(at, fmt::format("{} has the wrong type: {}", key, describe(value.kind)),
          {.expected = "an array of strings such as [\"make\", \"test\"]",
           .suggestion = {},
           .hint = value.is(Value::Kind::string)
                       ? "no shell reads it; for one write [\"sh\", \"-c\", \"...\"]"
                       : ""});
    return false;
  }
  std::vector<std::string> words;
  for (const Value& word : value.array) {
    const Position word_at{source.file, word.line, word.column};
    if (!word.is(Value::Kind::string)) {
      error(word_at, fmt::format("a word of {} has the wrong type: {}", key, describe(word.kind)),
            {.expected = "a string", .suggestion = {}, .hint = "put it between quotes"});
      return false;
    }
    if (!fits(key, word_at, word.string, check_long_text)) {
      return false;
    }
    words.push_back(word.string);
  }
  if (words.empty() || words.front().empty() || words.front().front() == '-') {
    error(at, fmt::format("{} names no program", key),
          {.expected = "a command such as [\"make\", \"test\"]", .suggestion = {}, .hint = {}});
    return false;
  }
  out = std::move(words);
  return true;
}

bool TableReader::argv(std::string_view key, std::vector<std::string>& out) {
  const auto found = find(key);
  return found && one_argv(key, *found->source, found->entry->value, out);
}

bool TableReader::argv_list(std::string_view key, std::vector<std::vector<std::string>>& out) {
  const auto found = want(key, Value::Kind::array);
  if (!found) {
    return false;
  }
  std::vector<std::vector<std::string>> read;
  for (const Value& item : found->entry->value.array) {
    if (std::vector<std::string> words; one_argv(key, *found->source, item, words)) {
      read.push_back(std::move(words));
    }
  }
  out = std::move(read);
  return true;
}

bool TableReader::text_map(std::string_view key, std::map<std::string, std::string>& out) {
  const auto found = want(key, Value::Kind::table);
  if (!found) {
    return false;
  }
  std::map<std::string, std::string> read;
  for (const Entry& entry : found->entry->value.table) {
    const Position key_at{found->source->file, entry.line, entry.column};
    const Position at{found->source->file, entry.value.line, entry.value.column};
    if (!fits(key, key_at, entry.key, check_variable)) {
      continue;
    }
    if (names_a_secret(entry.key)) {
      error(
          key_at, fmt::format("{} would put the secret {} into the manifest", key, entry.key),
          {.expected = {},
           .suggestion = {},
           .hint = "set the variable where the runner starts and name it in the agent's pass_env"});
    } else if (!entry.value.is(Value::Kind::string)) {
      error(at,
            fmt::format("{}.{} has the wrong type: {}", key, entry.key, describe(entry.value.kind)),
            {.expected = "a string", .suggestion = {}, .hint = "put it between quotes"});
    } else if (fits(entry.key, at, entry.value.string, check_long_text)) {
      read.emplace(entry.key, entry.value.string);
    }
  }
  out = std::move(read);
  return true;
}

bool TableReader::argv_map(std::string_view key,
                           std::map<std::string, std::vector<std::string>>& out) {
  const auto found = want(key, Value::Kind::table);
  if (!found) {
    return false;
  }
  std::map<std::string, std::vector<std::string>> read;
  for (const Entry& entry : found->entry->value.table) {
    const Position key_at{found->source->file, entry.line, entry.column};
    std::vector<std::string> words;
    if (!fits(key, key_at, entry.key, check_name) ||
        !one_argv(fmt::format("{}.{}", key, entry.key), *found->source, entry.value, words)) {
      continue;
    }
    if (words.front().find('/') != std::string::npos && words.front().front() != '/') {
      error({found->source->file, entry.value.line, entry.value.column},
            fmt::format("{}.{} would be a file of the folder that it runs in", key, entry.key),
            {.expected = "an absolute path, or a name that is looked for in PATH",
             .suggestion = {},
             .hint = {}});
      continue;
    }
    read.emplace(entry.key, std::move(words));
  }
  out = std::move(read);
  return true;
}

}  // namespace manifests
