#pragma once

#include <functional>
#include <string>

#include "tests/prove/frame/record.h"
#include "tests/prove/hostile_text/strings.h"

/// Ways by which a text comes in. Each goes through the product as it does in a tick, and every
/// sink behind it is decoded.
namespace prove::hostile_text {

struct Field {
  const char* name;
  void (*feed)(Record& record, const char* field, const Hostile& string);
};

/// Of a repository (CI, tests, file names, servers) and of an agent (output, reports, session).
[[nodiscard]] const std::vector<Field>& work_fields();

/// Every string in every field of the local tracker: its files are written by hand and read by the
/// real reader. `folder`: an empty folder.
void feed_tracker(Record& record, const std::string& folder,
                  const std::function<bool(const std::string& where)>& wanted);

/// Every string in every column of a real state: the rows are read by SQLite alone.
void feed_state(Record& record, const std::string& folder,
                const std::function<bool(const std::string& where)>& wanted);

/// The whole program: 30 repositories, in each an issue, an agent and a test that say hostile
/// things in ten places. `number`: which part of the strings.
void feed_fleet(Record& record, std::int64_t number, const std::string& planted);

}  // namespace prove::hostile_text
