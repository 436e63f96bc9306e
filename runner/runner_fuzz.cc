// Any bytes as a .eim file, and as what a client sends: an answer that is JSON with as many braces as clients count.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "runner/conversation.h"
#include "runner/eim_file.h"
#include "runner/requests.h"
#include "runner/test_impulse.h"

namespace {

using namespace thimble::runner;

std::string SmallFile() {
  const Eim eim = SmallEimWithDetector();
  return *WriteEim("program", eim.origin, eim.impulse, eim.model.span());
}

void Check(const std::string& answer) {
  if (!nlohmann::json::parse(answer, nullptr, false).is_object()) std::abort();
  int depth = 0;
  for (size_t i = 0; i < answer.size(); ++i) {
    depth += answer[i] == '{' ? 1 : answer[i] == '}' ? -1 : 0;
    if (depth == 0 && i + 1 < answer.size()) std::abort();
  }
}

void Talk(std::string_view bytes) {
  static const std::string file = SmallFile();
  static Conversation conversation = *Conversation::Open(*ReadEim("small.eim", file));
  conversation.Begin();
  Requests requests(conversation.most_request_bytes());
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, 100);
    bytes.remove_prefix(piece.size());
    requests.Add(piece);
    while (true) {
      const auto request = requests.Next();
      if (!request.ok()) return Check(Conversation::Refuse(request.error()));
      if (!*request) break;
      Check(conversation.Answer(**request));
    }
  }
}

/// With a checksum that fits, for nobody guesses that.
void Read(std::string file) {
  constexpr size_t kHashAndMagic = 24;
  if (file.size() >= kHashAndMagic) {
    const std::string_view hashed = std::string_view(file).substr(0, file.size() - kHashAndMagic);
    const uint64_t hash = thimble::Fnv1a(std::as_bytes(std::span(hashed)));
    std::memcpy(file.data() + hashed.size(), &hash, sizeof hash);
  }
  const auto eim = ReadEim("fuzz.eim", file);
  if (!eim.ok()) {
    if (!eim.error().message.starts_with("fuzz.eim: ")) std::abort();
    return;
  }
  auto conversation = Conversation::Open(*eim);
  if (conversation.ok()) Check(conversation->Answer(R"({"hello":1})"));
}

}  // namespace

/// libFuzzer knows no file of ours: half of what it tries begins with one.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned int seed) {
  if (size <= 1 && seed % 2 == 0) {
    const std::string file = "f" + SmallFile();
    if (file.size() <= most) {
      std::memcpy(data, file.data(), file.size());
      return file.size();
    }
  }
  return LLVMFuzzerMutate(data, size, most);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'f') {
    Read(std::string(rest));
  } else {
    Talk(rest);
  }
  return 0;
}
