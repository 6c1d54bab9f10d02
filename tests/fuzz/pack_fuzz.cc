// A pack and its index: whatever is in them, what is read of them is bounded, and what is whole
// comes out as it was put in. Input: objects, one after the other (whole ones, deltas on earlier
// ones, anything), then bytes to change in the pack and in the index.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "worktrees/git_error.h"
#include "worktrees/index_file.h"
#include "worktrees/objects/any_object.h"
#include "worktrees/tree_list.h"

namespace {

using fuzz::require;
namespace objects = worktrees::objects;

constexpr std::size_t kMostObject = 1U << 16U;
constexpr std::size_t kMostObjects = 40;

struct Made {
  std::size_t offset = 0;
  int type = 0;
  std::string content;  ///< of a whole object
};

git_oid name_of(std::size_t number) {
  git_oid id{};
  // Spread over the fan-out, and in order.
  id.id[0] = static_cast<unsigned char>(number * 5);
  id.id[19] = static_cast<unsigned char>(number);
  return id;
}

std::string deflated(const std::string& text) {
  std::string out(::compressBound(text.size()), '\0');
  uLongf size = out.size();
  (void)::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                    reinterpret_cast<const Bytef*>(text.data()), text.size(), 1);
  out.resize(size);
  return out;
}

std::string entry_header(int type, std::size_t size) {
  std::string out;
  unsigned byte = static_cast<unsigned>(type) << 4U | (size & 15U);
  for (size >>= 4U; size > 0; size >>= 7U) {
    out += static_cast<char>(byte | 0x80U);
    byte = size & 0x7FU;
  }
  return out += static_cast<char>(byte);
}

void put32(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU);
  }
}

std::vector<Made> grow(fuzz::Input& input, std::string& pack) {
  std::vector<Made> made;
  for (std::size_t count = input.below(kMostObjects); count > 0; --count) {
    Made object{.offset = pack.size(), .type = static_cast<int>(input.below(8)), .content = {}};
    const std::string text = input.text();
    if (object.type == 6 && !made.empty()) {
      const std::size_t back = pack.size() - made[input.below(made.size())].offset;
      pack += entry_header(6, text.size());
      if (back >= 128) {
        pack += static_cast<char>(((back >> 7U) - 1) | 0x80U);
      }
      pack += static_cast<char>(back & 0x7FU);
      pack += deflated(text);
    } else if (object.type == 7) {
      const git_oid base = name_of(input.below(kMostObjects));
      pack += entry_header(7, text.size());
      pack.append(reinterpret_cast<const char*>(base.id), GIT_OID_RAWSZ);
      pack += deflated(text);
    } else if (object.type >= 1 && object.type <= 4) {
      object.content = text;
      pack += entry_header(object.type, text.size()) + deflated(text);
    } else {
      pack += text;
    }
    made.push_back(std::move(object));
  }
  return made;
}

std::string index_of_pack(const std::vector<Made>& made) {
  std::string index("\377tOc\0\0\0\2", 8);
  for (unsigned first = 0; first < 256; ++first) {
    std::size_t up_to = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
      up_to += name_of(i).id[0] <= first ? 1U : 0U;
    }
    put32(index, up_to);
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    const git_oid id = name_of(i);
    index.append(reinterpret_cast<const char*>(id.id), GIT_OID_RAWSZ);
  }
  index.append(made.size() * 4, '\0');  // checksums, which nobody reads
  for (const Made& object : made) {
    put32(index, object.offset);
  }
  return index.append(40, '\0');
}

/// True if anything was changed.
bool damage(fuzz::Input& input, std::string& text) {
  bool changed = false;
  for (std::size_t count = input.below(4); count > 0 && !text.empty(); --count) {
    const std::size_t at = static_cast<std::size_t>(input.number()) % text.size();
    const auto value = static_cast<char>(input.byte());
    changed = changed || text[at] != value;
    text[at] = value;
  }
  return changed;
}

void use_as_tree(objects::AnyObject& any, const git_oid& id) {
  const auto listed = worktrees::list_tree(any, id);
  if (!listed) {
    require(fuzz::is_safe_text(listed.error().message, false), "an error is one harmless line");
    return;
  }
  if (listed->refusal) {
    require(fuzz::is_safe_text(listed->refusal->message, false), "a refusal is one harmless line");
    return;
  }
  const worktrees::TreeList& list = listed->list;
  for (std::size_t i = 1; i < list.files.size(); ++i) {
    require(list.path(list.files[i - 1]) < list.path(list.files[i]), "an index is in order");
  }
  for (const auto& file : list.files) {
    const std::string_view path = list.path(file);
    require(path.data()[path.size()] == '\0' && path.find('\0') == std::string_view::npos,
            "a path is a C string");
    require(path.find("..") != 0 && path.front() != '/', "a path stays below");
  }
  std::string index;
  const std::vector<worktrees::FileStat> stats(list.files.size());
  const jobs::Status written = worktrees::index_of(list, stats, [&](std::string_view piece) {
    index += piece;
    return jobs::ok();
  });
  require(written && index.size() > 12 + GIT_OID_RAWSZ, "an index is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  worktrees::start_libgit2();
  fuzz::Input input(data, size);
  std::string pack = "PACK";
  put32(pack, 2);
  pack.append(4, '\0');
  const std::vector<Made> made = grow(input, pack);
  std::string count;
  put32(count, made.size());
  pack.replace(8, 4, count);
  pack.append(GIT_OID_RAWSZ, '\0');
  std::string index = index_of_pack(made);
  const bool pack_changed = damage(input, pack);
  const bool index_changed = damage(input, index);
  static const fuzz::Folder folder;
  std::filesystem::create_directory(folder.path + "/pack");
  fuzz::write_file(folder.path + "/pack/pack-x.pack", pack);
  fuzz::write_file(folder.path + "/pack/pack-x.idx", index);
  const auto store = objects::Store::open(folder.path);
  objects::Reader reader(store, {.object = kMostObject, .cache = std::size_t{1} << 18U});
  for (std::size_t i = 0; i < made.size(); ++i) {
    const objects::ObjectPtr object = reader.read(name_of(i));
    require(object == nullptr || object->size <= kMostObject, "an object is bounded");
    if (!pack_changed && !index_changed && made[i].type >= 1 && made[i].type <= 4) {
      require(
          object != nullptr && object->content() == made[i].content && object->type == made[i].type,
          "a whole object comes back");
    }
  }
  git_odb* nothing = nullptr;
  require(git_odb_new(&nothing) == 0, "an object database without objects");
  const worktrees::Odb odb(nothing);
  objects::AnyObject any(store, odb.get(), {.object = kMostObject, .cache = std::size_t{1} << 18U});
  for (std::size_t i = 0; i < made.size(); ++i) {
    use_as_tree(any, name_of(i));
  }
  return 0;
}
