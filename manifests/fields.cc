#include "manifests/fields.h"

#include <array>

namespace manifests {

using jobs::Budget;
using jobs::Limits;
using jobs::Retention;

std::span<const LimitField> limit_fields() {
  static const auto kFields = std::to_array<LimitField>({
      {"max_live_runs", &Limits::max_live_runs},
      {"max_starts_per_tick", &Limits::max_starts_per_tick},
      {"turn_deadline", &Limits::turn_deadline},
      {"turn_silence", &Limits::turn_silence},
      {"turn_first_byte", &Limits::turn_first_byte},
      {"turn_grace", &Limits::turn_grace},
      {"turn_output_bytes", &Limits::turn_output_bytes},
      {"turn_memory_bytes", &Limits::turn_memory_bytes, true},
      {"turn_processes", &Limits::turn_processes, true},
      {"turn_file_bytes", &Limits::turn_file_bytes, true},
      {"verify_deadline", &Limits::verify_deadline},
      {"setup_deadline", &Limits::setup_deadline},
      {"fix_attempts", &Limits::fix_attempts},
      {"fix_window", &Limits::fix_window},
      {"verify_attempts", &Limits::verify_attempts},
      {"land_attempts", &Limits::land_attempts},
      {"instance_retries", &Limits::instance_retries},
      {"retry_delay", &Limits::retry_delay},
      {"issue_attempts", &Limits::issue_attempts},
      {"cooldown", &Limits::cooldown},
      {"base_red_deadline", &Limits::base_red_deadline},
      {"issue_bytes", &Limits::issue_bytes},
      {"disk_free_bytes", &Limits::disk_free_bytes},
      {"disk_free_inodes", &Limits::disk_free_inodes, true},
      {"land_changed_files", &Limits::land_changed_files},
      {"land_changed_bytes", &Limits::land_changed_bytes},
      {"lease_ttl", &Limits::lease_ttl},
  });
  return kFields;
}

std::span<const CapField> cap_fields() {
  static const auto kFields = std::to_array<CapField>({
      {"run_usd", &Budget::run_usd},
      {"run_tokens", &Budget::run_tokens},
      {"run_turns", &Budget::run_turns},
      {"issue_usd", &Budget::issue_usd},
      {"issue_turns", &Budget::issue_turns},
      {"repo_day_usd", &Budget::repo_day_usd},
      {"repo_day_turns", &Budget::repo_day_turns},
      {"fleet_day_usd", &Budget::fleet_day_usd},
      {"fleet_day_turns", &Budget::fleet_day_turns},
      {"fleet_day_tokens", &Budget::fleet_day_tokens},
      {"fleet_month_usd", &Budget::fleet_month_usd},
  });
  return kFields;
}

std::span<const RetentionField> retention_fields() {
  static const auto kFields = std::to_array<RetentionField>({
      {"finished_runs", &Retention::finished_runs},
      {"decisions", &Retention::decisions},
      {"transcripts", &Retention::transcripts},
      {"kept_worktrees", &Retention::kept_worktrees},
      {"pool_size", &Retention::pool_size},
      {"pool_bytes", &Retention::pool_bytes},
      {"ignored_bytes", &Retention::ignored_bytes},
  });
  return kFields;
}

}  // namespace manifests
