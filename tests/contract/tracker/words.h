#pragma once

/// What the contract tests of trackers name again and again.
inline constexpr const char* kShop = "acme/shop";
inline constexpr const char* kReady = "ready-for-agent";
inline constexpr const char* kEight = "2026-11-20T08:00:00Z";
