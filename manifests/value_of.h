#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "manifests/toml_value.h"

/// What a manifest would have to say for a value to be this. Pure.
namespace manifests {

inline Value of(bool value) {
  Value out;
  out.kind = Value::Kind::boolean;
  out.boolean = value;
  return out;
}

inline Value of(std::int64_t value) {
  Value out;
  out.kind = Value::Kind::integer;
  out.integer = value;
  return out;
}

inline Value of(std::string value) {
  Value out;
  out.kind = Value::Kind::string;
  out.string = std::move(value);
  return out;
}

template <typename T>
Value of(const std::vector<T>& items) {
  Value out;
  out.kind = Value::Kind::array;
  for (const T& item : items) {
    out.array.push_back(of(item));
  }
  return out;
}

template <typename T>
Value of(const std::map<std::string, T>& items) {
  Value out;
  for (const auto& [key, value] : items) {
    out.table.push_back({.key = key, .value = of(value)});
  }
  return out;
}

}  // namespace manifests
