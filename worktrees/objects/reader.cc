#include "worktrees/objects/reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <git2.h>

#include "worktrees/objects/delta.h"

namespace worktrees::objects {

namespace {

constexpr std::size_t kLongestEntryHeader = 64;
constexpr std::size_t kLeastAhead = std::size_t{8} << 10;

// gitformat-pack(5), "Object types".
constexpr unsigned kOffsetDelta = 6;
constexpr unsigned kNamedDelta = 7;

ObjectPtr object_of(git_object_t type, std::unique_ptr<char[]> bytes, std::size_t size) {
  return std::make_shared<Object>(
      Object{.type = type, .bytes = std::move(bytes), .skipped = 0, .size = size});
}

}  // namespace

std::string_view Reader::Window::at(const Pack& pack, std::uint64_t offset, std::size_t size) {
  if (offset >= pack.end()) {
    return {};
  }
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, pack.end() - offset));
  if (pack_ != &pack || offset < start_ || offset + size > start_ + held_) {
    // Read far ahead only where that was of use: what is asked for may lie all over the pack.
    const bool goes_on = pack_ == &pack && offset >= start_ && offset <= start_ + held_ + ahead_;
    ahead_ = goes_on ? std::min(2 * ahead_, most_ahead_) : kLeastAhead;
    const auto wanted = static_cast<std::size_t>(
        std::min<std::uint64_t>(std::max(size, ahead_), pack.end() - offset));
    if (room_ < wanted) {
      bytes_ = std::make_unique_for_overwrite<char[]>(wanted);
      room_ = wanted;
    }
    pack_ = &pack;
    start_ = offset;
    held_ = 0;
    while (held_ < wanted) {
      const ssize_t got = ::pread(pack.file(), bytes_.get() + held_, wanted - held_,
                                  static_cast<off_t>(offset + held_));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        return {};
      }
      held_ += static_cast<std::size_t>(got);
    }
  }
  return {bytes_.get() + (offset - start_), size};
}

std::optional<Reader::Entry> Reader::entry_at(Place place, Window& window) const {
  std::string_view text = window.at(*place.pack, place.offset, kLongestEntryHeader);
  const std::size_t all = text.size();
  const auto next = [&]() -> std::optional<unsigned> {
    if (text.empty()) {
      return std::nullopt;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    return byte;
  };
  auto byte = next();
  if (!byte) {
    return std::nullopt;
  }
  Entry entry;
  const unsigned type = *byte >> 4U & 7U;
  entry.size = *byte & 15U;
  for (unsigned shift = 4; (*byte & 0x80U) != 0; shift += 7) {
    byte = next();
    if (!byte || shift > 56) {
      return std::nullopt;
    }
    entry.size |= static_cast<std::size_t>(*byte & 0x7FU) << shift;
  }
  if (type == kOffsetDelta) {
    byte = next();
    std::uint64_t back = byte ? *byte & 0x7FU : 0;
    while (byte && (*byte & 0x80U) != 0) {
      byte = next();
      if (!byte || back > place.offset) {
        return std::nullopt;
      }
      back = (back + 1) << 7U | (*byte & 0x7FU);
    }
    if (!byte || back == 0 || back > place.offset) {
      return std::nullopt;
    }
    entry.base = {.pack = place.pack, .offset = place.offset - back};
  } else if (type == kNamedDelta) {
    git_oid base{};
    if (text.size() < GIT_OID_RAWSZ) {
      return std::nullopt;
    }
    std::memcpy(base.id, text.data(), GIT_OID_RAWSZ);
    text.remove_prefix(GIT_OID_RAWSZ);
    entry.base = store_.find(base);
    if (entry.base.pack == nullptr) {
      return std::nullopt;
    }
  } else if (type >= GIT_OBJECT_COMMIT && type <= GIT_OBJECT_TAG) {
    entry.type = static_cast<git_object_t>(type);
  } else {
    return std::nullopt;
  }
  entry.data = {.pack = place.pack, .offset = place.offset + (all - text.size())};
  return entry;
}

std::optional<std::size_t> Reader::size_at(Place place) {
  constexpr std::size_t kLongestDeltaHeader = 20;
  constexpr std::size_t kEnoughForIt = 1024;  // of the stream, whose first bytes are a table
  const auto found = entry(place);
  if (!found || found->type != GIT_OBJECT_INVALID) {
    return found ? std::optional(found->size) : std::nullopt;
  }
  char begin[kLongestDeltaHeader] = {};
  const std::size_t count = inflater_.begin_of(
      along_.at(*found->data.pack, found->data.offset, kEnoughForIt), begin, sizeof begin);
  const auto header = delta_header({begin, count});
  return header ? std::optional(header->result_size) : std::nullopt;
}

std::unique_ptr<char[]> Reader::inflate(const Entry& entry, Window& window) {
  auto out = std::make_unique_for_overwrite<char[]>(entry.size);
  const std::size_t likely = longest_stream(entry.size);
  // A second, longer look for a stream that somebody made longer than it needs to be.
  for (const std::size_t length : {likely, 4 * likely + (std::size_t{64} << 10)}) {
    const std::string_view in = window.at(*entry.data.pack, entry.data.offset, length);
    if (in.empty()) {
      return nullptr;
    }
    switch (inflater_.inflate(in, out.get(), entry.size)) {
      case Inflater::Outcome::done: return out;
      case Inflater::Outcome::longer: return nullptr;
      case Inflater::Outcome::damaged: break;
    }
    if (in.size() < length) {
      return nullptr;
    }
  }
  return nullptr;
}

ObjectPtr Reader::read_packed(Place place) {
  struct Delta {
    Place place;
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Delta> deltas;
  std::size_t waiting = 0;
  ObjectPtr object = cached(place);
  while (object == nullptr) {
    Window& window = deltas.empty() ? along_ : aside_;
    const auto entry = entry_at(place, window);
    if (!entry || entry->size > limits_.object || deltas.size() > kLongestChain) {
      return nullptr;
    }
    auto bytes = inflate(*entry, window);
    if (bytes == nullptr) {
      return nullptr;
    }
    if (entry->type != GIT_OBJECT_INVALID) {
      object = object_of(entry->type, std::move(bytes), entry->size);
      keep(place, object);
      break;
    }
    waiting += entry->size;
    if (waiting > limits_.object) {
      return nullptr;
    }
    deltas.push_back({.place = place, .bytes = std::move(bytes), .size = entry->size});
    place = entry->base;
    object = cached(place);
  }
  for (; !deltas.empty(); deltas.pop_back()) {
    const Delta& top = deltas.back();
    const std::string_view delta(top.bytes.get(), top.size);
    const auto header = delta_header(delta);
    if (!header || header->result_size > limits_.object) {
      return nullptr;
    }
    auto out = std::make_unique_for_overwrite<char[]>(header->result_size);
    if (!apply_delta(object->content(), delta, out.get())) {
      return nullptr;
    }
    object = object_of(object->type, std::move(out), header->result_size);
    keep(top.place, object);
  }
  return object;
}

ObjectPtr Reader::read(const git_oid& id, Place place) {
  return place.pack == nullptr ? loose_.read(id) : read_packed(place);
}

ObjectPtr Reader::cached(Place place) {
  const auto found = where_.find(place);
  if (found == where_.end()) {
    return nullptr;
  }
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->second;
}

void Reader::keep(Place place, const ObjectPtr& object) {
  if (object->size > limits_.cache / 8 || where_.contains(place)) {
    return;
  }
  kept_.emplace_front(place, object);
  where_[place] = kept_.begin();
  kept_bytes_ += object->size;
  while (kept_bytes_ > limits_.cache) {
    kept_bytes_ -= kept_.back().second->size;
    where_.erase(kept_.back().first);
    kept_.pop_back();
  }
}

}  // namespace worktrees::objects
