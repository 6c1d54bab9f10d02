#include "jobs/policy/spend_report.h"

#include <functional>
#include <set>

namespace jobs {

namespace {

/// A turn in the books: reserved, and perhaps settled or released.
struct Booked {
  std::string agent;
  TimePoint reserved_at;
  Usage reserved;
  std::optional<Usage> settled;
  bool open = true;
};

std::map<int, Booked> turns_in(const std::vector<LedgerRow>& rows) {
  std::map<int, Booked> turns;
  for (const LedgerRow& row : rows) {
    Booked& turn = turns[row.turn];
    switch (row.kind) {
      case LedgerKind::reserve:
        turn.agent = row.agent;
        turn.reserved_at = row.at;
        turn.reserved = row.amount;
        break;
      case LedgerKind::settle:
        turn.settled = row.amount;
        turn.open = false;
        break;
      case LedgerKind::release: turn.open = false; break;
    }
  }
  return turns;
}

using KeyOf = std::function<std::string(const Run&, const Booked&)>;

std::map<std::string, SpendLine> lines_of(const std::vector<Run>& runs,
                                          const std::map<RunId, std::vector<LedgerRow>>& books,
                                          const KeyOf& key_of, const TimeZone* by_day) {
  std::map<std::string, SpendLine> lines;
  for (const Run& run : runs) {
    const auto rows = books.find(run.id);
    if (rows == books.end()) {
      continue;
    }
    std::set<std::string> touched;
    for (const auto& [number, turn] : turns_in(rows->second)) {
      const std::string key = key_of(run, turn);
      SpendLine& line = lines[key];
      line.key = key;
      line.settled = line.settled + turn.settled.value_or(Usage{});
      line.reserved = line.reserved + (turn.open ? turn.reserved : Usage{});
      touched.insert(key);
    }
    const bool landed = run.outcome == Outcome::landed;
    const std::string landed_on =
        by_day != nullptr && run.landed_at ? day_name(*run.landed_at, *by_day) : std::string();
    for (const std::string& key : touched) {
      SpendLine& line = lines[key];
      ++line.runs;
      const bool here = by_day == nullptr || landed_on == key;
      line.landed += landed && here ? 1 : 0;
    }
    if (landed && !landed_on.empty() && !touched.contains(landed_on)) {
      SpendLine& line = lines[landed_on];
      line.key = landed_on;
      ++line.landed;
    }
  }
  return lines;
}

}  // namespace

std::string_view to_string(SpendBy by) {
  switch (by) {
    case SpendBy::repo: return "repo";
    case SpendBy::agent: return "agent";
    case SpendBy::day: return "day";
    case SpendBy::issue: return "issue";
  }
  return "repo";
}

std::optional<SpendBy> parse_spend_by(std::string_view text) {
  for (const SpendBy by : {SpendBy::repo, SpendBy::agent, SpendBy::day, SpendBy::issue}) {
    if (text == to_string(by)) {
      return by;
    }
  }
  return std::nullopt;
}

std::optional<Usd> SpendLine::per_landing() const {
  return landed > 0 ? std::optional(Usd{settled.usd.micros / landed}) : std::nullopt;
}

std::vector<SpendLine> spend_by(SpendBy by, const std::vector<Run>& runs,
                                const std::map<RunId, std::vector<LedgerRow>>& books,
                                const TimeZone& zone) {
  const KeyOf key_of = [by, &zone](const Run& run, const Booked& turn) -> std::string {
    switch (by) {
      case SpendBy::repo: return run.issue.repo.str();
      case SpendBy::agent: return turn.agent;
      case SpendBy::day: return day_name(turn.reserved_at, zone);
      case SpendBy::issue: return run.issue.str();
    }
    return {};
  };
  std::vector<SpendLine> result;
  for (auto& [key, line] : lines_of(runs, books, key_of, by == SpendBy::day ? &zone : nullptr)) {
    result.push_back(std::move(line));
  }
  return result;
}

SpendLine spend_total(const std::vector<Run>& runs,
                      const std::map<RunId, std::vector<LedgerRow>>& books) {
  auto lines = lines_of(
      runs, books, [](const Run&, const Booked&) { return std::string("total"); }, nullptr);
  SpendLine total = lines.empty() ? SpendLine{} : std::move(lines.begin()->second);
  total.key = "total";
  return total;
}

}  // namespace jobs
