#pragma once

#include <string>

namespace runner::ci {

inline const std::string kOurs(40, 'a');
inline const std::string kHead(40, 'b');  ///< of the base, and contains ours

}  // namespace runner::ci
