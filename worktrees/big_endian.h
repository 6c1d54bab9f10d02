#pragma once

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <string>

/// Numbers as git's files have them, the highest byte first. Private to this room.
namespace worktrees {

template <typename... Values>
void put32(std::string& out, Values... values) {
  const std::uint32_t numbers[] = {::htobe32(values)...};
  out.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
}

/// Of the four bytes at `at`.
[[nodiscard]] inline std::uint32_t number_at(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return ::be32toh(value);
}

}  // namespace worktrees
