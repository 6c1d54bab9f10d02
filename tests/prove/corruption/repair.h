#pragma once

#include <string>
#include <vector>

#include "tests/prove/corruption/prepared.h"

namespace prove::corruption {

/// Repairs what was damaged with the program's own doctor, and judges what came of it. Empty = all
/// is as promised. `marks`: what was seen, for the record.
[[nodiscard]] std::string repair_and_judge(Prepared& prepared, const Point& point,
                                           const Damage& damage, std::vector<std::string>& marks);

/// Every row that decides about money or dispatch, as SQLite itself reads it; what it says where it
/// cannot.
[[nodiscard]] std::string protected_rows(const Files& files, const std::string& scratch);

}  // namespace prove::corruption
