#include "studio/store/blobs.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "studio/store/internal/files.h"

namespace thimble::studio {
namespace {

namespace fs = std::filesystem;

constexpr int kZstdLevel = 3;
constexpr size_t kPieceBytes = 128 * 1024;

class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Hasher() { EVP_MD_CTX_free(context_); }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void Add(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  std::string Finish() {
    std::array<unsigned char, 32> digest;
    EVP_DigestFinal_ex(context_, digest.data(), nullptr);
    std::string text;
    text.reserve(64);
    for (const unsigned char byte : digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  EVP_MD_CTX* context_;
};

struct FreePacker {
  void operator()(ZSTD_CCtx* packer) const { ZSTD_freeCCtx(packer); }
};
struct FreeUnpacker {
  void operator()(ZSTD_DCtx* unpacker) const { ZSTD_freeDCtx(unpacker); }
};

/// JPEG, PNG, ZIP, gzip, zstd, MP4: another packing would only cost time.
bool LooksPacked(std::string_view bytes) {
  using namespace std::string_view_literals;
  for (const std::string_view start :
       {"\xff\xd8\xff"sv, "\x89PNG"sv, "PK\x03\x04"sv, "\x1f\x8b"sv, "\x28\xb5\x2f\xfd"sv}) {
    if (bytes.starts_with(start)) return true;
  }
  return bytes.size() >= 8 && bytes.substr(4, 4) == "ftyp";
}

constexpr std::string_view kPacked = ".zst";

/// Hash and packing from "12-HASH.zst" or "HASH"; nothing for other names.
struct Name {
  std::string hash;
  bool packed = false;
};
std::optional<Name> ReadName(std::string_view text) {
  Name name;
  if (text.ends_with(kPacked)) {
    name.packed = true;
    text.remove_suffix(kPacked.size());
  }
  if (!IsBlobHash(text)) return std::nullopt;
  name.hash = text;
  return name;
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  Hasher hasher;
  hasher.Add(bytes);
  return hasher.Finish();
}

bool IsBlobHash(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// ---- what all share

struct Blobs::State {
  fs::path folder, incoming;
  internal::File incoming_handle;
  std::atomic<uint64_t> next = 1;

  std::mutex mutex;
  std::map<std::string, int> pins;            ///< staged contents, and how many StagedBlobs hold each
  std::optional<HashSet> pinned_since_start;  ///< while garbage is collected
  std::condition_variable garbage_changed;
  bool collecting = false;
  int holds = 0;  ///< while there are any, nothing is collected

  void Pin(const std::string& hash) {
    ++pins[hash];
    if (pinned_since_start) pinned_since_start->insert(hash);
  }

  fs::path Waiting(std::string_view ending) { return incoming / (std::to_string(next++) + "-" + std::string(ending)); }
};

Blobs::Blobs(std::unique_ptr<State> state) : state_(std::move(state)) {}
Blobs::~Blobs() = default;

StagedBlob& StagedBlob::operator=(StagedBlob&& other) noexcept {
  std::swap(blobs_, other.blobs_);
  std::swap(hash_, other.hash_);
  std::swap(bytes_, other.bytes_);
  std::swap(waiting_, other.waiting_);
  return *this;
}

StagedBlob::~StagedBlob() {
  if (blobs_ == nullptr) return;
  if (!waiting_.empty()) ::unlink(waiting_.c_str());
  const std::lock_guard lock(blobs_->state_->mutex);
  const auto pin = blobs_->state_->pins.find(hash_);
  if (--pin->second == 0) blobs_->state_->pins.erase(pin);
}

Expected<fs::path> Blobs::PlaceOf(std::string_view hash, bool packed) const {
  if (!IsBlobHash(hash)) return {Status::kInvalidArgument, "'" + std::string(hash) + "' is not a SHA-256"};
  std::string rest(hash.substr(4));
  if (packed) rest += kPacked;
  return state_->folder / "sha256" / std::string(hash.substr(0, 2)) / std::string(hash.substr(2, 2)) / rest;
}

Expected<fs::path> Blobs::FileOf(std::string_view hash) const {
  for (const bool packed : {true, false}) {
    THIMBLE_ASSIGN(fs::path place, PlaceOf(hash, packed));
    if (::access(place.c_str(), F_OK) == 0) return place;
  }
  return {Status::kNotFound, "there is no blob " + std::string(hash) + " in " + state_->folder.string()};
}

bool Blobs::Has(std::string_view hash) const { return FileOf(hash).ok(); }

// ---- writing

Expected<StagedBlob> Blobs::Stage(std::string_view bytes) {
  StagedBlob staged;
  staged.hash_ = Sha256(bytes);
  staged.bytes_ = static_cast<int64_t>(bytes.size());
  {
    // Under the lock, so that garbage collection sees the pin or has removed the file before we look for it.
    const std::lock_guard lock(state_->mutex);
    state_->Pin(staged.hash_);
    staged.blobs_ = this;
    if (Has(staged.hash_)) return staged;
  }
  std::string_view stored = bytes;
  std::string packed;
  if (!LooksPacked(bytes)) {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreePacker> packer(ZSTD_createCCtx());
    packed.resize(ZSTD_compressBound(bytes.size()));
    const size_t size =
        ZSTD_compressCCtx(packer.get(), packed.data(), packed.size(), bytes.data(), bytes.size(), kZstdLevel);
    if (ZSTD_isError(size) == 0 && size < bytes.size()) stored = std::string_view(packed).substr(0, size);
  }
  const bool is_packed = stored.data() == packed.data() && !packed.empty();
  const fs::path waiting = state_->Waiting(staged.hash_ + std::string(is_packed ? kPacked : ""));
  THIMBLE_ASSIGN(internal::File file, internal::File::Create(waiting));
  staged.waiting_ = waiting;
  THIMBLE_EXPECT(file.Write(stored));
  THIMBLE_EXPECT(file.Close());
  return staged;
}

struct BlobWriter::Work {
  Blobs* blobs;
  fs::path path;
  internal::File file;
  std::unique_ptr<ZSTD_CCtx, FreePacker> packer;  ///< null: stored as it comes
  Hasher hasher;
  int64_t bytes = 0;
  std::string buffer;

  Outcome Pack(std::string_view piece, ZSTD_EndDirective directive) {
    if (packer == nullptr) return file.Write(piece);
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    buffer.resize(ZSTD_CStreamOutSize());
    while (true) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const size_t left = ZSTD_compressStream2(packer.get(), &out, &in, directive);
      if (ZSTD_isError(left) != 0) {
        return {Status::kFailed, path.string() + ": cannot be packed: " + ZSTD_getErrorName(left)};
      }
      THIMBLE_EXPECT(file.Write(std::string_view(buffer).substr(0, out.pos)));
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) return Nothing{};
    }
  }
};

BlobWriter::BlobWriter(std::unique_ptr<Work> work) : work_(std::move(work)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() {
  if (work_ != nullptr) ::unlink(work_->path.c_str());
}

Expected<BlobWriter> Blobs::StartWriting() {
  auto work = std::make_unique<BlobWriter::Work>();
  work->blobs = this;
  work->path = state_->Waiting("writing");
  THIMBLE_ASSIGN(work->file, internal::File::Create(work->path));
  return BlobWriter(std::move(work));
}

Outcome BlobWriter::Append(std::string_view bytes) {
  assert(work_ != nullptr);
  if (bytes.empty()) return Nothing{};
  if (work_->bytes == 0 && !LooksPacked(bytes)) {
    work_->packer.reset(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(work_->packer.get(), ZSTD_c_compressionLevel, kZstdLevel);
  }
  work_->hasher.Add(bytes);
  work_->bytes += static_cast<int64_t>(bytes.size());
  return work_->Pack(bytes, ZSTD_e_continue);
}

Expected<StagedBlob> BlobWriter::Finish() {
  assert(work_ != nullptr);
  const bool packed = work_->packer != nullptr;
  if (packed) THIMBLE_EXPECT(work_->Pack({}, ZSTD_e_end));
  THIMBLE_EXPECT(work_->file.Close());
  StagedBlob staged;
  staged.hash_ = work_->hasher.Finish();
  staged.bytes_ = work_->bytes;
  Blobs::State& state = *work_->blobs->state_;
  {
    const std::lock_guard lock(state.mutex);
    state.Pin(staged.hash_);
    staged.blobs_ = work_->blobs;
    if (work_->blobs->Has(staged.hash_)) return staged;  // our destructor removes the second copy
  }
  const fs::path waiting = state.Waiting(staged.hash_ + std::string(packed ? kPacked : ""));
  if (::rename(work_->path.c_str(), waiting.c_str()) != 0) return internal::SystemError(waiting);
  staged.waiting_ = waiting;
  work_.reset();
  return staged;
}

Outcome Blobs::Publish(std::span<StagedBlob* const> staged) {
  std::vector<StagedBlob*> waiting;
  for (StagedBlob* blob : staged) {
    if (!blob->waiting_.empty()) waiting.push_back(blob);
  }
  if (waiting.empty()) return Nothing{};
  if (waiting.size() == 1) {
    THIMBLE_EXPECT(internal::SyncPath(waiting[0]->waiting_));
    if (::fsync(state_->incoming_handle.descriptor()) != 0) return internal::SystemError(state_->incoming);
  } else if (::syncfs(state_->incoming_handle.descriptor()) != 0) {
    return internal::SystemError(state_->incoming);
  }
  for (StagedBlob* blob : waiting) {
    THIMBLE_ASSIGN(const fs::path place, PlaceOf(blob->hash_, blob->waiting_.extension() == kPacked));
    THIMBLE_EXPECT(internal::Move(blob->waiting_, place));
    blob->waiting_.clear();
  }
  return Nothing{};
}

Expected<StagedBlob> Blobs::Put(std::string_view bytes) {
  THIMBLE_ASSIGN(StagedBlob staged, Stage(bytes));
  StagedBlob* const one[] = {&staged};
  THIMBLE_EXPECT(Publish(one));
  return staged;
}

// ---- reading

struct BlobReader::Work {
  fs::path path;
  std::string hash;
  internal::File file;
  std::unique_ptr<ZSTD_DCtx, FreeUnpacker> unpacker;  ///< null: stored as it is
  std::string buffer;
  ZSTD_inBuffer in{nullptr, 0, 0};
  bool frame_open = false;
  bool ended = false;
  Hasher hasher;

  Error Damaged(const std::string& how) const {
    return {Status::kDataLoss, path.string() + ": the file is damaged (" + how + "); bring it back from a backup"};
  }

  Expected<size_t> Unpack(std::span<char> place) {
    ZSTD_outBuffer out{place.data(), place.size(), 0};
    while (out.pos == 0) {
      if (in.pos == in.size) {
        THIMBLE_ASSIGN(const size_t got, file.Read(std::span(buffer)));
        in = {buffer.data(), got, 0};
        if (got == 0) {
          if (frame_open) return Damaged("it ends early");
          return size_t{0};
        }
      }
      const size_t left = ZSTD_decompressStream(unpacker.get(), &out, &in);
      if (ZSTD_isError(left) != 0) return Damaged(ZSTD_getErrorName(left));
      frame_open = left != 0;
    }
    return out.pos;
  }
};

BlobReader::BlobReader(std::unique_ptr<Work> work) : work_(std::move(work)) {}
BlobReader::BlobReader(BlobReader&&) noexcept = default;
BlobReader::~BlobReader() = default;

Expected<size_t> BlobReader::Read(std::span<char> place) {
  if (place.empty() || work_->ended) return size_t{0};
  THIMBLE_ASSIGN(const size_t got, work_->unpacker != nullptr ? work_->Unpack(place) : work_->file.Read(place));
  work_->hasher.Add({place.data(), got});
  if (got == 0) {
    work_->ended = true;
    if (work_->hasher.Finish() != work_->hash) return work_->Damaged("its content is not what its name says");
  }
  return got;
}

Outcome BlobReader::Skip(int64_t bytes) {
  std::string piece(kPieceBytes, '\0');
  while (bytes > 0) {
    THIMBLE_ASSIGN(const size_t got,
                   Read(std::span(piece).first(std::min<size_t>(piece.size(), static_cast<size_t>(bytes)))));
    if (got == 0) break;
    bytes -= static_cast<int64_t>(got);
  }
  return Nothing{};
}

Expected<BlobReader> Blobs::OpenReader(std::string_view hash) const {
  THIMBLE_ASSIGN(const fs::path place, FileOf(hash));
  auto work = std::make_unique<BlobReader::Work>();
  work->path = place;
  work->hash = hash;
  THIMBLE_ASSIGN(work->file, internal::File::OpenForReading(place));
  if (place.extension() == kPacked) {
    work->unpacker.reset(ZSTD_createDCtx());
    work->buffer.resize(ZSTD_DStreamInSize());
  }
  return BlobReader(std::move(work));
}

Expected<std::string> Blobs::ReadRange(std::string_view hash, int64_t offset, int64_t bytes) const {
  THIMBLE_ASSIGN(BlobReader reader, OpenReader(hash));
  THIMBLE_EXPECT(reader.Skip(offset));
  std::string content;
  size_t have = 0;
  while (static_cast<int64_t>(have) < bytes) {
    content.resize(have + std::min<size_t>(kPieceBytes, static_cast<size_t>(bytes) - have));
    THIMBLE_ASSIGN(const size_t got, reader.Read(std::span(content).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  content.resize(have);
  return content;
}

Expected<std::string> Blobs::Read(std::string_view hash) const { return ReadRange(hash, 0, INT64_MAX); }

// ---- the whole folder

namespace {

/// Calls `visit(path, name)` for every content below sha256/; other files are named in `strangers`.
void ForEachFile(const fs::path& folder, std::string_view prefix, std::vector<std::string>* strangers,
                 const std::function<void(const fs::path&, const Name&)>& visit) {
  std::error_code error;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    const fs::path& path = at->path();
    const std::string text = std::string(prefix) + path.filename().string();
    if (at->is_directory()) {
      ForEachFile(path, text, strangers, visit);
    } else if (const auto name = ReadName(text)) {
      visit(path, *name);
    } else if (strangers != nullptr) {
      strangers->push_back(path.string() + ": this file does not belong here");
    }
  }
}

}  // namespace

Blobs::Report Blobs::Verify() const {
  Report report;
  const auto hold = HoldGarbage();
  ForEachFile(state_->folder / "sha256", "", &report.problems, [&](const fs::path& path, const Name& name) {
    std::error_code error;
    ++report.blobs;
    report.stored_bytes += static_cast<int64_t>(fs::file_size(path, error));
    Expected<BlobReader> reader = OpenReader(name.hash);
    const Outcome whole = reader.ok() ? reader->Skip(INT64_MAX) : Outcome(reader.error());
    if (!whole.ok()) report.problems.push_back(whole.error().message);
  });
  return report;
}

Expected<Blobs::Collected> Blobs::CollectGarbage(const std::function<Expected<HashSet>(std::string_view)>& referenced) {
  {
    std::unique_lock lock(state_->mutex);
    state_->garbage_changed.wait(lock, [&] { return !state_->collecting && state_->holds == 0; });
    state_->collecting = true;
    state_->pinned_since_start.emplace();
    for (const auto& [hash, count] : state_->pins) state_->pinned_since_start->insert(hash);
  }
  Collected collected;
  Outcome outcome = Nothing{};
  for (int first = 0; first < 256 && outcome.ok(); ++first) {
    const std::string prefix = {"0123456789abcdef"[first / 16], "0123456789abcdef"[first % 16]};
    const fs::path folder = state_->folder / "sha256" / prefix;
    if (::access(folder.c_str(), F_OK) != 0) continue;
    // Files are listed after the references were read: a row committed in between has its blob among the pins.
    const Expected<HashSet> kept = referenced(prefix);
    if (!kept.ok()) {
      outcome = kept.error();
      break;
    }
    ForEachFile(folder, prefix, nullptr, [&](const fs::path& path, const Name& name) {
      if (kept->contains(name.hash)) return;
      std::error_code error;
      const auto size = static_cast<int64_t>(fs::file_size(path, error));
      const std::lock_guard lock(state_->mutex);
      if (state_->pinned_since_start->contains(name.hash)) return;
      if (::unlink(path.c_str()) != 0) {
        outcome = internal::SystemError(path);
        return;
      }
      ++collected.blobs;
      collected.stored_bytes += size;
    });
  }
  const std::lock_guard lock(state_->mutex);
  state_->pinned_since_start.reset();
  state_->collecting = false;
  state_->garbage_changed.notify_all();
  if (!outcome.ok()) return outcome.error();
  return collected;
}

std::shared_ptr<void> Blobs::HoldGarbage() const {
  std::unique_lock lock(state_->mutex);
  state_->garbage_changed.wait(lock, [&] { return !state_->collecting; });
  ++state_->holds;
  return {state_.get(), [](State* state) {
            const std::lock_guard again(state->mutex);
            --state->holds;
            state->garbage_changed.notify_all();
          }};
}

Expected<std::unique_ptr<Blobs>> Blobs::Open(const fs::path& folder) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->incoming = folder / "incoming";
  for (const fs::path& part : {state->incoming, folder / "sha256"}) {
    THIMBLE_EXPECT(internal::MakeFolder(part));
  }
  THIMBLE_ASSIGN(state->incoming_handle, internal::File::OpenForReading(state->incoming));
  std::unique_ptr<Blobs> blobs(new Blobs(std::move(state)));
  std::vector<fs::path> left;
  std::error_code error;
  for (auto at = fs::directory_iterator(blobs->state_->incoming, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    left.push_back(at->path());
  }
  for (const fs::path& path : left) {
    const std::string text = path.filename().string();
    const auto name = ReadName(text.substr(text.find('-') + 1));
    bool whole = false;
    if (name) {
      // A row may refer to it: its move to the place was not durable yet. It counts if it is whole.
      THIMBLE_ASSIGN(const fs::path place, blobs->PlaceOf(name->hash, name->packed));
      const bool was_there = ::access(place.c_str(), F_OK) == 0;
      if (!was_there) {
        THIMBLE_EXPECT(internal::Move(path, place));
        Expected<BlobReader> reader = blobs->OpenReader(name->hash);
        whole = reader.ok() && reader->Skip(INT64_MAX).ok();
        if (!whole) ::unlink(place.c_str());
      }
    }
    if (!whole) ::unlink(path.c_str());
  }
  return blobs;
}

}  // namespace thimble::studio
