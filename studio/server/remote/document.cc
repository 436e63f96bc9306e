#include "studio/server/remote/document.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "dataset/cbor.h"
#include "http/coding.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr size_t kDeepest = 32;
constexpr double kLargestWhole = 9007199254740992.0;  // 2^53: beyond it doubles have gaps

Error Fault(std::string sentence) { return {Status::kDataLoss, std::move(sentence)}; }

std::string TooDeep() { return "lists inside lists, more than " + std::to_string(kDeepest) + " deep"; }

/// Whether the brackets outside of strings nest too deep; nlohmann's own walks would use the stack for each.
bool NestsTooDeep(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      if (depth > 0) --depth;
    }
  }
  return false;
}

class Builder : public dataset::DocumentListener {
 public:
  bool Null() override { return Add(nullptr) != nullptr; }
  bool Boolean(bool value) override { return Add(value) != nullptr; }
  bool Number(double value) override {
    const bool whole = std::trunc(value) == value && std::abs(value) < kLargestWhole;
    return Add(whole ? json(static_cast<int64_t>(value)) : json(value)) != nullptr;
  }
  bool Text(std::string_view text) override {
    if (!http::IsUtf8(text)) return Fail("a text that is not UTF-8");
    return Add(text) != nullptr;
  }
  bool Other() override { return Fail("a value that has no place in a message"); }
  bool BeginObject() override { return Open(json::object()); }
  bool BeginArray() override { return Open(json::array()); }
  bool Key(std::string_view key) override {
    if (!http::IsUtf8(key)) return Fail("a key that is not UTF-8");
    key_ = key;
    return true;
  }
  bool End() override {
    open_.pop_back();
    return true;
  }

  const std::string& fault() const { return fault_; }
  json Take() { return std::move(root_); }

 private:
  bool Fail(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }
  json* Add(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }
  bool Open(json empty) {
    if (open_.size() == kDeepest) return Fail(TooDeep());
    open_.push_back(Add(std::move(empty)));
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string key_, fault_;
};

void WriteHead(std::string& bytes, unsigned major, uint64_t value) {
  const auto first = static_cast<uint8_t>(major << 5);
  if (value < 24) {
    bytes += static_cast<char>(first | value);
    return;
  }
  const int log = value > 0xFFFFFFFF ? 3 : value > 0xFFFF ? 2 : value > 0xFF ? 1 : 0;
  bytes += static_cast<char>(first | (24 + log));
  for (int shift = 8 * (1 << log) - 8; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
}

void WriteCbor(std::string& bytes, const nlohmann::ordered_json& value) {
  if (value.is_object() || value.is_array()) {
    WriteHead(bytes, value.is_object() ? 5 : 4, value.size());
    for (const auto& [key, item] : value.items()) {
      if (value.is_object()) {
        WriteHead(bytes, 3, key.size());
        bytes += key;
      }
      WriteCbor(bytes, item);
    }
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    WriteHead(bytes, 3, text.size());
    bytes += text;
  } else if (value.is_boolean()) {
    bytes += value.get<bool>() ? '\xf5' : '\xf4';
  } else if (value.is_number_unsigned()) {
    WriteHead(bytes, 0, value.get<uint64_t>());
  } else if (value.is_number_integer()) {
    const auto number = value.get<int64_t>();
    WriteHead(bytes, number < 0 ? 1 : 0, static_cast<uint64_t>(number < 0 ? -1 - number : number));
  } else if (value.is_number_float()) {
    bytes += '\xfb';
    const auto bits = std::bit_cast<uint64_t>(value.get<double>());
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  } else {
    bytes += '\xf6';
  }
}

}  // namespace

Expected<json> ReadDocument(std::string_view bytes, Encoding encoding) {
  if (encoding == Encoding::kJson) {
    if (NestsTooDeep(bytes)) return Fault(TooDeep());
    json document = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (document.is_discarded()) return Fault("it is no valid JSON");
    return document;
  }
  Builder builder;
  const dataset::CborWalk walk = dataset::WalkCbor(bytes, builder);
  const std::string place = "byte " + std::to_string(walk.offset) + ": ";
  switch (walk.end) {
    case dataset::CborEnd::kWhole:
      return builder.Take();
    case dataset::CborEnd::kStopped:
      return Fault(place + builder.fault());
    case dataset::CborEnd::kTruncated:
      return Fault(place + "the CBOR ends too early");
    case dataset::CborEnd::kBroken:
      break;
  }
  return Fault(place + walk.fault);
}

std::string WriteDocument(const nlohmann::ordered_json& document, Encoding encoding) {
  if (encoding == Encoding::kJson) return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string bytes;
  WriteCbor(bytes, document);
  return bytes;
}

}  // namespace thimble::studio
