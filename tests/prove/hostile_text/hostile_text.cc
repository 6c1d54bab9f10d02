// Every string in every field, with a decoder at every sink. Cases are named FIELD:SEED/PLACE, a
// fleet of the whole program `fleet:NUMBER`.

#include <cstdlib>
#include <filesystem>

#include <git2.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/hostile_text/flows.h"

namespace prove::hostile_text {
namespace {

void harness(const Options& options, Record& record) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  git_libgit2_init();
  const auto wanted = [&](const std::string& where) {
    return options.only.empty() || options.only == where;
  };
  const bool whole = options.only.empty();
  const auto& strings = hostile_strings();
  record.figure("strings", static_cast<std::int64_t>(strings.size()));
  if (whole && options.planted.empty()) {
    for (const char* field : {"title", "body", "label", "author", "blocked-by", "file-name"}) {
      record.expect(std::string("issues of field ") + field + " without a problem");
    }
    record.expect("a fleet's run landed");
    record.expect("a commit of the runner was read");
  }
  // One piece of work for each field, then the fleets; a worker takes the next one.
  const auto& fields = work_fields();
  const std::int64_t fleets = options.count(1, 12);
  const auto count = static_cast<std::int64_t>(fields.size()) + 2 + fleets;
  spread(options, record, count, [&](std::int64_t index) {
    // The fleets take longest, so they come first.
    if (index < fleets) {
      const auto number =
          options.tier == Tier::quick ? static_cast<std::int64_t>(options.seed + 11) % 12 : index;
      if (whole || options.only.starts_with("fleet:" + std::to_string(number))) {
        feed_fleet(record, number, options.planted);
        record.count("fleets");
      }
      return;
    }
    const auto piece = static_cast<std::size_t>(index - fleets);
    if (piece == 0) {
      std::filesystem::create_directories(options.scratch + "/issues");
      feed_tracker(record, options.scratch + "/issues", wanted);
      record.count("fields", 8);
      return;
    }
    if (piece == 1) {
      feed_state(record, options.scratch + "/state", wanted);
      record.count("fields", 15);
      return;
    }
    const Field& field = fields[piece - 2];
    record.count("fields");
    for (const Hostile& string : strings) {
      if (wanted(std::string(field.name) + ":" + string.name)) {
        field.feed(record, field.name, string);
        record.count("strings in fields");
      }
    }
  });
  git_libgit2_shutdown();
}

}  // namespace
}  // namespace prove::hostile_text

int main(int argc, char** argv) {
  return prove::main(argc, argv, "hostile_text", prove::hostile_text::harness);
}
