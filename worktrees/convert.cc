#include "worktrees/convert.h"

#include <algorithm>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/convert_text.h"
#include "worktrees/git_error.h"
#include "worktrees/mirror.h"

namespace worktrees {

namespace {

using jobs::ErrorKind;

/// A file is there up to four times while it is converted, which is to fit into kMostGitMemory.
constexpr std::size_t kMostConverted = std::size_t{48} << 20;

/// Every conversion that happens with the end of lines of this system and no program is asked for
/// by one of these words; most attributes (text, diff, linguist...) change nothing on the disk.
bool may_convert(std::string_view attributes, const Smudge& smudge) {
  const std::string_view words[] = {"eol", "ident", "working-tree-encoding"};
  const auto is_there = [&](std::string_view word) {
    return attributes.find(word) != std::string_view::npos;
  };
  return std::ranges::any_of(words, is_there) || (!smudge.programs.empty() && is_there("filter"));
}

}  // namespace

bool is_attributes_file(std::string_view path) {
  return path == ".gitattributes" || path.ends_with("/.gitattributes");
}

Converter::Wanted Converter::wanted_of(std::string_view path) const {
  git_attr_options options = GIT_ATTR_OPTIONS_INIT;
  options.flags = GIT_ATTR_CHECK_NO_SYSTEM | GIT_ATTR_CHECK_INCLUDE_COMMIT;
  options.attr_commit_id = commit_;
  const char* names[] = {"ident", "working-tree-encoding", "filter"};
  const char* values[] = {nullptr, nullptr, nullptr};
  Wanted wanted;
  if (git_attr_get_many_ext(values, mirror_, &options, std::string(path).c_str(), 3, names) == 0) {
    wanted.ident = GIT_ATTR_IS_TRUE(values[0]);
    wanted.encoding = GIT_ATTR_HAS_VALUE(values[1]) ? values[1] : "";
    if (GIT_ATTR_HAS_VALUE(values[2]) && smudge_.programs.contains(values[2])) {
      wanted.filter = values[2];
    }
  }
  return wanted;
}

FilterList Converter::filters_of(std::string_view path, git_blob* blob) const {
  git_filter_options options = GIT_FILTER_OPTIONS_INIT;
  options.flags = GIT_FILTER_NO_SYSTEM_ATTRIBUTES | GIT_FILTER_ATTRIBUTES_FROM_COMMIT;
  options.attr_commit_id = commit_;
  FilterList filters;
  (void)git_filter_list_load_ext(into(filters), mirror_, blob, std::string(path).c_str(),
                                 GIT_FILTER_TO_WORKTREE, &options);
  return filters;
}

jobs::Result<Converter> Converter::open(const TreeList& list, objects::AnyObject& objects,
                                        git_repository* mirror, const git_oid& commit,
                                        const std::vector<FileState>& present,
                                        const Smudge& smudge) {
  Converter converter(mirror, commit, smudge);
  bool any = false;
  for (const TreeList::File& file : list.files) {
    if (!any && is_attributes_file(list.path(file)) &&
        (file.mode == GIT_FILEMODE_BLOB || file.mode == GIT_FILEMODE_BLOB_EXECUTABLE)) {
      RUNNER_ASSIGN(const objects::ObjectPtr object, objects.read(file.id, GIT_OBJECT_BLOB));
      any = may_convert(object->content(), smudge);
    }
  }
  if (!any) {
    return converter;
  }
  converter.converted_.resize(list.files.size());
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const std::uint32_t mode = list.files[i].mode;
    if (!present.empty() && present[i] == FileState::same) {
      continue;
    }
    if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE) {
      continue;
    }
    const std::string_view path = list.path(list.files[i]);
    const Wanted wanted = converter.wanted_of(path);
    converter.converted_[i] = wanted.ident || !wanted.encoding.empty() || !wanted.filter.empty() ||
                              converter.filters_of(path, nullptr) != nullptr;
  }
  return converter;
}

jobs::Result<Converted> Converter::convert(std::string_view path, const git_oid& blob) {
  std::string filter;
  RUNNER_ASSIGN(std::string text, convert_text(path, blob, filter));
  // As in git the program comes last.
  return filter.empty() ? Converted(std::move(text)) : smudged(smudge_, filter, path, text);
}

jobs::Status Converter::check_size(std::string_view path, const git_oid& blob) const {
  RUNNER_ASSIGN(const std::size_t size, object_size(mirror_, blob));
  if (size > kMostConverted) {
    return jobs::fail(
        ErrorKind::denied,
        fmt::format("{} has {} bytes, too many for a file that its attributes convert "
                    "(eol, ident, working-tree-encoding or filter): at most {}",
                    jobs::one_line(path, 300), size, kMostConverted),
        "take the attribute from that path in .gitattributes (such as \"-text\")");
  }
  return jobs::ok();
}

jobs::Result<std::string> Converter::convert_text(std::string_view path, const git_oid& blob,
                                                  std::string& filter) {
  const std::lock_guard lock(*mutex_);
  RUNNER_TRY(check_size(path, blob));
  Blob blob_of_name;
  if (const int code = git_blob_lookup(into(blob_of_name), mirror_, &blob); code < 0) {
    return git_failure(code, fmt::format("cannot read {}", jobs::one_line(path, 300)));
  }
  std::string text(static_cast<const char*>(git_blob_rawcontent(blob_of_name.get())),
                   static_cast<std::size_t>(git_blob_rawsize(blob_of_name.get())));
  const Wanted wanted = wanted_of(path);
  filter = wanted.filter;
  if (wanted.ident) {
    text = expand_ident(text, to_hex(blob));  // libgit2 does the first of a file alone
  }
  git_buf out = GIT_BUF_INIT;
  const FilterList filters = filters_of(path, blob_of_name.get());
  const int code = git_filter_list_apply_to_buffer(&out, filters.get(), text.data(), text.size());
  if (code >= 0) {
    text.assign(out.ptr == nullptr ? "" : out.ptr, out.size);
  }
  git_buf_dispose(&out);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot convert {}", jobs::one_line(path, 300)));
  }
  return wanted.encoding.empty() ? text : encode(text, wanted.encoding).value_or(text);
}

}  // namespace worktrees
