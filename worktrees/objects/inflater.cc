#include "worktrees/objects/inflater.h"

#include <libdeflate.h>
#include <zlib.h>

#include <new>

namespace worktrees::objects {

Inflater::Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
  if (decompressor_ == nullptr) {
    throw std::bad_alloc();
  }
}

Inflater::~Inflater() {
  libdeflate_free_decompressor(decompressor_);
}

Inflater::Outcome Inflater::inflate(std::string_view in, char* out, std::size_t size) {
  std::size_t taken = 0;
  switch (libdeflate_zlib_decompress_ex(decompressor_, in.data(), in.size(), out, size, &taken,
                                        nullptr)) {
    case LIBDEFLATE_SUCCESS: return Outcome::done;
    case LIBDEFLATE_INSUFFICIENT_SPACE: return Outcome::longer;
    case LIBDEFLATE_BAD_DATA:
    case LIBDEFLATE_SHORT_OUTPUT: break;
  }
  return Outcome::damaged;
}

std::optional<std::size_t> Inflater::whole(std::string_view in, char* out, std::size_t room) {
  std::size_t size = 0;
  return libdeflate_zlib_decompress(decompressor_, in.data(), in.size(), out, room, &size) ==
                 LIBDEFLATE_SUCCESS
             ? std::optional(size)
             : std::nullopt;
}

std::size_t Inflater::begin_of(std::string_view in, char* out, std::size_t size) {
  // Libdeflate knows no part of a stream.
  z_stream stream{};
  if (::inflateInit(&stream) != Z_OK) {
    return 0;
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out);
  stream.avail_out = static_cast<uInt>(size);
  (void)::inflate(&stream, Z_SYNC_FLUSH);
  ::inflateEnd(&stream);
  return size - stream.avail_out;
}

}  // namespace worktrees::objects
