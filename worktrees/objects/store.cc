#include "worktrees/objects/store.h"

#include <algorithm>
#include <utility>

#include "worktrees/safe_fs.h"

namespace worktrees::objects {

Store Store::open(const std::string& folder) {
  Store store;
  store.folder_ = folder;
  for (const std::string& name : names_in(folder + "/pack")) {
    if (name.ends_with(".idx")) {
      if (auto pack = Pack::open(folder + "/pack/" + name)) {
        store.packs_.push_back(std::move(*pack));
      }
    }
  }
  std::ranges::stable_sort(store.packs_, std::greater<>{}, &Pack::objects);
  return store;
}

Place Store::find(const git_oid& id) const {
  for (const Pack& pack : packs_) {
    if (const auto offset = pack.find(id)) {
      return {.pack = &pack, .offset = *offset};
    }
  }
  return {};
}

}  // namespace worktrees::objects
