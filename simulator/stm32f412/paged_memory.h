// Memory whose copies share what they have in common, so that a board can be forked in microseconds.
#ifndef THIMBLE_SIMULATOR_STM32F412_PAGED_MEMORY_H_
#define THIMBLE_SIMULATOR_STM32F412_PAGED_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace thimble::simulator {

/// A copy shares all pages with its original until one of them writes. Copies may live in different threads.
class PagedMemory {
 public:
  static constexpr uint32_t kBytesPerPage = 4096;

  /// `bytes` (a multiple of a page) of `value`.
  explicit PagedMemory(uint32_t bytes, std::byte value = std::byte{0}) : pages_(bytes / kBytesPerPage, Fresh(value)) {}

  uint32_t size() const { return static_cast<uint32_t>(pages_.size()) * kBytesPerPage; }

  /// The byte at `offset` and what follows it in its page.
  const std::byte* ToRead(uint32_t offset) const {
    return pages_[offset / kBytesPerPage]->data() + offset % kBytesPerPage;
  }

  /// The same, of a page that nobody else has. `moved`: it is elsewhere than ToRead said before.
  std::byte* ToWrite(uint32_t offset, bool* moved = nullptr) {
    std::shared_ptr<Page>& page = pages_[offset / kBytesPerPage];
    const bool shared = page.use_count() > 1;
    if (shared) page = std::make_shared<Page>(*page);
    if (moved != nullptr) *moved = shared;
    return page->data() + offset % kBytesPerPage;
  }

  /// Within the memory; may cross pages.
  void Read(uint32_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
      const size_t count = InPage(offset, into.size());
      std::memcpy(into.data(), ToRead(offset), count);
      into = into.subspan(count);
      offset += static_cast<uint32_t>(count);
    }
  }

  void Write(uint32_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const size_t count = InPage(offset, bytes.size());
      std::memcpy(ToWrite(offset), bytes.data(), count);
      bytes = bytes.subspan(count);
      offset += static_cast<uint32_t>(count);
    }
  }

  void Fill(uint32_t offset, uint32_t bytes, std::byte value) {
    while (bytes > 0) {
      const auto count = static_cast<uint32_t>(InPage(offset, bytes));
      std::memset(ToWrite(offset), static_cast<int>(value), count);
      bytes -= count;
      offset += count;
    }
  }

  /// Same size, same bytes.
  bool operator==(const PagedMemory& other) const {
    if (pages_.size() != other.pages_.size()) return false;
    for (size_t i = 0; i < pages_.size(); ++i) {
      if (pages_[i] != other.pages_[i] && *pages_[i] != *other.pages_[i]) return false;
    }
    return true;
  }

 private:
  using Page = std::array<std::byte, kBytesPerPage>;

  static std::shared_ptr<Page> Fresh(std::byte value) {
    auto page = std::make_shared<Page>();
    page->fill(value);
    return page;
  }

  static size_t InPage(uint32_t offset, size_t wanted) {
    const size_t left = kBytesPerPage - offset % kBytesPerPage;
    return wanted < left ? wanted : left;
  }

  std::vector<std::shared_ptr<Page>> pages_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_PAGED_MEMORY_H_
