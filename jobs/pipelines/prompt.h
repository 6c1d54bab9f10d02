#pragma once

#include <map>
#include <string>
#include <string_view>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"

namespace jobs {

/// The built-in template: the standing rules of an unattended implementer, then the issue as fenced
/// data.
[[nodiscard]] std::string_view default_prompt();

/// Replaces every `{{name}}` of `text`. An unknown or unclosed placeholder is invalid_manifest with
/// its line and column and the known names; "{{{{" gives "{{". Values are put in as they are and
/// are not searched again, so an issue that contains
/// "{{repo}}" stays as it is.
[[nodiscard]] Result<std::string> fill_template(std::string_view text, std::string_view where,
                                                const std::map<std::string, std::string>& values);

/// The template that counts for a stage, and what it is called: the stage's own, else the
/// repository's, else the built-in one.
struct PromptText {
  std::string text;
  std::string where;
};
[[nodiscard]] PromptText prompt_text(const Repo& repo, const Stage& stage);
/// Repo::prompt_in_repo for that stage; an error as fill_template has them.
[[nodiscard]] Result<std::string> prompt_path(std::string_view in_repo, std::string_view stage);
/// Whether make_prompt would take the template.
[[nodiscard]] Status check_prompt(std::string_view text, std::string_view where);

/// The placeholders that a prompt may use: stage, repo, issue, title, body, requested_by, author,
/// provenance, branch, base, run, turn, test_command, fence, correction. `provenance` has several
/// lines: who wrote the text, who released it and with which permission, who changed it since.
[[nodiscard]] Result<std::string> make_prompt(std::string_view text, std::string_view where,
                                              const Run& run, const Turn& turn,
                                              std::string_view base_branch,
                                              std::string_view test_command);

/// A fence of backticks longer than any run of backticks in `text`, so that fenced data cannot end
/// its own fence.
[[nodiscard]] std::string fence_for(std::string_view text);

}  // namespace jobs
