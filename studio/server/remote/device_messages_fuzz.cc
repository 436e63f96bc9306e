// Hostile bytes for the reader of devices' messages: a tree or a sentence, and what was read can be written and read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "studio/server/remote/device_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::studio;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Encoding encoding = data[0] % 2 == 0 ? Encoding::kCbor : Encoding::kJson;
  const auto document = ReadDocument(bytes, encoding);
  if (!document.ok()) {
    if (document.error().message.empty()) std::abort();
    return 0;
  }
  const std::string text = WriteDocument(*document, Encoding::kJson);
  const std::string cbor = WriteDocument(*document, Encoding::kCbor);
  const auto again = ReadDocument(cbor, Encoding::kCbor);
  if (!again.ok() || WriteDocument(*again, Encoding::kCbor).size() > cbor.size()) std::abort();
  if (!ReadDocument(text, Encoding::kJson).ok()) std::abort();
  if (const auto hello = ReadHello(*document); hello.ok()) {
    if (hello->api_key.empty() || hello->device.device_id.empty() || AbilitiesOf(*hello).empty()) std::abort();
  } else if (hello.error().message.empty()) {
    std::abort();
  }
  if (document->is_object() && document->contains("liveData")) {
    const auto news = ReadLiveNews((*document)["liveData"]);
    if (!news.ok() && news.error().message.empty()) std::abort();
    if (news.ok() && news->readings.values.size() % std::max<size_t>(news->readings.axes.size(), 1) != 0) std::abort();
  }
  return 0;
}
