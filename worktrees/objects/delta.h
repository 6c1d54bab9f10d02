#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// Deltas as they stand in a pack (gitformat-pack(5), "Deltified representation").
namespace worktrees::objects {

/// What the first bytes of a delta say.
struct DeltaHeader {
  std::size_t base_size = 0;
  std::size_t result_size = 0;
  std::size_t length = 0;  ///< of the header itself
};
/// Nothing if the header is cut short or a size does not fit.
[[nodiscard]] std::optional<DeltaHeader> delta_header(std::string_view delta);

/// Writes the result of `delta` on `base` to `out`, which has room for `result_size` bytes. False
/// if the delta is damaged: it asks for what the base does not have, or for more or less than its
/// header says. Nothing is written beyond `result_size`.
[[nodiscard]] bool apply_delta(std::string_view base, std::string_view delta, char* out);

}  // namespace worktrees::objects
