// What a JSON object from outside must hold: asked for member by member, refused with a sentence that names the place.
#ifndef THIMBLE_STUDIO_SERVER_JOBS_MEMBERS_H_
#define THIMBLE_STUDIO_SERVER_JOBS_MEMBERS_H_

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"

namespace thimble::studio {

/// The object that such a text is. What is nested deeper than anybody needs is dropped, so that nobody's stack runs
/// out. kInvalidArgument: it is no JSON.
inline Expected<nlohmann::json> ParseJson(const std::string& place, std::string_view text) {
  constexpr int kDeepest = 32;
  const auto keep = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= kDeepest; };
  nlohmann::json object = nlohmann::json::parse(text, keep, false);
  if (object.is_discarded()) return {Status::kInvalidArgument, place + ": is no JSON"};
  return object;
}

/// As text, whatever bytes it holds.
inline std::string JsonText(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Reads members of one object; the first fault stays, and later ones are not looked for.
class Members {
 public:
  Members(const nlohmann::json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) Refuse("", "must be an object");
  }

  template <typename T>
  void Number(const char* key, double least, double most, T& to) {
    const nlohmann::json* const value = Take(key);
    if (value == nullptr) return;
    const double number = value->is_number() ? value->get<double>() : std::nan("");
    if (!(number >= least && number <= most)) {
      return Refuse(key,
                    "must be a number from " + nlohmann::json(least).dump() + " to " + nlohmann::json(most).dump());
    }
    if (std::is_integral_v<T> && number != std::floor(number)) return Refuse(key, "must be a whole number");
    to = static_cast<T>(number);
  }

  void Word(const char* key, std::string& to) {
    const nlohmann::json* const value = Take(key);
    if (value == nullptr) return;
    if (!value->is_string()) return Refuse(key, "must be a text");
    to = *value;
  }

  /// Null when there is none.
  const nlohmann::json* Take(const char* key) {
    if (!fault_.empty()) return nullptr;
    known_.emplace_back(key);
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void Refuse(const std::string& key, const std::string& why) {
    if (fault_.empty()) fault_ = place_ + (key.empty() ? "" : "." + key) + ": " + why;
  }

  /// After all members were asked for.
  Outcome Finish() {
    for (const auto& [key, value] : object_.items()) {
      if (!fault_.empty()) break;
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      std::string names;
      for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
      fault_ = place_ + ": has no member '" + key + "'; there are " + names;
    }
    if (fault_.empty()) return Nothing{};
    return {Status::kInvalidArgument, fault_};
  }

 private:
  const nlohmann::json& object_;
  std::string place_, fault_;
  std::vector<std::string> known_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_SERVER_JOBS_MEMBERS_H_
