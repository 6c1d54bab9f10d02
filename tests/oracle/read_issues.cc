#include "tests/oracle/read_issues.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace oracle {

namespace {

namespace fs = std::filesystem;

struct File {
  std::string front;  ///< between the two lines "+++"
  std::string body;
};

File read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  File file;
  std::string line;
  int fences = 0;
  while (std::getline(in, line)) {
    if (fences < 2 && line.starts_with("+++")) {
      ++fences;
    } else {
      (fences == 1 ? file.front : file.body) += line + "\n";
    }
  }
  return file;
}

/// What stands behind `key =` at the beginning of a line; of a list up to its closing bracket.
std::string value_of(const std::string& front, const std::string& key) {
  std::istringstream lines(front);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (!found.empty()) {
      found += line;
    } else if (line.starts_with(key + " ") || line.starts_with(key + "=")) {
      found = line.substr(line.find('=') + 1);
    }
    const bool open_list =
        found.find('[') != std::string::npos && found.find(']') == std::string::npos;
    if (!found.empty() && !open_list) {
      break;
    }
  }
  return found;
}

/// The quoted strings of a value.
std::vector<std::string> strings_in(const std::string& value) {
  std::vector<std::string> result;
  for (std::size_t at = value.find_first_of("\"'"); at != std::string::npos;) {
    const std::size_t end = value.find(value[at], at + 1);
    if (end == std::string::npos) {
      break;
    }
    result.push_back(value.substr(at + 1, end - at - 1));
    at = value.find_first_of("\"'", end + 1);
  }
  return result;
}

std::string first_string(const std::string& value) {
  const auto all = strings_in(value);
  return all.empty() ? std::string() : all.front();
}

std::int64_t number_in(const std::string& name) {
  return std::strtoll(name.c_str(), nullptr, 10);
}

}  // namespace

void read_issues(const std::string& folder, Observation& seen) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const fs::path path = it->path();
    if (path.extension() != ".md" || !it->is_regular_file(error)) {
      continue;
    }
    const fs::path parent = path.parent_path();
    if (parent.extension() == ".comments") {
      const std::string repo = fs::relative(parent.parent_path(), folder).string();
      const File file = read(path);
      seen.issues[{repo, number_in(parent.filename().string())}].comments.push_back(
          {.author = first_string(value_of(file.front, "author")), .text = file.body});
      continue;
    }
    const std::string repo = fs::relative(parent, folder).string();
    const File file = read(path);
    const std::string given = value_of(file.front, "number");
    const std::int64_t number = given.empty() ? number_in(path.filename().string())
                                              : std::strtoll(given.c_str(), nullptr, 10);
    IssueSeen& issue = seen.issues[{repo, number}];
    issue.open = first_string(value_of(file.front, "state")) != "closed";
    for (const std::string& label : strings_in(value_of(file.front, "labels"))) {
      issue.labels.insert(label);
    }
  }
}

}  // namespace oracle
