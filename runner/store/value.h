#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace runner::store {

/// One cell: null, an integer, or text (any bytes). The schema knows no other type.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Value>;

}  // namespace runner::store
