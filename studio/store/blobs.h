// Bytes that are kept by what they are: one file a content, named by its SHA-256, whole and durable or not there at
// all.
#ifndef THIMBLE_STUDIO_STORE_BLOBS_H_
#define THIMBLE_STUDIO_STORE_BLOBS_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/error.h"

namespace thimble::studio {

/// The SHA-256 of these bytes (FIPS 180-4) as 64 small hexadecimal digits.
std::string Sha256(std::string_view bytes);

/// Whether it is written as Sha256 writes it, so that it may become part of a file's name.
bool IsBlobHash(std::string_view text);

class Blobs;

/// A content on its way into Blobs, or known to be there. While this object lives, garbage collection leaves it alone:
/// keep it until the row that refers to it is committed.
class StagedBlob {
 public:
  StagedBlob() = default;
  StagedBlob(StagedBlob&& other) noexcept { *this = std::move(other); }
  StagedBlob& operator=(StagedBlob&& other) noexcept;
  /// What was not published vanishes.
  ~StagedBlob();

  const std::string& hash() const { return hash_; }
  int64_t bytes() const { return bytes_; }  ///< of the plain content

 private:
  friend class Blobs;
  friend class BlobWriter;
  Blobs* blobs_ = nullptr;
  std::string hash_;
  int64_t bytes_ = 0;
  std::filesystem::path waiting_;  ///< empty: it is in its place
};

/// Takes a content of any length, piece by piece, in constant memory.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  ~BlobWriter();

  Outcome Append(std::string_view bytes);

  /// Whole, not yet durable: see Blobs::Publish.
  Expected<StagedBlob> Finish();

 private:
  friend class Blobs;
  struct Work;
  explicit BlobWriter(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

/// Gives a content piece by piece, in constant memory.
class BlobReader {
 public:
  BlobReader(BlobReader&&) noexcept;
  ~BlobReader();

  /// Fills from the front and says how much; 0 at the end.
  ///
  ///   kDataLoss  the file is damaged: found while unpacking, or at the end, when its hash is not its name
  Expected<size_t> Read(std::span<char> place);

  /// Goes `bytes` further, or to the end.
  Outcome Skip(int64_t bytes);

 private:
  friend class Blobs;
  struct Work;
  explicit BlobReader(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

/// A folder of contents: sha256/aa/bb/REST.zst, or without ".zst" where packing gains nothing (JPEG, PNG, noise).
///
/// What is written lies in incoming/ first. Publish makes many such files durable by one syncfs and only then moves
/// them to their places. The moves are not synced: after a power cut a file is in one folder or in the other, and Open
/// moves what is whole in incoming/. All calls may come from many threads. One process at a time (Store holds the
/// lock).
class Blobs {
 public:
  /// Makes the folder if need be, and clears what an earlier process left half-written.
  static Expected<std::unique_ptr<Blobs>> Open(const std::filesystem::path& folder);
  ~Blobs();
  Blobs(const Blobs&) = delete;
  Blobs& operator=(const Blobs&) = delete;

  /// Writes it to incoming/. A content that is here already is not written again.
  ///
  ///   kOutOfMemory  the disk is full
  ///   kFailed       it cannot be written
  Expected<StagedBlob> Stage(std::string_view bytes);
  Expected<BlobWriter> StartWriting();

  /// Durable and visible when this returns. A few large or many small ones cost the same number of syncs.
  Outcome Publish(std::span<StagedBlob* const> staged);

  /// Stage and Publish in one.
  Expected<StagedBlob> Put(std::string_view bytes);

  bool Has(std::string_view hash) const;

  ///   kNotFound  there is none of that hash
  Expected<BlobReader> OpenReader(std::string_view hash) const;
  Expected<std::string> Read(std::string_view hash) const;
  /// `bytes` from `offset` on, less at the end.
  Expected<std::string> ReadRange(std::string_view hash, int64_t offset, int64_t bytes) const;

  /// Where its file lies, packed or not, for backups.
  Expected<std::filesystem::path> FileOf(std::string_view hash) const;

  struct Report {
    int64_t blobs = 0;
    int64_t stored_bytes = 0;
    std::vector<std::string> problems;  ///< sentences
  };
  /// Reads everything and compares each hash with its name.
  Report Verify() const;

  struct Collected {
    int64_t blobs = 0;
    int64_t stored_bytes = 0;
  };
  using HashSet = std::unordered_set<std::string>;
  /// Removes what nothing refers to. `referenced` gives the hashes that begin with its two digits. Safe while others
  /// write: what is or was staged since this call began stays.
  Expected<Collected> CollectGarbage(const std::function<Expected<HashSet>(std::string_view)>& referenced);

  /// No garbage is collected while the result lives.
  std::shared_ptr<void> HoldGarbage() const;

 private:
  friend class StagedBlob;
  friend class BlobWriter;
  struct State;
  explicit Blobs(std::unique_ptr<State> state);
  Expected<std::filesystem::path> PlaceOf(std::string_view hash, bool packed) const;
  std::unique_ptr<State> state_;
};

}  // namespace thimble::studio

#endif  // THIMBLE_STUDIO_STORE_BLOBS_H_
