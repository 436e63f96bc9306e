#include "bridge/flash/flash_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "base/crc32.h"
#include "firmware/boards/az3166/board.h"
#include "simulator/stm32f412/flash.h"
#include "simulator/stm32f412/quadspi.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;
using simulator::FlashController;
using simulator::Stm32f412;

constexpr char kMagic[12] = {'T', 'H', 'M', 'B', 'L', 'F', 'L', 'A', 'S', 'H', 0, 0};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kFileBytes = kHeaderBytes + FlashFile::kFlashBytes + FlashFile::kExternalBytes + 4;
static_assert(FlashFile::kFlashBytes == Stm32f412::kFlashBytes);
static_assert(FlashFile::kExternalBytes == simulator::En25qh16::kBytes);

std::span<const std::byte> Bytes(const void* data, size_t count) {
  return {static_cast<const std::byte*>(data), count};
}

}  // namespace

FlashFile::FlashFile() : flash(kFlashBytes, std::byte{0xff}), external(kExternalBytes, std::byte{0xff}) {}

Expected<FlashFile> FlashFile::Load(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {Status::kNotFound, path.string() + ": no such flash image"};
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::byte> bytes(kFileBytes + 1);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto count = static_cast<size_t>(stream.gcount());
  uint32_t version = 0, crc = 0;
  if (count < kHeaderBytes || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
    return {Status::kDataLoss,
            path.string() + ": is not a flash image of a virtual board; thimble flash --virtual makes one"};
  }
  std::memcpy(&version, bytes.data() + sizeof kMagic, sizeof version);
  if (version != kVersion) {
    return {Status::kDataLoss, path.string() + ": a flash image of version " + std::to_string(version) +
                                   ", which this program does not know"};
  }
  if (count == kFileBytes) std::memcpy(&crc, bytes.data() + kFileBytes - 4, sizeof crc);
  if (count != kFileBytes || crc != Crc32(std::span(bytes).first(kFileBytes - 4))) {
    return {Status::kDataLoss, path.string() + ": the flash image is damaged or not whole; delete it and flash again"};
  }
  FlashFile file;
  std::copy_n(bytes.begin() + kHeaderBytes, kFlashBytes, file.flash.begin());
  std::copy_n(bytes.begin() + kHeaderBytes + kFlashBytes, kExternalBytes, file.external.begin());
  return file;
}

Outcome FlashFile::Save(const fs::path& path) const {
  std::vector<std::byte> bytes;
  const auto put = [&](std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  put(Bytes(kMagic, sizeof kMagic));
  put(Bytes(&kVersion, sizeof kVersion));
  put(flash);
  put(external);
  const uint32_t crc = Crc32(bytes);
  put(Bytes(&crc, sizeof crc));

  std::string pattern = path.string() + ".partial-XXXXXX";
  const int file = mkostemp(pattern.data(), O_CLOEXEC);
  const auto cannot = [&](int reason) {
    return Error{Status::kFailed, path.string() + ": cannot be written (" + std::strerror(reason) +
                                      "); what was there before is still there"};
  };
  if (file < 0) return cannot(errno);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  const bool whole = done == bytes.size() && fsync(file) == 0;
  int reason = errno;
  fchmod(file, 0644);
  close(file);
  if (whole && rename(pattern.c_str(), path.c_str()) == 0) return Nothing{};
  if (whole) reason = errno;
  unlink(pattern.c_str());
  return cannot(reason);
}

FlashFile FlashFile::Of(simulator::Kit& kit) {
  FlashFile file;
  kit.chip().flash().memory().Read(0, file.flash);
  kit.chip().quadspi().memory().Read(0, file.external);
  return file;
}

void FlashFile::PutInto(simulator::Kit& kit) const {
  kit.chip().Program(Stm32f412::kFlashBase, flash);
  kit.chip().quadspi().memory().Write(0, external);
  kit.chip().SetApplication(firmware::kAz3166.flash.base);
}

void FlashFile::Program(const simulator::Program& program) {
  for (int sector = 0; sector < FlashController::kSectors; ++sector) {
    const FlashController::Sector at = FlashController::SectorAt(sector);
    const bool touched = std::any_of(program.segments.begin(), program.segments.end(), [&](const auto& segment) {
      const uint64_t begin = segment.address - Stm32f412::kFlashBase, end = begin + segment.bytes.size();
      return begin < at.offset + at.bytes && end > at.offset;
    });
    if (touched) std::fill_n(flash.begin() + at.offset, at.bytes, std::byte{0xff});
  }
  for (const auto& segment : program.segments) {
    const size_t offset = segment.address - Stm32f412::kFlashBase;
    if (offset > flash.size() || segment.bytes.size() > flash.size() - offset) continue;  // LoadProgram lets none pass
    std::copy(segment.bytes.begin(), segment.bytes.end(), flash.begin() + static_cast<std::ptrdiff_t>(offset));
  }
}

bool FlashFile::Holds(const simulator::Program& program) const {
  return std::all_of(program.segments.begin(), program.segments.end(), [&](const auto& segment) {
    const size_t offset = segment.address - Stm32f412::kFlashBase;
    return offset <= flash.size() && segment.bytes.size() <= flash.size() - offset &&
           std::equal(segment.bytes.begin(), segment.bytes.end(), flash.begin() + static_cast<std::ptrdiff_t>(offset));
  });
}

}  // namespace thimble::bridge
