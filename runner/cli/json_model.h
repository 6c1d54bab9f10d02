#pragma once

#include <optional>

#include "jobs/ports/store.h"
#include "jobs/ports/workspace.h"
#include "runner/cli/json_out.h"

/// The model as JSON, one form for all commands (docs/json.md). Times are RFC 3339 in UTC; what is
/// not known is null.
namespace runner::cli {

[[nodiscard]] Json to_json(const std::optional<jobs::TimePoint>& time);
/// null for an empty string.
[[nodiscard]] Json text_or_null(const std::string& text);
[[nodiscard]] Json to_json(const jobs::Usage& usage);
[[nodiscard]] Json to_json(const jobs::Spend& spend);
[[nodiscard]] Json to_json(const jobs::Run& run);
[[nodiscard]] Json to_json(const jobs::Turn& turn);
[[nodiscard]] Json to_json(const jobs::Event& event);
[[nodiscard]] Json to_json(const jobs::OutboxRow& row);
[[nodiscard]] Json to_json(const jobs::LedgerRow& row);
[[nodiscard]] Json to_json(const jobs::Brake& brake);
[[nodiscard]] Json to_json(const jobs::TickRow& tick);
[[nodiscard]] Json to_json(const jobs::Decision& decision);

/// An array of everything in `items`.
template <typename T>
[[nodiscard]] Json to_json_array(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) {
    list.push(to_json(item));
  }
  return list;
}

}  // namespace runner::cli
