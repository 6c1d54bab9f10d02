// The store's cells: what is put into a row comes out of it, and two rows that are not the same
// never have the same canonical form, however their texts are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "jobs/model/issue.h"
#include "runner/store/cells.h"
#include "runner/store/rows.h"
#include "runner/store/sealed.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using namespace runner::store;  // NOLINT(google-build-using-namespace): what is under test

Row row_of(fuzz::Input& input) {
  Row row;
  for (std::size_t count = input.below(8); count > 0; --count) {
    switch (input.below(3)) {
      case 0: row.emplace_back(std::monostate{}); break;
      case 1: row.emplace_back(input.number()); break;
      default: row.emplace_back(input.text()); break;
    }
  }
  return row;
}

void check_digest(fuzz::Input& input) {
  const Row a = row_of(input);
  const Row b = row_of(input);
  require((digest_of("t", a) == digest_of("t", b)) == (a == b), "a digest is of one row only");
  require(digest_of("t", a) != digest_of("u", a), "a digest is of one table only");
}

void check_lists(fuzz::Input& input) {
  std::vector<std::string> list;
  while (!input.empty()) {
    list.push_back(input.text());
  }
  const std::string text = list_to_text(list);
  require(list_from_text(text) == list, "a list comes back");
  require(std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
          "a list is one line");
}

/// Any cells are a thing of the model or refused; a thing of the model comes back.
template <typename From>
void check_row(const Row& row, const From& from) {
  const auto read = from(row);
  if (read) {
    const Row written = to_row(*read);
    const auto again = from(written);
    require(again && to_row(*again) == written, "a row comes back");
  }
}

void check_rows(fuzz::Input& input) {
  const Row row = row_of(input);
  check_row(row, run_from);
  check_row(row, turn_from);
  check_row(row, attempt_from);
  check_row(row, outbox_from);
  check_row(row, brake_from);
  check_row(row, request_from);
  check_row(row, lease_from);
  check_row(row, pause_from);
  check_row(row, carried_from);
  check_row(row, ledger_from);
  check_row(row, tick_from);
}

/// Every text of a run may hold any bytes.
void check_run(fuzz::Input& input) {
  jobs::Run run;
  run.id = jobs::RunId(input.text());
  run.issue = {jobs::RepoName(input.text()), input.number()};
  run.title = input.text();
  run.body = input.text();
  run.stage = input.text();
  run.branch = input.text();
  run.reason = input.text();
  run.last_error = input.text();
  run.failing = {input.text(), input.text()};
  run.head = jobs::Oid(input.text());
  run.created_at = jobs::TimePoint(jobs::Duration(input.number()));
  if (input.below(2) == 1) {
    run.not_before = jobs::TimePoint(jobs::Duration(input.number()));
  }
  const auto read = run_from(to_row(run));
  require(read && *read == run, "a run comes back");

  jobs::Turn turn;
  turn.run = run.id;
  turn.number = 1;
  turn.stage = run.stage;
  turn.directory = input.text();
  turn.correction = input.text();
  turn.exit = jobs::TurnExit{.end = jobs::TurnEnd::exited,
                             .exit_code = static_cast<int>(input.byte()),
                             .signal = 0,
                             .detail = input.text(),
                             .at = run.not_before};
  turn.usage = jobs::Usage{jobs::Usd{input.number()}, input.number(), 1, input.number()};
  const auto turn_read = turn_from(to_row(turn));
  require(turn_read && *turn_read == turn, "a turn comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  switch (input.below(4)) {
    case 0: check_digest(input); break;
    case 1: check_lists(input); break;
    case 2: check_rows(input); break;
    default: check_run(input); break;
  }
  return 0;
}
