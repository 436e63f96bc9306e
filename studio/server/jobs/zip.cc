#include "studio/server/jobs/zip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace thimble::studio {
namespace {

constexpr uint32_t kLocalMark = 0x04034b50, kDirectoryMark = 0x02014b50, kEndMark = 0x06054b50;
constexpr size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22;
constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint16_t kVersion = 20;
constexpr uint16_t kUtf8Flag = 1 << 11, kEncryptedFlag = 1;
constexpr uint16_t kEarliestDate = (1 << 5) | 1;  // 1980-01-01: the format knows no "none"
constexpr uint64_t kMostBytes = std::numeric_limits<uint32_t>::max();

void Put(std::string& to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(number >> (8 * i) & 255);
}

uint32_t Get(std::string_view from, size_t at, int bytes) {
  uint32_t number = 0;
  for (int i = 0; i < bytes; ++i) {
    number |= static_cast<uint32_t>(static_cast<unsigned char>(from[at + static_cast<size_t>(i)])) << (8 * i);
  }
  return number;
}

uint32_t Crc(std::string_view bytes) {
  uLong crc = ::crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const auto piece = static_cast<uInt>(std::min<size_t>(bytes.size(), 1U << 30));
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), piece);
    bytes.remove_prefix(piece);
  }
  return static_cast<uint32_t>(crc);
}

/// Without a header around it. Empty when it does not become smaller.
std::string Deflate(std::string_view bytes) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return "";
  std::string packed(bytes.size(), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool smaller = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(smaller ? stream.total_out : 0);
  ::deflateEnd(&stream);
  return packed;
}

Error Damaged(const std::string& where) {
  return {Status::kDataLoss, "the archive is damaged" + where + "; make or download it again"};
}

/// "." and empty parts vanish; "" for a path that leads out.
std::string CleanPath(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  if (path.starts_with('/') || (path.size() > 1 && path[1] == ':') || path.find('\0') != std::string::npos) return "";
  std::string clean;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part == "..") return "";
    if (!part.empty() && part != ".") clean += (clean.empty() ? "" : "/") + part;
    begin = end + 1;
  }
  return clean;
}

}  // namespace

Outcome ZipWriter::Add(const std::string& path, std::string_view bytes) {
  if (archive_.size() + directory_.size() + bytes.size() + 2 * path.size() + 1024 > kMostBytes || files_ == 65'535 ||
      path.size() > 65'535) {
    return {Status::kInvalidArgument,
            "the archive would be larger than a ZIP can be (4 GB, 65,535 files); export fewer"};
  }
  const std::string deflated = Deflate(bytes);
  const bool packs = !deflated.empty();
  const std::string_view packed = packs ? std::string_view(deflated) : bytes;
  const size_t offset = archive_.size();
  std::string common;
  Put(common, kVersion, 2);
  Put(common, kUtf8Flag, 2);
  Put(common, packs ? kDeflated : kStored, 2);
  Put(common, 0, 2);
  Put(common, kEarliestDate, 2);
  Put(common, Crc(bytes), 4);
  Put(common, packed.size(), 4);
  Put(common, bytes.size(), 4);
  Put(common, path.size(), 2);
  Put(common, 0, 2);

  Put(archive_, kLocalMark, 4);
  archive_ += common + path;
  archive_ += packed;

  Put(directory_, kDirectoryMark, 4);
  Put(directory_, kVersion, 2);
  directory_ += common;
  Put(directory_, 0, 2);  // comment
  Put(directory_, 0, 2);  // disk
  Put(directory_, 0, 2);  // internal attributes
  Put(directory_, 0, 4);  // external attributes
  Put(directory_, offset, 4);
  directory_ += path;
  ++files_;
  return Nothing{};
}

std::string ZipWriter::Finish() && {
  const size_t offset = archive_.size();
  archive_ += directory_;
  Put(archive_, kEndMark, 4);
  Put(archive_, 0, 2);
  Put(archive_, 0, 2);
  Put(archive_, files_, 2);
  Put(archive_, files_, 2);
  Put(archive_, directory_.size(), 4);
  Put(archive_, offset, 4);
  Put(archive_, 0, 2);
  return std::move(archive_);
}

Expected<std::vector<ZipEntry>> ReadZip(std::string_view archive, size_t most_files) {
  if (archive.size() < kEndBytes) return {Status::kDataLoss, "this is no ZIP archive"};
  // The end's mark is followed by a comment of any length up to 65,535.
  size_t end = archive.size() - kEndBytes;
  const size_t earliest = end > 65'535 ? end - 65'535 : 0;
  while (Get(archive, end, 4) != kEndMark) {
    if (end == earliest) return {Status::kDataLoss, "this is no ZIP archive, or its end is missing"};
    --end;
  }
  const uint32_t files = Get(archive, end + 10, 2);
  const size_t directory_bytes = Get(archive, end + 12, 4);
  size_t at = Get(archive, end + 16, 4);
  if (files == 65'535 || at == kMostBytes) {
    return {Status::kUnsupported, "ZIP64 archives are not read; split it into archives below 4 GB"};
  }
  if (Get(archive, end + 4, 2) != 0 || Get(archive, end + 8, 2) != files) {
    return {Status::kUnsupported, "archives in several parts are not read; join them first"};
  }
  if (at > end || directory_bytes > end - at) return Damaged("");
  if (files > most_files) {
    return {Status::kInvalidArgument, "the archive holds " + std::to_string(files) + " files, more than " +
                                          std::to_string(most_files) + "; split it"};
  }
  std::vector<ZipEntry> entries;
  std::vector<std::pair<size_t, size_t>> taken;  // where each begins and ends
  for (uint32_t i = 0; i < files; ++i) {
    const std::string where = " at file " + std::to_string(i + 1);
    if (at > end || end - at < kDirectoryBytes || Get(archive, at, 4) != kDirectoryMark) return Damaged(where);
    const uint32_t flags = Get(archive, at + 8, 2);
    ZipEntry entry;
    entry.method = static_cast<uint16_t>(Get(archive, at + 10, 2));
    entry.crc = Get(archive, at + 16, 4);
    const size_t packed_bytes = Get(archive, at + 20, 4);
    entry.bytes = Get(archive, at + 24, 4);
    const size_t name_bytes = Get(archive, at + 28, 2);
    const size_t more = name_bytes + Get(archive, at + 30, 2) + Get(archive, at + 32, 2);
    const size_t local = Get(archive, at + 42, 4);
    if (end - at - kDirectoryBytes < more) return Damaged(where);
    const std::string path(archive.substr(at + kDirectoryBytes, name_bytes));
    at += kDirectoryBytes + more;
    if (path.ends_with('/')) continue;
    entry.path = CleanPath(path);
    if (entry.path.empty()) {
      return {Status::kInvalidArgument,
              "the archive's file " + std::to_string(i + 1) + " has a path that leads out of it; nothing was read"};
    }
    if ((flags & kEncryptedFlag) != 0)
      return {Status::kUnsupported, path + ": is encrypted; pack it without a password"};
    if (entry.method != kStored && entry.method != kDeflated) {
      return {Status::kUnsupported, path + ": is packed by a method other than deflate; pack it again"};
    }
    if (local > end || end - local < kLocalBytes || Get(archive, local, 4) != kLocalMark) return Damaged(where);
    const size_t data = local + kLocalBytes + Get(archive, local + 26, 2) + Get(archive, local + 28, 2);
    if (data > end || packed_bytes > end - data) return Damaged(where);
    entry.packed = archive.substr(data, packed_bytes);
    taken.emplace_back(local, data + packed_bytes);
    entries.push_back(std::move(entry));
  }
  // A few bytes that are thousands of files would keep the server busy for days.
  std::sort(taken.begin(), taken.end());
  for (size_t i = 1; i < taken.size(); ++i) {
    if (taken[i].first < taken[i - 1].second) {
      return {Status::kInvalidArgument, "files of the archive lie over each other; nothing was read: pack it again"};
    }
  }
  return entries;
}

Expected<std::string> Unpack(const ZipEntry& entry, uint64_t most_bytes) {
  const Error too_large{Status::kInvalidArgument,
                        entry.path + ": is larger than " + std::to_string(most_bytes) + " bytes unpacked"};
  if (entry.bytes > most_bytes) return too_large;
  std::string bytes;
  if (entry.method == kStored) {
    bytes = entry.packed;
  } else {
    z_stream stream{};
    if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return {Status::kOutOfMemory, "no memory to unpack"};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(entry.packed.data()));
    stream.avail_in = static_cast<uInt>(entry.packed.size());
    // It grows with what comes: a header that promises gigabytes costs nothing.
    constexpr size_t kPiece = 1 << 18;
    int state = Z_OK;
    while (state == Z_OK && bytes.size() <= entry.bytes) {
      const size_t before = bytes.size();
      bytes.resize(before + kPiece);
      stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + before);
      stream.avail_out = kPiece;
      state = ::inflate(&stream, Z_NO_FLUSH);
      bytes.resize(before + kPiece - stream.avail_out);
      if (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;
    }
    ::inflateEnd(&stream);
    if (state != Z_STREAM_END) return {Status::kDataLoss, entry.path + ": is damaged in the archive"};
  }
  if (bytes.size() != entry.bytes || Crc(bytes) != entry.crc) {
    return {Status::kDataLoss, entry.path + ": is damaged in the archive"};
  }
  return bytes;
}

}  // namespace thimble::studio
