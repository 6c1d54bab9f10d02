// References in an issue's text: always few, never repeated, always of one form, and found again
// where they are written anew.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "jobs/model/issue.h"
#include "runner/trackers/issue_folder.h"
#include "tests/fuzz/fuzz.h"

using fuzz::require;

namespace {

bool is_reference(const std::string& text) {
  const std::size_t hash = text.find('#');
  if (hash == std::string::npos || hash + 1 == text.size() || text[hash + 1] == '0' ||
      text.size() - hash > 16) {
    return false;
  }
  return text.find_first_not_of("0123456789", hash + 1) == std::string::npos &&
         text.find_first_of(" \t\r\n,*`\"\\", 0) == std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> found = jobs::blocked_by_references(bytes);
  require(found.size() <= 50, "at most 50 references");
  require(std::set<std::string>(found.begin(), found.end()).size() == found.size(),
          "no reference twice");
  std::string again;
  for (const std::string& reference : found) {
    require(is_reference(reference), "a reference is a name, '#' and digits");
    require(bytes.find(reference) != std::string::npos, "a reference stands in the text");
    again += "blocked by " + reference + "\n";
  }
  require(jobs::blocked_by_references(again) == found, "written anew they are found again");
  require(runner::trackers::number_in_name(bytes) >= 0, "a number in a name is not negative");

  jobs::Issue issue;
  issue.title = bytes.substr(0, bytes.size() / 2);
  issue.body = bytes.substr(bytes.size() / 2);
  const std::string digest = issue.text_digest();
  require(digest.size() == 64, "a digest is SHA-256");
  if (!issue.title.empty()) {
    // The border between title and body may not move unseen.
    jobs::Issue moved = issue;
    moved.body.insert(moved.body.begin(), moved.title.back());
    moved.title.pop_back();
    require(moved.text_digest() != digest, "moving text between title and body changes the digest");
  }
  return 0;
}
