#include "worktrees/write_plan.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "worktrees/objects/reader.h"

namespace worktrees {
namespace {

/// Of the object's content; 0 where nobody can tell, which the writing of it will say.
std::uint64_t size_of(const TreeWriting& how, objects::Reader& reader, const WriteTask& task) {
  if (may_copy(how, task.file)) {
    return how.sibling->size(task.file);
  }
  if (task.place.pack != nullptr) {
    if (const auto size = reader.size_at(task.place)) {
      return *size;
    }
  }
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  const git_oid& id = how.list.files[task.file].id;
  return how.odb != nullptr && git_odb_read_header(&size, &type, how.odb, &id) == 0 ? size : 0;
}

}  // namespace

bool may_copy(const TreeWriting& how, std::size_t file) {
  return how.sibling != nullptr && how.sibling->may_have(file) && !how.converter.applies(file);
}

std::vector<WriteTask> plan_writing(const TreeWriting& how, const Present& present) {
  std::vector<WriteTask> tasks;
  for (std::size_t i = 0; i < how.list.files.size(); ++i) {
    if (present.files[i] != FileState::same) {
      const bool decoded = how.list.files[i].mode != GIT_FILEMODE_COMMIT && !may_copy(how, i);
      tasks.push_back(
          {.place = decoded ? how.store.find(how.list.files[i].id) : objects::Place{}, .file = i});
    }
  }
  std::ranges::stable_sort(tasks, {}, &WriteTask::place);
  return tasks;
}

Need need_of(const TreeWriting& how, const Present& present, const std::vector<WriteTask>& tasks) {
  constexpr std::uint64_t kDirectory = 1;  // some bytes: a block
  Need need;
  const auto add = [&](std::uint64_t size, bool is_new) {
    need.bytes += bytes_on_disk(size);
    need.inodes += is_new ? 1 : 0;
  };
  for (std::size_t i = 1; i < present.directories.size(); ++i) {  // the first is the folder itself
    if (!present.directories[i]) {
      add(kDirectory, true);
    }
  }
  objects::Reader reader(how.store);
  for (const WriteTask& task : tasks) {
    const bool is_new = present.files[task.file] != FileState::other;
    switch (how.list.files[task.file].mode) {
      case GIT_FILEMODE_COMMIT: add(kDirectory, is_new); break;
      case GIT_FILEMODE_LINK: add(0, is_new); break;
      default: {
        const std::uint64_t size = size_of(how, reader, task);
        const std::uint64_t before = is_new ? 0 : present.stats[task.file].size;
        add(size - std::min(size, before), is_new);
      }
    }
  }
  return need;
}

}  // namespace worktrees
