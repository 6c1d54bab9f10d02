// What is said about keys in messages.
#include <fmt/format.h>

#include "manifests/keys.h"

namespace manifests {

using enum KeyType;

std::string expected_text(const KeySpec& spec) {
  switch (spec.type) {
    case text:
    case long_text: return "a string";
    case choice: {
      std::string out;
      for (const std::string& name : split_choices(spec.choices)) {
        out += fmt::format("{}\"{}\"", out.empty() ? "" : " or ", name);
      }
      return out;
    }
    case boolean: return "true or false, without quotes";
    case count: return "an integer";
    case duration: return "a duration such as \"90s\", \"60m\" or \"1h30m\"";
    case size: return "a size such as \"64MiB\" or \"2GB\", or a number of bytes";
    case cap_usd: return "an amount in USD such as \"12.50\", or \"none\"";
    case cap_count: return "an integer, or \"none\"";
    case usd: return "an amount in USD such as \"12.50\"";
    case path: return "a path";
    case names: return "an array of strings";
    case paths: return "an array of paths";
    case argv: return "a command as an array of strings such as [\"make\", \"test\"]";
    case argv_list: return "an array of commands such as [[\"npm\", \"ci\"]]";
    case text_map: return "a table of strings such as { KEY = \"value\" }";
    case argv_map: return "a table of commands such as { lfs = [\"lfs-fetch\", \"%f\"] }";
    case sub_table: return "a table";
    case stages: return "an array of stages such as [{ kind = \"agent\" }]";
  }
  return "a value";
}

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> out;
  while (!choices.empty()) {
    const std::size_t end = choices.find('|');
    out.emplace_back(choices.substr(0, end));
    choices.remove_prefix(end == std::string_view::npos ? choices.size() : end + 1);
  }
  return out;
}

}  // namespace manifests
