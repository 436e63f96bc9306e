// Recordings on their way to the studio, kept on disk until it has confirmed them.
#ifndef THIMBLE_BRIDGE_REMOTE_SPOOL_H_
#define THIMBLE_BRIDGE_REMOTE_SPOOL_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace thimble::bridge {

/// A signed recording and where it goes. No key is part of it.
struct Shipment {
  std::string path;  ///< at the ingestion service
  std::string label;
  std::string content_type;  ///< "application/cbor"
  std::string metadata;      ///< a flat JSON object of texts, ASCII; empty: none
  std::string body;
  bool tried = false;  ///< it may have arrived before, its answer was lost
};

/// Shipments in the order in which they were put in, each one file: written beside its place, made durable, then
/// renamed, so that after a power cut it is there whole or not at all. One program at a time uses a folder.
class Spool {
 public:
  /// Makes the folder if need be and finds what an earlier session left. Damaged files are renamed to *.damaged and
  /// named in `notices`.
  ///
  ///   kFailed  another program uses it; or it cannot be made
  static Expected<std::unique_ptr<Spool>> Open(const std::filesystem::path& folder, std::vector<std::string>& notices);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  struct Kept {
    uint64_t number = 0;
    Outcome on_disk = Nothing{};  ///< why it is only in memory (a full disk, say), until this object goes
  };
  /// Keeps it in any case.
  Kept Put(Shipment shipment);

  struct Next {
    uint64_t number = 0;
    Shipment shipment;
  };
  /// The oldest one. kDataLoss, with a sentence, for a file that changed under us; it is set aside.
  Expected<std::optional<Next>> Oldest();

  /// It was sent, and perhaps has arrived.
  void MarkTried(uint64_t number);

  /// The studio has it.
  void Remove(uint64_t number);

  /// The studio does not want it: it becomes `NUMBER.refused`, which no session sends again.
  Outcome SetAside(uint64_t number);

  size_t size() const { return entries_.size(); }

  /// How many are in memory only.
  size_t in_memory() const;

  /// Tries once more to write those.
  void SaveMemory();

  const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Entry {
    std::optional<Shipment> in_memory;
    bool tried = false;
  };
  Spool(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  std::filesystem::path FileOf(uint64_t number, const char* ending) const;
  Outcome Write(uint64_t number, const Shipment& shipment) const;
  Expected<Shipment> Read(uint64_t number) const;
  Outcome SyncFolder() const;

  std::filesystem::path folder_;
  int lock_;
  uint64_t next_ = 1;
  std::map<uint64_t, Entry> entries_;
};

/// What is in a spool's file, and back. kDataLoss for anything else. Made for bytes from anywhere.
std::string WriteShipment(const Shipment& shipment);
Expected<Shipment> ReadShipment(std::string_view bytes);

}  // namespace thimble::bridge

#endif  // THIMBLE_BRIDGE_REMOTE_SPOOL_H_
