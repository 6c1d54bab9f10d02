// Answers of a git server: whatever they are, they are read to an end or refused, the same however
// they were cut on their way. Input: a number of bytes for each piece, then the answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "worktrees/wire/fetch.h"
#include "worktrees/wire/ls_refs.h"
#include "worktrees/wire/pkt_line.h"

using fuzz::require;

namespace {

namespace wire = worktrees::wire;

struct Outcome {
  bool whole = false;
  std::string pack;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome fetched(std::string_view answer, std::size_t step) {
  Outcome outcome;
  wire::FetchReader reader([&](std::string_view bytes) {
    outcome.pack += bytes;
    return jobs::ok();
  });
  for (; !answer.empty(); answer.remove_prefix(std::min(step, answer.size()))) {
    if (!reader.feed(answer.substr(0, step))) {
      return outcome;
    }
  }
  outcome.whole = bool(reader.end());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome at_once = fetched(answer, answer.size() + 1);
  const Outcome in_pieces = fetched(answer, data[0] + std::size_t{1});
  require(at_once == in_pieces, "the same pack however it was cut");
  require(at_once.pack.size() <= answer.size(), "no more comes out than went in");

  if (const auto branches = wire::read_branches(answer)) {
    std::string again;
    for (const auto& [name, head] : *branches) {
      require(head.str().size() == 40, "a head is 40 hex digits");
      wire::put_line(again, head.str() + " refs/heads/" + name + "\n");
    }
    wire::put_flush(again);
    require(wire::read_branches(again).value() == *branches, "written anew they are the same");
  }
  return 0;
}
