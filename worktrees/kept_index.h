#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/file_stat.h"
#include "worktrees/folder_notes.h"
#include "worktrees/layout.h"
#include "worktrees/tree_list.h"

namespace worktrees {

/// Writes the index of a folder whose files were written (index_file.h says what `stats` and
/// `written` are), and the same with the notes to `kept_at`, where known_files.h finds it again;
/// "": not kept. Returns where the index stands, in the scratch folder. transient: no space.
[[nodiscard]] jobs::Result<std::string> write_index(const Layout& layout, const TreeList& list,
                                                    const std::vector<FileStat>& stats,
                                                    const std::vector<bool>& written,
                                                    const FolderNotes& notes,
                                                    const std::string& kept_at);

}  // namespace worktrees
