#include "bridge/remote/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "base/crc32.h"

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".shipment";
constexpr const char* kFirstLine = "thimble shipment 1";

uint32_t Checksum(std::string_view bytes) { return Crc32(std::as_bytes(std::span(bytes))); }

std::string SystemSays() { return std::strerror(errno); }

Outcome WriteDurably(const fs::path& file, std::string_view bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return {Status::kFailed, file.string() + ": " + SystemSays()};
  std::string fault;
  while (!bytes.empty() && fault.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (written < 0 && errno != EINTR) {
      fault = SystemSays();
    }
  }
  if (fault.empty() && ::fsync(fd) != 0) fault = SystemSays();
  if (::close(fd) != 0 && fault.empty()) fault = SystemSays();
  if (fault.empty()) return Nothing{};
  ::unlink(file.c_str());
  return {Status::kFailed, file.string() + ": " + fault};
}

/// 12 from "000000000012.shipment"; nothing for other names.
std::optional<uint64_t> NumberOf(const fs::path& file) {
  if (file.extension() != kEnding) return std::nullopt;
  const std::string stem = file.stem().string();
  uint64_t number = 0;
  const auto [end, fault] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
  if (fault != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string WriteShipment(const Shipment& shipment) {
  const nlohmann::ordered_json head = {
      {"path", shipment.path},         {"label", shipment.label},       {"contentType", shipment.content_type},
      {"metadata", shipment.metadata}, {"bytes", shipment.body.size()}, {"crc32", Checksum(shipment.body)}};
  return std::string(kFirstLine) + "\n" + head.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n" + shipment.body;
}

Expected<Shipment> ReadShipment(std::string_view bytes) {
  const Error fault{Status::kDataLoss, "it is damaged"};
  const size_t first_end = bytes.find('\n');
  if (first_end == std::string_view::npos || bytes.substr(0, first_end) != kFirstLine) return fault;
  const size_t head_end = bytes.find('\n', first_end + 1);
  if (head_end == std::string_view::npos || head_end > 4096) return fault;
  const auto head = nlohmann::json::parse(bytes.substr(first_end + 1, head_end - first_end - 1), nullptr, false);
  if (!head.is_object()) return fault;
  const auto text = [&](const char* key) {
    const auto found = head.find(key);
    return found != head.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&](const char* key) {
    const auto found = head.find(key);
    return found != head.end() && found->is_number_unsigned() ? found->get<uint64_t>() : UINT64_MAX;
  };
  Shipment shipment{
      text("path"), text("label"), text("contentType"), text("metadata"), std::string(bytes.substr(head_end + 1)),
      true};
  if (!shipment.path.starts_with('/') || shipment.content_type.empty() || number("bytes") != shipment.body.size() ||
      number("crc32") != Checksum(shipment.body)) {
    return fault;
  }
  // It becomes header lines.
  for (const std::string* field : {&shipment.path, &shipment.content_type, &shipment.metadata}) {
    for (const char c : *field) {
      if (c < ' ' || c > '~' || (c == ' ' && field == &shipment.path)) return fault;
    }
  }
  return shipment;
}

Expected<std::unique_ptr<Spool>> Spool::Open(const fs::path& folder, std::vector<std::string>& notices) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return {Status::kFailed, folder.string() + ": cannot be made: " + error.message()};
  fs::permissions(folder, fs::perms::owner_all, error);
  const int lock = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return {Status::kFailed, folder.string() + ": cannot be written: " + SystemSays()};
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return {Status::kFailed, folder.string() +
                                 ": another bridge for this board and project uses it; end that one, or give another "
                                 "folder by --spool"};
  }
  std::unique_ptr<Spool> spool(new Spool(folder, lock));
  std::vector<fs::path> files;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    files.push_back(at->path());
  }
  for (const fs::path& file : files) {
    std::error_code ignored;
    if (file.extension() == ".new") fs::remove(file, ignored);  // a session ended while it wrote
    const fs::path as_shipment = fs::path(file).replace_extension(kEnding);
    const std::optional<uint64_t> number = NumberOf(as_shipment);
    if (!number) continue;
    // Numbers of set-aside files are not given again.
    spool->next_ = std::max(spool->next_, *number + 1);
    if (file.extension() != kEnding) continue;
    if (const auto shipment = spool->Read(*number); !shipment.ok()) {
      fs::rename(file, fs::path(file).replace_extension(".damaged"), ignored);
      notices.push_back(shipment.error().message + "; it is set aside as *.damaged");
      continue;
    }
    spool->entries_[*number].tried = true;  // nobody knows how far the session before came
  }
  return spool;
}

Spool::~Spool() { ::close(lock_); }

fs::path Spool::FileOf(uint64_t number, const char* ending) const {
  char name[32];
  std::snprintf(name, sizeof name, "%012llu", static_cast<unsigned long long>(number));
  return folder_ / (std::string(name) + ending);
}

Outcome Spool::SyncFolder() const {
  const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {Status::kFailed, folder_.string() + ": " + SystemSays()};
  const int result = ::fsync(fd);
  const std::string fault = SystemSays();
  ::close(fd);
  if (result != 0) return {Status::kFailed, folder_.string() + ": " + fault};
  return Nothing{};
}

Outcome Spool::Write(uint64_t number, const Shipment& shipment) const {
  const fs::path temporary = FileOf(number, ".new"), place = FileOf(number, kEnding);
  THIMBLE_EXPECT(WriteDurably(temporary, WriteShipment(shipment)));
  std::error_code error;
  fs::rename(temporary, place, error);
  if (error) return {Status::kFailed, place.string() + ": " + error.message()};
  return SyncFolder();
}

Expected<Shipment> Spool::Read(uint64_t number) const {
  const fs::path file = FileOf(number, kEnding);
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  Expected<Shipment> shipment = ReadShipment(text.str());
  if (!shipment.ok()) return {shipment.error().status, file.string() + ": " + shipment.error().message};
  return shipment;
}

Spool::Kept Spool::Put(Shipment shipment) {
  const uint64_t number = next_++;
  Outcome on_disk = Write(number, shipment);
  Entry& entry = entries_[number];
  if (!on_disk.ok()) entry.in_memory = std::move(shipment);
  return {number, std::move(on_disk)};
}

Expected<std::optional<Spool::Next>> Spool::Oldest() {
  if (entries_.empty()) return std::optional<Next>();
  const auto& [number, entry] = *entries_.begin();
  Next next{number, {}};
  if (entry.in_memory) {
    next.shipment = *entry.in_memory;
  } else {
    Expected<Shipment> shipment = Read(number);
    if (!shipment.ok()) {
      std::error_code ignored;
      fs::rename(FileOf(number, kEnding), FileOf(number, ".damaged"), ignored);
      entries_.erase(entries_.begin());
      return shipment.error();
    }
    next.shipment = *std::move(shipment);
  }
  next.shipment.tried = entry.tried;
  return std::optional<Next>(std::move(next));
}

void Spool::MarkTried(uint64_t number) {
  if (const auto found = entries_.find(number); found != entries_.end()) found->second.tried = true;
}

void Spool::Remove(uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  std::error_code ignored;
  if (!found->second.in_memory) fs::remove(FileOf(number, kEnding), ignored);
  entries_.erase(found);
}

Outcome Spool::SetAside(uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return Nothing{};
  Outcome outcome = Nothing{};
  std::error_code error;
  if (found->second.in_memory) {
    outcome = WriteDurably(FileOf(number, ".refused"), WriteShipment(*found->second.in_memory));
  } else {
    fs::rename(FileOf(number, kEnding), FileOf(number, ".refused"), error);
    if (error) outcome = Outcome(Status::kFailed, FileOf(number, ".refused").string() + ": " + error.message());
  }
  entries_.erase(found);
  return outcome;
}

size_t Spool::in_memory() const {
  size_t count = 0;
  for (const auto& [number, entry] : entries_) count += entry.in_memory.has_value() ? 1 : 0;
  return count;
}

void Spool::SaveMemory() {
  for (auto& [number, entry] : entries_) {
    if (entry.in_memory && Write(number, *entry.in_memory).ok()) entry.in_memory.reset();
  }
}

}  // namespace thimble::bridge
