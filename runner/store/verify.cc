#include "runner/store/verify.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "runner/store/files.h"
#include "runner/store/rows.h"

namespace runner::store {

namespace {

/// Up to this size the whole file is checked before it is believed: milliseconds. Beyond it only
/// the structure of the tables that decide about money and dispatch, and a row's content when it is
/// read.
constexpr std::int64_t kWholeCheckBytes = 32LL << 20;

jobs::Status verify_structure(Database& database, bool whole) {
  std::vector<std::string> checks;
  if (whole) {
    checks.emplace_back("PRAGMA integrity_check(3)");
  } else {
    for (const SealedTable* table : sealed_tables()) {
      checks.push_back(fmt::format("PRAGMA integrity_check({})", table->name));
    }
    checks.emplace_back("PRAGMA integrity_check(ledger)");
    checks.emplace_back("PRAGMA integrity_check(seals)");
  }
  for (const std::string& check : checks) {
    RUNNER_ASSIGN(const auto found, database.rows(check));
    if (found.size() != 1 || found.front().front() != Value(std::string("ok"))) {
      const auto* why = found.empty() ? nullptr : std::get_if<std::string>(&found.front().front());
      return damaged(why != nullptr ? *why : "the integrity check gives no answer");
    }
  }
  return jobs::ok();
}

}  // namespace

std::array<const SealedTable*, 9> sealed_tables() {
  return {&runs_table(),     &turns_table(),  &attempts_table(), &outbox_table(), &brakes_table(),
          &requests_table(), &leases_table(), &pauses_table(),   &carried_table()};
}

jobs::Result<std::int64_t> steps_of(Seals& seals) {
  RUNNER_ASSIGN(const Seal* const seal, seals.of(kSteps));
  return seal->next_id - 1;
}

jobs::Status verify_contents(Database& database, Ledger& ledger) {
  RUNNER_ASSIGN(const std::int64_t pages, database.number("PRAGMA page_count"));
  RUNNER_ASSIGN(const std::int64_t page_size, database.number("PRAGMA page_size"));
  const bool whole = pages * page_size <= kWholeCheckBytes;
  RUNNER_TRY(verify_structure(database, whole));
  Seals seals(database);
  for (const SealedTable* table : sealed_tables()) {
    RUNNER_TRY(verify_table(database, seals, *table, whole));
  }
  auto loaded = ledger.load(database, seals);
  if (!loaded && loaded.error().kind == jobs::ErrorKind::conflict) {
    return damaged(loaded.error().message);
  }
  return loaded;
}

jobs::Status verify_header(Database& database, const std::string& path) {
  // https://www.sqlite.org/fileformat.html, 1.3.3: both are 1 where the journal is for rolling
  // back.
  RUNNER_ASSIGN(const std::string versions, database.raw_bytes(18, 2));
  if (versions != std::string(2, '\1')) {
    return damaged(fmt::format("its header has the format versions {} and {} instead of 1 and 1",
                               static_cast<unsigned char>(versions[0]),
                               static_cast<unsigned char>(versions[1])));
  }
  RUNNER_ASSIGN(const std::int64_t pages, database.number("PRAGMA page_count"));
  RUNNER_ASSIGN(const std::int64_t page_size, database.number("PRAGMA page_size"));
  const std::int64_t size = size_of(path);
  if (size != pages * page_size) {
    return damaged(fmt::format("its file has {} bytes instead of {}", size, pages * page_size));
  }
  return jobs::ok();
}

jobs::Status verify_age(Database& database, const StepMark& mark) {
  if (!mark) {
    return jobs::ok();
  }
  Seals seals(database);
  RUNNER_ASSIGN(const std::int64_t steps, steps_of(seals));
  if (steps < *mark) {
    return jobs::fail(
        jobs::ErrorKind::corrupt,
        fmt::format("state.db is older than the state that was here: it ends at step {}, and step "
                    "{} was written; an older copy was put in its place, or the disk lost steps",
                    steps, *mark),
        "put the newest state back; if there is none, `runner doctor` says how to go on with this "
        "one");
  }
  return jobs::ok();
}

}  // namespace runner::store
