// Any bytes from a studio, as message, as answer to an upload, as a file of the spool, as .env: a meaning or a
// sentence, and what is answered has no foreign bytes where they would do harm.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bridge/remote/ingestion.h"
#include "bridge/remote/messages.h"
#include "bridge/remote/settings.h"
#include "bridge/remote/spool.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::bridge;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Encoding encoding = data[0] % 2 == 0 ? Encoding::kJson : Encoding::kCbor;
  switch (data[0] % 8) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const auto message = ReadServerMessage(bytes, encoding);
      if (!message.ok()) break;
      if (const auto* request = std::get_if<SampleRequest>(&*message)) {
        if (!request->path.starts_with('/') || request->path.find_first_of("\r\n ") != std::string::npos) std::abort();
        if (request->label.find_first_of("\r\n") != std::string::npos || !(request->length_ms > 0)) std::abort();
      }
      for (const std::string& answer : WriteUnable(*message, encoding)) {
        if (!ReadServerMessage(answer, encoding).ok()) std::abort();
      }
      break;
    }
    case 4:
    case 5: {
      Shipment shipment{"/api/training/data", "wave", "application/cbor", "", "body", data[0] % 2 == 1};
      const HttpReply reply{bytes.empty() ? 200 : 200 + bytes[0] % 2 * 200, std::string(bytes)};
      const UploadAnswer answer = ReadUploadAnswer(reply, shipment);
      if (answer.words.find('\n') != std::string::npos || answer.words.size() > 1000) std::abort();
      break;
    }
    case 6: {
      const auto shipment = ReadShipment(bytes);
      if (!shipment.ok()) break;
      const auto again = ReadShipment(WriteShipment(*shipment));
      if (!again.ok() || again->body != shipment->body || again->path != shipment->path) std::abort();
      break;
    }
    default:
      for (const auto& [name, value] : ParseDotenv(bytes)) {
        if (name.empty()) std::abort();
      }
  }
  return 0;
}
