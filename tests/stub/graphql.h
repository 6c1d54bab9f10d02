#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace stub {

/// One selection of a GraphQL query: a field, or with `on` set an inline fragment. Named fragments
/// are put in their places.
struct Selection {
  std::string alias;  ///< the name, if it has none
  std::string name;
  std::string on;  ///< type of an inline fragment
  nlohmann::json arguments = nlohmann::json::object();
  std::vector<Selection> below;
};

/// The selections of the only operation, a query, with variables put in. As much of the language as
/// clients of a forge use; anything else is an exception that says where.
[[nodiscard]] std::vector<Selection> parse_graphql(std::string_view query,
                                                   const nlohmann::json& variables);

/// What GitHub charges: the connections that have to be filled, those below others as often as
/// these have entries, divided by a hundred, at least one.
[[nodiscard]] int cost_of(const std::vector<Selection>& selections);

}  // namespace stub
