#include "runner/cli/json_out.h"

#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/cli/screen.h"

namespace runner::cli {

namespace {

constexpr int kSchema = 1;

using Document = nlohmann::ordered_json;

struct Converter {
  Document operator()(std::monostate /*null*/) const { return nullptr; }
  Document operator()(bool value) const { return value; }
  Document operator()(std::int64_t value) const { return value; }
  Document operator()(double value) const { return value; }
  Document operator()(const std::string& value) const { return jobs::to_valid_utf8(value); }
  Document operator()(const Json::Items& items) const {
    Document array = Document::array();
    for (const Json& item : items) {
      array.push_back(std::visit(*this, item.value()));
    }
    return array;
  }
  Document operator()(const Json::Members& members) const {
    Document object = Document::object();
    for (const auto& [key, value] : members) {
      object[jobs::to_valid_utf8(key)] = std::visit(*this, value.value());
    }
    return object;
  }
};

}  // namespace

Json Json::strings(const std::vector<std::string>& values) {
  Json list = array();
  for (const std::string& value : values) {
    list.push(value);
  }
  return list;
}

Json& Json::set(std::string key, Json value) {
  std::get<Members>(value_).emplace_back(std::move(key), std::move(value));
  return *this;
}

void Json::push(Json value) {
  std::get<Items>(value_).push_back(std::move(value));
}

std::string Json::dump() const {
  constexpr int kIndent = 2;
  return std::visit(Converter{}, value_).dump(kIndent, ' ', /*ensure_ascii=*/true);
}

std::string Json::line() const {
  return std::visit(Converter{}, value_).dump(-1, ' ', /*ensure_ascii=*/true);
}

Json json_root() {
  Json root = Json::object();
  root.set("schema", kSchema);
  return root;
}

void print_json(const Json& document) {
  put(document.dump() + "\n");
}

}  // namespace runner::cli
