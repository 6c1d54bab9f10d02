// The only file that sees toml++. Its assertions and "unreachable" marks are turned into an exception, so that what it did
// not expect becomes an ordinary diagnostic; what cannot be caught that way is refused by toml_guard before.
#include <stdexcept>

namespace manifests {
namespace {

struct TomlAssertion : std::logic_error {
  using std::logic_error::logic_error;
};

/// Never inline and never constexpr: the compiler must not reason that it cannot be reached.
[[noreturn]] void toml_assertion_failed(const char* what) { throw TomlAssertion(what); }

}  // namespace
}  // namespace manifests

#ifndef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#endif
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_EXCEPTIONS 1
#define TOML_MAX_NESTED_VALUES 32
// NDEBUG would turn assertions into promises to the optimiser.
#undef NDEBUG
#define TOML_ASSERT(expr) \
  (static_cast<bool>(expr) ? static_cast<void>(0) : ::manifests::toml_assertion_failed(#expr))
#include <toml++/impl/preprocessor.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE ::manifests::toml_assertion_failed("unreachable")
#undef TOML_ASSUME
#define TOML_ASSUME(...) TOML_ASSERT(__VA_ARGS__)
#include <toml++/toml.h>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <utility>

#include "jobs/base/text.h"
#include "manifests/toml_guard.h"
#include "manifests/toml_value.h"

namespace manifests {

namespace {

int number(toml::source_index index) { return static_cast<int>(index); }

std::string text_of(double value) { return fmt::format("{}", value); }

template <typename T>
std::string text_of(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Value convert(const toml::node& node) {
  Value out;
  out.line = number(node.source().begin.line);
  out.column = number(node.source().begin.column);
  switch (node.type()) {
    case toml::node_type::table:
      out.kind = Value::Kind::table;
      for (const auto& [key, child] : *node.as_table()) {
        out.table.push_back({.key = std::string(key.str()),
                             .line = number(key.source().begin.line),
                             .column = number(key.source().begin.column),
                             .value = convert(child)});
      }
      // toml++ sorts by name; people read in the order of the file.
      std::ranges::stable_sort(out.table, {}, [](const Entry& entry) { return std::pair(entry.line, entry.column); });
      break;
    case toml::node_type::array:
      out.kind = Value::Kind::array;
      for (const auto& child : *node.as_array()) {
        out.array.push_back(convert(child));
      }
      break;
    case toml::node_type::string:
      out.kind = Value::Kind::string;
      out.string = node.as_string()->get();
      break;
    case toml::node_type::integer:
      out.kind = Value::Kind::integer;
      out.integer = node.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      out.kind = Value::Kind::floating;
      out.floating = node.as_floating_point()->get();
      out.string = text_of(out.floating);
      break;
    case toml::node_type::boolean:
      out.kind = Value::Kind::boolean;
      out.boolean = node.as_boolean()->get();
      break;
    case toml::node_type::date:
      out.kind = Value::Kind::datetime;
      out.string = text_of(node.as_date()->get());
      break;
    case toml::node_type::time:
      out.kind = Value::Kind::datetime;
      out.string = text_of(node.as_time()->get());
      break;
    case toml::node_type::date_time:
      out.kind = Value::Kind::datetime;
      out.string = text_of(node.as_date_time()->get());
      break;
    case toml::node_type::none:
      break;
  }
  return out;
}

Diagnostic refused(std::string_view file, std::string message) {
  return {.at = {.file = std::string(file)},
          .message = std::move(message),
          .expected = "a TOML 1.0 document",
          .hint = "the parser could not say where; look for an unfinished value or string"};
}

}  // namespace

std::expected<Value, Diagnostic> read_toml(std::string_view bytes, std::string_view file_name) {
  if (auto refusal = guard_toml(bytes, file_name)) {
    return std::unexpected(std::move(*refusal));
  }
  try {
    return convert(toml::parse(bytes, std::string_view{}));
  } catch (const toml::parse_error& error) {
    const int line = number(error.source().begin.line);
    Diagnostic diagnostic;
    diagnostic.at = {.file = std::string(file_name), .line = line, .column = number(error.source().begin.column)};
    diagnostic.line_text = line_of(bytes, line);
    diagnostic.message = jobs::one_line(error.description(), 400);
    return std::unexpected(std::move(diagnostic));
  } catch (const TomlAssertion&) {
    return std::unexpected(refused(file_name, "this is not TOML"));
  } catch (const std::exception& error) {
    return std::unexpected(refused(file_name, jobs::one_line(error.what())));
  }
}

}  // namespace manifests
