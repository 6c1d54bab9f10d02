#include "tests/prove/corruption/repair.h"

#include <atomic>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <sqlite3.h>

#include "tests/oracle/judge.h"

namespace prove::corruption {

namespace {

namespace fs = std::filesystem;
using test_support::Answer;

bool says(const Answer& answer, const char* text) {
  return (answer.out + answer.error).find(text) != std::string::npos;
}

/// What a lost row cannot tell any more is no finding; everything else is.
std::string judged(const oracle::Observation& now, bool lossy) {
  std::string out;
  for (const oracle::Finding& finding : oracle::judge_always(now, {})) {
    const bool of_lost_rows =
        finding.text.find("unknown run") != std::string::npos ||
        finding.text.find("on the base branch 1 times") != std::string::npos ||
        finding.text.find("without a record") != std::string::npos;
    if (!(lossy && of_lost_rows)) {
      out += fmt::format("invariant {}: {}\n", finding.invariant, finding.text);
    }
  }
  return out;
}

std::string after_ticks(Prepared& prepared, bool lossy) {
  for (int tick = 0; tick < 3; ++tick) {
    const Answer answer = prepared.fleet().tick();
    if (answer.exit_code == kDamaged) {
      return "a tick after the repair refuses the state: " + answer.error;
    }
    prepared.wait_for_turns();
  }
  const oracle::Observation now = prepared.observe();
  std::string out = judged(now, lossy);
  std::size_t starts = 0;
  for (const auto& [turn, times] : now.starts) {
    starts += static_cast<std::size_t>(times);
  }
  if (starts > now.issues.size()) {
    out += fmt::format("invariant 2: {} starts for {} issues\n", starts, now.issues.size());
  }
  return out;
}

}  // namespace

std::string repair_and_judge(Prepared& prepared, const Point& point, const Damage& damage,
                             std::vector<std::string>& marks) {
  const Files before = prepared.files();
  const Answer looked = prepared.fleet().run({"doctor"});
  if (looked.exit_code != kDamaged) {
    return fmt::format("`runner doctor` ends with {}: {}{}", looked.exit_code, looked.out,
                       looked.error);
  }
  const Answer planned = prepared.fleet().run({"doctor", "--fix"});
  if (prepared.files() != before) {
    return "invariant 13: the plan alone changed the files\n" + planned.out;
  }
  const Answer fixed = prepared.fleet().run({"doctor", "--fix", "--yes"});
  const std::string said = fmt::format("\n    doctor --fix --yes ended with {}: {}{}",
                                       fixed.exit_code, fixed.out, fixed.error);
  if (fixed.exit_code == kDamaged) {
    marks.emplace_back("left to a person");
    return prepared.files() == before
               ? ""
               : "invariant 13: a state that cannot be repaired was changed" + said;
  }
  std::string kept;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(prepared.fleet().folder() + "/state", error)) {
    if (entry.path().filename().string().starts_with("state.db.damaged-") &&
        !entry.path().string().ends_with("-journal")) {
      kept = test_support::content_of(entry.path().string());
    }
  }
  if (kept != before.database) {
    return "the damaged file was not kept as it was" + said;
  }
  const Answer opened = prepared.fleet().run({"runs", "--json"});
  if (opened.exit_code != 0) {
    return "the repaired state does not open: " + opened.error + said;
  }
  const bool lossy = says(fixed, "paused the fleet");
  marks.emplace_back(lossy ? "repaired with losses" : "repaired without loss");
  if (!lossy) {
    (void)prepared.fleet().tick();
    prepared.wait_for_turns();
    const std::string outcome = prepared.outcome(point);
    return outcome == point.outcome
               ? judged(prepared.observe(), false)
               : "after a repair without loss the tick does something else:\n" + outcome +
                     "instead of\n" + point.outcome + said;
  }
  const std::string tree = prepared.tree();
  const Answer held = prepared.fleet().tick();
  if (prepared.tree() != tree) {
    return "a tick worked before a person resumed the fleet: " + held.out + said;
  }
  (void)prepared.fleet().run({"resume"});
  const std::string wrong = after_ticks(prepared, true);
  return wrong.empty() ? "" : wrong + "at " + damage.kind + said;
}

std::string protected_rows(const Files& files, const std::string& scratch) {
  static std::atomic<int> number = 0;
  const std::string path = fmt::format("{}/rows-{}.db", scratch, number++);
  test_support::write_file(path, files.database);
  if (files.journal) {
    test_support::write_file(path + "-journal", *files.journal);
  }
  std::string out;
  {
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open(path.c_str(), &raw);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
    for (const char* table : {"runs", "turns", "attempts", "outbox", "ledger", "carried_spend",
                              "brakes", "pauses", "requests", "leases", "seals"}) {
      sqlite3_stmt* query = nullptr;
      const std::string sql = fmt::format("SELECT * FROM {} NOT INDEXED ORDER BY rowid", table);
      if (opened != SQLITE_OK ||
          sqlite3_prepare_v2(raw, sql.c_str(), -1, &query, nullptr) != SQLITE_OK) {
        out += fmt::format("{} cannot be read\n", table);
        continue;
      }
      int code = SQLITE_OK;
      while ((code = sqlite3_step(query)) == SQLITE_ROW) {
        out += table;
        for (int column = 0; column < sqlite3_column_count(query); ++column) {
          const auto* text = sqlite3_column_text(query, column);
          out += fmt::format("|{}", text == nullptr ? "" : reinterpret_cast<const char*>(text));
        }
        out += "\n";
      }
      if (code != SQLITE_DONE) {
        out += fmt::format("{} cannot be read to its end\n", table);
      }
      sqlite3_finalize(query);
    }
  }
  std::error_code none;
  fs::remove(path, none);
  fs::remove(path + "-journal", none);
  return out;
}

}  // namespace prove::corruption
