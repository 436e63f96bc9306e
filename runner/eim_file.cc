#include "runner/eim_file.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "runner/internal/tail.h"

namespace thimble::runner {
namespace {

using internal::Tail;
using nlohmann::json;

Expected<Origin> ReadOrigin(std::string_view name, std::string_view text) {
  const json object = text.size() <= internal::kMostOriginBytes ? json::parse(text, nullptr, false) : json();
  const auto number = [&](const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : int64_t{-1};
  };
  const auto word = [&](const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const Origin origin = {number("project_id"), word("project"), word("owner"), number("version")};
  if (origin.project_id >= 0 && origin.version >= 0) return origin;
  return {Status::kDataLoss, std::string(name) + ": does not say which project it is from; make it again"};
}

}  // namespace

Expected<Eim> ReadEim(std::string_view name, std::string_view file) {
  const std::string place(name);
  Tail tail;
  if (file.size() >= sizeof tail) std::memcpy(&tail, file.data() + file.size() - sizeof tail, sizeof tail);
  if (file.size() < sizeof tail || std::memcmp(tail.magic, internal::kMagic, sizeof tail.magic) != 0) {
    return {Status::kDataLoss,
            place +
                ": no impulse lies at its end: it was cut off while copying, or is the bare program; copy it again, "
                "or make one with thimble export eim"};
  }
  std::string_view rest = file.substr(0, file.size() - sizeof tail);
  if (Fnv1a(std::as_bytes(std::span(file.substr(0, rest.size() + offsetof(Tail, hash))))) != tail.hash) {
    return {Status::kDataLoss, place + ": is damaged, for its checksum does not fit; copy it again"};
  }
  if (tail.version != internal::kVersion) {
    return {Status::kUnsupported, place + ": is of format " + std::to_string(tail.version) + ", this program knows " +
                                      std::to_string(internal::kVersion) + "; make it again"};
  }
  const uint64_t behind = uint64_t{tail.origin_bytes} + tail.impulse_bytes + tail.model_bytes + tail.plan_bytes;
  if (tail.program_bytes > rest.size() || rest.size() - tail.program_bytes != behind) {
    return {Status::kDataLoss, place + ": its parts are not as long as its end says; make it again"};
  }
  rest.remove_prefix(tail.program_bytes);
  const auto take = [&](size_t bytes) {
    const std::string_view part = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    return part;
  };
  Eim eim;
  THIMBLE_ASSIGN(eim.origin, ReadOrigin(name, take(tail.origin_bytes)));
  THIMBLE_ASSIGN(eim.impulse, compiler::ParseImpulse(place + ": impulse.json", take(tail.impulse_bytes)));
  eim.model = AlignedMemory(std::as_bytes(std::span(take(tail.model_bytes))));
  eim.plan = AlignedMemory(std::as_bytes(std::span(take(tail.plan_bytes))));
  return eim;
}

}  // namespace thimble::runner
