#include "tests/integration/worktrees/made_pack.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

namespace worktrees::test {

namespace {

std::string sha1(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), sum.data(), &size, EVP_sha1(), nullptr);
  return {reinterpret_cast<const char*>(sum.data()), size};
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string unhex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::string big_endian(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i-- > 0;) {
    out += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
  return out;
}

std::string deflated(std::string_view content) {
  uLongf size = compressBound(content.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(content.data()), content.size(), 6);
  out.resize(size);
  return out;
}

/// A zlib stream of NULs, made from one piece that is compressed once.
std::string deflated_zeros(std::uint64_t size) {
  constexpr std::uint64_t kPiece = 1U << 20U;
  const std::string zeros(kPiece, '\0');
  std::string piece(1U << 16U, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));  // NOLINT: read only
  stream.avail_in = kPiece;
  stream.next_out = reinterpret_cast<Bytef*>(piece.data());
  stream.avail_out = static_cast<uInt>(piece.size());
  deflate(&stream, Z_FULL_FLUSH);
  piece.resize(piece.size() - stream.avail_out);
  deflateEnd(&stream);
  std::string out = "\x78\x9c";
  uLong adler = adler32(0, nullptr, 0);
  const uLong of_piece =
      adler32(adler, reinterpret_cast<const Bytef*>(zeros.data()), static_cast<uInt>(kPiece));
  for (std::uint64_t done = 0; done < size; done += kPiece) {
    out += piece;
    adler = adler32_combine(adler, of_piece, static_cast<z_off_t>(kPiece));
  }
  return out + std::string("\x03\x00", 2) + big_endian(adler, 4);
}

/// Sizes in a delta.
std::string seven_bits(std::uint64_t value) {
  std::string out;
  for (; value > 0x7F; value >>= 7U) {
    out += static_cast<char>((value & 0x7FU) | 0x80U);
  }
  return out + static_cast<char>(value);
}

}  // namespace

std::string MadePack::id_of(Type type, std::string_view content) {
  const char* names[] = {"", "commit", "tree", "blob", "tag"};
  const char* name = names[static_cast<std::size_t>(type)];
  return hex(sha1(fmt::format("{} {}", name, content.size()) + '\0' + std::string(content)));
}

std::string MadePack::id_of_zeros(std::uint64_t size) {
  const std::string header = fmt::format("blob {}", size) + '\0';
  const std::string zeros(std::size_t{1} << 20U, '\0');
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  EVP_DigestInit_ex(digest, EVP_sha1(), nullptr);
  EVP_DigestUpdate(digest, header.data(), header.size());
  for (; size > 0; size -= std::min<std::uint64_t>(size, zeros.size())) {
    EVP_DigestUpdate(digest, zeros.data(), std::min<std::uint64_t>(size, zeros.size()));
  }
  EVP_DigestFinal_ex(digest, sum.data(), &length);
  EVP_MD_CTX_free(digest);
  return hex({reinterpret_cast<const char*>(sum.data()), length});
}

std::string MadePack::entry(std::string_view mode, std::string_view name, const std::string& id) {
  return fmt::format("{} {}", mode, name) + '\0' + unhex(id);
}

std::string MadePack::add(Type type, std::string_view content) {
  const std::string id = id_of(type, content);
  add_as(type, content, id);
  return id;
}

void MadePack::add_as(Type type, std::string_view content, const std::string& id) {
  put(type, content.size(), id, {}, deflated(content));
}

void MadePack::add_zeros(std::uint64_t size, const std::string& id) {
  put(Type::blob, size, id, {}, deflated_zeros(size));
}

void MadePack::add_delta(const std::string& base, std::string_view delta, const std::string& id) {
  put(Type::delta, delta.size(), id, unhex(base), deflated(delta));
}

std::string MadePack::repeat(std::uint64_t size, std::uint64_t times) {
  std::string out = seven_bits(size) + seven_bits(size * times);
  for (std::uint64_t i = 0; i < times; ++i) {
    // Copy from 0, with three bytes of length.
    out += '\xF0';
    for (unsigned byte = 0; byte < 3; ++byte) {
      out += static_cast<char>(size >> (8 * byte) & 0xFFU);
    }
  }
  return out;
}

void MadePack::put(Type type, std::uint64_t size, const std::string& id, std::string_view between,
                   std::string compressed) {
  std::string head;
  head += static_cast<char>(static_cast<unsigned>(type) << 4U | (size & 0xFU));
  for (size >>= 4U; size > 0; size >>= 7U) {
    head.back() = static_cast<char>(static_cast<unsigned char>(head.back()) | 0x80U);
    head += static_cast<char>(size & 0x7FU);
  }
  objects_.push_back({unhex(id), head + std::string(between) + std::move(compressed)});
}

void MadePack::write(const std::string& folder) const {
  std::string pack = "PACK" + big_endian(2, 4) + big_endian(objects_.size(), 4);
  struct Place {
    std::string id;
    std::uint64_t at;
    std::uint64_t crc;
  };
  std::vector<Place> places;
  for (const Object& object : objects_) {
    places.push_back({object.id, pack.size(),
                      crc32(0, reinterpret_cast<const Bytef*>(object.bytes.data()),
                            static_cast<uInt>(object.bytes.size()))});
    pack += object.bytes;
  }
  pack += sha1(pack);
  std::ranges::sort(places, {}, &Place::id);
  std::string index = std::string("\xFFtOc", 4) + big_endian(2, 4);
  std::size_t below = 0;
  for (unsigned first = 0; first < 256; ++first) {
    while (below < places.size() && static_cast<unsigned char>(places[below].id[0]) <= first) {
      ++below;
    }
    index += big_endian(below, 4);
  }
  for (const Place& place : places) {
    index += place.id;
  }
  for (const Place& place : places) {
    index += big_endian(place.crc, 4);
  }
  for (const Place& place : places) {
    index += big_endian(place.at, 4);
  }
  index += pack.substr(pack.size() - 20);
  index += sha1(index);
  const std::string name = folder + "/pack-" + hex(pack.substr(pack.size() - 20));
  std::ofstream(name + ".pack", std::ios::binary) << pack;
  std::ofstream(name + ".idx", std::ios::binary) << index;
}

}  // namespace worktrees::test
