// A .tar.zst, written and read piece by piece: the ustar format of POSIX.1 (pax, "ustar Interchange Format").
#ifndef THIMBLE_STUDIO_STORE_INTERNAL_TAR_H_
#define THIMBLE_STUDIO_STORE_INTERNAL_TAR_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace thimble::studio::internal {

class TarWriter {
 public:
  static Expected<TarWriter> Create(const std::filesystem::path& path);
  TarWriter(TarWriter&&) noexcept;
  ~TarWriter();

  /// `name`: at most 100 bytes.
  Outcome AddText(std::string_view name, std::string_view content);
  Outcome AddFile(std::string_view name, const std::filesystem::path& file);
  /// Writes the end and syncs. Gives the file's size.
  Expected<int64_t> Finish();

 private:
  struct Work;
  explicit TarWriter(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

class TarReader {
 public:
  static Expected<TarReader> Open(const std::filesystem::path& path);
  TarReader(TarReader&&) noexcept;
  ~TarReader();

  struct Entry {
    std::string name;
    int64_t bytes = 0;
  };
  /// The next one, whatever was read of the last; nothing at the end.
  ///
  ///   kDataLoss  it is no .tar.zst, is damaged, or ends early
  Expected<std::optional<Entry>> Next();
  /// Of the entry's content; 0 at its end.
  Expected<size_t> Read(std::span<char> place);

 private:
  struct Work;
  explicit TarReader(std::unique_ptr<Work> work);
  std::unique_ptr<Work> work_;
};

}  // namespace thimble::studio::internal

#endif  // THIMBLE_STUDIO_STORE_INTERNAL_TAR_H_
