#include "bridge/flash/flash_kit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "bridge/flash/flash_file.h"
#include "firmware/boards/az3166/board.h"

extern char** environ;

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kMostOutput = 64 * 1024;

std::string Hex(uint32_t address) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08X", address);
  return text;
}

bool IsCancelled(const FlashRequest& request) { return request.cancelled != nullptr && *request.cancelled; }

void Say(const FlashRequest& request, const std::string& text) {
  if (request.say) request.say(text);
}

double SecondsSince(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

/// A file of that name in a new folder, both gone with this object.
struct TemporaryImage {
  fs::path folder, file;

  static Expected<TemporaryImage> Make(std::span<const std::byte> bytes) {
    std::error_code error;
    // No character in it means anything to OpenOCD's command language.
    std::string pattern = (fs::temp_directory_path(error) / "thimble-flash-XXXXXX").string();
    if (error || mkdtemp(pattern.data()) == nullptr) {
      return {Status::kFailed, pattern + ": cannot make a temporary folder (" + std::strerror(errno) + ")"};
    }
    TemporaryImage image{pattern, fs::path(pattern) / "image.bin"};
    std::ofstream stream(image.file, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) return {Status::kFailed, image.file.string() + ": cannot be written; is the disk full?"};
    return image;
  }
  TemporaryImage(fs::path in, fs::path at) : folder(std::move(in)), file(std::move(at)) {}
  TemporaryImage(TemporaryImage&& other) noexcept
      : folder(std::exchange(other.folder, {})), file(std::move(other.file)) {}
  TemporaryImage& operator=(TemporaryImage&&) = delete;
  ~TemporaryImage() {
    std::error_code error;
    if (!folder.empty()) fs::remove_all(folder, error);
  }
};

struct Ending {
  bool started = false, in_time = true, cancelled = false;
  int exit_code = -1;
  std::string output;
};

/// Runs a program to its end, or until it has taken too long or somebody wants to stop: then it is ended.
Ending RunProgram(const std::vector<std::string>& arguments, int timeout_ms, const FlashRequest& request) {
  Ending ending;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ending;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_t process = -1;
  ending.started = posix_spawnp(&process, words[0], &actions, nullptr, words.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  const Clock::time_point began = Clock::now();
  bool open = ending.started;
  int status = 0;
  bool ended = !ending.started;
  while (!ended) {
    ending.in_time = SecondsSince(began) * 1000 < timeout_ms;
    ending.cancelled = IsCancelled(request);
    if (!ending.in_time || ending.cancelled) {
      kill(process, SIGKILL);
      waitpid(process, &status, 0);
      break;
    }
    pollfd ready = {ends[0], POLLIN, 0};
    if (open && poll(&ready, 1, 50) > 0) {
      std::array<char, 4096> buffer;
      const ssize_t count = read(ends[0], buffer.data(), buffer.size());
      open = count > 0;
      if (count > 0 && ending.output.size() < kMostOutput)
        ending.output.append(buffer.data(), static_cast<size_t>(count));
      if (open) continue;
    }
    if (!open) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ended = !open && waitpid(process, &status, WNOHANG) == process;
  }
  close(ends[0]);
  if (ended && ending.started && WIFEXITED(status)) ending.exit_code = WEXITSTATUS(status);
  return ending;
}

/// The lines that say why, or the last ones.
std::string Reasons(const std::string& output) {
  std::vector<std::string> errors, all;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    if (line.empty()) continue;
    all.push_back(line);
    if (line.starts_with("Error:")) errors.push_back(line);
  }
  const std::vector<std::string>& lines = errors.empty() ? all : errors;
  constexpr size_t kMostLines = 4, kMostCharacters = 200;
  const size_t begin = errors.empty() && lines.size() > kMostLines ? lines.size() - kMostLines : 0;
  std::string text;
  for (size_t i = begin; i < std::min(lines.size(), begin + kMostLines); ++i) {
    text += "\n  " + lines[i].substr(0, kMostCharacters);
  }
  return text;
}

/// "\040" and the like in /proc/mounts.
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// "AZ3166", and "AZ31661" as systems call a second one.
bool IsCalled(const std::string& name, const std::string& volume) {
  return name.starts_with(volume) && name.size() <= volume.size() + 2 &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(volume.size()), name.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

Error Stopped() { return {Status::kCancelled, "stopped; the kit may hold half of the program, so flash it again"}; }

}  // namespace

Expected<KitImage> LoadKitImage(const fs::path& file) {
  const firmware::Board& board = firmware::kAz3166;
  KitImage image;
  THIMBLE_ASSIGN(image.program, simulator::LoadProgram(file, board));
  const auto& segments = image.program.segments;
  if (segments.empty() || segments.front().address != board.flash.base) {
    return Error{Status::kInvalidArgument,
                 file.string() + ": begins at " + Hex(segments.empty() ? 0 : segments.front().address) +
                     ", but the kit's boot loader starts programs at " + Hex(board.flash.base)};
  }
  const uint64_t end = static_cast<uint64_t>(segments.back().address) + segments.back().bytes.size();
  image.raw.assign(static_cast<size_t>(end - board.flash.base), std::byte{0xff});
  for (const auto& segment : segments) {
    std::copy(segment.bytes.begin(), segment.bytes.end(),
              image.raw.begin() + static_cast<std::ptrdiff_t>(segment.address - board.flash.base));
  }
  return image;
}

Expected<FlashReport> FlashByOpenOcd(const KitImage& image, const OpenOcdOptions& options,
                                     const FlashRequest& request) {
  THIMBLE_ASSIGN(const TemporaryImage file, TemporaryImage::Make(image.raw));
  const std::string command =
      "program {" + file.file.string() + "} verify reset exit " + Hex(firmware::kAz3166.flash.base);
  const std::vector<std::string> arguments = {
      options.program, "-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg", "-c", command};
  FlashReport report{.how = "openocd", .steps = {}, .verified = false, .bytes = image.raw.size()};
  report.steps.push_back(options.program + " -f interface/stlink.cfg -f target/stm32f4x.cfg -c \"" + command + "\"");
  if (request.dry_run) return report;
  Say(request, report.steps.back());
  const Ending ending = RunProgram(arguments, options.timeout_ms, request);
  if (!ending.started || ending.exit_code == 127) {
    return Error{Status::kNotFound,
                 options.program +
                     ": is not installed; 'sudo apt-get install openocd', or flash over the kit's USB "
                     "drive (--by drive)"};
  }
  if (ending.cancelled) return Stopped();
  if (!ending.in_time) {
    return Error{Status::kDeviceFailed, options.program + ": not done after " +
                                            std::to_string(options.timeout_ms / 1000) + " s; plug the kit out and in" +
                                            Reasons(ending.output)};
  }
  const bool verified = ending.output.find("** Verified OK **") != std::string::npos;
  if (ending.output.find("** Verify Failed **") != std::string::npos ||
      ending.output.find("checksum mismatch") != std::string::npos) {
    return Error{Status::kVerificationFailed,
                 "the kit's flash does not hold what was written; flash it again" + Reasons(ending.output)};
  }
  if (ending.exit_code != 0) {
    return Error{Status::kDeviceFailed,
                 options.program + ": could not program the kit; is it plugged in, and free?" + Reasons(ending.output)};
  }
  if (!verified) {
    return Error{Status::kVerificationFailed,
                 options.program + ": ended without having verified" + Reasons(ending.output)};
  }
  report.verified = true;
  report.steps.push_back("read back and compared, " + std::to_string(report.bytes) + " bytes");
  return report;
}

fs::path FindVolume(const std::string& volume, const fs::path& mounts) {
  std::error_code error;
  const fs::path labelled = fs::canonical(fs::path("/dev/disk/by-label") / volume, error);
  std::ifstream stream(mounts);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string device, place;
    if (!(words >> device >> place)) continue;
    const fs::path folder = Unescaped(place);
    const bool by_label = !error && fs::path(Unescaped(device)) == labelled;
    if (by_label || IsCalled(folder.filename().string(), volume)) return folder;
  }
  return {};
}

Expected<FlashReport> FlashByDrive(const KitImage& image, const DriveOptions& options, const FlashRequest& request) {
  const fs::path drive = FindVolume(options.volume, options.mounts);
  FlashReport report{.how = "drive", .steps = {}, .verified = false, .bytes = image.raw.size()};
  if (drive.empty()) {
    if (request.dry_run) {
      report.steps.push_back("wait for the drive " + options.volume + ", which is not mounted now");
      return report;
    }
    return Error{Status::kNotFound,
                 "no drive " + options.volume +
                     " is mounted; plug the kit in and open its drive in a file manager, or flash with "
                     "OpenOCD (--by openocd)"};
  }
  const fs::path target = drive / "thimble.bin";
  report.steps.push_back("copy " + std::to_string(report.bytes) + " bytes to " + target.string());
  if (request.dry_run) return report;
  std::error_code error;
  const fs::path old_failure = drive / "FAIL.TXT";
  const bool failed_before = fs::exists(old_failure, error);
  Say(request, report.steps.back());
  const int file = open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const auto cannot = [&](int reason) {
    return Error{Status::kFailed, target.string() + ": cannot be written (" + std::strerror(reason) + ")"};
  };
  if (file < 0) return cannot(errno);
  size_t done = 0;
  int reason = 0;
  while (done < image.raw.size() && reason == 0) {
    if (IsCancelled(request)) {
      close(file);
      return Stopped();
    }
    const size_t piece = std::min<size_t>(image.raw.size() - done, 64 * 1024);
    const ssize_t count = write(file, image.raw.data() + done, piece);
    if (count > 0) done += static_cast<size_t>(count);
    if (count == 0 || (count < 0 && errno != EINTR)) reason = count == 0 ? EIO : errno;
  }
  // The kit may let go of its drive in the middle of this, when it has all bytes.
  if (reason == 0 && fsync(file) != 0 && errno != EIO && errno != ENODEV && errno != ENXIO) reason = errno;
  close(file);
  if (reason != 0) return cannot(reason);

  Say(request, "wait until the drive is back");
  const Clock::time_point began = Clock::now();
  bool left = false;
  while (true) {
    if (IsCancelled(request)) return Stopped();
    const fs::path now = FindVolume(options.volume, options.mounts);
    // A drive whose image has gone was programmed, even if it was away for too short to be seen.
    const bool there = !now.empty() && fs::exists(now, error);
    left = left || !there || (there && !fs::exists(now / "thimble.bin", error));
    if (there && (left || SecondsSince(began) * 1000 > options.leaving_ms)) {
      const fs::path failure = now / "FAIL.TXT";
      if (fs::exists(failure, error) && (left || !failed_before)) {
        std::ifstream stream(failure);
        std::string text{std::istreambuf_iterator<char>(stream), {}};
        text = text.substr(0, 200);
        std::replace_if(
            text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
        return Error{Status::kDeviceFailed, "the kit refused the program: " + text};
      }
      if (!left) {
        return Error{Status::kDeviceFailed,
                     now.string() +
                         ": the kit did not take the program from its drive; press its reset button "
                         "and try again, or use OpenOCD (--by openocd)"};
      }
      break;
    }
    if (SecondsSince(began) * 1000 > options.timeout_ms) {
      return Error{Status::kDeviceFailed, "the kit's drive did not come back in " +
                                              std::to_string(options.timeout_ms / 1000) +
                                              " s; plug it out and in, and look whether FAIL.TXT is on it"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  report.steps.push_back("the drive came back without FAIL.TXT: the kit has compared what it wrote");
  return report;
}

Expected<FlashReport> FlashVirtual(const KitImage& image, const fs::path& file, const FlashRequest& request) {
  FlashReport report{.how = "virtual", .steps = {}, .verified = false, .bytes = image.raw.size()};
  std::error_code error;
  FlashFile flash;
  const bool there = fs::exists(file, error);
  if (there) {
    THIMBLE_ASSIGN(flash, FlashFile::Load(file));
  }
  report.steps.push_back(std::string(there ? "write " : "make the flash image and write ") +
                         std::to_string(report.bytes) + " bytes at " + Hex(firmware::kAz3166.flash.base) + " of " +
                         file.string());
  if (request.dry_run) return report;
  Say(request, report.steps.back());
  flash.Program(image.program);
  THIMBLE_EXPECT(flash.Save(file));
  THIMBLE_ASSIGN(const FlashFile written, FlashFile::Load(file));
  if (!written.Holds(image.program)) {
    return Error{Status::kVerificationFailed, file.string() + ": does not hold what was written; is the disk damaged?"};
  }
  report.verified = true;
  report.steps.push_back("read back and compared, " + std::to_string(report.bytes) + " bytes");
  return report;
}

}  // namespace thimble::bridge
