#include "studio/store/internal/tar.h"

#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "studio/store/internal/files.h"

namespace thimble::studio::internal {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlockBytes = 512;

// Fields of a header: offset and size.
struct Field {
  size_t offset, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUser{108, 8}, kGroup{116, 8}, kSize{124, 12}, kTime{136, 12},
    kSum{148, 8}, kType{156, 1}, kMagic{257, 8};
constexpr int64_t kMostBytes = 077777777777;  // what eleven octal digits can say

using Block = std::array<char, kBlockBytes>;

void PutOctal(Block& block, Field field, int64_t value) {
  for (size_t i = field.size - 1; i-- > 0; value >>= 3) block[field.offset + i] = static_cast<char>('0' + (value & 7));
}

/// The sum of all bytes, the sum's own being spaces.
int64_t SumOf(Block block) {
  std::fill_n(block.begin() + kSum.offset, kSum.size, ' ');
  int64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  return sum;
}

std::optional<int64_t> GetOctal(const Block& block, Field field) {
  int64_t value = 0;
  for (size_t i = 0; i < field.size; ++i) {
    const char c = block[field.offset + i];
    if (c == '\0' || c == ' ') return i > 0 ? std::optional(value) : std::nullopt;
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + (c - '0');
  }
  return value;
}

struct FreePacker {
  void operator()(ZSTD_CCtx* packer) const { ZSTD_freeCCtx(packer); }
};
struct FreeUnpacker {
  void operator()(ZSTD_DCtx* unpacker) const { ZSTD_freeDCtx(unpacker); }
};

}  // namespace

struct TarWriter::Work {
  fs::path path;
  File file;
  std::unique_ptr<ZSTD_CCtx, FreePacker> packer{ZSTD_createCCtx()};
  std::string buffer = std::string(ZSTD_CStreamOutSize(), '\0');
  int64_t written = 0;

  Outcome Put(std::string_view bytes, ZSTD_EndDirective directive = ZSTD_e_continue) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const size_t left = ZSTD_compressStream2(packer.get(), &out, &in, directive);
      if (ZSTD_isError(left) != 0)
        return {Status::kFailed, path.string() + ": cannot be packed: " + ZSTD_getErrorName(left)};
      THIMBLE_EXPECT(file.Write(std::string_view(buffer).substr(0, out.pos)));
      written += static_cast<int64_t>(out.pos);
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) return Nothing{};
    }
  }

  Outcome Head(std::string_view name, int64_t bytes) {
    if (name.size() > kName.size || bytes > kMostBytes) {
      return {Status::kInvalidArgument, std::string(name) + ": too long a name, or more than 8 GB, for a backup"};
    }
    Block block{};
    std::copy(name.begin(), name.end(), block.begin());
    PutOctal(block, kMode, 0600);
    PutOctal(block, kUser, 0);
    PutOctal(block, kGroup, 0);
    PutOctal(block, kSize, bytes);
    PutOctal(block, kTime, 0);
    block[kType.offset] = '0';
    std::memcpy(block.data() + kMagic.offset, "ustar\00000", kMagic.size);
    const int64_t sum = SumOf(block);
    PutOctal(block, {kSum.offset, 7}, sum);
    block[kSum.offset + 7] = ' ';
    return Put({block.data(), block.size()});
  }

  Outcome Fill(int64_t bytes) {
    const Block zeros{};
    const size_t over = static_cast<size_t>(bytes) % kBlockBytes;
    return over == 0 ? Outcome(Nothing{}) : Put({zeros.data(), kBlockBytes - over});
  }
};

TarWriter::TarWriter(std::unique_ptr<Work> work) : work_(std::move(work)) {}
TarWriter::TarWriter(TarWriter&&) noexcept = default;
TarWriter::~TarWriter() = default;

Expected<TarWriter> TarWriter::Create(const fs::path& path) {
  auto work = std::make_unique<Work>();
  work->path = path;
  THIMBLE_ASSIGN(work->file, File::Create(path));
  ZSTD_CCtx_setParameter(work->packer.get(), ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(work->packer.get(), ZSTD_c_checksumFlag, 1);
  return TarWriter(std::move(work));
}

Outcome TarWriter::AddText(std::string_view name, std::string_view content) {
  THIMBLE_EXPECT(work_->Head(name, static_cast<int64_t>(content.size())));
  THIMBLE_EXPECT(work_->Put(content));
  return work_->Fill(static_cast<int64_t>(content.size()));
}

Outcome TarWriter::AddFile(std::string_view name, const fs::path& file) {
  THIMBLE_ASSIGN(File source, File::OpenForReading(file));
  struct stat facts {};
  if (::fstat(source.descriptor(), &facts) != 0) return SystemError(file);
  THIMBLE_EXPECT(work_->Head(name, facts.st_size));
  std::string piece(128 * 1024, '\0');
  int64_t copied = 0;
  while (copied < facts.st_size) {
    const auto left = static_cast<size_t>(facts.st_size - copied);
    THIMBLE_ASSIGN(const size_t got, source.Read(std::span(piece).first(std::min(piece.size(), left))));
    if (got == 0) return {Status::kDataLoss, file.string() + ": became shorter while it was read"};
    THIMBLE_EXPECT(work_->Put(std::string_view(piece).substr(0, got)));
    copied += static_cast<int64_t>(got);
  }
  return work_->Fill(copied);
}

Expected<int64_t> TarWriter::Finish() {
  const std::string end(2 * kBlockBytes, '\0');
  THIMBLE_EXPECT(work_->Put(end, ZSTD_e_end));
  THIMBLE_EXPECT(work_->file.Sync());
  THIMBLE_EXPECT(work_->file.Close());
  return work_->written;
}

struct TarReader::Work {
  fs::path path;
  File file;
  std::unique_ptr<ZSTD_DCtx, FreeUnpacker> unpacker{ZSTD_createDCtx()};
  std::string buffer = std::string(ZSTD_DStreamInSize(), '\0');
  ZSTD_inBuffer in{nullptr, 0, 0};
  int64_t left_in_entry = 0;
  int64_t fill = 0;
  bool frame_ended = false;

  Error Damaged(const std::string& how) const {
    return {Status::kDataLoss, path.string() + ": " + how + "; it is no backup, or it is damaged: take another one"};
  }

  /// All of `place`, or kDataLoss.
  Outcome Get(std::span<char> place) {
    ZSTD_outBuffer out{place.data(), place.size(), 0};
    while (out.pos < out.size) {
      const size_t before = out.pos;
      if (in.pos == in.size) {
        THIMBLE_ASSIGN(const size_t got, file.Read(std::span(buffer)));
        in = {buffer.data(), got, 0};
      }
      const bool dry = in.size == 0;
      const size_t left = ZSTD_decompressStream(unpacker.get(), &out, &in);
      if (ZSTD_isError(left) != 0) return Damaged(ZSTD_getErrorName(left));
      frame_ended = left == 0;
      if (dry && out.pos == before) return Damaged("it ends early");
    }
    return Nothing{};
  }
};

TarReader::TarReader(std::unique_ptr<Work> work) : work_(std::move(work)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Expected<TarReader> TarReader::Open(const fs::path& path) {
  auto work = std::make_unique<Work>();
  work->path = path;
  THIMBLE_ASSIGN(work->file, File::OpenForReading(path));
  return TarReader(std::move(work));
}

Expected<size_t> TarReader::Read(std::span<char> place) {
  const auto count = static_cast<size_t>(std::min<int64_t>(work_->left_in_entry, static_cast<int64_t>(place.size())));
  THIMBLE_EXPECT(work_->Get(place.first(count)));
  work_->left_in_entry -= static_cast<int64_t>(count);
  return count;
}

Expected<std::optional<TarReader::Entry>> TarReader::Next() {
  std::string skipped(64 * 1024, '\0');
  while (work_->left_in_entry > 0) THIMBLE_EXPECT(Read(std::span(skipped)));
  THIMBLE_EXPECT(work_->Get(std::span(skipped).first(static_cast<size_t>(work_->fill))));
  Block block;
  THIMBLE_EXPECT(work_->Get(block));
  if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) {
    // To the end of the frame, where its checksum is.
    THIMBLE_EXPECT(work_->Get(block));
    char none = 0;
    if (!work_->frame_ended && (work_->Get({&none, 1}).ok() || !work_->frame_ended))
      return work_->Damaged("it ends early");
    return std::optional<Entry>();
  }
  const auto sum = GetOctal(block, kSum), bytes = GetOctal(block, kSize);
  if (!sum || *sum != SumOf(block) || !bytes || block[kType.offset] != '0')
    return work_->Damaged("an entry is unreadable");
  Entry entry;
  entry.name.assign(block.data(), ::strnlen(block.data(), kName.size));
  entry.bytes = work_->left_in_entry = *bytes;
  work_->fill = (kBlockBytes - *bytes % kBlockBytes) % kBlockBytes;
  return std::optional<Entry>(entry);
}

}  // namespace thimble::studio::internal
