#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"

namespace jobs {

/// What an actor may do on a repository now. Ordered: more is greater.
enum class Permission : std::uint8_t { unknown, none, read, triage, write, admin };
[[nodiscard]] std::string_view to_string(Permission permission);
/// By its name; `unknown` is none that anybody writes down.
[[nodiscard]] std::optional<Permission> parse_permission(std::string_view text);

/// Who set the ready label (the newest such event that was not followed by a removal).
struct LabelActor {
  std::string login;  ///< empty = the tracker does not say (deleted account, no event)
  bool is_bot = false;
  Permission permission = Permission::unknown;  ///< asked now, not at the time of the event
  std::optional<TimePoint> at;
  std::string note;  ///< what else is known of it, for people: "the account was deleted"
};

/// Something that must be closed before the issue may start.
struct Blocker {
  enum class State : std::uint8_t { open, closed, unreadable };
  std::string reference;  ///< as written: "#7", "acme/lib#3"
  State state = State::unreadable;
  std::string detail;  ///< why it is unreadable
};

struct Comment {
  std::string id;  ///< stable within the issue
  std::string author;
  std::string body;
  std::optional<TimePoint> at;
};

/// A tracker's issue, normalised. Text is as it came (any bytes); encoders at the sinks make it
/// safe.
struct Issue {
  IssueKey key;
  std::string title;
  std::string body;
  std::string author;  ///< "" = the tracker does not say, or its account is gone
  bool open = true;
  std::vector<std::string> labels;
  std::optional<int> priority;  ///< 0 is most urgent; none = last
  LabelActor ready_by;
  std::optional<TimePoint> edited_at;  ///< title or body last changed
  std::string edited_by;               ///< "" = not known
  Permission editor_permission = Permission::unknown;
  std::vector<Blocker> blockers;
  std::string
      problem;      ///< not empty: the issue exists but cannot be read right; says why and where
  std::string url;  ///< for people; a path for the local tracker

  /// Set in lists of issues, which must fit into memory however long their texts are: `body` is
  /// empty then, and whoever needs it asks for the one issue. Digest and size are those of the
  /// whole text.
  bool text_left_out = false;
  std::string left_out_digest;
  std::int64_t left_out_bytes = 0;

  /// Set in lists of trackers that must be asked for each issue's details: labels, text, priority,
  /// who set the ready label, edits and blockers are not known yet, and it cannot be selected.
  bool details_left_out = false;

  [[nodiscard]] bool has_label(std::string_view label) const;
  /// Title or body were changed after the newest ready label, or it is not known when that was set.
  [[nodiscard]] bool edited_after_label() const {
    return edited_at && !(ready_by.at && *edited_at <= *ready_by.at);
  }
  /// Digest of what the label approved: title and body.
  [[nodiscard]] std::string text_digest() const;
  /// Bytes of title and body.
  [[nodiscard]] std::int64_t text_bytes() const;
  /// Forgets the body, but not its digest and size.
  void leave_text_out();
};

/// References in a body of the form "Blocked by #N" / "blocked by owner/repo#N, #M"
/// (case-insensitive, one or more per line, lists separated by commas or "and"), in order, without
/// repeats, at most 50.
[[nodiscard]] std::vector<std::string> blocked_by_references(std::string_view body);

}  // namespace jobs
