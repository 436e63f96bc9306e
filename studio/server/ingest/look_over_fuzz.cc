// Hostile bytes for everything that reads what arrives: files of every kind, their signatures, and sidecars.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "studio/server/ingest/label.h"
#include "studio/server/ingest/look_over.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/ingest/sidecars.h"
#include "studio/server/ingest/signature.h"

// {"signature": …, "payload": {"interval_ms": 10, "sensors": [{"name": "x"}], "values": [1, 1.5]}}
constexpr std::string_view kWhole =
    "\xa2\x69signature\x64"
    "00ff\x67payload\xa3\x6binterval_ms\x0a\x67sensors\x81\xa1\x64name\x61x\x66values\x82\x01\xf9\x3e\x00";

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned) {
  constexpr size_t kTooFew = 12;
  if (size >= kTooFew || kWhole.size() + 1 > max_size) return LLVMFuzzerMutate(data, size, max_size);
  data[0] = 1;
  for (size_t i = 0; i < kWhole.size(); ++i) data[i + 1] = static_cast<uint8_t>(kWhole[i]);
  return kWhole.size() + 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thimble::studio;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr const char* kNames[] = {"a", "a.cbor", "a.json", "a.csv", "a.txt", "a.wav", "a.png", "a.labels"};
  const char* const name = kNames[data[0] % std::size(kNames)];
  const std::string keys[] = {"key"};
  if (const auto arrival = LookOver(name, "", bytes); !arrival.ok()) {
    if (arrival.error().message.empty()) std::abort();
  } else {
    // What was let in can be read again, as long as it was said to be.
    static_cast<void>(CheckSignature(bytes, arrival->is_cbor, arrival->envelope, keys));
    const auto recording = RecordingOf(arrival->sample, bytes);
    if (!recording.ok() && arrival->envelope.reference.empty()) std::abort();
    if (recording.ok() && static_cast<int64_t>(recording->readings()) != arrival->sample.values_count) std::abort();
  }
  Sidecars sidecars;
  if (const auto added = sidecars.Add("a.labels", bytes); !added.ok() && added.error().message.empty()) std::abort();
  static_cast<void>(ParseMetadata(bytes));
  static_cast<void>(ParseBoundingBoxes(bytes));
  static_cast<void>(LabelOfFileName(HeaderText(bytes)));
  if (CleanFileName(bytes).size() > 200) std::abort();
  return 0;
}
