#include "tests/prove/corruption/damage.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

namespace prove::corruption {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSector = 512;

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

void flip(std::string& bytes, std::size_t at, std::size_t bit, std::string& detail) {
  bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << bit));
  detail += fmt::format("bit {} of byte {} (page {}); ", bit, at, at / kPage + 1);
}

/// A byte that is not zero lies in something that is used; most of a small file is not.
std::size_t used_byte(const std::string& bytes, Random& random) {
  for (int tries = 0; tries < 200; ++tries) {
    const std::size_t at = below(random, bytes.size());
    if (bytes[at] != '\0') {
      return at;
    }
  }
  return below(random, bytes.size());
}

Damage flip_used(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  const std::size_t count = random() % 4 == 0 ? 1 + below(random, 8) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    flip(out.files.database, used_byte(from.now.database, random), below(random, 8), out.detail);
  }
  return out;
}

Damage flip_any(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  flip(out.files.database, below(random, from.now.database.size()), below(random, 8), out.detail);
  return out;
}

Damage flip_header(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  flip(out.files.database, below(random, 100), below(random, 8), out.detail);
  return out;
}

/// The beginning of a page: its kind, its counts, where its cells lie.
Damage flip_page_head(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  const std::size_t page = below(random, from.now.database.size() / kPage);
  const std::size_t head = page * kPage + (page == 0 ? 100 : 0);
  flip(out.files.database, head + below(random, 24), below(random, 8), out.detail);
  return out;
}

Damage flip_lock(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  if (out.files.lock.empty()) {
    out.files.lock = "x";
    return out;
  }
  flip(out.files.lock, below(random, out.files.lock.size()), below(random, 8), out.detail);
  return out;
}

/// Each sector (or page) from before or from after: what a disk does to a write that was cut off.
Damage torn(const Sources& from, Random& random, std::size_t unit) {
  Damage out{.files = from.now};
  const std::string& old = from.older[below(random, from.older.size())];
  std::vector<std::size_t> changed;
  for (std::size_t at = 0; at + unit <= std::min(old.size(), out.files.database.size());
       at += unit) {
    if (out.files.database.compare(at, unit, old, at, unit) != 0) {
      changed.push_back(at);
    }
  }
  // At least one and not all of them.
  std::shuffle(changed.begin(), changed.end(), random);
  const std::size_t count =
      changed.size() < 2 ? changed.size() : 1 + below(random, changed.size() - 1);
  for (std::size_t i = 0; i < count; ++i) {
    out.files.database.replace(changed[i], unit, old, changed[i], unit);
  }
  out.detail =
      fmt::format("{} of {} changed units of {} bytes are old", count, changed.size(), unit);
  return out;
}

/// The two halves of one page from different times.
Damage torn_half(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  const std::string& old = from.older[below(random, from.older.size())];
  const std::size_t pages = std::min(old.size(), out.files.database.size()) / kPage;
  const std::size_t page = below(random, pages);
  const std::size_t half = page * kPage + (random() % 2 == 0 ? kPage / 2 : 0);
  out.files.database.replace(half, kPage / 2, old, half, kPage / 2);
  out.detail = fmt::format("half of page {} is old", page + 1);
  return out;
}

Damage zeroed_page(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  const std::size_t unit = random() % 2 == 0 ? kSector : kPage;
  const std::size_t at = below(random, out.files.database.size() / unit) * unit;
  out.files.database.replace(at, unit, std::string(unit, '\0'));
  out.detail = fmt::format("{} zeros at {}", unit, at);
  return out;
}

Damage truncated(const Sources& from, Random& random) {
  // Where a step was cut off, its journal may know what is missing.
  Damage out{.files = from.now, .must_be_noticed = !from.hot};
  const std::size_t size = out.files.database.size();
  const std::size_t left = random() % 3 == 0   ? size - 1 - below(random, kPage)
                           : random() % 3 == 0 ? below(random, size / kPage) * kPage
                                               : below(random, size);
  out.files.database.resize(left);
  out.detail = fmt::format("{} of {} bytes", left, size);
  return out;
}

Damage grown(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  out.files.database += std::string(1 + below(random, 2 * kPage), 'x');
  return out;
}

Damage stale(const Sources& from, Random& random) {
  Damage out{.files = from.now, .must_be_noticed = true};
  out.files.database = from.older[below(random, from.older.size())];
  out.files.journal.reset();
  return out;
}

Damage whole(std::string content, const Sources& from) {
  Damage out{.files = from.now, .must_be_noticed = true};
  out.files.database = std::move(content);
  return out;
}

Damage foreign_text(const Sources& from, Random& random) {
  std::string text = random() % 2 == 0 ? "hello\n" : std::string(kPage, 'y');
  if (random() % 3 == 0) {
    text = std::string(8 * kPage, '\0');
  }
  return whole(std::move(text), from);
}

Damage gone(const Sources& from, Random&) {
  Damage out{.files = from.now, .must_be_noticed = true};
  out.files.database.clear();
  out.files.journal.reset();
  out.kind = "gone";
  return out;
}

Damage permissions(const Sources& from, Random&) {
  return {.files = from.now, .permissions = true};
}

Damage journal_foreign(const Sources& from, Random&) {
  Damage out{.files = from.now};
  out.files.journal = from.foreign_journal;
  out.must_be_noticed = from.hot;
  return out;
}

Damage journal_garbage(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  std::string bytes(512 + below(random, 9000), '\0');
  for (char& c : bytes) {
    c = static_cast<char>(random());
  }
  out.files.journal = bytes;
  out.must_be_noticed = from.hot;
  return out;
}

Damage journal_flipped(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  flip(*out.files.journal, used_byte(*from.now.journal, random), below(random, 8), out.detail);
  return out;
}

Damage journal_cut(const Sources& from, Random& random) {
  Damage out{.files = from.now};
  out.files.journal->resize(below(random, from.now.journal->size()));
  out.detail = fmt::format("{} bytes left", out.files.journal->size());
  return out;
}

Damage journal_zeroed(const Sources& from, Random& random) {
  Damage out{.files = from.now, .must_be_noticed = true};
  const std::size_t bytes = random() % 2 == 0 ? 28 : out.files.journal->size();
  out.files.journal->replace(0, bytes, std::string(bytes, '\0'));
  out.detail = fmt::format("{} zeros", bytes);
  return out;
}

Damage journal_lost(const Sources& from, Random&) {
  Damage out{.files = from.now, .must_be_noticed = true};
  out.files.journal.reset();
  return out;
}

struct Kind {
  const char* name;
  unsigned weight;
  std::function<Damage(const Sources&, Random&)> make;
};

const std::vector<Kind>& table(bool hot) {
  static const std::vector<Kind> always = {
      {"flip-used", 34, flip_used},
      {"flip-any", 4, flip_any},
      {"flip-header", 8, flip_header},
      {"flip-page-head", 10, flip_page_head},
      {"flip-lock", 1, flip_lock},
      {"torn-512", 8, [](const Sources& s, Random& r) { return torn(s, r, kSector); }},
      {"torn-4096", 8, [](const Sources& s, Random& r) { return torn(s, r, kPage); }},
      {"torn-half", 4, torn_half},
      {"zeroed", 4, zeroed_page},
      {"truncated", 6, truncated},
      {"grown", 1, grown},
      {"stale-copy", 4, stale},
      {"foreign-sqlite", 1, [](const Sources& s, Random&) { return whole(s.foreign, s); }},
      {"foreign-text", 1, foreign_text},
      {"zero-length", 1, [](const Sources& s, Random&) { return whole("", s); }},
      {"gone", 1, gone},
      {"permissions", 1, permissions},
      {"journal-foreign", 1, journal_foreign},
      {"journal-garbage", 1, journal_garbage},
  };
  static const std::vector<Kind> with_journal = [] {
    std::vector<Kind> all = always;
    all.push_back({"journal-flipped", 40, journal_flipped});
    all.push_back({"journal-cut", 10, journal_cut});
    all.push_back({"journal-zeroed", 5, journal_zeroed});
    all.push_back({"journal-lost", 3, journal_lost});
    return all;
  }();
  return hot ? with_journal : always;
}

}  // namespace

Damage draw(const Sources& sources, Random& random) {
  const std::vector<Kind>& all = table(sources.hot);
  std::vector<unsigned> weights;
  for (const Kind& kind : all) {
    weights.push_back(kind.weight);
  }
  std::discrete_distribution<std::size_t> pick(weights.begin(), weights.end());
  for (;;) {
    const Kind& kind = all[pick(random)];
    Damage damage = kind.make(sources, random);
    damage.kind = kind.name;
    if (damage.permissions || damage.files != sources.now) {
      return damage;
    }
  }
}

std::vector<std::string> kinds(bool hot) {
  std::vector<std::string> names;
  for (const Kind& kind : table(hot)) {
    names.emplace_back(kind.name);
  }
  return names;
}

}  // namespace prove::corruption
