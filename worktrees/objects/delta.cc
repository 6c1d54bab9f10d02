#include "worktrees/objects/delta.h"

#include <cstdint>
#include <cstring>

namespace worktrees::objects {

namespace {

/// Seven bits a byte, the lowest first.
std::optional<std::size_t> varint(std::string_view& text) {
  std::size_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    if (text.empty()) {
      return std::nullopt;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    value |= static_cast<std::size_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
  return std::nullopt;
}

/// The bytes of a number that are there, as the low bits of `which` say.
bool sparse(std::string_view& text, unsigned which, unsigned bytes, std::size_t& value) {
  value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    if ((which & (1U << i)) == 0) {
      continue;
    }
    if (text.empty()) {
      return false;
    }
    value |= static_cast<std::size_t>(static_cast<unsigned char>(text.front())) << (8 * i);
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::optional<DeltaHeader> delta_header(std::string_view delta) {
  std::string_view rest = delta;
  const auto base = varint(rest);
  const auto result = base ? varint(rest) : std::nullopt;
  if (!result) {
    return std::nullopt;
  }
  return DeltaHeader{
      .base_size = *base, .result_size = *result, .length = delta.size() - rest.size()};
}

bool apply_delta(std::string_view base, std::string_view delta, char* out) {
  const auto header = delta_header(delta);
  if (!header || header->base_size != base.size()) {
    return false;
  }
  delta.remove_prefix(header->length);
  std::size_t room = header->result_size;
  while (!delta.empty()) {
    const auto command = static_cast<unsigned char>(delta.front());
    delta.remove_prefix(1);
    std::string_view piece;
    if ((command & 0x80U) != 0) {
      std::size_t offset = 0;
      std::size_t size = 0;
      if (!sparse(delta, command, 4, offset) || !sparse(delta, command >> 4U, 3, size)) {
        return false;
      }
      size = size == 0 ? 0x10000 : size;
      if (offset > base.size() || size > base.size() - offset) {
        return false;
      }
      piece = base.substr(offset, size);
    } else {
      if (command == 0 || command > delta.size()) {  // 0 is kept for what may come
        return false;
      }
      piece = delta.substr(0, command);
      delta.remove_prefix(command);
    }
    if (piece.size() > room) {
      return false;
    }
    std::memcpy(out, piece.data(), piece.size());
    out += piece.size();
    room -= piece.size();
  }
  return room == 0;
}

}  // namespace worktrees::objects
