#include "tests/support/case_file.h"

#include <fstream>
#include <sstream>

namespace test_support {

namespace {

/// "> text" lines; an output that does not end with a newline is marked by a last line ">\" of its
/// own.
void add_line(std::string& output, const std::string& line) {
  const std::string text = line.size() > 2 ? line.substr(2) : "";
  if (line.size() > 1 && line[1] == '\\') {
    output.pop_back();
    return;
  }
  output += text + "\n";
}

std::string marked(const std::string& output, char mark) {
  std::string out;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    out += std::string(1, mark) + (line.empty() ? "" : " " + line) + "\n";
  }
  if (!output.empty() && output.back() != '\n') {
    out += std::string(1, mark) + "\\\n";
  }
  return out;
}

}  // namespace

CaseFile read_case(const std::string& path) {
  CaseFile content;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("$ ")) {
      content.steps.push_back({.command = line.substr(2), .exit_code = 0, .out = {}, .error = {}});
      continue;
    }
    if (content.steps.empty()) {
      content.head.push_back(line);
      content.sample_state = content.sample_state || line == "state sample";
      content.manifests = content.manifests && line != "manifests none";
      if (line.starts_with("env ")) {
        content.environment.push_back(line.substr(4));
      }
      if (line.starts_with("stdin ")) {
        content.standard_input += line.substr(6) + "\n";
      }
      continue;
    }
    Step& step = content.steps.back();
    if (line.starts_with("exit ")) {
      step.exit_code = std::stoi(line.substr(5));
    } else if (line.starts_with('>')) {
      add_line(step.out, line);
    } else if (line.starts_with('!')) {
      add_line(step.error, line);
    }
  }
  return content;
}

void write_case(const std::string& path, const CaseFile& content) {
  std::ofstream file(path, std::ios::trunc);
  for (const std::string& line : content.head) {
    file << line << "\n";
  }
  for (const Step& step : content.steps) {
    file << "$ " << step.command << "\nexit " << step.exit_code << "\n"
         << marked(step.out, '>') << marked(step.error, '!');
  }
}

std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      open = true;
    } else if (c == ' ' && !quoted) {
      if (open) {
        words.push_back(word);
      }
      word.clear();
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) {
    words.push_back(word);
  }
  return words;
}

}  // namespace test_support
