#include "tests/stub/graphql.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>

namespace stub {

namespace {

using Json = nlohmann::json;

class Parser {
 public:
  Parser(std::string_view text, const Json& variables) : text_(text), variables_(variables) {}

  std::vector<Selection> run() {
    std::vector<Selection> query;
    while (!at_end()) {
      if (peek() == '{') {
        query = selections();
        continue;
      }
      const std::string word = name();
      if (word == "query") {
        if (peek() != '{' && peek() != '(') {
          name();
        }
        if (peek() == '(') {
          declarations();
        }
        query = selections();
      } else if (word == "fragment") {
        const std::string called = name();
        expect_word("on");
        name();
        fragments_[called] = selections();
      } else {
        fail("a query was expected, not " + word);
      }
    }
    put_fragments(query);
    return query;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(why + " at " + std::to_string(at_));
  }
  void skip() {
    while (at_ < text_.size() &&
           (std::isspace(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == ',')) {
      ++at_;
    }
  }
  bool at_end() {
    skip();
    return at_ >= text_.size();
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void expect(char wanted) {
    if (peek() != wanted) {
      fail(std::string("expected ") + wanted);
    }
    ++at_;
  }
  bool accept(char wanted) {
    if (peek() != wanted) {
      return false;
    }
    ++at_;
    return true;
  }
  std::string name() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      ++at_;
    }
    if (at_ == begin) {
      fail("a name was expected");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }
  void expect_word(const std::string& wanted) {
    if (name() != wanted) {
      fail("expected " + wanted);
    }
  }

  void declarations() {
    expect('(');
    while (!accept(')')) {
      expect('$');
      const std::string called = name();
      expect(':');
      bool required = false;
      for (char c = peek(); c != '$' && c != ')' && c != '\0'; c = peek()) {
        required = c == '!';
        ++at_;
      }
      if (required && !variables_.contains(called)) {
        fail("variable $" + called + " has no value");
      }
      declared_[called] = false;
    }
  }

  Json value() {
    const char c = peek();
    if (c == '$') {
      ++at_;
      const std::string called = name();
      if (!declared_.contains(called)) {
        fail("variable $" + called + " is not declared");
      }
      return variables_.value(called, Json());
    }
    if (c == '[') {
      ++at_;
      Json list = Json::array();
      while (!accept(']')) {
        list.push_back(value());
      }
      return list;
    }
    if (c == '{') {
      ++at_;
      Json object = Json::object();
      while (!accept('}')) {
        const std::string key = name();
        expect(':');
        object[key] = value();
      }
      return object;
    }
    if (c == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      const Json text = Json::parse(text_.substr(at_, end + 1 - at_));
      at_ = end + 1;
      return text;
    }
    const std::string word = name();
    return std::ranges::all_of(word, [](unsigned char d) { return std::isdigit(d) != 0; })
               ? Json(std::stoll(word))
               : Json(word);
  }

  std::vector<Selection> selections() {
    std::vector<Selection> all;
    expect('{');
    while (!accept('}')) {
      Selection& one = all.emplace_back();
      if (peek() == '.') {
        at_ += 3;
        one.name = name();
        if (one.name == "on") {
          one.on = name();
          one.below = selections();
        } else {
          one.on = "...";
        }
        continue;
      }
      one.alias = one.name = name();
      if (accept(':')) {
        one.name = name();
      }
      if (accept('(')) {
        while (!accept(')')) {
          const std::string key = name();
          expect(':');
          one.arguments[key] = value();
        }
      }
      if (peek() == '{') {
        one.below = selections();
      }
    }
    return all;
  }

  void put_fragments(std::vector<Selection>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].on == "...") {
        const auto found = fragments_.find(all[i].name);
        if (found == fragments_.end()) {
          fail("no fragment " + all[i].name);
        }
        const std::vector<Selection> put = found->second;
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(i), put.begin(), put.end());
      }
      put_fragments(all[i].below);
    }
  }

  std::string_view text_;
  const Json& variables_;
  std::size_t at_ = 0;
  std::map<std::string, bool> declared_;
  std::map<std::string, std::vector<Selection>> fragments_;
};

std::int64_t connections(const std::vector<Selection>& all, std::int64_t times) {
  std::int64_t sum = 0;
  for (const Selection& one : all) {
    const Json entries = one.arguments.contains("first")  ? one.arguments["first"]
                         : one.arguments.contains("last") ? one.arguments["last"]
                                                          : Json();
    const bool connection = entries.is_number_integer();
    sum += connection ? times : 0;
    sum += connections(one.below, connection ? times * entries.get<std::int64_t>() : times);
  }
  return sum;
}

}  // namespace

std::vector<Selection> parse_graphql(std::string_view query, const Json& variables) {
  return Parser(query, variables).run();
}

int cost_of(const std::vector<Selection>& selections) {
  return static_cast<int>(std::max<std::int64_t>(1, (connections(selections, 1) + 50) / 100));
}

}  // namespace stub
